"""Key numbers of a trial counted again from its forms as they were written: the second programmer.

Nothing here is shared with `derive`, `stats` or `analysis`, on purpose: forms are plain mappings, dates are
compared, products are exact fractions. Slow and plain, so that where the two agree neither is likely wrong.
What a rule decides (a response, a DLT, a time to an event) is not decided again here: `Decided` holds it,
subject by subject, and what is counted from it is counted here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from protocyte.app.decided import Decided, Times, landmark_name
from protocyte.ledger import Casebook
from protocyte.study.model import Study

Form = Mapping[str, Any]
Numbers = dict[tuple[str, str, str, str], float | None]  # (output, row, group, statistic)
MONTH = 30.4375
RELATED = ("possible", "probable", "related")
EVERYBODY = ""
# Forms whose date says that the subject was alive that day (DOMAIN 23).
ALIVE = frozenset(
    {
        "consent", "leukapheresis", "lymphodepletion", "infusion", "transfusion", "labs", "examination", "marrow",
        "extramedullary", "kinetics_sample", "anti_drug_antibody", "crs_assessment", "icans_assessment",
        "gvhd_assessment", "relapse", "visit", "contact", "new_therapy", "second_malignancy",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    name: str
    forms: tuple[Form, ...]

    def of(self, form: str) -> list[Form]:
        return sorted(
            (one for one in self.forms if one["form"] == form), key=lambda one: str(one.get("on", ""))
        )

    def first(self, form: str) -> date | None:
        days = [_day(one["on"]) for one in self.of(form)]
        return min(days) if days else None

    @property
    def infused(self) -> date | None:
        return self.first("infusion")

    @property
    def level(self) -> int:
        return max(int(one["dose_level"]) for one in self.of("infusion"))


def recount(casebook: Casebook, study: Study, as_of: date, given: Decided) -> Numbers:
    """Every key number by (output, row, group, statistic). A group is a level's label or "" for everybody."""
    subjects = [one for one in _subjects(casebook, as_of) if one.first("consent")]
    infused = [one for one in subjects if one.infused]
    groups = _groups(infused, study)
    found: Numbers = {}
    found |= _disposition(subjects, infused)
    found |= _events(groups, study)
    found |= _grades(groups, "crs_assessment", "crs", crs_grade)
    found |= _grades(groups, "icans_assessment", "icans", icans_grade)
    found |= _deaths(groups)
    found |= _survival(subjects, study, as_of)
    found |= _peaks(groups, study)
    found |= _responses(groups, study, given)
    found |= _windows(study, given)
    for name, timed in given.times.items():
        found |= _timed(name, timed)
    return found


def _subjects(casebook: Casebook, as_of: date) -> list[Subject]:
    forms: dict[str, list[Form]] = {}
    for current in casebook.current():
        record = current.record
        if record.get("subject") is not None and _began(record) <= as_of:
            forms.setdefault(str(record["subject"]), []).append(record)
    return [Subject(name, tuple(found)) for name, found in forms.items()]


def _began(record: Form) -> date:
    """The day a form is of: its own, or the first day it tells of."""
    days = [record.get("on"), record.get("started"), record.get("conditioning")]
    days += (
        [change["on"] for change in record.get("course") or ()] if record["form"] == "adverse_event" else []
    )
    known = [_day(day) for day in days if isinstance(day, str) and len(day) == 10]
    return min(known, default=date.min)


def _day(text: Any) -> date:
    return date.fromisoformat(str(text))


def _groups(infused: list[Subject], study: Study) -> dict[str, list[Subject]]:
    labels = list(study.ladder)
    groups = (
        {label: [s for s in infused if s.level == k] for k, label in enumerate(labels, 1)}
        if len(labels) > 1
        else {}
    )
    return groups | {EVERYBODY: infused}


def _disposition(subjects: list[Subject], infused: list[Subject]) -> Numbers:
    enrolled = [one for one in subjects if one.first("enrolment")]
    counts = {"screened": len(subjects), "enrolled": len(enrolled), "infused": len(infused)}
    return {("flow", name, EVERYBODY, "count"): count for name, count in counts.items()}


# --- adverse events ---------------------------------------------------------------------------------------


