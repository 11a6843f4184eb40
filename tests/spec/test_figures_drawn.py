"""Every figure of the catalogue as it lies on paper, for the five studies in both languages.

The numbers of a figure have tests of their own. Here each drawing is read as a reader's eye does: where its
letters and marks lie, what covers what, what an axis runs over, which words it uses. Widths of letters are
estimated, a little narrower than most fonts have them, so that what is found is there in every font.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise
from typing import Any, TypeAlias
from unicodedata import east_asian_width
from xml.etree import ElementTree as Tree

import pytest

from protocyte.analysis.catalogue import CATALOGUE
from protocyte.analysis.cut import Cut
from protocyte.app.clock import last_day
from protocyte.app.demo import virtual_trial
from protocyte.app.studies import open_study, shelf
from protocyte.base import Language
from protocyte.records.safety import AdverseEvent
from protocyte.reports.colours import (
    ACCENT,
    AXIS,
    CLEAR,
    DLT,
    GRADES,
    INK,
    LEVELS,
    LINE,
    NOT_ASSESSED,
    OPEN,
    OUT,
    PAPER,
    SOFT,
    state_colour,
)  # fmt: skip
from protocyte.reports.figures.catalogue import panels
from protocyte.reports.formats.drawings import drawing_rules
from protocyte.reports.words import Reader
from protocyte.study.load import Loaded

STUDIES = sorted(shelf())
FIGURES = {entry.number: entry for entry in CATALOGUE if entry.kind == "figure"}
LANGUAGES: tuple[Language, ...] = ("en", "zh")
# Seeds whose small trials infuse several subjects.
SEEDS = {"cd123-cart": 3, "cd7-cart": 3, "cll1-cart": 2, "lilrb4-start": 7, "lstcar019": 3}
Matrix: TypeAlias = tuple[float, float, float, float, float, float]
HERE: Matrix = (1, 0, 0, 1, 0, 0)


# --- a drawing, read --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def common(self, other: Box) -> tuple[float, float]:
        """How far the two reach into each other, across and down; negative where they do not."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across, min(self.bottom, other.bottom) - max(self.top, other.top)


@dataclass(frozen=True)
class Word:
    """`x` and `y` are where it is anchored."""

    said: str
    box: Box
    size: float
    anchor: str
    upright: bool
    x: float
    y: float


@dataclass(frozen=True)
class Shape:
    name: str
    box: Box
    colours: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """Everything visible in one drawing, in its own pixels."""

    width: float
    height: float
    words: tuple[Word, ...]
    shapes: tuple[Shape, ...]
    tips: tuple[str, ...]

    def said(self) -> str:
        return "\n".join(word.said for word in self.words)


_SIZES = {
    mark.strip("."): float(found[1])
    for mark, said in drawing_rules()
    if (found := re.search(r"font-size: ([\d.]+)px", said))
}
_LOOKS = [
    (set(mark.split(".")[1:]), dict(re.findall(r"(fill|stroke): (#[0-9a-f]{3,6})", said)))
    for mark, said in drawing_rules()
]
_STEP = re.compile(r"(\w+)\(([^)]*)\)")
_LETTERS = {"narrow": 0.25, "capital": 0.62, "other": 0.47}


def read(svg: str) -> Drawn:
    root = Tree.fromstring(svg)
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    words: list[Word] = []
    shapes: list[Shape] = []
    for found in _visible(root, HERE, {}):
        (words if isinstance(found, Word) else shapes).append(found)  # type: ignore[arg-type]
    tips = (node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}title"))
    return Drawn(width, height, tuple(words), tuple(shapes), tuple(tips))


def _visible(node: Tree.Element, at: Matrix, look: dict[str, str]) -> Iterator[Word | Shape]:
    name = node.tag.rsplit("}", 1)[-1]
    if name in ("defs", "clipPath", "title", "style"):
        return
    classes = set(node.get("class", "").split())
    styled = {key: colour for mark, said in _LOOKS if mark <= classes for key, colour in said.items()}
    own = {
        **look,
        **styled,
        **{key: node.attrib[key] for key in ("fill", "stroke", "font-size") if key in node.attrib},
    }
    if float(node.get("opacity", "1")) == 0 or node.get("visibility") == "hidden":
        return
    if name == "svg":
        at = _times(at, (1, 0, 0, 1, float(node.get("x", "0")), float(node.get("y", "0"))))
    at = _times(at, _matrix(node.get("transform", "")))
    if name == "text":
        said = "".join(node.itertext()).strip()
        if said:
            yield _word(node, said, at, own)
    elif name in ("rect", "circle", "line", "path"):
        colours = tuple(
            c for c in (own.get("fill", ""), own.get("stroke", "")) if c not in ("", "none", "transparent")
        )
        points = [_apply(at, *point) for point in _points(name, node)]
        if points and colours:
            yield Shape(name, _around(points), colours)
    for child in node:
        yield from _visible(child, at, own)


