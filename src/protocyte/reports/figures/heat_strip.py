"""CRS above and ICANS below for every subject, a square a day, its number and colour the grade used."""

from __future__ import annotations

from markupsafe import Markup

from protocyte.analysis.safety.crs_icans import LAST_DAY, Strip
from protocyte.reports.svg import Drawing
from protocyte.reports.words import Reader

WIDTH, LEFT, TOP, CELL, HIGH, ROW, HEAD = 940, 176, 26, 25.6, 13, 36, 34


def heat_strip(strips: tuple[Strip, ...], reader: Reader, of: tuple[Strip, ...] = ()) -> Markup:
    """The lanes; where they are one page `of` many, a level still says how many subjects it has in all."""
    levels = list(dict.fromkeys(strip.level for strip in strips))
    height = TOP + ROW * len(strips) + HEAD * len(levels) + 6
    drawing = Drawing(WIDTH, height, reader.say("figure_toxicity"))
    for day in range(0, LAST_DAY + 1, 2):
        drawing.text(_x(day) + CELL / 2, TOP - 10, day, "axis", "middle")
    drawing.text(LEFT - 10, TOP - 10, reader.say("day"), "axis", "end")
    y = float(TOP)
    for level in levels:
        here = [strip for strip in strips if strip.level == level]
        drawing.text(0, y + 16, level, "level-name")
        drawing.text(LEFT - 10, y + 16, f"n = {_subjects_at(level, of or strips)}", "small", "end")
        drawing.line(0, y + 22, WIDTH, y + 22, "level")
        y += HEAD
        for strip in here:
            _subject(drawing, strip, y, reader)
            y += ROW
    return drawing.markup()


def _subjects_at(level: str, strips: tuple[Strip, ...]) -> int:
    return len({strip.subject for strip in strips if strip.level == level})


def _subject(drawing: Drawing, strip: Strip, y: float, reader: Reader) -> None:
    later = f" · {reader.say('infusion_no', n=strip.infusion)}" if strip.infusion > 1 else ""
    name = strip.subject + later
    drawing.text(14, y + HIGH + 5, name, "row")
    for offset, grades, toxicity in ((0.0, strip.crs, "CRS"), (HIGH + 1.5, strip.icans, "ICANS")):
        drawing.text(LEFT - 10, y + offset + 10, toxicity, "tiny", "end")
        for day in range(strip.seen_until + 1):
            bounds = grades.get(day)
            at = (_x(day), y + offset)
            _cell(drawing, *at, bounds, _tip(strip.subject, day, toxicity, bounds, reader))
    for day in strip.anticytokine:
        x = _x(day) + 7
        drawing.path([(x, y - 7), (x + 4, y - 3), (x, y + 1), (x - 4, y - 3)], "drug", closed=True)
    for day in strip.steroid:
        drawing.circle(_x(day) + CELL - 8, y - 3, 3.2, "steroid")
    if strip.died is not None:
        drawing.text(_x(strip.died) + CELL + 4, y + HIGH + 5, f"† {reader.say('died')}", "small")


def _said(bounds: tuple[int, int]) -> str:
    least, most = bounds
    return str(most) if least == most else f"{least}–{most}"


def _tip(subject: str, day: int, toxicity: str, bounds: tuple[int, int] | None, reader: Reader) -> str:
    grade = reader.say("kin_crs_not_assessed") if bounds is None else _said(bounds)
    return reader.say("tip_on_day", subject=subject, day=day, what=f"{toxicity} {grade}")


def _cell(drawing: Drawing, x: float, y: float, bounds: tuple[int, int] | None, tip: str) -> None:
    if bounds is None:
        drawing.rect(x, y, CELL - 1.5, HIGH, "none", tip)
        return
    least, most = bounds
    doubt = "" if least == most else " doubt"
    drawing.rect(x, y, CELL - 1.5, HIGH, f"g{most}{doubt}", tip)
    if most > 0:
        drawing.text(x + CELL / 2 - 0.5, y + 10, _said(bounds), f"grade gt{most}", "middle")


def _x(day: int) -> float:
    return LEFT + CELL * day
