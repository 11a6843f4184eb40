"""What is wrong in a data set, with the cell it stands in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from protocyte.base import Message, Place, Problem


def sdtm_problem(
    name: str,
    file: str,
    line: int | None = None,
    column: int | None = None,
    variable: str = "",
    severity: Literal["error", "warning"] = "error",
    **params: object,
) -> Problem:
    """Rule `sdtm.<name>`, sentence `[sdtm_<name>]`. `column` counts the cells of a row, from 1."""
    message = Message.of(f"exchange.sdtm_{name}", **params)
    place = Place(file=file, line=line, column=column, path=variable)
    return Problem(severity=severity, rule=f"sdtm.{name}", message=message, place=place)


MOST = 20


def limited(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Of each rule and file the first twenty, then how many more there are: the wrong file has thousands."""
    kept: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        kept[problem.place.file, problem.rule].append(problem)
    shown: list[Problem] = []
    for (file, rule), found in kept.items():
        shown += found[:MOST]
        if len(found) > MOST:
            more, severity = len(found) - MOST, found[0].severity
            message = Message.of("exchange.sdtm_more", n=more, rule=rule)
            shown.append(Problem(severity=severity, rule=rule, message=message, place=Place(file=file)))
    return tuple(shown)
