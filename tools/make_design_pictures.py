"""Draws the pictures of the design pages anew: `python tools/make_design_pictures.py`.

Every number in them is asked of the designs here; nothing is copied. Only the timeline is simulated (its
seed stands beside it), so the files are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from protocyte.designs import (
    BetaBinomialMonitor,
    Blrm,
    Boin,
    Course,
    Crm,
    Design,
    I3Plus3,
    Mtpi2,
    PocockMonitor,
    ThreePlusThree,
    TiteBoin,
    decision_table,
    follow_trial,
    operating_characteristics,
    parse_design,
    paths,
)
from protocyte.reports.colours import AXIS, CLEAR, DLT, INK, LEVELS, LINE, OPEN, OUT, PAPER, SOFT
from protocyte.reports.design_page import pathway_figure
from protocyte.reports.svg import Drawing
from protocyte.reports.vega import altair, caption, draw, styled, values

FOLDER = Path(__file__).parents[1] / "docs" / "assets" / "designs"
FONT = "'Liberation Sans', Arial, sans-serif"
MOST_BYTES = 60_000

TRUTHS = {
    "all safe: .02 .05 .08 .12": ([0.02, 0.05, 0.08, 0.12], 4),
    "top is right: .05 .10 .15 .25": ([0.05, 0.10, 0.15, 0.25], 4),
    "middle: .05 .12 .28 .45": ([0.05, 0.12, 0.28, 0.45], 3),
    "steep: .10 .30 .50 .65": ([0.10, 0.30, 0.50, 0.65], 2),
    "first is right: .25 .40 .55 .70": ([0.25, 0.40, 0.55, 0.70], 1),
    "all toxic: .40 .55 .65 .75": ([0.40, 0.55, 0.65, 0.75], 0),
}
COMMON = {"target": 0.25, "levels": 4, "cohort_size": 3, "max_subjects": 24}
CRM = COMMON | {
    "design": "crm",
    "skeleton": {"half_width": 0.05, "prior_mtd": 3},
    "with": [
        "no_skipping",
        "coherence",
        "tried_only",
        {"stop_when_too_toxic": {"threshold": 0.25, "certainty": 0.90}},
    ],
}
BLRM = {
    "design": "blrm",
    "doses": [0.3, 1, 3, 6],
    "reference": 3,
    "cohort_size": 3,
    "max_subjects": 24,
    "with": ["no_skipping"],
}
CANDIDATES: dict[str, dict[str, Any]] = {
    "3+3": {"design": "three_plus_three", "levels": 4},
    "i3+3": COMMON | {"design": "i3plus3"},
    "BOIN": COMMON | {"design": "boin"},
    "BOIN, extra safe": COMMON | {"design": "boin", "extra_safe": True},
    "CRM, restricted": CRM,
    "BLRM": BLRM,
}

STYLES = {
    "t": f"fill:{INK}",
    "head": f"fill:{INK};font-weight:bold;font-size:13px",
    "small": f"fill:{SOFT};font-size:11px",
    "row": f"fill:{INK};font-size:11.5px",
    "on": f"fill:{PAPER};font-size:11px",
    "letter": f"fill:{INK};font-size:11px",
    "lead": "fill:none;stroke:#b4c0c9;stroke-width:1.3",
    "axis": f"stroke:{AXIS};fill:none",
    "grid": f"stroke:{LINE};fill:none",
    "E": "fill:#b7dac9",
    "S": "fill:#eef1f4",
    "D": "fill:#f6e0a8",
    "DU": "fill:#e9a79f",
    "differs": f"fill:none;stroke:{INK};stroke-width:1.6",
    "none": f"fill:{OUT}",
    "low": "fill:#9dc3d4",
    "right": f"fill:{CLEAR}",
    "high": f"fill:{DLT}",
    "under": "fill:#9dc3d4",
    "target": f"fill:{CLEAR}",
    "over": f"fill:{DLT}",
    "limit": f"stroke:{INK};stroke-width:1.4;stroke-dasharray:5 3",
    "wait": f"fill:none;stroke:{OPEN};stroke-width:1.6",
    "dlt": f"fill:{DLT}",
    **{f"l{number}": f"fill:{colour}" for number, colour in enumerate(LEVELS, start=1)},
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, drawn in pictures().items():
        file = FOLDER / f"{name}.svg"
        file.write_text(drawn + "\n", encoding="utf-8")
        size = file.stat().st_size
        print(file.name, size)
        assert size < MOST_BYTES, f"{file.name} is too heavy for a page"


def pictures() -> dict[str, str]:
    """Each picture's text by its name."""
    return {
        "decision-table": decision_table_picture(Boin(target=0.25, max_subjects=24)),
        "tables-compared": tables_compared(),
        "pathways-three-plus-three": pathway_picture(ThreePlusThree(levels=3), 3),
        "clearing-a-level": clearing(),
        "outcomes-by-design": outcomes_by_design(),
        "crm-estimates": crm_estimates(),
        "blrm-intervals": blrm_intervals(),
        "tite-boin-thresholds": tite_thresholds(),
        "timeline": timelines(),
        "safety-boundaries": boundaries(),
    }