def _events(groups: dict[str, list[Subject]], study: Study) -> Numbers:
    found: Numbers = {}
    for label, members in groups.items():
        seen = [_emergent(one, study) for one in members]
        tests: dict[str, Callable[[Form, int], bool]] = {
            "ae_any": lambda event, grade: True,
            "ae_grade_3": lambda event, grade: grade >= 3,
            "ae_grade_5": lambda event, grade: grade == 5,
            "ae_related": lambda event, grade: event["attribution"]["product"] in RELATED,
            "ae_serious": lambda event, grade: bool(event.get("serious")),
        }
        for name, test in tests.items():
            hits = sum(any(test(event, grade) for event, grade in events) for events in seen)
            found["ae_overview", name, label, "count"] = hits
            found["ae_overview", name, label, "of"] = len(members)
    return found


def _emergent(subject: Subject, study: Study) -> list[tuple[Form, int]]:
    """Events that began or worsened after treatment did, with their worst grade from then on."""
    start = subject.infused
    assert start is not None
    last = start + timedelta(days=float(study.safety.collect_for.to("d").value))
    if study.safety.emergent_from == "lymphodepletion":
        start = subject.first("lymphodepletion") or start
    found = []
    for event in subject.of("adverse_event"):
        changes = [(_day(change["on"]), int(change["grade"])) for change in event["course"]]
        before = max((grade for on, grade in changes if on < start), default=0)
        worse = [on for on, grade in changes if start <= on <= last and grade > before]
        if worse:
            found.append((event, max(grade for on, grade in changes if on >= min(worse))))
    return found


def _grades(groups: dict[str, list[Subject]], form: str, output: str, graded: Any) -> Numbers:
    found: Numbers = {}
    for label, members in groups.items():
        worst = [_worst(one, form, graded) for one in members]
        for row, least in (("any_grade", 1), ("grade_3_or_more", 3)):
            count = sum(grade >= least for grade in worst)
            lower, upper = exact_limits(count, len(members))
            numbers = {"count": count, "of": len(members), "lower": lower, "upper": upper}
            found |= {(output, row, label, name): value for name, value in numbers.items()}
    return found


def _worst(subject: Subject, form: str, graded: Any) -> int:
    """The higher of the grade from the components and the investigator's, the worst of all days."""
    worst, diagnosed = 0, False
    assert subject.infused is not None
    for one in subject.of(form):
        computed = graded(one, diagnosed)
        grade = max(computed, int(one.get("investigator_grade") or 0))
        diagnosed = diagnosed or grade > 0
        if _day(one["on"]) >= subject.infused:
            worst = max(worst, grade)
    return worst


def crs_grade(form: Form, diagnosed: bool) -> int:
    """ASTCT 2019 (Lee et al., table 2), fully recorded components."""
    if form.get("fatal"):
        return 5
    if form.get("attributable") is False:
        return 0
    degrees = float(str(form.get("temperature") or "0").split()[0])
    if degrees < 38 and not (diagnosed and form.get("antipyretic_or_anticytokine_given")):
        return 0
    oxygen, pressors = form.get("oxygen") or "none", int(form.get("vasopressors") or 0)
    if form.get("oxygen_reason") not in (None, "hypoxia"):
        oxygen = "none"
    if pressors > 1 or oxygen in ("cpap", "bipap", "intubated_mech_vent"):
        return 4
    if (
        pressors
        or form.get("vasopressin")
        or oxygen in ("high_flow_nc", "facemask", "nonrebreather", "venturi")
    ):
        return 3
    return 2 if form.get("hypotension") or oxygen == "low_flow_nc_or_blowby" else 1


def icans_grade(form: Form, diagnosed: bool) -> int:
    """ASTCT 2019 (Lee et al., table 6), by the worst domain."""
    if form.get("fatal"):
        return 5
    if form.get("attributable") is False:
        return 0
    ice, grades = form.get("ice_score"), [0]
    if ice is not None:
        grades.append(next(g for g, least in ((0, 10), (1, 7), (2, 3), (3, 0)) if int(ice) >= least))
    steps = ("alert", "awakens_spontaneously", "awakens_to_voice", "awakens_only_to_tactile")
    awake = form.get("consciousness") or "alert"
    grades.append(steps.index(awake) if awake in steps else 4)
    if ice is not None and int(ice) == 0 and awake not in steps:
        grades.append(4)
    seizure, oedema = str(form.get("seizure") or "none"), str(form.get("icp_edema") or "none")
    grades.append(0 if seizure == "none" else 3 if seizure.startswith("any") else 4)
    grades.append(0 if form.get("motor") in (None, "none") else 4)
    grades.append(0 if oedema == "none" else 3 if oedema.startswith("focal") else 4)
    return max(grades)


