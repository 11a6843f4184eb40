"""Protocyte runs early-phase trials of engineered T cells: the protocol is the program."""

__version__ = "0.1.0"
