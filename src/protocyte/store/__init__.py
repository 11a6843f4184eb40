"""Where ledgers are kept: a text file, or an SQLite file. All behave alike (`tests/contract`)."""

from protocyte.store.export import export_jsonl, open_ledger
from protocyte.store.jsonlines import JsonLinesLedger
from protocyte.store.repair import repair_torn_tail
from protocyte.store.sqlite import SqliteLedger

__all__ = ["JsonLinesLedger", "SqliteLedger", "export_jsonl", "open_ledger", "repair_torn_tail"]
