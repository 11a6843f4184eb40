"""Reports: layout and drawing of results; nothing is computed here."""

from protocyte.reports.design_page import render_design
from protocyte.reports.page import render_report

__all__ = ["render_design", "render_report"]
