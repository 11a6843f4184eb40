"""Every sentence exists in both languages with the same parameters, and every message has its sentence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from protocyte.base import LANGUAGES, Message, render
from protocyte.base.message import template_params

SOURCE = Path(__file__).parents[2] / "src" / "protocyte"
CATALOGUES = sorted(SOURCE.glob("*/messages*.toml"))


def sentences() -> list[tuple[str, dict[str, str]]]:
    return [
        (f"{path.parent.name}.{name}", words)
        for path in CATALOGUES
        for name, words in tomllib.loads(path.read_text(encoding="utf-8")).items()
    ]


def test_every_sentence_is_said_in_both_languages_with_the_same_parameters() -> None:
    uneven = [
        key
        for key, words in sentences()
        if set(words) != set(LANGUAGES) or template_params(words["en"]) != template_params(words["zh"])
    ]

    assert len(sentences()) > 200
    assert uneven == []


def test_no_sentence_is_written_twice() -> None:
    keys = [key for key, _ in sentences()]

    assert sorted(keys) == sorted(set(keys))


def test_every_message_that_is_named_in_the_source_has_a_sentence() -> None:
    known = {key for key, _ in sentences()}
    named = {
        key
        for path in SOURCE.rglob("*.py")
        for key in re.findall(r'Message\.of\(\s*"([a-z_]+\.[a-z0-9_.]+)"', path.read_text(encoding="utf-8"))
    }

    assert len(named) > 100
    assert named - known == set()


def test_chinese_sentences_hold_chinese() -> None:
    plain = {key: re.sub(r"\{[^}]*\}|`[^`]*`", "", words["zh"]) for key, words in sentences()}

    # What is left without Chinese may be punctuation and codes, but no English words.
    assert [
        k
        for k, text in plain.items()
        if not re.search(r"[\u4e00-\u9fff]", text) and re.search(r"[a-z]{4}", text)
    ] == []


def test_a_message_inside_a_message_is_said_in_the_same_language() -> None:
    inner = Message.of("derive.transplant")
    outer = Message.of("derive.not_evaluable_ended", cause=inner)

    assert "transplant" in render(outer, "en")
    assert "移植" in render(outer, "zh")


def test_an_unknown_message_is_a_programming_error() -> None:
    with pytest.raises(KeyError, match=r"derive\.nothing"):
        render(Message.of("derive.nothing"))