def alone(svg: Markup, width: float, height: float) -> str:
    """A drawing as a file of its own: size, letters, paper, and the styles of the marks it has."""
    used = {word for part in svg.split('class="')[1:] for word in part.split('"')[0].split()}
    style = "".join(f".{name}{{{rule}}}" for name, rule in STYLES.items() if name in used)
    body = svg.split(">", 1)[1]
    label = svg.split('aria-label="')[1].split('"')[0]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(str(label), quote=True)}" '
        f'font-family="{FONT}" font-size="12"><style>{style}</style>'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>{body}'
    )


def chart_alone(drawn: Markup) -> str:
    size = drawn.split('viewBox="0 0 ')[1].split('"')[0].split()
    text = str(drawn).replace('font-family="inherit"', "")
    return text.replace("<svg ", f'<svg width="{size[0]}" height="{size[1]}" font-family="{FONT}" ', 1)


# -- decision tables ------------------------------------------------------------------------------


def decision_table_picture(design: Design) -> str:
    """Columns are subjects at the level, rows DLTs among them."""
    cells = {(row["n"], row["dlts"]): row["decision"] for row in decision_table(design)}
    most, deepest, cell = max(n for n, _ in cells), 10, 26
    width, height = 70 + most * cell + 16, 86 + (deepest + 1) * 22
    drawing = Drawing(width, height, "BOIN decisions by subjects and DLTs at a level, target 0.25")
    drawing.text(
        8, 18, "BOIN, target 0.25: what to do with so many DLTs (rows) among so many subjects", "head"
    )
    for n in range(1, most + 1):
        drawing.text(70 + (n - 0.5) * cell, 42, n, "small", "middle")
    for dlts in range(deepest + 1):
        drawing.text(58, 62 + dlts * 22, dlts, "small", "end")
    for (n, dlts), said in cells.items():
        if dlts <= deepest:
            x, y = 70 + (n - 1) * cell, 47 + dlts * 22
            drawing.rect(x + 1, y + 1, cell - 2, 20, said, f"{dlts} of {n}: {said}")
            drawing.text(x + cell / 2, y + 15, said, "letter", "middle")
    _key(drawing, 70, height - 18)
    return alone(drawing.markup(), width, height)


def _key(drawing: Drawing, x: float, y: float) -> None:
    for code, words in (("E", "escalate"), ("S", "stay"), ("D", "de-escalate"), ("DU", "and never return")):
        drawing.rect(x, y - 11, 22, 15, code)
        drawing.text(x + 11, y, code, "letter", "middle")
        drawing.text(x + 28, y, words, "small")
        x += 140


