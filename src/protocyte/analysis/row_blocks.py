"""Blocks of rows under one heading: a measured value, or the categories subjects fall into.

Every block accounts for everybody it is asked of: whoever has no value stands in a row `not recorded`, and
where nobody has one that row is the whole block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, quantiles, stdev

from protocyte.analysis.groups import EVERYBODY, Groups
from protocyte.analysis.tables import Cell, Estimate, Number, Row, Share, median_of, say
from protocyte.base import Quantity
from protocyte.base.quantity import UnitError
from protocyte.derive.course import Course

Values = Mapping[str, float | None]  # by subject; a subject left out was not asked
Kinds = Mapping[str, tuple[str, ...] | None]  # by subject; several where several apply


def number_in(value: Quantity | None, unit: str) -> float | None:
    """The number in `unit`; None where there is no value, or one that measures something else.

    A result known only as a bound gives the bound.
    """
    if value is None:
        return None
    try:
        return float(value.to(unit).value)
    except UnitError:
        return None


def measure_block(name: Cell, groups: Groups, values: Values, digits: int = 1) -> list[Row]:
    """n, mean, SD, median with quartiles, least and greatest; then who has no value."""
    columns = [statistics(_known(group, values), digits) for group in groups.values()]
    rows = [Row((say(f"base_{key}"), *(column[key] for column in columns)), group=name) for key in STATISTICS]
    return [*(rows if _anybody(groups, values) else ()), *_missing(name, groups, values)]


def spread_rows(heading: Cell, name: Cell, groups: Groups, values: Values, digits: int = 0) -> list[Row]:
    """The median with least and greatest in one row under `heading`; then who has no value."""
    cells = (median_of(_known(group, values), digits) for group in groups.values())
    row = Row((name, *cells), group=heading)
    return [row, *_missing(heading, groups, values, say("base_name_not_recorded", what=name))]


def share_row(
    heading: Cell, name: Cell, groups: Groups, test: Callable[[Course], bool], strong: bool = False
) -> Row:
    """Subjects of whom it is true, of everybody in the group."""
    cells = (Share(sum(test(course) for course in group), len(group)) for group in groups.values())
    return Row((name, *cells), group=heading, strong=strong)


def kind_block(
    name: Cell,
    groups: Groups,
    kinds: Kinds,
    keys: Sequence[str] = (),
    words: Callable[[str], Cell] = str,
) -> list[Row]:
    """Subjects by kind: `keys` in their order, then others by how often they occur; then who has none.

    Shares are of everybody asked. A subject of several kinds stands in several rows.
    """
    often = Counter(kind for found in kinds.values() for kind in found or ())
    others = sorted(often.keys() - set(keys), key=lambda kind: (-often[kind], kind))
    rows = [
        Row((words(kind), *(_share(group, kinds, kind) for group in groups.values())), group=name)
        for kind in (*keys, *others)
    ]
    return [*(rows if _anybody(groups, kinds) else ()), *_missing(name, groups, kinds)]


STATISTICS = ("n", "mean", "sd", "median_quartiles", "least", "greatest")


def statistics(known: list[float], digits: int) -> dict[str, Cell]:
    """Each of `STATISTICS`; blank but n where there is nothing to summarise."""
    if not known:
        return dict.fromkeys(STATISTICS) | {"n": 0}
    lower, middle, upper = quartiles(known)
    # One value has no spread; a blank would look like one forgotten.
    sd = Number(stdev(known), digits + 1) if len(known) > 1 else Estimate(None)
    places = 0 if all(float(value).is_integer() for value in known) else digits
    return {
        "n": len(known),
        "mean": Number(fmean(known), digits),
        "sd": sd,
        "median_quartiles": Estimate(middle, lower, upper, digits),
        "least": Number(min(known), places),
        "greatest": Number(max(known), places),
    }


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Q1, median and Q3 by linear interpolation of order statistics (Hyndman and Fan's type 7, R's default;
    The American Statistician 1996;50:361)."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    lower, middle, upper = quantiles(values, n=4, method="inclusive")
    return lower, middle, upper


def _known(group: tuple[Course, ...], values: Values) -> list[float]:
    found = (values.get(course.subject) for course in group)
    return [value for value in found if value is not None]


def _asked(group: tuple[Course, ...], values: Mapping[str, object]) -> list[str]:
    return [course.subject for course in group if course.subject in values]


def _anybody(groups: Groups, values: Mapping[str, object]) -> bool:
    return any(values[subject] is not None for subject in _asked(groups[EVERYBODY], values))


def _share(group: tuple[Course, ...], kinds: Kinds, kind: str) -> Share:
    asked = _asked(group, kinds)
    return Share(sum(kind in (kinds[subject] or ()) for subject in asked), len(asked))


def _missing(heading: Cell, groups: Groups, values: Mapping[str, object], name: Cell = None) -> list[Row]:
    """No row where everybody has a value."""
    shares = []
    for group in groups.values():
        asked = _asked(group, values)
        shares.append(Share(sum(values[subject] is None for subject in asked), len(asked)))
    row = Row((name or say("base_not_recorded"), *shares), group=heading)
    return [row] if shares[-1].count else []
