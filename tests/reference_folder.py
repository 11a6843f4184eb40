"""Where the reference folder lies; tests that need it say so with the marker `reference`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("PROTOCYTE_REFERENCE", _ROOT.parent / "shared" / "reference"))


def reference_file(relative: str) -> Path:
    """The file, or a loud skip; with PROTOCYTE_REQUIRE_REFERENCE=1 its absence is a failure."""
    path = FOLDER / relative
    if path.exists():
        return path
    sentence = f"REFERENCE FILE ABSENT: {relative} (looked in {FOLDER}; set PROTOCYTE_REFERENCE)"
    if os.environ.get("PROTOCYTE_REQUIRE_REFERENCE") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)
