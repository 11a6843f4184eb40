"""The few things files must be told so that what was written stays written."""

from __future__ import annotations

import os
from pathlib import Path


def write_at(descriptor: int, offset: int, data: bytes) -> None:
    """Write all of `data` at `offset`; the system may take it in pieces."""
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def flush_folder(folder: Path) -> None:
    """Make new names in `folder` durable: a file's own flush does not cover the folder that names it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
