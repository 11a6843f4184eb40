"""Analyses: what a report says, as typed data, before anybody lays it out."""

from protocyte.analysis.analyse import Results, analyse
from protocyte.analysis.tables import Cell, Footing, Table

__all__ = ["Cell", "Footing", "Results", "Table", "analyse"]
