"""Outcomes as pages print them: lines closed by `Time frame:`, tables whose cells ran together, piped lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocyte.exchange.registry.page import Outcome, Role
from protocyte.exchange.registry.source import Cut
from protocyte.exchange.registry.time_frames import TIME_FRAME

TIME_FRAME_LINE = re.compile(r"(?:-\s*)?time\s*frame\s*[:：]\s*", re.IGNORECASE)
_HEADER = re.compile(r"(?:name|measure)\s*time(?:\s*frame)?\s*(?:method|description)\s*", re.IGNORECASE)
_AT_END = re.compile(rf"(?P<frame>{TIME_FRAME.pattern})\s*$", re.IGNORECASE)
_CLOSED = re.compile(rf",\s*(?P<frame>{TIME_FRAME.pattern})\s*$", re.IGNORECASE)


def by_time_frame_lines(blocks: Sequence[list[Cut]], role: Role | None = None) -> list[Outcome]:
    """Each block ends with its time-frame line; the first line is the measure, the rest describe it."""
    return [
        Outcome(role, block[0], tuple(block[1:-1]), _after(TIME_FRAME_LINE, block[-1]))
        for block in blocks
        if len(block) > 1
    ]


def by_table(cuts: Sequence[Cut], role: Role | None) -> tuple[list[Outcome], list[Cut]]:
    """Rows of a `Name Time Method` table; also the table's own header, which is no outcome.

    Two prints are known. Where the header is spaced, a whole row stands on one line and its first time
    frame separates measure from method. Where it ran together (`NameTimeMethod`), the measure's line
    ends with the time frame glued to it and the method follows on a line of its own.
    """
    outcomes: list[Outcome] = []
    headers: list[Cut] = []
    one_line = True
    for cut in cuts:
        rest = cut
        if found := _HEADER.match(cut.text):
            headers.append(cut.sub(found.span()))
            one_line = " " in found.group().strip()
            rest = cut.sub((found.end(), len(cut.text)))
        if not rest.text:
            continue
        started = _one_line(rest, role) if one_line else _glued(rest, role, outcomes)
        if started is not None:
            outcomes.append(started)
        elif outcomes:
            last = outcomes[-1]
            outcomes[-1] = Outcome(role, last.measure, (*last.description, rest), last.time_frame)
        else:
            outcomes.append(Outcome(role, rest))
    return outcomes, headers


def by_pipes(cut: Cut, role: Role | None) -> list[Outcome]:
    """`measure, description, time frame` joined by pipes: a registry's spreadsheet export.

    Its commas are not escaped: the measure is read up to the first one, and all of it stays together.
    """
    found = []
    start = 0
    for piece in cut.text.split("|"):
        part = cut.sub((start, start + len(piece)))
        start += len(piece) + 1
        if part.text:
            found.append(_comma_separated(part, role))
    return found


def is_piped(text: str) -> bool:
    """Whether every piece of a line ends with a comma and a time frame."""
    return all(_CLOSED.search(piece) for piece in text.split("|"))


def _comma_separated(part: Cut, role: Role | None) -> Outcome:
    closed = _CLOSED.search(part.text)
    frame = part.sub(closed.span("frame")) if closed else None
    end = closed.start() if closed else len(part.text)
    comma = part.text.find(",", 0, end)
    if comma < 0:
        return Outcome(role, part.sub((0, end)), (), frame)
    return Outcome(role, part.sub((0, comma)), (part.sub((comma + 1, end)),), frame)


def _one_line(cut: Cut, role: Role | None) -> Outcome | None:
    found = re.search(rf"\s(?P<frame>{DURATION_CELL})(?=\s|$)", cut.text, re.IGNORECASE)
    if found is None or not cut.text[: found.start()].strip():
        return None
    rest = cut.sub((found.end(), len(cut.text)))
    description = (rest,) if rest.text else ()
    return Outcome(role, cut.sub((0, found.start())), description, cut.sub(found.span("frame")))


def _glued(cut: Cut, role: Role | None, before: list[Outcome]) -> Outcome | None:
    found = _AT_END.search(cut.text)
    if found is None or found.start() == 0:
        return None
    glued = not cut.text[found.start() - 1].isspace()
    waits = bool(before) and not before[-1].description
    if not glued and waits:
        return None
    return Outcome(role, cut.sub((0, found.start())), (), cut.sub(found.span("frame")))


def _after(pattern: re.Pattern[str], cut: Cut) -> Cut:
    found = pattern.match(cut.text)
    return cut.sub((found.end() if found else 0, len(cut.text)))


# A table's time cell: without the words that may follow it, for in one line those belong to the method.
DURATION_CELL = (
    r"(?:(?:up\s+to|within|through|at)\s+)?(?:\d{1,4}\s{0,3}(?:,|-|to|and)\s{0,3}){0,12}"
    r"\d{1,4}(?:\.\d{1,3})?\s{0,3}(?:hours?|days?|weeks?|months?|years?)\b"
)
