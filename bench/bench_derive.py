"""How fast meaning is derived: `python bench/bench_derive.py`. Two cores, Python 3.11.

Targets: every derivation of a trial of 200 subjects and 50,000 records in 2 s; the eligibility of 10,000 subjects
against the CD7 study's criteria in 5 s. Records are typed and folded beforehand (`bench_ledger.py` measures that).
Nothing derived is kept from one run to the next: every run begins with new courses.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from protocyte.derive.adverse_events import adverse_events
from protocyte.derive.analysis_sets import in_analysis_set
from protocyte.derive.course import Course, Trial, view
from protocyte.derive.disposition import stage
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.eligibility import judge_criterion, judge_gate
from protocyte.derive.eligibility_facts import SubjectFacts
from protocyte.derive.eligibility_matrix import eligibility_matrix
from protocyte.derive.endpoints import time_to_event
from protocyte.derive.episodes import all_episodes
from protocyte.derive.escalation import derive_escalation
from protocyte.derive.grades import grade_crs, grade_gvhd, grade_icans
from protocyte.derive.kinetics import persistence, series
from protocyte.derive.relapse import relapse_evidence
from protocyte.derive.reporting_clocks import reporting_clocks
from protocyte.derive.response import assessments, best_response, response_at
from protocyte.derive.stopping import stopping_status
from protocyte.ledger import Casebook
from protocyte.ledger.entry import make_entries
from protocyte.ledger.events import Recorded, StudyAdopted
from protocyte.study.efficacy import ResponseEndpoint, TimeToEventEndpoint
from protocyte.study.eligibility import Gate
from protocyte.study.model import Study
from trials import CRS, ICANS, fit, loaded

SUBJECTS, RECORDS = 200, 50_000
CANDIDATES = 10_000
GATES: tuple[Gate, ...] = ("enrolment", "lymphodepletion", "infusion")
START = date(2025, 1, 6)
RNG = random.Random(20260302)


def main() -> None:
    gc.set_threshold(200_000, 50, 50)  # as the command line sets it
    study = loaded("cd7-cart").study
    trial = new_trial(study)
    records = sum(len(course.held) for course in trial.courses)
    print(f"{len(trial.courses)} subjects, {records} records")
    as_of = START + timedelta(days=900)
    for name, derive in derivations(trial.study, as_of).items():
        took = best_of(3, lambda derive=derive: once(trial, derive))  # type: ignore[misc]
        print(f"  {name:28s} {took}")
    total = best_of(3, lambda: everything(trial, as_of))
    print(f"all derivations, one after another {total} (target 2)")
    eligibility(study)


# --- one whole trial -----------------------------------------------------------------------------------


def derivations(study: Study, as_of: date) -> dict[str, Callable[[Trial], object]]:
    times = [e.operational for e in study.endpoints.values() if isinstance(e, TimeToEventEndpoint)]
    times += [
        e.companion for e in study.endpoints.values() if isinstance(e, TimeToEventEndpoint) and e.companion
    ]
    rates = [e for e in study.endpoints.values() if isinstance(e, ResponseEndpoint)]

    def each(derive: Callable[[Course], object]) -> Callable[[Trial], object]:
        return lambda trial: [derive(course) for course in trial.courses]

    return {
        "eligibility, three gates": each(lambda c: [judge_gate(study, c, gate, as_of) for gate in GATES]),
        "grades": each(lambda c: (grade_crs(study, c), grade_icans(study, c), grade_gvhd(c))),
        "episodes": each(lambda c: all_episodes(study, c)),
        "adverse events": each(lambda c: adverse_events(study, c)),
        "reporting clocks": each(lambda c: reporting_clocks(c, as_of)),
        "DLT": each(lambda c: derive_dlt(study, c, as_of)),
        "disposition": each(lambda c: stage(study, c, as_of)),
        "responses and relapse": each(
            lambda c: (assessments(study, c), relapse_evidence(study, c), best_response(study, c))
        ),
        "response rates": each(
            lambda c: [
                (
                    best_response(study, c, rate.by),
                    [response_at(study, c, at, rate.window, as_of) for at in rate.at],
                )
                for rate in rates
                if rate.window is not None or not rate.at
            ]
        ),
        "times to event": each(lambda c: [time_to_event(study, c, one, as_of) for one in times]),
        "kinetics": each(
            lambda c: [(series(study, c, name), persistence(study, c, name)) for name in study.kinetics]
        ),
        "analysis sets": each(
            lambda c: [in_analysis_set(study, c, name, as_of) for name in study.analysis_sets]
        ),
        "advice": lambda trial: [derive_escalation(trial, part, as_of) for part in study.parts],
        "stopping": lambda trial: stopping_status(trial, as_of),
    }


def once(trial: Trial, derive: Callable[[Trial], object]) -> None:
    derive(fresh(trial))


def everything(trial: Trial, as_of: date) -> None:
    new = fresh(trial)
    for derive in derivations(new.study, as_of).values():
        derive(new)


def fresh(trial: Trial) -> Trial:
    """The same records in courses that remember nothing, nor do the records."""
    new = Trial(trial.casebook, trial.studies)
    for course in trial.courses:
        for held in course.held:
            held.kept.clear()
        new._courses[course.subject, course.last_seq] = Course(course.subject, course.held, course.last_seq)
    return new


def new_trial(study: Study) -> Trial:
    document = loaded("cd7-cart").document.tree
    adopted = StudyAdopted(trial="bench", study=document, digest="0" * 64, effective="2024-01-01")
    events: list[Any] = [adopted]
    for number in range(SUBJECTS):
        subject = f"S{number:03d}"
        told = history(study, START + timedelta(days=2 * number), RECORDS // SUBJECTS)
        counted: dict[str, int] = {}
        for record in told:
            form = record["form"]
            counted[form] = counted.get(form, 0) + 1
            whole = record | {"subject": subject, "version": 1}
            events.append(Recorded(record_id=f"{subject}/{form}/{counted[form]}", record=whole))
    book = Casebook()
    at = datetime(2025, 1, 1, tzinfo=UTC)
    book = book.apply_all(make_entries(book.tip, events, after=book.head, at=at, by="bench", role="site"))
    trial = view(book)
    assert all(course.infused_on for course in trial.courses)
    return trial


def history(study: Study, zero: date, size: int) -> list[dict[str, Any]]:
    """A subject's course with toxicity, responses and follow-up, filled up with blood draws."""

    def on(day: int, form: str, **fields: Any) -> dict[str, Any]:
        return {"form": form, "on": str(zero + timedelta(days=day))} | fields

    told = [on(-40, "consent", document_version="1")]
    told += [on(-39, form, **fields) for form, fields in fit(study)]
    told += [
        on(-35, "enrolment", part="escalation"),
        on(-33, "leukapheresis", adequate=True),
        on(-7, "marrow", blasts="40 %", cells_counted=500, spicules=True, auer_rods=False),
        on(-5, "lymphodepletion", agents=[{"agent": "fludarabine", "dose": "30 mg/m2"}]),
        on(0, "infusion", dose_level=1, lot="L1", planned="1e5 cells/kg", manufactured="1e5 cells/kg",
           infused="1e5 cells/kg", weight="60 kg", weight_on=str(zero)),
    ]  # fmt: skip
    worst = RNG.choice([0, 1, 1, 2, 2, 3])
    for day in range(1, 15):
        told.append(on(day, "crs_assessment", **CRS[worst if 3 <= day <= 6 else 0]))
        told.append(on(day, "icans_assessment", **ICANS[min(worst, 2) if 4 <= day <= 5 else 0]))
    remission = RNG.random() < 0.7
    for day in (28, 60, 91, 183, 274, 365):
        good = remission and (day < 180 or RNG.random() < 0.8)
        told.append(
            on(
                day,
                "marrow",
                blasts="2 %" if good else "35 %",
                cells_counted=500,
                spicules=True,
                mrd="negative",
            )
        )
        told.append(on(day, "extramedullary", present=False))
        told.append(on(day, "labs", results=counts(2.0 if good else 0.4)))
        told.append(on(day, "ae_log_review"))
    for number in range(12):
        told.append(event(zero, number))
    told += [
        on(
            day,
            "kinetics_sample",
            analyte="car",
            matrix="blood",
            assay="qpcr",
            value=f"{RNG.randint(1, 99999)} copies/ug",
        )
        for day in (1, 3, 7, 10, 14, 21, 28, 60, 91, 183)
    ]
    told += [on(30 * month, "contact") for month in range(1, 13)]
    if RNG.random() < 0.3:
        told.append(on(400, "death", cause="disease"))
    fill = [
        on(-30 + day * 2, "labs", results=counts(RNG.uniform(0.2, 4)))
        for day in range(max(size - len(told), 0))
    ]
    return told + fill