def _deaths(groups: dict[str, list[Subject]]) -> Numbers:
    found: Numbers = {}
    for label, members in groups.items():
        days = [(died - one.infused).days for one in members if (died := one.first("death")) and one.infused]
        numbers = {
            "all_deaths": len(days),
            "died_to_30": sum(0 <= day <= 30 for day in days),
            "died_to_90": sum(31 <= day <= 90 for day in days),
            "died_later": sum(day > 90 for day in days),
        }
        found |= {("deaths_summary", row, label, "count"): count for row, count in numbers.items()}
    return found


# --- survival ---------------------------------------------------------------------------------------------


# The form that makes somebody a member; other sets need a rule and are left to it.
_MEMBERS = {"infused": "infusion", "enrolled": "enrolment", "consented": "consent"}


def _survival(subjects: list[Subject], study: Study, as_of: date) -> Numbers:
    """Endpoints whose only event is death and whose clock starts at a form; other strategies are left."""
    found: Numbers = {}
    for name, endpoint in study.endpoints.items():
        definition = getattr(endpoint, "operational", None)
        if definition is None or tuple(definition.events) != ("death",) or definition.competing:
            continue
        if any(one != "treatment_policy" for one in definition.intercurrent.values()):
            continue
        if definition.origin not in ("infusion", "enrolment", "consent"):
            continue
        counted = [one for one in subjects if one.first(_MEMBERS.get(definition.population, "enrolment"))]
        times = [_time(one, on, as_of) for one in counted if (on := one.first(definition.origin))]
        if not times:
            continue
        found["survival", name, EVERYBODY, "n"] = len(times)
        found["survival", name, EVERYBODY, "events"] = sum(died for _, died in times)
        found["survival", name, EVERYBODY, "median"] = median_survival(times)
    return found


def _time(subject: Subject, origin: date, as_of: date) -> tuple[int, bool]:
    """Days from origin to death or to the last evidence of life, both days counted."""
    died = subject.first("death")
    last = died or max(_evidence(subject))
    return (min(last, as_of) - origin).days + 1, died is not None


def _evidence(subject: Subject) -> Iterable[date]:
    for one in subject.forms:
        form = one["form"]
        if form in ALIVE or (
            form == "discontinuation" and one["reason"] in ("withdrawal_of_consent", "completed")
        ):
            yield _day(one["on"])
        elif form in ("bridging", "medication"):
            yield _day(one["started"])
        elif form == "transplant":
            yield from (_day(one[key]) for key in ("conditioning", "on") if one.get(key))
        elif form == "adverse_event":
            yield from (_day(change["on"]) for change in one["course"] if int(change["grade"]) < 5)
            if one.get("ended") and one["outcome"] != "fatal":
                yield _day(one["ended"])


def median_survival(times: list[tuple[int, bool]]) -> float | None:
    """Kaplan and Meier's median in months by exact fractions: the first time the product is at most a half.

    Where it is exactly a half, the middle of the flat stretch up to the next death, its beginning where there
    is none (as R's survival package has it).
    """
    alive = Fraction(1)
    half_at: int | None = None
    for day in sorted({day for day, died in times if died}):
        at_risk = sum(other >= day for other, _ in times)
        deaths = sum(died and other == day for other, died in times)
        if half_at is not None:
            return (half_at + day) / 2 / MONTH
        alive *= Fraction(at_risk - deaths, at_risk)
        if alive < Fraction(1, 2):
            return day / MONTH
        if alive == Fraction(1, 2):
            half_at = day
    return None if half_at is None else half_at / MONTH


def exact_limits(count: int, of: int) -> tuple[float | None, float | None]:
    """Clopper and Pearson's 95 % limits by halving, on sums of exact binomial terms."""
    if not of:
        return None, None

    def at_least(p: float) -> float:
        return math.fsum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(count, of + 1))

    def at_most(p: float) -> float:
        return math.fsum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(count + 1))

    lower = 0.0 if count == 0 else _root(lambda p: at_least(p) - 0.025)
    upper = 1.0 if count == of else _root(lambda p: 0.025 - at_most(p))
    return lower, upper


def _root(rising: Any) -> float:
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


# --- from what the rules decided -----------------------------------------------------------------------------