def tables_compared() -> str:
    """Four interval designs at the same counts; a frame marks where not all four agree."""
    designs: list[tuple[str, Any]] = [
        ("BOIN and Keyboard", Boin(target=0.25, max_subjects=24)),
        ("mTPI-2", Mtpi2(target=0.25, max_subjects=24)),
        ("i3+3", I3Plus3(target=0.25, max_subjects=24)),
    ]
    found = [
        {(row["n"], row["dlts"]): row["decision"] for row in decision_table(design)} for _, design in designs
    ]
    sizes, deepest, cell = (3, 6, 9, 12, 15, 18), 8, 30
    width, height = 3 * (len(sizes) * cell + 62) + 8, 96 + (deepest + 1) * 22
    drawing = Drawing(width, height, "Decisions of BOIN, Keyboard, mTPI-2 and i3+3 side by side, target 0.25")
    for panel, (name, _) in enumerate(designs):
        left = 40 + panel * (len(sizes) * cell + 62)
        drawing.text(left, 18, name, "head")
        for column, n in enumerate(sizes):
            drawing.text(left + (column + 0.5) * cell, 40, n, "small", "middle")
        for dlts in range(deepest + 1):
            drawing.text(left - 10, 61 + dlts * 22, dlts, "small", "end")
            for column, n in enumerate(sizes):
                if dlts <= n:
                    said = found[panel][n, dlts]
                    x, y = left + column * cell, 46 + dlts * 22
                    drawing.rect(x + 1, y + 1, cell - 2, 20, said)
                    drawing.text(x + cell / 2, y + 15, said, "letter", "middle")
                    if len({cells[n, dlts] for cells in found}) > 1:
                        drawing.rect(x + 2, y + 2, cell - 4, 18, "differs")
    _key(drawing, 40, height - 18)
    return alone(drawing.markup(), width, height)


def pathway_picture(design: Design, depth: int) -> str:
    rows = paths(design, depth)
    svg = pathway_figure(rows, "Every course of the first three cohorts of a 3+3 with three levels")
    width, height = (float(part) for part in svg.split('viewBox="0 0 ')[1].split('"')[0].split())
    return alone(svg, width, height)


# -- operating characteristics --------------------------------------------------------------------


def clearing() -> str:
    """One level alone: the chance to leave it upwards or to pass it, by its true DLT rate."""
    rates = [i / 100 for i in range(0, 81, 2)]
    rows = []
    for p in rates:
        q = 1 - p
        rows.append({"p": p, "chance": q**3 + 3 * p * q**2 * q**3, "rule": "3+3: 0 of 3, or 1 of 6"})
        rows.append({"p": p, "chance": q**6 + 6 * p * q**5, "rule": "run-in: at most 1 of 6"})
    return chart_alone(
        draw(
            lambda: _lines(rows, "p", "rule", "True DLT rate of the level", "Chance to pass it", 0.8, 20),
            "Chance that a level is passed, by its true DLT rate",
        )
    )