def counts(anc: float) -> list[dict[str, str]]:
    return [
        {"test": "anc", "value": f"{anc:.1f} 10^9/L"},
        {"test": "platelets", "value": f"{int(anc * 80)} 10^9/L"},
        {"test": "hemoglobin", "value": "95 g/L"},
        {"test": "blood_blasts", "value": "0 %"},
        {"test": "alt", "value": "30 U/L", "upper_limit": "40 U/L"},
        {"test": "creatinine", "value": "70 umol/L"},
    ]


def event(zero: date, number: int) -> dict[str, Any]:
    onset = zero + timedelta(days=3 * number)
    grade = RNG.randint(1, 4)
    return {
        "form": "adverse_event",
        "term": RNG.choice(["Anemia", "Nausea", "Sepsis", "Headache"]),
        "scale": "ctcae-4.03",
        "course": [{"on": str(onset), "grade": 1}, {"on": str(onset + timedelta(days=2)), "grade": grade}],
        "ended": str(onset + timedelta(days=5)),
        "outcome": "recovered",
        "serious": ["hospitalisation"] if grade == 4 else [],
        "attribution": {"product": RNG.choice(["unrelated", "possible"])},
        "aware": f"{onset}T12:00:00+08:00",
    }


# --- ten thousand candidates ---------------------------------------------------------------------------


