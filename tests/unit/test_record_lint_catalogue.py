"""docs/reference/record-lint.md and the code hold the same rules, and every example gives what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from protocyte.base import Problem, render
from protocyte.base.message import catalogue, template_params
from protocyte.exchange import lint
from protocyte.exchange.lint import lint_record
from protocyte.exchange.lint.terms import dictionary

ROOM = Path(lint.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "record-lint.md"
TEXT = PAGE.read_text(encoding="utf-8")


def block(section: str, title: str) -> str:
    found = re.search(rf'```text title="{title}"\n(.*?)```', section, flags=re.S)
    return found.group(1) if found else ""


SOUND = block(TEXT, "sound record")


class Entry(NamedTuple):
    rule: str
    severity: str
    line: int
    sentence: str
    example: str


def entries() -> Iterator[Entry]:
    for section in re.split(r"^### ", TEXT, flags=re.M)[1:]:
        rule = section[1 : section.index("`", 1)]
        said = re.search(r"\n\n(Error|Warning|Info)\. (?:Line (\d+): )?([^\n]+)", section)
        assert said, rule
        line = int(said[2] or 0)
        yield Entry(rule, said[1].lower(), line, said[3], block(section, "example"))


ENTRIES = list(entries())
WITH_EXAMPLES = [entry for entry in ENTRIES if entry.example]


def changed(text: str, example: str) -> str:
    """The sound record with the lines marked `-` replaced by those marked `+`, piece by piece."""
    for piece in re.split(r"^\.\.\.\n", example, flags=re.M):
        lines = piece.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] == "-")
        new = "".join(line[1:] for line in lines if line[0] == "+")
        assert f"\n{text}".count(f"\n{old}") == 1, f"not once in the sound record: {old}"
        text = f"\n{text}".replace(f"\n{old}", f"\n{new}", 1)[1:]
    return text


def findings(text: str) -> tuple[Problem, ...]:
    return lint_record(text.encode(), "record.txt")


def test_a_record_that_says_everything_has_no_finding() -> None:
    assert [problem.sentence() for problem in findings(SOUND)] == []


def test_a_phase_typed_with_one_sign_is_a_phase() -> None:
    text = SOUND.replace("\nPhase 1\n", "\nPhase Ⅰ\n").replace("phase 1 study", "phaseⅠstudy")
    assert text != SOUND
    assert [problem.sentence() for problem in findings(text)] == []


@pytest.mark.parametrize("entry", WITH_EXAMPLES, ids=lambda entry: entry.rule)
def test_an_example_gives_its_finding_on_its_line(entry: Entry) -> None:
    problems = [problem for problem in findings(changed(SOUND, entry.example)) if problem.rule == entry.rule]
    assert problems, f"{entry.rule} is not found in its own example"
    shown = [(problem.severity, problem.place.line, render(problem.message)) for problem in problems]
    assert shown[0] == (entry.severity, entry.line, entry.sentence)
    assert render(problems[0].message, "zh") != entry.sentence


def test_an_example_of_one_defect_is_not_found_in_twenty_others() -> None:
    """A change of one line may touch several matters, but not most of them."""
    for entry in WITH_EXAMPLES:
        rules = {problem.rule for problem in findings(changed(SOUND, entry.example))}
        assert len(rules) <= 8, (entry.rule, rules)


def test_the_page_holds_every_rule_of_the_code_and_no_other() -> None:
    named = set()
    for module in ROOM.glob("*.py"):
        source = module.read_text(encoding="utf-8")
        named |= set(re.findall(r'"([A-Z]+-\d\d\.[a-z_0-9.]+)"', source))
        named |= {f"ELIG-01.{name}" for name in re.findall(r'Wording\(\s*"([a-z_.]+)"', source)}
    assert {entry.rule for entry in ENTRIES} == named
    assert len(ENTRIES) == len(named)


def test_every_rule_has_one_sentence_in_both_languages_and_no_sentence_is_idle() -> None:
    sentences = {name: words for name, words in catalogue("exchange").items() if name.startswith("lint_")}
    rules = {"lint_" + entry.rule.partition(".")[2].replace(".", "_") for entry in ENTRIES}
    assert set(sentences) == rules
    for name, words in sentences.items():
        assert template_params(words["en"]) == template_params(words["zh"]), name


def test_every_term_of_the_dictionary_finds_itself_and_not_its_correction() -> None:
    for words, standard, severity in dictionary():
        assert severity in ("warning", "info")
        assert not words.search(standard.partition("(")[0]), standard