def _word(node: Tree.Element, said: str, at: Matrix, look: dict[str, str]) -> Word:
    classes = node.get("class", "").split()
    size = next((_SIZES[c] for c in classes if c in _SIZES), None) or float(
        look.get("font-size", "12").strip("px")
    )
    wide = sum(_wide(letter) for letter in said) * size
    x, y = float(node.get("x", "0")), float(node.get("y", "0"))
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[node.get("text-anchor", "start")] * wide
    corners = [
        (left, y - 0.72 * size),
        (left + wide, y - 0.72 * size),
        (left, y + 0.2 * size),
        (left + wide, y + 0.2 * size),
    ]
    box = _around([_apply(at, *corner) for corner in corners])
    return Word(said, box, size, node.get("text-anchor", "start"), abs(at[1]) > 0.5, *_apply(at, x, y))


def _wide(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in " .,:;'|!ijlftI()·":
        return _LETTERS["narrow"]
    return _LETTERS["capital"] if letter.isupper() else _LETTERS["other"]


def _points(name: str, node: Tree.Element) -> list[tuple[float, float]]:
    def of(key: str) -> float:
        return float(node.get(key, "0"))

    if name == "rect":
        return [(of("x"), of("y")), (of("x") + of("width"), of("y") + of("height"))]
    if name == "circle":
        return [(of("cx") - of("r"), of("cy") - of("r")), (of("cx") + of("r"), of("cy") + of("r"))]
    if name == "line":
        return [(of("x1"), of("y1")), (of("x2"), of("y2"))]
    return _way(node.get("d", ""))


def _way(path: str) -> list[tuple[float, float]]:
    """Where a path's pieces end (an arc and a curve by their ends, which is where ours reach farthest)."""
    takes = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "q": 4, "a": 7, "z": 0}
    x = y = 0.0
    found: list[tuple[float, float]] = []
    for command, rest in re.findall(r"([MLHVCQAZmlhvcqaz])([^MLHVCQAZmlhvcqaz]*)", path.replace("e-", "E-")):
        numbers = [float(one) for one in re.findall(r"-?(?:\d+\.?\d*|\.\d+)(?:E-?\d+)?", rest)]
        kind, count = command.lower(), takes[command.lower()]
        for start in range(0, len(numbers), count or 1):
            piece = numbers[start : start + count]
            by = command.islower()
            if kind == "h":
                x = piece[0] + (x if by else 0)
            elif kind == "v":
                y = piece[0] + (y if by else 0)
            else:
                x, y = piece[-2] + (x if by else 0), piece[-1] + (y if by else 0)
            found.append((x, y))
    return found


def _matrix(said: str) -> Matrix:
    found = HERE
    for name, inside in _STEP.findall(said):
        numbers = [float(one) for one in re.split(r"[ ,]+", inside.strip())]
        if name == "translate":
            step: Matrix = (1, 0, 0, 1, numbers[0], numbers[1] if len(numbers) > 1 else 0)
        elif name == "scale":
            step = (numbers[0], 0, 0, numbers[-1], 0, 0)
        elif name == "rotate":
            turn = math.radians(numbers[0])
            step = (math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn), 0, 0)
        else:
            raise ValueError(name)
        found = _times(found, step)
    return found


def _times(m: Matrix, n: Matrix) -> Matrix:
    a, b, c, d, e, f = m
    return (
        a * n[0] + c * n[1], b * n[0] + d * n[1], a * n[2] + c * n[3], b * n[2] + d * n[3],
        a * n[4] + c * n[5] + e, b * n[4] + d * n[5] + f,
    )  # fmt: skip


