"""The protocol in a page, each statement with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Cell, Rung, phrase, say
from protocyte.base import Message
from protocyte.designs import with_levels
from protocyte.study.model import Part, Study
from protocyte.study.parts import Words
from protocyte.study.provenance import Provenance, provenance_of, read_marks


@dataclass(frozen=True)
class Statement:
    """`lines` say it; `source` is where it comes from, `exceptions` are its parts that were marked apart.

    The file's own notes (`why`) are in the language of the file.
    """

    label: Message
    lines: tuple[Cell, ...]
    source: Provenance
    exceptions: tuple[Provenance, ...]


def synopsis(cut: Cut) -> tuple[Statement, ...]:
    study = cut.study
    blocks = {"registered": study.registered, "assumed": study.assumed, "departs": study.departs}
    marks = read_marks({mark: dict(block) for mark, block in blocks.items()})
    return tuple(
        Statement(say(f"synopsis_{name}"), lines, *_sources(path, marks))
        for name, path, lines in _facts(study)
    )


def _sources(
    path: str | tuple[str, ...], marks: dict[str, Provenance]
) -> tuple[Provenance, tuple[Provenance, ...]]:
    """The mark of the (first) path, and those given to anything below the paths.

    Several paths are one block and those of its members that the statement names.
    """
    block, *members = (path,) if isinstance(path, str) else path
    below = tuple(f"{member}." for member in members or [block])
    apart = [
        mark for prefix, mark in sorted(marks.items()) if f"{prefix}.".startswith(below) and prefix != block
    ]
    return provenance_of(block, marks), tuple(apart)


def _facts(study: Study) -> Iterator[tuple[str, str | tuple[str, ...], tuple[Cell, ...]]]:
    """Name of the label, path (or block and members) of the provenance, and what is said."""
    yield "phase", "phase", (study.phase,)
    yield "sites", "sites", tuple(site.place for site in study.sites.values())
    yield (
        "disease",
        "diseases",
        tuple(
            phrase("disease_setting", disease=disease.name, setting=disease.setting)
            for disease in study.diseases.values()
        ),
    )
    product = study.product
    kind = say("product_kind", kind=product.kind, antigen=product.antigen, origin=say(product.origin))
    yield "product", "product", (product.name, kind)
    yield "ladder", "ladder", tuple(Rung(label, dose) for label, dose in study.ladder.items())
    yield "basis", "dosing", (study.dosing.basis, *_scheme(study))
    yield "lymphodepletion", "lymphodepletion", _lymphodepletion(study)
    for name, part in study.parts.items():
        yield "part", f"parts.{name}", (part.title, *_part(study, part))
    yield "planned", "planned_subjects", (study.planned_subjects,)
    yield (
        "criteria",
        "dlt",
        (
            say("dlt_window", days=study.dlt.days),
            *(criterion.label for criterion in study.dlt.criteria.values()),
        ),
    )
    scales = study.scales
    yield "scales", "scales", tuple(s for s in (scales.ae, scales.crs, scales.icans, scales.gvhd) if s)
    yield "responses", "response", (" + ".join(study.response.responses), *_criteria(study))
    yield "follow_up", "follow_up", (say("follow_up", until=study.follow_up.until), *_long_term(study))
    for role in ("primary", "secondary"):
        chosen = {name: one for name, one in study.endpoints.items() if one.role == role}
        if chosen:
            paths = ("endpoints", *(f"endpoints.{name}" for name in chosen))
            titles = tuple(_endpoint(one.title, one.registered_text) for one in chosen.values())
            yield f"{role}_endpoints", paths, titles


def _endpoint(title: Words, registered: str | None) -> Cell:
    return phrase("endpoint_registered", title=title, text=registered) if registered else title


def _scheme(study: Study) -> Iterator[Cell]:
    dosing = study.dosing
    if dosing.scheme == "split":
        yield say("split", shares=tuple(f"D{part.day}: {part.share}" for part in dosing.fractions))
    if dosing.climb is not None:
        yield say("climb", after=dosing.climb.after)


def _lymphodepletion(study: Study) -> tuple[Cell, ...]:
    plan = study.lymphodepletion
    agents = tuple(f"{name} {agent.dose}" if agent.dose else name for name, agent in plan.agents.items())
    return (" + ".join(agents), say("on_days", days=tuple(f"D{day}" for day in plan.days)))


def _part(study: Study, part: Part) -> tuple[Cell, ...]:
    if part.design is not None:
        return with_levels(part.design, len(study.ladder)).rule_text()
    return (say("expansion_part", n=part.subjects, dose=_dose(part)),)


def _dose(part: Part) -> Message | str:
    return say("recommended_dose") if part.dose == "recommended" else str(part.dose)


def _criteria(study: Study) -> tuple[Cell, ...]:
    return (say("by_criteria", criteria=tuple(sorted(set(study.response.primary.values())))),)


def _long_term(study: Study) -> tuple[Cell, ...]:
    return (say("long_term", until=study.follow_up.long_term),) if study.follow_up.long_term else ()
