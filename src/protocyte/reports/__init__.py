"""Reports: layout and drawing of results; nothing is computed here."""

from protocyte.reports.page import render_report

__all__ = ["render_report"]