def _apply(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _around(points: list[tuple[float, float]]) -> Box:
    across, down = [x for x, _ in points], [y for _, y in points]
    return Box(min(across), min(down), max(across), max(down))


# --- the five studies -------------------------------------------------------------------------------------


@cache
def cut_of(name: str) -> Cut:
    study = open_study(name)
    assert isinstance(study, Loaded)
    trial = virtual_trial(study, seed=SEEDS[name], most_subjects=6).trial
    return Cut(trial, last_day(trial))


# Assays, endpoints and counts are drawn alike: the first of each stands for the others.
ALIKE = {"14.2.4": 2, "14.4.1": 1, "14.4.2": 1, "14.4.3": 1, "14.4.4": 1, "14.4.5": 1}


@cache
def data_of(number: str, name: str) -> Any:
    data, most = FIGURES[number].build(cut_of(name)), ALIKE.get(number)
    if data is None or most is None:
        return data
    return data[:most] if isinstance(data, tuple) else replace(data, panels=data.panels[:most])


@cache
def figure(number: str, name: str, language: Language) -> tuple[Drawn, ...]:
    """The drawings of a figure, or none where the study has nobody to draw."""
    data = data_of(number, name)
    if data is None:
        return ()
    found = panels(FIGURES[number].id, data, cut_of(name).study, Reader(language))
    return tuple(read(str(panel.svg)) for panel in found)


def drawn(language: Language, *numbers: str) -> Iterator[tuple[str, Drawn]]:
    for name in STUDIES:
        for number in numbers:
            for place, drawing in enumerate(figure(number, name, language)):
                yield f"{number} of {name} ({language}), drawing {place}", drawing


EACH = pytest.mark.parametrize("number", FIGURES)
BOTH = pytest.mark.parametrize("language", LANGUAGES)


# --- the eye itself ---------------------------------------------------------------------------------------

PLANTED = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><g transform="translate(20,10)">
<text transform="translate(150,0)" font-size="12px">far too long</text>
<text transform="translate(-5,30) rotate(-90)" text-anchor="middle" font-size="10px">upright</text>
<text transform="translate(0,60)" font-size="10px">one word</text><text x="20" y="61" font-size="10">another</text>
<path d="M0,0h10V20" fill="none" stroke="#b0281f" transform="translate(180,70)"/>
<svg x="50" y="20" width="50" height="20"><circle cx="10" cy="10" r="5" class="dlt"/></svg></g></svg>"""


def test_the_eye_sees_what_is_planted() -> None:
    seen = read(PLANTED)

    assert [getattr(one, "said", "a path") for one, _ in outside(seen)] == ["far too long", "a path"]
    assert [(one.said, other.said) for one, other in covering(seen)] == [("one word", "another")]
    upright = seen.words[1].box
    assert upright.bottom - upright.top > 2.5 * (upright.right - upright.left)
    path, circle = seen.shapes
    assert path.box == Box(200, 80, 210, 100)
    assert circle.box == Box(75, 35, 85, 45)
    assert circle.colours == ("#b0281f", "#b0281f")


def outside(drawing: Drawn) -> list[tuple[Word | Shape, Box]]:
    """What reaches beyond the edge; letters with a fifth of width to spare, as fonts differ."""
    found: list[tuple[Word | Shape, Box]] = []
    for word in drawing.words:
        spare = 0.1 * (word.box.right - word.box.left)
        box = word.box
        anchored = Box(box.left - spare * (word.anchor == "end") * 2, box.top, box.right, box.bottom)
        if word.anchor != "end":
            anchored = replace(box, right=box.right + (2 * spare if word.anchor == "start" else spare))
        if _beyond(anchored if not word.upright else box, drawing, 0.5):
            found.append((word, box))
    return found + [(shape, shape.box) for shape in drawing.shapes if _beyond(shape.box, drawing, 1.0)]


def _beyond(box: Box, drawing: Drawn, by: float) -> bool:
    return (
        box.left < -by or box.top < -by or box.right > drawing.width + by or box.bottom > drawing.height + by
    )


def covering(drawing: Drawn) -> list[tuple[Word, Word]]:
    """Texts that lie on each other by more than a pixel both ways."""
    return [
        (one, other) for one, other in combinations(drawing.words, 2) if min(one.box.common(other.box)) > 1
    ]


# --- every figure -----------------------------------------------------------------------------------------


@BOTH
@EACH
def test_nothing_is_drawn_outside_its_drawing(number: str, language: Language) -> None:
    for which, drawing in drawn(language, number):
        assert not outside(drawing), which


@BOTH
@EACH
def test_no_text_lies_on_another(number: str, language: Language) -> None:
    for which, drawing in drawn(language, number):
        assert not [(a.said, b.said) for a, b in covering(drawing)], which


@EACH
def test_letters_are_large_enough_to_read_and_drawings_fit_the_page(number: str) -> None:
    for which, drawing in drawn("en", number):
        assert drawing.width <= 940, which
        assert min(word.size for word in drawing.words) >= 9.5, which
        # A page holds 420 points under a heading; a drawing is made smaller to fit, but not by half.
        assert drawing.height * 0.75 <= 2 * 420, which


@EACH
def test_every_figure_is_drawn_for_some_study_and_the_same_way_in_both_languages(number: str) -> None:
    for name in STUDIES:
        en, zh = figure(number, name, "en"), figure(number, name, "zh")
        assert [drawing.width for drawing in en] == [drawing.width for drawing in zh]
        assert [numbers_of(drawing) for drawing in en] == [numbers_of(drawing) for drawing in zh], name
    assert any(figure(number, name, "en") for name in STUDIES)


def numbers_of(drawing: Drawn) -> list[str]:
    """Texts that are nothing but a number, but for grade 0, which Chinese calls a grade."""
    return sorted(word.said for word in drawing.words if NUMBER.fullmatch(word.said) and word.said != "0")


NUMBER = re.compile(r"[−-]?\d+(\.\d+)?")


# --- axes -------------------------------------------------------------------------------------------------

# Figures of probabilities, the one drawing of B cells that is one among them.
PROBABILITIES = ("14.2.4", "14.2.5", "14.2.7", "14.4.6")
SHARES = ["0.00", "0.25", "0.50", "0.75", "1.00"]


@BOTH
def test_an_axis_of_probabilities_runs_from_0_to_1_in_even_steps(language: Language) -> None:
    seen = 0
    for which, drawing in drawn(language, *PROBABILITIES):
        heights = {word.said: word.y for word in drawing.words if word.said in SHARES}
        if not heights and which.startswith("14.4.6"):
            continue
        seen += 1
        assert sorted(heights) == SHARES, which
        ys = [heights[share] for share in SHARES]
        steps = [low - high for low, high in pairwise(ys)]
        assert max(steps) - min(steps) < 1, which
        assert min(steps) > 30, which
    assert seen >= 15


@BOTH
def test_an_axis_of_per_cent_of_subjects_runs_from_0_to_100(language: Language) -> None:
    for which, drawing in drawn(language, "14.2.6", "14.3.2"):
        across = [
            word.x for said in ("0", "25", "50", "75", "100") for word in foot(drawing) if word.said == said
        ]
        assert len(across) == 5, which
        steps = [right - left for left, right in pairwise(across)]
        assert max(steps) - min(steps) < 1, which


def foot(drawing: Drawn) -> list[Word]:
    """The numbers of the axis at the foot: those level with the 25 of a hundred."""
    level = {word.y for word in drawing.words if word.said == "75"}
    return [word for word in drawing.words if word.y in level]


@BOTH
def test_every_tick_of_time_has_its_count_of_subjects_below_it(language: Language) -> None:
    months = Reader(language).say("months")
    rows = {Reader(language).say(key) for key in ("at_risk", "events_so_far", "inc_relapse", "inc_death")}
    seen = 0
    for which, drawing in drawn(language, *PROBABILITIES):
        heads = [word for word in drawing.words if word.said == months]
        if not heads:
            continue
        ticks = in_row(drawing, heads[0])
        assert len(ticks) >= 2, which
        labels = [word for word in drawing.words if word.said in rows]
        if which.startswith("14.2.7"):
            labels = [
                word for word in drawing.words if word.y > heads[0].y + 15 and not NUMBER.fullmatch(word.said)
            ]
        assert labels, which
        for label in labels:
            counts = [word for word in in_row(drawing, label) if word.box.left > label.box.right]
            assert len(counts) == len(ticks), (which, label.said)
            # A tick stands on the middle of a pixel, half a pixel beside its count.
            assert all(abs(n.x - tick.x) < 1 for n, tick in zip(counts, ticks, strict=True)), which
        seen += 1
    assert seen >= 15


def in_row(drawing: Drawn, head: Word) -> list[Word]:
    row = [word for word in drawing.words if abs(word.y - head.y) < 5 and NUMBER.fullmatch(word.said)]
    return sorted(row, key=lambda word: word.x)


@BOTH
def test_counts_below_mean_kinetics_stand_under_a_day_of_the_axis(language: Language) -> None:
    for which, drawing in drawn(language, "14.4.1"):
        heads = [word for word in drawing.words if word.said == Reader(language).say("kin_axis_days")]
        days = [word.x for word in in_row(drawing, heads[0])]
        counts = [
            word
            for word in drawing.words
            if re.fullmatch(r"\d+(/\d+)?", word.said) and word.y > heads[0].y + 8
        ]
        assert counts, which
        assert all(min(abs(word.x - day) for day in days) < 1 for word in counts), which


# --- colours ----------------------------------------------------------------------------------------------

# Ink, paper, lines and the one colour of a single series say nothing by themselves.
PLAIN = {INK, SOFT, LINE, PAPER, ACCENT, AXIS, NOT_ASSESSED, "#fff", "#e3e8ec", "#24313d"}
# Explained in another way than by a mark with words at its right.
EXPLAINED = {
    "14.4.2": "each panel of a level is headed by its name, and its colour is the level's",
    "14.4.4": "each group stands above its own name; no colour is needed to tell them apart",
    "14.2.2": "the words above it say what black and red dashes are",
    "14.2.1": "a level's square stands beside its name, which its first lane alone repeats",
}


@BOTH
@pytest.mark.parametrize("number", [number for number in FIGURES if number not in EXPLAINED])
def test_every_colour_with_a_meaning_stands_beside_its_words(number: str, language: Language) -> None:
    for name in STUDIES:
        drawings = figure(number, name, language)
        used = {colour for drawing in drawings for shape in drawing.shapes for colour in shape.colours}
        told = {colour for drawing in drawings for colour in beside_words(drawing)}
        assert MEANINGS & used <= told, (name, MEANINGS & used - told)


@BOTH
def test_every_colour_of_a_course_but_its_levels_stands_beside_its_words(language: Language) -> None:
    for name in STUDIES:
        key, lanes = figure("14.2.1", name, language)
        used = {colour for shape in lanes.shapes for colour in shape.colours}
        assert not (MEANINGS & used) - set(LEVELS) - beside_words(key), name


def beside_words(drawing: Drawn) -> set[str]:
    """Colours of marks that have words right beside them."""
    return {
        colour
        for shape in drawing.shapes
        for word in drawing.words
        if -1 <= word.box.left - shape.box.right <= 16
        and abs((word.box.top + word.box.bottom) / 2 - (shape.box.top + shape.box.bottom) / 2) <= 6
        for colour in shape.colours
    }


STATES = {
    state_colour(one, ("CR", "CRh", "CRi", "PR"))
    for one in ("CR", "CRh", "CRi", "PR", "NR", "before", "relapsed", "other_therapy")
}
MEANINGS = ({*LEVELS, *GRADES, DLT, CLEAR, OPEN, OUT} | STATES) - PLAIN


def test_no_two_meanings_share_a_colour() -> None:
    assert len({*LEVELS}) == len(LEVELS)
    assert len({*GRADES}) == len(GRADES)
    assert not {*GRADES} & {*LEVELS}
    assert not STATES & ({*GRADES} | {*LEVELS})
    assert len({DLT, CLEAR, OPEN, OUT}) == 4


# --- words ------------------------------------------------------------------------------------------------

# Names of people and methods, and units: the same in every language.
NAMES = r"Kaplan-Meier|Aalen-Johansen|Clopper-Pearson|Gray|log-log|cells|copies"


@pytest.mark.parametrize("name", STUDIES)
def test_chinese_figures_are_in_chinese(name: str) -> None:
    terms = {held.record.term for course in cut_of(name).courses for held in course.all(AdverseEvent)}
    for number in FIGURES:
        for drawing in figure(number, name, "zh"):
            for said in (*(word.said for word in drawing.words), *drawing.tips):
                left = re.sub(NAMES, "", said)
                for term in terms:
                    left = left.replace(term, "")
                assert not re.findall(r"[A-Za-z]*[a-z]{4,}", left), (number, said)


@EACH
def test_english_figures_hold_no_chinese(number: str) -> None:
    for which, drawing in drawn("en", number):
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", drawing.said()), which


# --- what a mark tells whoever points at it -----------------------------------------------------------------

TELLING = (
    "swimmer",
    "toxicity",
    "spider",
    "waterfall",
    "kinetics",
    "lab_courses",
    "b_cells",
    "exposure_scatter",
)


@BOTH
@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("id", TELLING)
def test_marks_name_their_subjects(id: str, name: str, language: Language) -> None:
    number = next(number for number, entry in FIGURES.items() if entry.id == id)
    told = " ".join(tip for drawing in figure(number, name, language) for tip in drawing.tips)
    data = data_of(number, name)
    for subject in set(re.findall(r"subject='([^']+)'", repr(data))) - set(getattr(data, "undrawn", ())):
        assert subject in told, subject


@BOTH
@pytest.mark.parametrize("name", STUDIES)
def test_each_step_of_a_curve_tells_its_month(name: str, language: Language) -> None:
    curves, drawings = data_of("14.2.4", name) or (), figure("14.2.4", name, language)
    for curve, drawing in zip(curves, drawings, strict=True):
        told = " ".join(drawing.tips)
        assert len(drawing.tips) == len(curve.months) + len(curve.censored)
        for month, share in zip(curve.months, curve.survival, strict=True):
            assert f"{month:.1f}" in told
            assert f"{100 * share:.0f} %" in told
