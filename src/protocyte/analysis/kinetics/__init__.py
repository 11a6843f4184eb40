"""Cells in blood and marrow over time, and what goes with them."""