def _lines(
    rows: list[dict[str, Any]], x: str, of: str, across: str, up: str, most: float, words_from: float
) -> Any:
    """Lines told apart by colour and dashes, named from `words_from` pixels down."""
    alt = altair()
    ticks = [i / 10 for i in range(round(most * 10) + 1)]
    names = list(dict.fromkeys(row[of] for row in rows))
    dashes = [[1, 0], [7, 4], [2, 3], [9, 3, 2, 3]][: len(names)]
    colours = [*LEVELS[:2], SOFT, LEVELS[2]][: len(names)]
    lines = (
        alt.Chart(values(rows))
        .mark_line(strokeWidth=2.2, aria=False)
        .encode(
            x=alt.X(
                f"{x}:Q",
                scale=alt.Scale(domain=[0, most], nice=False),
                axis=alt.Axis(values=ticks, format=".1f"),
            ),
            y=alt.Y("chance:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".1f", domain=False)),
            color=alt.Color(f"{of}:N", scale=alt.Scale(domain=names, range=colours), legend=None),
            strokeDash=alt.StrokeDash(f"{of}:N", scale=alt.Scale(domain=names, range=dashes), legend=None),
        )
    )
    words = [
        caption(name, 350, words_from + i * 18, color=colours[i], fontWeight="bold")
        for i, name in enumerate(names)
    ]
    words += [caption(across, 250, 292, align="center"), caption(up, -44, -16)]
    return styled(alt.layer(lines, *words), 560, 260, {"left": 60, "right": 24, "top": 34, "bottom": 50})


def _boxes(drawing: Drawing, x: float, y: float, step: float, named: dict[str, str]) -> float:
    """A key of boxes by class, side by side; where the next would stand."""
    for css, words in named.items():
        drawing.rect(x, y, 14, 14, css)
        drawing.text(x + 20, y + 11, words, "small")
        x += step
    return x


def outcomes_by_design() -> str:
    """Where each design ends under each truth: right, too low, too high, none. Exact."""
    wide, bar, gap = 520, 16, 4
    block = len(CANDIDATES) * (bar + gap) + 30
    width, height = 150 + wide + 60, 46 + len(TRUTHS) * block
    drawing = Drawing(width, height, "What six designs recommend under six truths, exactly")
    named = {"right": "right answer", "low": "level too low", "high": "level too high", "none": "no level"}
    _boxes(drawing, 150, 10, 130, named)
    curves = [curve for curve, _ in TRUTHS.values()]
    found = {name: operating_characteristics(_parsed(node), curves) for name, node in CANDIDATES.items()}
    for at, (title, (_, right)) in enumerate(TRUTHS.items()):
        top = 46 + at * block
        drawing.text(150, top + 12, title, "head")
        for line, (name, oc) in enumerate(found.items()):
            y = top + 20 + line * (bar + gap)
            drawing.text(142, y + 12, name, "row", "end")
            _shares(drawing, oc.selection[at], float(oc.none[at]), right, (150.0, y), wide, bar)
    return alone(drawing.markup(), width, height)


def _parsed(node: dict[str, Any]) -> Design:
    design = parse_design(node)
    assert not isinstance(design, tuple), design
    return design


def _shares(
    drawing: Drawing,
    selection: Any,
    none: float,
    right: int,
    place: tuple[float, float],
    wide: float,
    bar: float,
) -> None:
    hit = none if right == 0 else float(selection[right - 1])
    low = float(selection[: max(right - 1, 0)].sum())
    high = float(selection[right:].sum())
    x, y = place
    parts = [("right", hit), ("low", low), ("high", high), ("none", none if right else 0.0)]
    for css, share in parts:
        drawing.rect(x, y, share * wide, bar, css, f"{share:.3f}")
        if share > 0.055:
            drawing.text(x + 5, y + 12, f"{share:.2f}", "letter" if css in ("low", "none") else "on")
        x += share * wide


# -- models ---------------------------------------------------------------------------------------


def crm_estimates() -> str:
    """The skeleton, and the curve after three histories: a single parameter moves every level at once."""
    design = Crm(target=0.25, levels=4, skeleton={"half_width": 0.05, "prior_mtd": 3})
    histories = {
        "after 1NNN 2NNN": ((3, 3, 0, 0), (0, 0, 0, 0)),
        "after 1NNN 2NNT": ((3, 3, 0, 0), (0, 1, 0, 0)),
        "after 1NNN 2NNT 3TTN": ((3, 3, 3, 0), (0, 1, 2, 0)),
    }
    curves: dict[str, Sequence[float]] = {"skeleton (before)": design.curve()}
    for name, (n, dlts) in histories.items():
        _, _, found = design.posterior(np.array([n]), np.array([dlts]))
        curves[name] = found[0].tolist()
    width, height, left, bottom = 730, 330, 60, 280
    drawing = Drawing(width, height, "CRM: skeleton and estimates after three histories, target 0.25")
    for tick in range(6):
        at = bottom - tick * 48
        drawing.line(left, at, 470, at, "grid")
        drawing.text(left - 8, at + 4, f"{tick / 10:.1f}", "small", "end")
    drawing.line(left, bottom - 0.25 * 480, 470, bottom - 0.25 * 480, "limit")
    drawing.text(474, bottom - 0.25 * 480 + 4, "target 0.25", "small")
    for level in range(1, 5):
        drawing.text(left - 20 + level * 100, bottom + 20, f"level {level}", "small", "middle")
    for number, (name, rates) in enumerate(curves.items(), start=1):
        points = [(left - 20.0 + k * 100, bottom - p * 480) for k, p in enumerate(rates, start=1)]
        drawing.path(points, "lead")
        for x, y in points:
            drawing.circle(x, y, 5, f"l{number}")
        best = int(np.argmin(np.abs(np.array(rates) - 0.25))) + 1
        drawing.circle(560, 40 + number * 24, 5, f"l{number}")
        drawing.text(572, 44 + number * 24, name, "row")
        x, y = points[best - 1]
        drawing.circle(x, y, 9, "differs")
    drawing.circle(560, 164, 9, "differs")
    drawing.text(576, 168, "closest to the target", "row")
    drawing.text(left, 18, "Estimated DLT probability", "small")
    return alone(drawing.markup(), width, height)


def blrm_intervals() -> str:
    """Posterior shares of under-, target and overdosing at each level, with the overdose limit."""
    design = Blrm(doses=(0.3, 1, 3, 6), reference=3)
    histories = {
        "before the first subject": ((0, 0, 0, 0), (0, 0, 0, 0)),
        "after 1NNN": ((3, 0, 0, 0), (0, 0, 0, 0)),
        "after 1NNN 2NNN": ((3, 3, 0, 0), (0, 0, 0, 0)),
        "after 1NNN 2NNT": ((3, 3, 0, 0), (0, 1, 0, 0)),
    }
    width, height, wide = 760, 66 + 4 * 68, 150
    drawing = Drawing(width, height, "BLRM: probability of under-, target and overdosing by level")
    named = {"under": "below 0.16", "target": "0.16 to 0.33", "over": "above 0.33"}
    x = _boxes(drawing, 110, 8, 120, named)
    drawing.line(x, 15, x + 24, 15, "limit")
    drawing.text(x + 30, 19, "overdose share may not reach 0.25", "small")
    for column, (name, (n, y)) in enumerate(histories.items()):
        shares = design.interval_probabilities(np.array([n]), np.array([y]))[0]
        left = 110 + column * (wide + 12)
        drawing.text(left, 48, name, "row")
        for level, (under, inside, over) in enumerate(shares, start=1):
            top = 58 + (4 - level) * 68
            if column == 0:
                dose = design.doses[level - 1]
                drawing.text(100, top + 28, f"level {level}: {dose:g}", "row", "end")
            at = float(left)
            for css, share in (("over", over), ("target", inside), ("under", under)):
                drawing.rect(at, top, share * wide, 40, css, f"{share:.3f}")
                at += share * wide
            allowed = "admitted" if over < design.ewoc else "not admitted"
            drawing.text(left, top + 54, f"over {over:.2f}: {allowed}", "small")
            drawing.line(left + 0.25 * wide, top - 3, left + 0.25 * wide, top + 43, "limit")
    return alone(drawing.markup(), width, height)


# -- time -----------------------------------------------------------------------------------------


def tite_thresholds() -> str:
    """For six subjects at a level: what the sum of follow-up of the pending ones decides."""
    design = TiteBoin(target=0.25)
    rows = [(dlts, pending) for dlts in (0, 1, 2) for pending in (1, 2, 3)]
    width, height, left, unit = 760, 64 + len(rows) * 30, 190, 165
    drawing = Drawing(width, height, "TITE-BOIN at six subjects: decision by the sum of follow-up shares")
    _key(drawing, left, 20)
    for row, (dlts, pending) in enumerate(rows):
        y = 40 + row * 30
        drawing.text(left - 12, y + 14, f"{dlts} DLT, {pending} pending", "row", "end")
        codes = {1: "E", 0: "S", -1: "D", -2: "DU"}
        steps = [pending * i / 60 for i in range(60)]
        said = [codes[design.code_while_waiting(6, dlts, pending, share)] for share in steps]
        begin = 0
        for i in range(1, 61):
            if i == 60 or said[i] != said[begin]:
                x, wide = left + begin * pending / 60 * unit, (i - begin) * pending / 60 * unit
                drawing.rect(x, y, wide, 20, said[begin])
                if wide > 16:
                    drawing.text(x + wide / 2, y + 14, said[begin], "letter", "middle")
                begin = i
    for tick in range(4):
        drawing.text(left + tick * unit, height - 8, f"{tick}", "small", "middle")
    drawing.text(left - 12, height - 8, "windows observed in sum", "small", "end")
    return alone(drawing.markup(), width, height)


COURSE = Course(
    days_between_subjects=14, vein_to_vein=(21, 35), not_evaluable=0.05, stagger_first=14, stagger_levels=28
)
SEED = 11


def timelines() -> str:
    """One trial under the same truth and the same seed with three designs: a lane a subject, in days."""
    truth = [0.05, 0.12, 0.28, 0.45]
    designs = {
        "3+3": {"design": "three_plus_three", "levels": 4},
        "rolling six": {"design": "rolling_six", "levels": 4},
        "TITE-BOIN, 18 subjects": COMMON | {"design": "tite_boin", "max_subjects": 18},
    }
    trials = {
        name: follow_trial(_parsed(node), COURSE, np.array(truth), np.random.Generator(np.random.PCG64(SEED)))
        for name, node in designs.items()
    }
    longest = max(account.days for account in trials.values())
    scale, left, lane = 560 / longest, 180, 8
    height = 60 + sum(len(account.subjects) * lane + 34 for account in trials.values())
    width = 790
    drawing = Drawing(width, height, "One trial in days with three designs: subjects as lanes")
    for day in range(0, longest + 1, 100):
        drawing.text(left + day * scale, height - 8, day, "small", "middle")
        drawing.line(left + day * scale, 28, left + day * scale, height - 22, "grid")
    drawing.text(width - 4, height - 8, "days", "small", "end")
    x = left
    for level in range(1, 5):
        drawing.rect(x, 8, 22, 8, f"l{level}")
        drawing.text(x + 28, 16, f"level {level}", "small")
        x += 92
    drawing.circle(x + 6, 12, 4, "dlt")
    drawing.text(x + 16, 16, "DLT", "small")
    top = 36.0
    for name, account in trials.items():
        drawing.text(left - 8, top + 12, name, "head", "end")
        end = f"{account.days} days, {len(account.subjects)} infused"
        drawing.text(left - 8, top + 28, end, "small", "end")
        chosen = f"level {account.recommended}" if account.recommended else "no level"
        drawing.text(left - 8, top + 43, f"recommended: {chosen}", "small", "end")
        for i, subject in enumerate(account.subjects):
            y = top + i * lane
            over = min(subject.complete, subject.dlt, subject.left, account.days)
            drawing.rect(
                left + subject.day * scale,
                y,
                max((over - subject.day) * scale, 2),
                lane - 3,
                f"l{subject.infused}",
            )
            if subject.dlt <= account.days:
                drawing.circle(left + subject.dlt * scale, y + 2.5, 4, "dlt")
        bottom = top + len(account.subjects) * lane
        drawing.line(left + account.days * scale, top - 2, left + account.days * scale, bottom, "limit")
        top = bottom + 34
    return alone(drawing.markup(), width, height)


def boundaries() -> str:
    """The chance that an expansion of forty is stopped, by the true event rate, for three boundaries."""
    monitors: Sequence[tuple[str, Any]] = [
        ("Pocock-type, error 0.05", PocockMonitor(max_subjects=40, rate=0.20, error=0.05)),
        ("Beta(0.4, 1.6), certainty 0.95", BetaBinomialMonitor(max_subjects=40, rate=0.20, prior=(0.4, 1.6))),
        ("Beta(1, 1), certainty 0.95", BetaBinomialMonitor(max_subjects=40, rate=0.20)),
    ]
    rows = [
        {"p": p / 100, "chance": monitor.stopping_probability(p / 100), "rule": name}
        for name, monitor in monitors
        for p in range(0, 61, 2)
    ]
    return chart_alone(
        draw(
            lambda: _lines(
                rows, "p", "rule", "True event rate (acceptable: 0.20)", "Chance to stop", 0.6, 170
            ),
            "Chance that an expansion of forty subjects is stopped, by the true event rate",
        )
    )


if __name__ == "__main__":
    main()
