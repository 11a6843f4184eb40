"""DLTs, dose levels and the decisions between them."""
