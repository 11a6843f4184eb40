"""Adverse events, CRS and ICANS, special toxicities."""
