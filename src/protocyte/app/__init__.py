"""The workspace: opens studies and ledgers, reads the clock and identity, owns transactions."""
