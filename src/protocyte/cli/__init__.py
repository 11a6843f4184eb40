"""The command line: parse, call `app`, print."""

from protocyte.cli.main import main

__all__ = ["main"]
