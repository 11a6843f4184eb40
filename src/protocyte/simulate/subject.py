"""One virtual subject, from consent to the end of follow-up, through the same commands as a real one."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta

from protocyte.base import Quantity
from protocyte.conduct import Answer, Done, Refusal
from protocyte.conduct.dosing_checks import climb_of
from protocyte.derive.escalation import recommended_level
from protocyte.records.oversight import Cohort
from protocyte.simulate import assessments as write
from protocyte.simulate.follow_up import follow, without_product
from protocyte.simulate.latent import MANUFACTURE_FAILS, Latent, Toxicity
from protocyte.simulate.process import Fields, Process, Step
from protocyte.simulate.site import Site
from protocyte.study.fact_table import fact_sources

Part = Generator[Step, Answer | None, date | None]  # a stretch of the course; None: the course ended there

# A queue has an end: after this many weeks without a place a referred subject goes elsewhere.
PATIENCE = 30


def live(site: Site, subject: str, latent: Latent, consented: date) -> Process:
    """The whole course. Each stretch ends on the day the next may begin, or ends the course."""
    cleared = yield from _screen(site, subject, latent, consented)
    site.in_screening -= 1
    if cleared is None:
        return
    site.waiting_room += 1
    enrolled = yield from _enrol(site, subject, cleared)
    site.waiting_room -= 1
    if enrolled is None:
        return
    released = yield from _make_product(site, subject, latent, enrolled)
    if released is None:
        return
    infusion = yield from _prepare(site, subject, latent, released)
    if infusion is None:
        return
    yield from follow(site, subject, latent, infusion)


# --- screening ------------------------------------------------------------------------------------


def _screen(site: Site, subject: str, latent: Latent, on: date) -> Part:
    rng = site.rng
    for form, fields in _history_forms(site, latent, on):
        yield _step(subject, on, form, fields)
    labs, examination = write.screening_results(latent, rng)
    for judged in (name for name, one in site.study.eligibility.items() if one.judgement):
        fields = {"criterion": judged, "met": True, "reason": "discussed at the screening visit"}
        word = yield _step(subject, on + timedelta(days=2), "judgement", fields, role="investigator")
        yield from _signed(word, on + timedelta(days=2))
    day = on + timedelta(days=3)
    yield _step(subject, day, "labs", {"visit": "screening", "results": labs})
    yield _step(subject, day, "examination", {"visit": "screening", "results": examination})
    yield _step(
        subject,
        day,
        "marrow",
        {"visit": "screening", "blasts": f"{latent.blasts:.0f} %", "cells_counted": 500},
    )
    yield _step(subject, day, "extramedullary", {"visit": "screening", "present": False})
    if site.once("voided form"):
        copied = yield _step(subject, day, "contact", {"source": "visit"})
        yield _void(copied, day, "entered twice")
    judged_on = day + timedelta(days=int(rng.integers(2, 6)))
    answer = yield _step(subject, judged_on, "open_gate", {"gate": "enrolment"}, role="investigator")
    if isinstance(answer, Refusal):
        reason = "does not meet the criteria at the enrolment gate"
        yield _step(subject, judged_on, "screen_failure", {"reason": reason})
        return None
    return judged_on


def _history_forms(site: Site, latent: Latent, on: date) -> list[tuple[str, Fields]]:
    rng, study = site.rng, site.study
    month = (on.month + int(rng.integers(1, 12)) - 1) % 12 + 1  # never the month of consent: age is certain
    birth = f"{on.year - latent.age - (month > on.month)}-{month:02d}"
    percent = f"{int(rng.integers(55, 99))} %"
    forms: list[tuple[str, Fields]] = [
        ("consent", {"document_version": f"{study.study} {study.version}"}),
        (
            "demographics",
            {
                "birth": birth,
                "sex": latent.sex,
                "age": latent.age,
                "childbearing_potential": latent.sex == "female",
                "race": "asian",  # the sites of the five studies are in China
            },
        ),
        (
            "disease",
            {
                "diagnosis": latent.diagnosis,
                "prior_lines": int(rng.integers(2, 5)),
                "induction_courses_without_remission": 2,
                "relapses": int(rng.integers(2, 4)),
                "first_remission_duration": "4 mo",
                "refractory_to_last_line": True,
                "prior_transplant": bool(rng.random() < 0.3),
                "extramedullary": False,
                "risk": str(site.side.choice(["intermediate", "adverse"], p=[0.35, 0.65])),
                "genetics": write.lesions(latent.disease, site.side),
            },
        ),
        (
            "antigen",
            {
                "antigen": study.product.antigen,
                "positive": True,
                "percent": percent,
                "specimen": "marrow",
                "method": "flow",
            },
        ),
        (
            "prior_therapy",
            {
                "therapy": "salvage chemotherapy",
                "kind": "systemic",
                "last_dose": write.iso(on - timedelta(days=35)),
                "half_life": "1 d",
            },
        ),
    ]
    asked = sorted({s.partition(":")[2] for s in fact_sources(study).values() if s.startswith("history:")})
    asked += ["systemic_washout", "checkpoint_washout", "checkpoint_therapy", "live_vaccine"]
    forms += [("history", {"condition": condition, "status": "absent"}) for condition in asked]
    # Birth dates and therapies need no visit date of their own, but the day they were asked is one.
    undated = ("prior_therapy",)
    return [(form, fields if form in undated else {"on": write.iso(on)} | fields) for form, fields in forms]


# --- a place, a level, a product --------------------------------------------------------------------


def _enrol(site: Site, subject: str, ready: date) -> Part:
    day = ready
    for _ in range(PATIENCE):
        place = _place(site)
        if place is not None:
            part, cohort = place
            named = {"cohort": cohort.cohort} if cohort else {}
            answer = yield _step(subject, day, "enrolment", {"part": part, **named})
            if isinstance(answer, Done):
                level = cohort.dose_level if cohort else _expansion_level(site, part)
                yield _step(subject, day, "assignment", {"dose_level": level})
                return day
        day += timedelta(days=7)
    yield _step(subject, day, "screen_failure", {"reason": "no place became free in time"})
    return None


def _place(site: Site) -> tuple[str, Cohort | None] | None:
    expansion = site.expansion()
    if expansion is not None:
        return expansion, None
    cohort = site.open_cohort()
    return (cohort.part, cohort) if cohort else None


def _expansion_level(site: Site, part: str) -> int:
    dose = site.study.parts[part].dose or ""
    return site.study.level_of(dose) if dose in site.study.ladder else recommended_level(site.desk.trial) or 1


def _make_product(site: Site, subject: str, latent: Latent, enrolled: date) -> Part:
    course = site.desk.trial.course(subject)
    climbs = climb_of(site.study, course) is not None  # his product is made for the whole climb
    dose = site.study.dose_of(len(site.study.ladder) if climbs else course.assigned_level or 1)
    if site.study.product.origin == "allogeneic":
        return (yield from _donor_product(site, subject, dose, enrolled))
    day = enrolled + timedelta(days=2)
    yield _step(subject, day, "leukapheresis", {"adequate": True, "collected": "6e9 cells"})
    if site.rng.random() < 0.5:
        started = day + timedelta(days=2)
        fields = {
            "therapy": "hydroxyurea",
            "started": write.iso(started),
            "ended": write.iso(started + timedelta(days=5)),
        }
        yield _step(subject, started + timedelta(days=5), "bridging", fields, dated=False)
    for run in (1, 2):
        lot, started = f"{subject}-L{run}", day + timedelta(days=1)
        day = started + timedelta(days=int(site.rng.integers(9, 14)))
        failed = site.once("manufacturing failure") if run == 1 and site.started >= 2 else False
        failed = failed or site.rng.random() < MANUFACTURE_FAILS
        run_form: Fields = {"lot": lot, "started": write.iso(started), "finished": write.iso(day)}
        run_form |= (
            {"outcome": "failed", "reason": "expansion below the minimum"} if failed else {"outcome": "made"}
        )
        yield _step(subject, day, "manufacture", run_form, role="manufacturing", dated=False)
        if not failed:
            return (yield from _release(site, subject, lot, dose, day))
        if run == 2 or site.rng.random() < 0.6:
            break
    fields = {"of": "treatment", "reason": "manufacturing_failure"}
    yield _step(subject, day + timedelta(days=3), "discontinuation", fields)
    yield from without_product(site, subject, day + timedelta(days=3))
    return None


def _donor_product(site: Site, subject: str, dose: Quantity, enrolled: date) -> Part:
    lot = "LOT-A"
    day = enrolled + timedelta(days=2)
    if site.once("donor lot"):
        made = {
            "lot": lot,
            "donor": "D001",
            "manufactured": write.iso(day - timedelta(days=40)),
            "released": True,
            "viability": "88 %",
            "residual_tcr": "0.3 %",
        }
        yield Step(day, "donor_lot", made, "manufacturing")
    yield _step(subject, day, "lot_allocation", {"lot": lot}, role="manufacturing")
    return (yield from _release(site, subject, lot, dose, day))


def _release(site: Site, subject: str, lot: str, dose: Quantity, made: date) -> Part:
    """What was made, against what is needed; sometimes less, released out of specification."""
    rng = site.rng
    poor = rng.random() < 0.06
    share = rng.uniform(0.85, 0.95) if poor else rng.uniform(1.05, 1.6)
    day = made + timedelta(days=int(rng.integers(2, 6)))
    fields = {
        "lot": lot,
        "outcome": "out_of_specification_released" if poor else "released",
        "dose": _amount(float(dose.value) * share, dose.unit),
        "viability": f"{int(rng.integers(72, 97))} %",
        "transduction": f"{int(rng.integers(25, 70))} %",
        "copies": f"{rng.uniform(1, 4):.1f} copies/cell",
        "attributes": write.product_attributes(site.side),
    }
    yield _step(subject, day, "release", fields, role="manufacturing")
    return day


# --- lymphodepletion and the first infusion -----------------------------------------------------------


def _prepare(site: Site, subject: str, latent: Latent, released: date) -> Part:
    """Baseline, gates and lymphodepletion; the answer is the day of the first infusion."""
    plan = site.study.lymphodepletion
    course = site.desk.trial.course(subject)
    level = course.assigned_level or 1
    lead = -min(plan.days)
    infusion = site.reserve(course.part or "", course.cohort, released + timedelta(days=lead + 2))
    start = infusion - timedelta(days=lead)
    baseline = start - timedelta(days=1)
    yield Step(baseline)
    while site.on_hold(level, baseline):  # prepare nobody while a hold stands
        infusion = site.reserve(course.part or "", course.cohort, infusion + timedelta(days=7))
        start = infusion - timedelta(days=lead)
        baseline = start - timedelta(days=1)
        yield Step(baseline)
    labs, examination = write.screening_results(latent, site.rng)
    yield _step(subject, baseline, "labs", {"visit": "baseline", "results": labs})
    yield _step(subject, baseline, "examination", {"visit": "baseline", "results": examination})
    yield _step(
        subject,
        baseline,
        "marrow",
        {"visit": "baseline", "blasts": f"{latent.blasts:.0f} %", "cells_counted": 500},
    )
    answer = yield _step(subject, start, "open_gate", {"gate": "lymphodepletion"}, role="investigator")
    for day in plan.days:
        agents = [
            {"agent": name} | ({"dose": str(agent.dose)} if agent.dose else {})
            for name, agent in plan.agents.items()
            if not agent.days or day in agent.days
        ]
        fields: Fields = {"agents": agents, "completes": day == max(plan.days)}
        answer = yield _step(subject, infusion + timedelta(days=day), "lymphodepletion", fields)
        if isinstance(answer, Refusal):  # a hold came between: out of the queue until it is lifted
            fields = {"of": "treatment", "reason": "investigator_decision", "detail": answer.sentence()[:300]}
            left = infusion + timedelta(days=day)
            yield _step(subject, left, "discontinuation", fields)
            yield from without_product(site, subject, left)
            return None
    fit = write.fitness(latent, site.rng)
    yield _step(subject, infusion, "examination", {"visit": "day_0", "results": fit})
    labs, _ = write.screening_results(latent, site.rng)
    quiet = write.inflammation(Toxicity(0, (0, 0), 0, (0, 0)), 0, site.side)
    known = {result["test"] for result in labs}
    labs += [result for result in quiet if result["test"] not in known]
    yield _step(subject, infusion, "labs", {"visit": "day_0", "results": labs})
    if any("anti_drug_antibody" in visit.needs for visit in site.study.schedule.values()):
        earlier = write.antibody(bool(site.side.random() < 0.08), site.side)
        yield _step(subject, infusion, "anti_drug_antibody", {"visit": "day_0"} | earlier)
    yield _step(subject, infusion, "open_gate", {"gate": "infusion"}, role="investigator")
    return infusion


# --- small helpers ------------------------------------------------------------------------------------


def _step(
    subject: str, on: date, command: str, fields: Fields, role: str = "coordinator", dated: bool = True
) -> Step:
    day = {"on": write.iso(on)} if dated and command != "prior_therapy" else {}
    return Step(on, command, {"subject": subject, **day, **fields}, role)  # type: ignore[arg-type]


def _signed(answer: Answer | None, on: date) -> Process:
    assert isinstance(answer, Done)
    yield Step(on, "sign", {"record_id": answer.record_ids[0], "meaning": "approval"}, "investigator")


def _void(answer: Answer | None, on: date, reason: str) -> Step:
    assert isinstance(answer, Done)
    return Step(on, "void", {"record_id": answer.record_ids[0], "reason": reason})


def _amount(value: float, unit: str) -> str:
    """Three significant digits: what a cell counter gives."""
    return f"{value:.3g} {unit}"
