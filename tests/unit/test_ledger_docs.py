"""The examples of "Inspect a ledger" run, in order, as a reader would run them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "inspect-a-ledger.md"


def test_the_examples_run_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(python|sh)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    ran = 0
    for language, source in blocks:
        if language == "python":
            exec(compile(source, str(PAGE), "exec"), names)
        elif shutil.which(source.split()[0]) is None:
            print(f"not installed here, so not tried: {source.split()[0]}")
            continue
        else:
            done = subprocess.run(source, shell=True, capture_output=True, text=True, check=True)
            assert len(done.stdout.splitlines()) == 5
        ran += 1
    print(f"{ran} of {len(blocks)} examples ran")
    assert ran >= len([language for language, _ in blocks if language == "python"]) >= 6
