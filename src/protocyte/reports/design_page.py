"""A dose-finding design on one page, ready for the statistics section of a protocol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from protocyte.base import Language, Message, render
from protocyte.designs import Design
from protocyte.reports.page import environment, style
from protocyte.reports.svg import Drawing

ROW = 21


def render_design(
    design: Design,
    characteristics: Sequence[dict[str, Any]],
    table: Sequence[dict[str, Any]],
    pathways: Sequence[dict[str, Any]],
    language: Language = "en",
) -> str:
    """HTML with the rule in both languages, the decision table, pathways, and operating characteristics.

    `characteristics` are rows of `OperatingCharacteristics.rows()`, `table` of `decision_table` (empty for a
    design without one), `pathways` of `paths`. The reader's language comes first, the other below it.
    """

    def say(name: str, **params: object) -> str:
        return render(Message.of(f"reports.{name}", **params), language)

    other: Language = "zh" if language == "en" else "en"
    template = environment().get_template("design.html")
    return template.render(
        say=say,
        language=language,
        style=Markup(style()),  # noqa: S704 -- our own stylesheet
        node=design.as_node(),
        levels=design.levels,
        rule=[render(message, language) for message in design.rule_text()],
        rule_again=[render(message, other) for message in design.rule_text()],
        characteristics=characteristics,
        method=_method(characteristics, say),
        grid=_grid(table),
        pathways=pathway_figure(pathways, say("figure_pathways")) if pathways else None,
    )


def _method(rows: Sequence[dict[str, Any]], say: Callable[..., str]) -> str:
    """How the numbers were found; simulated ones with their largest error."""
    if rows[0]["method"] == "exact":
        return say("design_method_exact")
    worst = max(max(*row["mcse"]["selection"], row["mcse"]["none"]) for row in rows)
    return say("design_method_simulated", trials=rows[0]["trials"], error=f"{worst:.4f}")


def _grid(table: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Rows by DLTs, columns by subjects; an empty cell cannot occur."""
    if not table:
        return []
    cells = {(row["n"], row["dlts"]): row["decision"] for row in table}
    sizes = sorted({n for n, _ in cells})
    most = max(dlts for _, dlts in cells)
    head = ["", *map(str, sizes)]
    return [head, *([str(dlts), *(cells.get((n, dlts), "") for n in sizes)] for dlts in range(most + 1))]


def pathway_figure(rows: Sequence[dict[str, Any]], label: str) -> Markup:
    """A tree from left to right: what was seen in a cohort, and in its box what the design then does."""
    children: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["parent"] is not None:
            children[row["parent"]].append(row)
    places: dict[int, tuple[float, float]] = {}
    deepest = max(row["depth"] for row in rows)
    width = 900 / (deepest + 1)
    leaves = _place(rows[0], children, places, width, 0)
    drawing = Drawing(920, max(leaves, 1) * ROW + 12, label)
    for row in rows:
        x, y = places[row["node"]]
        if row["parent"] is not None:
            px, py = places[row["parent"]]
            drawing.path([(px + width * 0.62, py), (x - 4, y)], "lead")
        seen = f"{row['dlts']}/{row['size']} @ {row['level']}  " if row["size"] else ""
        drawing.text(x, y + 4, f"{seen}→ {_does(row)}", "row" if row["next"] else "small")
    return drawing.markup()


def _place(
    row: dict[str, Any],
    children: dict[int, list[dict[str, Any]]],
    places: dict[int, tuple[float, float]],
    width: float,
    leaf: int,
) -> int:
    """Give a node and all behind it their places; the next free leaf is returned."""
    own = children[row["node"]]
    if not own:
        places[row["node"]] = (8 + row["depth"] * width, leaf * ROW + 14)
        return leaf + 1
    for child in own:
        leaf = _place(child, children, places, width, leaf)
    heights = [places[child["node"]][1] for child in own]
    places[row["node"]] = (8 + row["depth"] * width, sum(heights) / len(heights))
    return leaf


def _does(row: dict[str, Any]) -> str:
    if row["next"]:
        return f"{row['next_size']} @ {row['next']}"
    return f"✓ {row['selected']}" if row["selected"] else "✕"
