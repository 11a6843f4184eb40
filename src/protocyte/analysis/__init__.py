"""Analyses: what a report says, as typed data, before anybody lays it out."""

from protocyte.analysis.analyse import Results, analyse
from protocyte.analysis.tables import Cell, Column, Footing, ResultTable, Row, Statistic, statistics

__all__ = ["Cell", "Column", "Footing", "ResultTable", "Results", "Row", "Statistic", "analyse", "statistics"]
