"""Trials for the tests of laboratory outputs: courses told in short, virtual ones, and their tables read by label."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from courses import day, held_course, record_maps
from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Cell, Estimate, ResultTable, Share, Spread
from protocyte.base import Json
from protocyte.derive.course import Course
from protocyte.reports.words import Reader
from protocyte.study.model import Study
from trials import loaded

FIVE = ("cd123-cart", "cd7-cart", "cll1-cart", "lilrb4-start", "lstcar019")
EN, ZH = Reader("en"), Reader("zh")
NOTHING = r"\b(nan|NaN|inf|undefined)\b|^None$|\{"
ALT = ("", "40 U/L")
CD19, LILRB4 = loaded("lstcar019").study, loaded("lilrb4-start").study


@dataclass(frozen=True)
class Told:
    """Some courses as a trial: what a cut asks of one."""

    study: Study
    courses: tuple[Course, ...]

    def all(self, form: Any) -> tuple[Any, ...]:
        return ()


def cut_of_courses(study: Study, *told: str | list[dict[str, Json]], on: date = date(2030, 1, 1)) -> Cut:
    """Each course is text, or records; all have consented."""
    courses = []
    for number, one in enumerate(told, start=1):
        records = record_maps(one) if isinstance(one, str) else one
        consent: dict[str, Json] = {"form": "consent", "on": f"{day(-40)}", "document_version": "1"}
        courses.append(held_course([consent, *records], f"S{number}"))
    return Cut(Told(study, tuple(courses)), on)  # type: ignore[arg-type]


def drew(on: int, **results: str | tuple[str, ...]) -> dict[str, Json]:
    """A draw: `alt=("90 U/L", "", "40 U/L")` has no lower limit and an upper one."""
    listed: list[Json] = []
    for test, told in results.items():
        value, lower, upper = (*((told,) if isinstance(told, str) else told), "", "", "")[:3]
        limits = {"lower_limit": lower, "upper_limit": upper}
        listed.append({"test": test, "value": value} | {name: one for name, one in limits.items() if one})
    return {"form": "labs", "on": f"{day(on)}", "results": listed}


def infused(text: str = "", *records: dict[str, Json]) -> list[dict[str, Json]]:
    return [*record_maps(f"D-5 ld; D0 infusion; {text}"), *records]


def line(table: ResultTable, label: str, group: str) -> list[Cell]:
    """The number cells of the one row with this label under a heading that begins so, in English."""
    found = [
        [cell for cell, column in zip(row.cells, table.columns, strict=True) if column.kind == "number"]
        for row in table.rows
        if EN.text(row.cells[0]).startswith(label) and EN.text(row.group).startswith(group)
    ]
    assert len(found) == 1, (label, group, [(EN.text(r.group), EN.text(r.cells[0])) for r in table.rows])
    return found[0]


def total(table: ResultTable, label: str, group: str) -> Cell:
    return line(table, label, group)[-1]


def share(table: ResultTable, label: str, group: str) -> tuple[int, int]:
    cell = total(table, label, group)
    assert isinstance(cell, Share), cell
    return cell.count, cell.of


def estimate(table: ResultTable, label: str, group: str) -> Estimate:
    cell = total(table, label, group)
    assert isinstance(cell, Estimate)
    return cell


def spread(table: ResultTable, label: str, group: str) -> Spread:
    cell = total(table, label, group)
    assert isinstance(cell, Spread), cell
    return cell


def sampled(*of: tuple[int, int | str | None], neutralising: bool | None = None) -> list[dict[str, Json]]:
    """Samples by day: a titre is positive, None negative, `?` positive without a titre."""
    made = []
    for on, titre in of:
        one: dict[str, Json] = {"form": "anti_drug_antibody", "on": f"{day(on)}"}
        one |= {"result": "negative"} if titre is None else {"result": "positive"}
        if isinstance(titre, int):
            one["titre"] = titre
        if titre is not None and neutralising is not None:
            one["neutralising"] = neutralising
        made.append(one)
    return made


def b_cell(on: int, value: str) -> dict[str, Json]:
    return {
        "form": "kinetics_sample", "on": f"{day(on)}", "analyte": "cd19_cells", "matrix": "blood",
        "assay": "flow", "value": f"{value} cells/uL",
    }  # fmt: skip


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def sizes(svg: str) -> tuple[float, float]:
    found = re.match(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])


def drawn_well(drawings: Iterable[str], reader: Reader) -> None:
    for svg in drawings:
        assert sizes(svg)[0] <= 940
        said = " ".join(texts(svg))
        assert not re.search(NOTHING, said), said
        assert "NaN" not in svg
        if reader is ZH:
            assert english_in(said) == [], said


def english_in(text: str) -> list[str]:
    """English words of four letters or more that no code explains."""
    plain = re.sub(
        r"10\^9/L|cells/uL|copies/ug|LLOQ|LstCAR\d+|CAR|ALT|CTCAE|Aalen-Johansen|log-log|Kaplan-Meier",
        "",
        text,
    )
    return re.findall(r"[A-Za-z]{4,}", plain)
