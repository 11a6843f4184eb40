"""What the command line says stands in the catalogue, in both languages, and nothing stands there unsaid."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import protocyte
from shell_runs import fine, new_trial

SOURCE = Path(protocyte.__file__).parent
CATALOGUE = {
    name: words
    for file in (SOURCE / "app").glob("messages*.toml")
    for name, words in tomllib.loads(file.read_text(encoding="utf-8")).items()
}
CODE = "\n".join(
    path.read_text(encoding="utf-8") for room in ("app", "cli") for path in (SOURCE / room).glob("*.py")
)


def test_every_sentence_that_is_named_exists() -> None:
    named = set(re.findall(r'(?:told|unusable)\(\s*"([a-z0-9_]+)"', CODE))

    assert len(named) > 40
    assert named - set(CATALOGUE) == set()


def test_no_sentence_stands_unsaid() -> None:
    families = tuple(re.findall(r"""told\(\s*f["']([a-z0-9_]+_)\{""", CODE))  # told(f"oc_{heading}")
    unsaid = [name for name in CATALOGUE if f'"{name}"' not in CODE and f'"app.{name}"' not in CODE]

    assert [name for name in unsaid if not name.startswith(families)] == []


def test_who_asks_in_chinese_is_answered_in_chinese(tmp_path: Path) -> None:
    ward = new_trial(tmp_path / "ward")
    words = (
        ("trial", "status", ward),
        ("trial", "advise", ward),
        ("trial", "verify", ward),
        ("trial", "archive", ward, tmp_path / "a.jsonl"),
        ("trial", "do", ward, "contact", "subject=S-001", "on=2026-01-06", "--actor", "a"),
        ("study", "check", "lstcar019"),
        ("study", "diff", "lstcar019", "lstcar019"),
        ("design", "advise", "lstcar019", "1NNN"),
        ("design", "paths", "lstcar019"),
        ("design", "table", "lstcar019"),
        ("report", "build", ward, "--out", tmp_path / "r.html"),
        ("demo", "lstcar019", "--subjects", 1, "--out", tmp_path / "d"),
    )

    mute = [one[:2] for one in words if not re.search("[\u4e00-\u9fff]", fine(*one, "--language", "zh").out)]

    assert mute == []
