"""Text to rule. What a person wrote wrongly comes back as problems with their line and column.

The text is measured before it is parsed (length, depth, stray characters), so that hostile input costs
little and never reaches a recursion limit.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from lark import Lark, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from protocyte.base import UNITS, Message, Place, Problem
from protocyte.rules.nodes import CODE, KEYWORDS, NAME
from protocyte.rules.places import shifted
from protocyte.rules.rule import Rule
from protocyte.rules.tree import BadRule, Builder
from protocyte.rules.words import closest

# Generous for people (the longest registered criterion we know needs under 600 characters), small for
# machines.
LONGEST = 4000
DEEPEST = 30
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"


def parse_rule(text: str, place: Place | None = None) -> Rule | tuple[Problem, ...]:
    """The rule written in `text`, or why it is none.

    `place` is where the text begins in its file; the problems' lines and columns count from there.
    """
    start = place or Place()
    problem = _measured(text, start)
    if problem:
        return (problem,)
    try:
        tree = _parser().parse(text)
        return Rule(Builder().transform(tree), text)
    except VisitError as error:
        if not isinstance(error.orig_exc, BadRule):
            raise
        bad = error.orig_exc
        return (_problem(bad.rule, bad.at, text, start, **bad.params),)
    except UnexpectedInput as error:
        return (_unexpected(error, text, start),)


@cache
def _parser() -> Lark:
    grammar = resources.files("protocyte").joinpath("rules", "rule.lark").read_text(encoding="utf-8")
    filled = {
        "UNIT_PATTERN": _unit_pattern(),
        "NUMBER_PATTERN": _NUMBER,
        "NAME_PATTERN": rf"(?!(?:{'|'.join(sorted(KEYWORDS))})(?!\w)){NAME.pattern}",
        "CODE_PATTERN": CODE.pattern,
    }
    for name, pattern in filled.items():
        grammar = grammar.replace(name, pattern.replace("/", "\\/"))
    return Lark(grammar, parser="lalr", lexer="contextual", start="start")


def _unit_pattern() -> str:
    """Every word for a unit, the longest first; `2.5 x ULN` is how many protocols write it."""
    words = sorted((word for word in UNITS if word != "1"), key=lambda word: (-len(word), word))
    spelled = [re.escape(word).replace("\\ ", r"\s+") for word in words]
    return r"(?:[x×]\s*(?:ULN|LLN)|" + "|".join(spelled) + r")(?![\w/^*])"


# MEASURED BEFORE PARSED


def _measured(text: str, place: Place) -> Problem | None:
    if len(text) > LONGEST:
        return _problem("too_long", 0, text, place, length=len(text), longest=LONGEST)
    if not text.strip():
        return _problem("empty", 0, text, place)
    depth, quoted = 0, False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char == "#":
            return _problem("comment", at, text, place)
        elif char in "([":
            depth += 1
            if depth > DEEPEST:
                return _problem("too_deep", at, text, place, deepest=DEEPEST)
        elif char in ")]":
            depth -= 1
    return None


# PROBLEMS


def _problem(rule: str, at: int, text: str, place: Place, /, **params: object) -> Problem:
    message = Message.of(f"rules.{rule}", **params)
    return Problem(severity="error", rule=f"rules.{rule}", message=message, place=shifted(place, text, at))


def _unexpected(error: UnexpectedInput, text: str, place: Place) -> Problem:
    at = error.pos_in_stream if error.pos_in_stream is not None else len(text)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        at = len(text.rstrip())
    unit = _unknown_unit(text, at)
    if unit:
        word, begins = unit
        hint = _MULTIPLES.get(word) or closest(word, UNITS)
        if hint:
            return _problem("unknown_unit_hint", begins, text, place, word=word, hint=hint)
        return _problem("unknown_unit", begins, text, place, word=word)
    if isinstance(error, UnexpectedEOF) or at >= len(text.rstrip()):
        return _problem("ends_early", at, text, place, expected=_expected(error))
    if isinstance(error, UnexpectedCharacters) and not re.match(r"[\w(),\[\]<>=\".+-]", text[at], re.ASCII):
        char = text[at]
        code = f"U+{ord(char):04X}"
        return _problem("character", at, text, place, char=char if char.isprintable() else code, code=code)
    found = re.match(r"[\w.]{1,60}|[<>=!]+|.", text[at:], re.DOTALL)
    assert found is not None
    return _problem("unexpected", at, text, place, found=found.group(), expected=_expected(error))


def _unknown_unit(text: str, at: int) -> tuple[str, int] | None:
    """The word after a number at the place of the error, when it looks like a unit nobody listed."""
    for match in re.finditer(_NUMBER + r"\s*([^\s,()\[\]<>=\"\d.][^\s,()\[\]\"]*)", text):
        begins, ends = match.span(1)
        inside = match.start() <= at < ends
        if inside and (match.start() == 0 or not re.match(r"[\w^*/.]", text[match.start() - 1])):
            word = match.group(1)
            return None if word in _AFTER_NUMBER or word in UNITS else (word, begins)
    return None


# How people write a multiple of a fact, and the word the language has for it.
_MULTIPLES = {"*": "times", "x": "times", "×": "times", "half_life": "half_lives", "half-lives": "half_lives"}
_AFTER_NUMBER = KEYWORDS  # a word of the language after a number is no misspelt unit


def _expected(error: UnexpectedInput) -> tuple[Message, ...]:
    """What could stand there, as a few words a reader knows (the grammar's own names mean nothing to him)."""
    names: set[str] = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    if isinstance(error, UnexpectedCharacters):
        names = set(error.allowed or ())
    kinds = [kind for kind, terminals in _KINDS.items() if names & terminals]
    return tuple(Message.of(f"rules.expected_{kind}") for kind in kinds[:4])


_KINDS: dict[str, set[str]] = {
    "name": {"NAME"},
    "comparison": {"ORDER", "EQUAL"},
    "value": {"QUANTITY", "NUMBER", "PICK", "BEST"},
    "code": {"CODE", "STRING"},
    "window": {"_WITHIN", "_BEFORE", "_AFTER", "_ON", "_OF"},
    "closing": {"RPAR", "RSQB"},
    "joining": {"_AND", "_OR"},
    "end": {"$END"},
}