def eligibility(study: Study) -> None:
    told = [
        {"form": "consent", "on": str(START - timedelta(days=40)), "document_version": "1"},
        *({"form": form, "on": str(START - timedelta(days=39))} | fields for form, fields in fit(study)),
    ]
    from courses import held_course

    held, on = held_course(told).held, START - timedelta(days=35)
    first = {name: one.gates[0] for name, one in study.eligibility.items()}

    def candidates() -> Iterator[Course]:
        for number in range(CANDIDATES):
            yield Course(f"S{number}", held, len(held))

    def all_criteria() -> None:
        for course in candidates():
            facts = {gate: SubjectFacts(study, course, on, gate) for gate in GATES}
            for name, criterion in study.eligibility.items():
                gate = first[name]
                judge_criterion(study, course, name, criterion, gate, on, facts[gate])

    def all_gates() -> None:
        for course in candidates():
            for gate in GATES:
                judge_gate(study, course, gate, on)

    print(f"{CANDIDATES} subjects of {len(held)} records, {len(first)} CD7 criteria")
    print(f"  each criterion once         {best_of(3, all_criteria)} (target 5)")
    print(f"  each gate with all it asks  {best_of(2, all_gates)}")
    few = list(islice(candidates(), 200))
    took = best_of(2, lambda: eligibility_matrix(study, few, "enrolment", on))
    print(f"  matrix of 200, 60 days ahead {took}")


def best_of(times: int, run: Callable[[], object]) -> str:
    """The quickest run, by the clock and in time of the processor (other work on the machine apart)."""
    took = []
    for _ in range(times):
        began, worked = time.perf_counter(), time.process_time()
        run()
        took.append((time.perf_counter() - began, time.process_time() - worked))
    return "{} ({:.3f} s of work)".format(*min(took))


if __name__ == "__main__":
    main()
