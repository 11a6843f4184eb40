"""The sampling plan of cells, target cells and antibodies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from protocyte.base import Problem, find_unit
from protocyte.study.checks.schedule import has_visit
from protocyte.study.document import Document
from protocyte.study.model import Study
from protocyte.study.problems import error, warning


def limits_are_in_the_unit(study: Study, document: Document) -> Iterator[Problem]:
    for name, assay in study.kinetics.items():
        unit = find_unit(assay.unit)
        if unit is None:
            yield error(document, f"kinetics.{name}.unit", "kinetics.unit", unit=assay.unit)
            continue
        for field, limit in (("lloq", assay.lloq), ("lod", assay.lod)):
            other = find_unit(limit.unit) if limit is not None else None
            if other is not None and other.dimension != unit.dimension:
                path = f"kinetics.{name}.{field}"
                yield error(document, path, "kinetics.limit_unit", limit=limit, unit=assay.unit)


def detection_is_below_quantification(study: Study, document: Document) -> Iterator[Problem]:
    for name, assay in study.kinetics.items():
        lloq, lod = assay.lloq, assay.lod
        one, two = find_unit(lloq.unit), find_unit(lod.unit) if lod else None
        if lod is None or one is None or two is None or one.dimension != two.dimension:
            continue
        if lod.to(lloq.unit).value > lloq.value:
            yield error(document, f"kinetics.{name}.lod", "kinetics.lod", lod=lod, lloq=lloq)


def days_rise(study: Study, document: Document) -> Iterator[Problem]:
    for name, assay in study.kinetics.items():
        if not assay.days:
            yield error(document, f"kinetics.{name}.days", "kinetics.no_days", name=name)
        for index, (before, day) in enumerate(pairwise(assay.days), start=1):
            if day <= before:
                path = f"kinetics.{name}.days.{index}"
                yield error(document, path, "kinetics.days", day=day, before=before)


def an_assay_is_planned_once(study: Study, document: Document) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str], str] = {}
    for name in document.names("kinetics"):
        assay = study.kinetics.get(name)
        if assay is None:
            continue
        first = seen.setdefault((assay.analyte, assay.matrix, assay.assay), name)
        if first != name:
            yield error(document, f"kinetics.{name}", "kinetics.twice", name=name, first=first)


def samples_have_visits(study: Study, document: Document) -> Iterator[Problem]:
    for name, assay in study.kinetics.items():
        form = "anti_drug_antibody" if assay.role == "immunogenicity" else "kinetics_sample"
        without = [day for day in assay.days if not has_visit(study, day, form)]
        if without:
            path = f"kinetics.{name}.days"
            yield warning(document, path, "kinetics.no_visit", form=form, days=without)


CHECKS = (
    limits_are_in_the_unit,
    detection_is_below_quantification,
    days_rise,
    an_assay_is_planned_once,
    samples_have_visits,
)