def _responses(groups: dict[str, list[Subject]], study: Study, given: Decided) -> Numbers:
    """Everybody's best category and the study's own rate, of all infused."""
    best = {
        name: min(seen, key=given.order.index)
        for name, seen in given.responses.items()
        if seen and name not in given.brought_along
    }
    found: Numbers = {}
    for label, members in groups.items():
        here = [best[one.name] for one in members if one.name in best]
        for category in given.order:
            found["response", category, label, "count"] = here.count(category)
            found["response", category, label, "of"] = len(members)
        hits = sum(one in study.response.responses for one in here)
        lower, upper = exact_limits(hits, len(members))
        numbers = {"count": hits, "of": len(members), "lower": lower, "upper": upper}
        found |= {("response", "resp_orr", label, name): value for name, value in numbers.items()}
    return found


def _windows(study: Study, given: Decided) -> Numbers:
    """DLTs among the evaluable windows, by the level infused."""
    levels: dict[str, int | None] = {EVERYBODY: None}
    if len(study.ladder) > 1:
        levels |= {label: level for level, label in enumerate(study.ladder, 1)}
    found: Numbers = {}
    if given.windows:
        for label, level in levels.items():
            here = [(known, dlt) for at, known, dlt in given.windows if level in (None, at) and known is True]
            found["dlt_summary", "tox_dlt_share", label, "count"] = sum(dlt for _, dlt in here)
            found["dlt_summary", "tox_dlt_share", label, "of"] = len(here)
    return found


def _timed(name: str, given: Times) -> Numbers:
    """Counts, the median where nothing competes, and at each landmark who is free of the event or has had it."""
    times = list(given.times)
    found: Numbers = {
        ("time_to_event", name, EVERYBODY, "n"): len(times),
        ("time_to_event", name, EVERYBODY, "events"): sum(status == 1 for _, status in times),
    }
    if not given.contested:
        died = [(day, status == 1) for day, status in times]
        found["time_to_event", name, EVERYBODY, "median"] = median_survival(died)
    for when, day in given.landmarks.items():
        share = (_incidence if given.contested else _free)(times, day) if _reaches(times, day) else None
        found["time_to_event", landmark_name(name, when), EVERYBODY, "value"] = share
    return found


def _reaches(times: list[tuple[int, int]], day: int) -> bool:
    """To the last observation; beyond it, where nobody is left to whom anything could happen."""
    last = max((last for last, _ in times), default=0)
    return bool(times) and (day <= last or all(status for end, status in times if end == last))


def _free(times: list[tuple[int, int]], until: int) -> float:
    return float(_walked(times, until)[0])


def _incidence(times: list[tuple[int, int]], until: int) -> float:
    """Aalen and Johansen: who has had the event, while others had the competing one first."""
    return float(_walked(times, until)[1])


def _walked(times: list[tuple[int, int]], until: int) -> tuple[Fraction, Fraction]:
    """Day by day: the share free of either event, and the share that has had the event."""
    alive, had = Fraction(1), Fraction(0)
    for day in sorted({day for day, status in times if status and day <= until}):
        at_risk = sum(other >= day for other, _ in times)
        had += alive * Fraction(sum(one == (day, 1) for one in times), at_risk)
        alive *= Fraction(at_risk - sum(other == day and status > 0 for other, status in times), at_risk)
    return alive, had


# --- kinetics ---------------------------------------------------------------------------------------------


def _peaks(groups: dict[str, list[Subject]], study: Study) -> Numbers:
    """Geometric mean of the highest quantified value after the infusion, where the unit is the plan's own."""
    found: Numbers = {}
    for name, plan in study.kinetics.items():
        for label, members in groups.items():
            peaks = [peak for one in members if (peak := _peak(one, plan)) is not None]
            mean = math.exp(math.fsum(map(math.log, peaks)) / len(peaks)) if peaks else None
            found["kinetics", f"cmax {name}", label, "n"] = len(peaks)
            found["kinetics", f"cmax {name}", label, "middle"] = mean
    return found


def _peak(subject: Subject, plan: Any) -> float | None:
    values = []
    for one in subject.of("kinetics_sample"):
        ours = (one["analyte"], one["matrix"], one["assay"]) == (plan.analyte, plan.matrix, plan.assay)
        if ours and subject.infused and _day(one["on"]) > subject.infused:
            value, _, unit = str(one["value"]).partition(" ")
            if value[:1] not in "<>" and unit == plan.unit and float(value) >= float(plan.lloq.value):
                values.append(float(value))
    return max(values, default=None)
