"""No sentence waits for a message that nothing says: every key is named, or built, somewhere in the source.

Most keys stand in the source as they are. Others are built, `f"cause_{cause}"`: then what fills the hole must
itself be a word of the source (a literal, a name, a word of a data file), be built in the same way, or end one.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "protocyte"
DATA = (".yaml", ".csv")
TEMPLATES = (".html", ".jinja", ".j2")

Pattern = tuple[str | None, ...]  # None is a hole


def plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")


@cache
def source() -> tuple[frozenset[str], frozenset[str], tuple[Pattern, ...]]:
    """Every string and name of the source, the same made plain (dots and hyphens alike), and what is built."""
    words: set[str] = set()
    patterns: set[Pattern] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    words.add(text)
                case ast.JoinedStr(values=values):
                    patterns.add(tuple(v.value if isinstance(v, ast.Constant) else None for v in values))
                case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
                    patterns.add((text, None))
                case ast.Name(id=name) | ast.keyword(arg=str(name)) | ast.FunctionDef(name=name):
                    words.add(name)
    for path in SOURCE.rglob("*"):
        if path.suffix in TEMPLATES:
            text = path.read_text(encoding="utf-8")
            words |= set(re.findall(r"[\"']([a-z0-9_.-]+)[\"']", text))
            patterns |= {(start, None) for start in re.findall(r"[\"']([a-z0-9_.-]+_)[\"']\s*~", text)}
        elif path.suffix in DATA:
            words |= set(re.findall(r"[\w.-]+", path.read_text(encoding="utf-8")))
    words |= {word.replace(".", "_") for word in words}  # a rule `ladder.unit` is said by `ladder_unit`
    words |= {word.lower() for word in words if word.isupper()}  # members of an enumeration
    return frozenset(words), frozenset(map(plain, words)), tuple(filter(builds, patterns))


def builds(pattern: Pattern) -> bool:
    """Words and a hole; a room's name and a hole say nothing of a key."""
    said = "".join(part or "" for part in pattern)
    return re.fullmatch(r"[a-z0-9_.-]{2,}", said) is not None and not re.fullmatch(r"[a-z]+\.", said)


@cache
def endings() -> frozenset[str]:
    return frozenset(word[place + 1 :] for word in source()[1] for place, c in enumerate(word) if c == "_")


def filled(pattern: Pattern, text: str) -> Iterator[tuple[str, ...]]:
    """Every way in which the holes can be filled so that the text comes out."""
    if not pattern:
        if not text:
            yield ()
        return
    first, *rest = pattern
    if first is not None:
        if text.startswith(first):
            yield from filled(tuple(rest), text[len(first) :])
        return
    for end in range(1, len(text) + 1):
        for others in filled(tuple(rest), text[end:]):
            yield (text[:end], *others)


def is_built(text: str, depth: int = 2) -> bool:
    return any(all(fits(hole, depth) for hole in holes) for p in source()[2] for holes in filled(p, text))


def fits(hole: str, depth: int) -> bool:
    word = plain(hole)
    known = word in source()[1] or word in endings() or re.fullmatch(r"[0-9_]+", word) is not None
    return known or (depth > 1 and is_built(hole, depth - 1))


def test_every_sentence_is_said_somewhere() -> None:
    words, _, _ = source()
    unsaid = [
        f"{path.relative_to(SOURCE)}: {name}"
        for path in sorted(SOURCE.glob("*/messages*.toml"))
        for name in tomllib.loads(path.read_text(encoding="utf-8"))
        for key in (f"{path.parent.name}.{name}",)
        if not (name in words or key in words or is_built(name) or is_built(key))
    ]

    assert unsaid == []
