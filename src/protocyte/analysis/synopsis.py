"""The protocol in a page, each statement with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from protocyte.analysis.tables import say
from protocyte.base import Message
from protocyte.derive.course import Trial
from protocyte.study.model import Study
from protocyte.study.parts import Words
from protocyte.study.provenance import Mark, provenance_of, read_marks


@dataclass(frozen=True)
class Statement:
    """`text` is in both languages; `why` is the file's own note on the source."""

    label: Message
    text: tuple[str, str]  # English, Chinese
    mark: Mark
    why: str


def synopsis(trial: Trial) -> tuple[Statement, ...]:
    study = trial.study
    marks = read_marks(
        {"registered": dict(study.registered), "assumed": dict(study.assumed), "departs": dict(study.departs)}
    )
    statements = []
    for name, path, text in _facts(study):
        source = provenance_of(path, marks)
        statements.append(Statement(say(f"synopsis_{name}"), text, source.mark, source.why))
    return tuple(statements)


def _facts(study: Study) -> list[tuple[str, str, tuple[str, str]]]:
    both = [(d.name, d.setting) for d in study.diseases.values()]
    ladder = " · ".join(f"{label} {dose}" for label, dose in study.ladder.items())
    days = ", ".join(map(str, study.lymphodepletion.days))
    agents = " + ".join(study.lymphodepletion.agents)
    facts = [
        ("phase", "phase", _same(study.phase)),
        ("product", "product", _same(_product(study))),
        ("disease", "diseases", (_join(both, "en"), _join(both, "zh"))),
        ("ladder", "ladder", _same(ladder)),
        ("basis", "dosing.basis", (study.dosing.basis.en, study.dosing.basis.zh)),
        ("lymphodepletion", "lymphodepletion", _same(f"{agents}; {days}")),
        ("window", "dlt.days", _same(f"{study.dlt.days} d")),
        ("criteria", "dlt.criteria", (_labels(study, "en"), _labels(study, "zh"))),
        ("scales", "scales.ae", _same(", ".join((study.scales.ae, study.scales.crs, study.scales.icans)))),
        ("responses", "response.responses", _same(" + ".join(study.response.responses))),
        ("planned", "planned_subjects", _same(str(study.planned_subjects))),
        ("follow_up", "follow_up.until", _same(f"{study.follow_up.until}; {study.follow_up.long_term or '-'}")),
    ]  # fmt: skip
    for name, part in study.parts.items():
        rule = part.design.design if part.design else f"{part.subjects} at {part.dose}"
        facts.append(("part", f"parts.{name}", (f"{part.title.en}: {rule}", f"{part.title.zh}：{rule}")))
    return facts


def _product(study: Study) -> str:
    product = study.product
    return f"{product.name}: {product.kind}, {product.antigen}, {product.origin}"


def _same(text: str) -> tuple[str, str]:
    return text, text


def _join(pairs: list[tuple[Words, Words]], language: str) -> str:
    return "; ".join(f"{name.in_(language)} ({setting.in_(language)})" for name, setting in pairs)


def _labels(study: Study, language: str) -> str:
    return "; ".join(criterion.label.in_(language) for criterion in study.dlt.criteria.values())
