"""The catalogue of commands and refusals: held to the code, to the specs, and to the page in the docs."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path

from protocyte.conduct import ROLES, command_names
from protocyte.conduct.permissions import PERMITTED
from protocyte.records import FORMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "commands.md"
SPECS = "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "spec").glob("test_*.py"))
)
SENTENCES = tomllib.loads(
    resources.files("protocyte").joinpath("conduct", "messages.toml").read_text(encoding="utf-8")
)
REFUSALS = [name.removesuffix("_remedy") for name in SENTENCES if name.endswith("_remedy")]
SPECIAL = ("open_gate", "decide", "amend", "void", "sign", "lock", "unlock")


def code() -> str:
    room = resources.files("protocyte").joinpath("conduct")
    return "".join(item.read_text(encoding="utf-8") for item in room.iterdir() if item.name.endswith(".py"))


def test_every_refusal_has_its_reason_and_is_used_by_the_code() -> None:
    used = code()
    for name in REFUSALS:
        assert name in SENTENCES, name
        assert f'"{name}"' in used, name


def test_every_refusal_is_provoked_by_a_spec() -> None:
    silent = [name for name in REFUSALS if f'"{name}"' not in SPECS and f'"conduct.{name}"' not in SPECS]
    assert silent == []


def test_every_edit_check_is_provoked_by_a_spec() -> None:
    checks = [name.removeprefix("edit_") for name in SENTENCES if name.startswith("edit_")]
    assert [name for name in checks if f'"edit.{name}"' not in SPECS] == []


def test_reason_and_remedy_leave_no_gap_in_either_language() -> None:
    for name, sentence in SENTENCES.items():
        gaps = [set(re.findall(r"{(\w+)}", sentence[language])) for language in ("en", "zh")]
        assert gaps[0] == gaps[1], name


def test_the_page_lists_every_command_with_who_may_give_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in command_names():
        row = re.search(rf"^\| `{name}` \|(.*)\|$", text, re.MULTILINE)
        assert row, f"{name} is not on the page"
        form = {"open_gate": "gate_review", "decide": "dose_decision"}.get(name, name)
        if name in ("amend", "void", "sign"):
            continue
        roles = PERMITTED.get(form, ("investigator", "coordinator"))
        said = "anybody" if roles == ROLES else ", ".join(role for role in roles if role != "system")
        assert said in row.group(1).replace("_", " ").replace("data manager", "data_manager"), name


def test_the_page_lists_every_refusal_and_nothing_else() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Refusals")[2]
    assert re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE) == REFUSALS
    for name in REFUSALS:
        assert SENTENCES[name]["en"] in text, name
        assert SENTENCES[f"{name}_remedy"]["en"] in text, name


def test_forms_are_commands_but_for_the_decision_which_is_computed() -> None:
    assert set(command_names()) == (set(FORMS) - {"dose_decision"}) | set(SPECIAL)
