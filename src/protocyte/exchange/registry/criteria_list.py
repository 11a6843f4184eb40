"""Eligibility criteria as numbered or dashed lists, each criterion with all its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocyte.exchange.registry.page import CriterionText, Kind
from protocyte.exchange.registry.source import Cut

_MARK = re.compile(
    r"(?P<mark>-|\*|•|\(?\d{1,2}[.)、）]|（\d{1,2}）)(?P<blank>\s+|$)|(?P<tight>\d{1,2}[、）)])"
)


def split_criteria(cuts: Sequence[Cut], kind: Kind | None) -> list[CriterionText]:
    """One entry a criterion. A deeper list belongs to the criterion it stands under.

    Where the page names no kind but prints two lists in two styles, the first is read as inclusion and the
    second as exclusion, marked as assumed; where it prints one, the kind stays unknown.
    """
    items: list[tuple[str, list[Cut]]] = []
    depth: int | None = None
    for cut in cuts:
        if not cut.text:
            continue
        found = _MARK.match(cut.text)
        top = found is not None and (depth is None or cut.start <= depth)
        if found is not None and top:
            depth = cut.start if depth is None else min(depth, cut.start)
            rest = cut.sub((found.end(), len(cut.text)))
            mark = cut.sub((0, found.end()))
            style = "bare" if not rest.text else "dash" if found.group().strip() in "-*•" else "number"
            items.append((style, [mark, rest] if rest.text else [mark]))
        elif items:
            items[-1][1].append(cut)
        else:
            items.append(("none", [cut]))
    return _with_kinds(items, kind)


def _with_kinds(items: list[tuple[str, list[Cut]]], kind: Kind | None) -> list[CriterionText]:
    styles = list(dict.fromkeys(style for style, _ in items if style != "none"))
    if kind is not None or len(styles) != 2:
        return [CriterionText(kind, tuple(cuts)) for _, cuts in items]
    order: dict[str, Kind] = {styles[0]: "inclusion", styles[1]: "exclusion"}
    return [CriterionText(order.get(style), tuple(cuts), assumed=True) for style, cuts in items]


def words_of(criterion: CriterionText) -> str:
    """The criterion without its number or dash."""
    text = criterion.text
    found = _MARK.match(text)
    return text[found.end() :].strip() if found else text
