"""Parts and their designs, held against the ladder and the way of dosing."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.base import Problem
from protocyte.study.document import Document
from protocyte.study.model import Part, Study
from protocyte.study.parts import days_of
from protocyte.study.problems import error, warning


def some_part_is_stated(study: Study, document: Document) -> Iterator[Problem]:
    if not study.parts:
        yield error(document, "parts", "parts.empty")


def design_fits_the_ladder(study: Study, document: Document) -> Iterator[Problem]:
    levels = len(study.ladder)
    for name, part in study.parts.items():
        design, path = part.design, f"parts.{name}.design"
        if design is None:
            continue
        if design.levels not in (None, levels):
            yield error(document, path, "design.levels", stated=design.levels, levels=levels)
        elif design.start_level > levels:
            yield error(document, f"{path}.start", "design.start", start=design.start_level, levels=levels)


def climbing_needs_its_design(study: Study, document: Document) -> Iterator[Problem]:
    """Who climbs gives several outcomes; a design that reads one a subject would count them as several."""
    climbs = study.dosing.scheme == "intra_subject"
    for name, part in study.parts.items():
        if part.design is not None and (part.design.design == "intra_subject") != climbs:
            path = f"parts.{name}.design.design"
            yield error(
                document, path, "design.scheme", design=part.design.design, scheme=study.dosing.scheme
            )


def expansion_has_a_dose(study: Study, document: Document) -> Iterator[Problem]:
    for name, part in study.parts.items():
        if part.dose is None:
            continue
        path = f"parts.{name}.dose"
        if part.dose == "recommended":
            if not any(_escalates(other) for other in study.parts.values()):
                yield error(document, path, "part.nothing_recommended")
        elif part.dose not in study.ladder:
            yield error(document, path, "part.dose", dose=part.dose, known=study.labels)


def planned_subjects_suffice(study: Study, document: Document) -> Iterator[Problem]:
    """Expansions alone may not ask for more than the trial plans."""
    asked = sum(part.subjects or 0 for part in study.parts.values())
    if asked > study.planned_subjects:
        planned = study.planned_subjects
        yield error(document, "planned_subjects", "parts.subjects", planned=planned, asked=asked)


def levels_wait_for_their_window(study: Study, document: Document) -> Iterator[Problem]:
    for name, part in study.parts.items():
        if _escalates(part) and study.dosing.scheme != "intra_subject":
            between = part.stagger.between
            if days_of(between) < study.dlt.days:
                path = f"parts.{name}.stagger"
                yield warning(document, path, "part.stagger", between=between, days=study.dlt.days)


def climbing_waits_for_its_window(study: Study, document: Document) -> Iterator[Problem]:
    climb = study.dosing.climb
    if climb is not None and days_of(climb.after) < study.dlt.days:
        after = climb.after
        yield warning(document, "dosing.climb.after", "dosing.climb_early", after=after, days=study.dlt.days)


def _escalates(part: Part) -> bool:
    return part.kind == "escalation"


CHECKS = (
    some_part_is_stated,
    design_fits_the_ladder,
    climbing_needs_its_design,
    expansion_has_a_dose,
    planned_subjects_suffice,
    levels_wait_for_their_window,
    climbing_waits_for_its_window,
)
