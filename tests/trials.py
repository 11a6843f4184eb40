"""A trial in conduct, told in short: who does what on which day, and what is answered.

    trial = Conducted("lstcar019")
    trial.cohort(1)
    trial.bring("S1", to="infused", on=0)            # D0 = 2 March 2026
    trial.ok("crs_assessment", "S1", on=3, **CRS[3])
    trial.refused("overdose", "infusion", "S1", on=0, ...)

Every step goes through a `Desk` on a ledger in memory, as a person's would. Unless told otherwise a command is
given on the day it speaks of, by the first role that may give it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from protocyte.base import Message, Problem, render
from protocyte.conduct import Desk, Done, Refusal, adopt
from protocyte.conduct.dosing_checks import planned_dose
from protocyte.conduct.permissions import PERMITTED
from protocyte.derive.course import Trial
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.escalation import Escalation, derive_escalation
from protocyte.ledger import MemoryLedger, StudyAdopted
from protocyte.study.fact_table import fact_sources
from protocyte.study.load import Loaded, adopted_study, load_study

STUDIES = Path(__file__).resolve().parents[1] / "studies"
D0 = date(2026, 3, 2)
ROLES = {"open_gate": "investigator", "decide": "committee", "lock": "data_manager", "unlock": "data_manager"}

# CRS and ICANS assessments by the grade their components give (ASTCT 2019).
CRS: dict[int, dict[str, Any]] = {
    0: {"temperature": "36.8 Cel", "hypotension": False, "oxygen": "none"},
    1: {"temperature": "38.9 Cel", "hypotension": False, "oxygen": "none"},
    2: {"temperature": "39.2 Cel", "hypotension": True, "oxygen": "low_flow_nc_or_blowby"},
    3: {"temperature": "39.6 Cel", "hypotension": True, "oxygen": "facemask"},
    4: {"temperature": "39.8 Cel", "hypotension": True, "oxygen": "cpap"},
}
for _grade, _form in CRS.items():
    _form |= {"vasopressors": max(_grade - 2, 0), "vasopressin": False}
ICANS: dict[int, dict[str, Any]] = {
    grade: {"ice_score": ice, "consciousness": awake, "seizure": "none", "motor": "none", "icp_edema": "none"}
    for grade, ice, awake in (
        (0, 10, "alert"),
        (1, 8, "awakens_spontaneously"),
        (2, 5, "awakens_to_voice"),
        (3, 2, "awakens_only_to_tactile"),
    )
}
STAGES = ("consented", "screened", "enrolled", "assigned", "released", "depleted", "ready", "infused")


def day(number: int) -> date:
    return D0 + timedelta(days=number)


@cache
def loaded(study: str) -> Loaded:
    found = load_study(STUDIES / f"{study}.yaml")
    assert isinstance(found, Loaded), found
    return found


class Conducted:
    """One trial; the study may be changed at dotted paths (`{"parts.escalation.slots.concurrent": "6"}`)."""

    def __init__(self, study: str = "lstcar019", changes: dict[str, Any] | None = None) -> None:
        tree = _changed(loaded(study).document.tree, changes or {})
        effective = "2025-01-01"
        adopted = StudyAdopted(trial="test", study=tree, digest="0" * 64, effective=effective)
        self.study = adopted_study(tree)
        self.desk: Desk = adopt(MemoryLedger(), adopted, actor="dm", at=datetime(2025, 1, 1, tzinfo=UTC))
        self._tick = 0

    @property
    def trial(self) -> Trial:
        return self.desk.trial

    # -- commands --------------------------------------------------------------------------------

    def do(
        self, command: str, subject: str | None = None, *, on: int | None = 0, today: int | None = None,
        role: str | None = None, actor: str = "somebody", **fields: Any,
    ) -> Any:  # fmt: skip
        """`on` is a day number; None leaves the date out. `today` is the day the command is given."""
        self._tick += 1
        form: dict[str, Any] = {"subject": subject} if subject else {}
        if on is not None and command not in ("amend", "void", "sign", "lock", "unlock", "cohort"):
            form["on"] = str(day(on))
        who = role or ROLES.get(command) or PERMITTED.get(command, ("investigator",))[0]
        now = day(today if today is not None else on or 0)
        return self.desk.do(
            command, form | fields, actor=actor, role=who, today=now,  # type: ignore[arg-type]
            at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._tick),
        )  # fmt: skip

    def ok(self, command: str, subject: str | None = None, **fields: Any) -> str:
        """The command succeeds; the answer is the id of what it wrote."""
        answer = self.do(command, subject, **fields)
        assert isinstance(answer, Done), told(answer)
        self.followed = [event.record["reason"] for event in answer.followed]
        return answer.record_ids[0] if answer.record_ids else ""

    def refused(self, name: str, command: str, subject: str | None = None, **fields: Any) -> Refusal:
        """The command is refused for this reason, and nothing is written."""
        head = self.desk.ledger.head()
        answer = self.do(command, subject, **fields)
        assert isinstance(answer, Refusal), f"not refused: {told(answer)}"
        assert answer.reason.key == f"conduct.{name}", answer.sentence()
        assert self.desk.ledger.head() == head
        for language in ("en", "zh"):
            assert "{" not in answer.sentence(language)  # type: ignore[arg-type]  # every gap is filled
        return answer

    def problem(self, rule: str, command: str, subject: str | None = None, **fields: Any) -> Problem:
        """The command has this problem in its fields, and nothing is written."""
        head = self.desk.ledger.head()
        answer = self.do(command, subject, **fields)
        assert isinstance(answer, tuple), told(answer)
        assert isinstance(answer[0], Problem), told(answer)
        rules = [problem.rule for problem in answer]
        assert rule in rules, told(answer)
        assert self.desk.ledger.head() == head
        return answer[rules.index(rule)]

    def amend(self, record_id: str, today: int = 0, **changes: Any) -> str:
        role = changes.pop("role", PERMITTED.get(record_id.split("/")[-2], ("investigator",))[0])
        own = {f"record.{name}": value for name, value in changes.items()}
        return self.ok("amend", record_id=record_id, today=today, role=role, reason="misread", **own)

    def void(self, record_id: str, today: int = 0, role: str | None = None) -> str:
        form = record_id.split("/")[-2]
        role = role or PERMITTED.get(form, ("investigator",))[0]
        return self.ok("void", record_id=record_id, today=today, role=role, reason="wrong subject")

    def sign(self, record_id: str, today: int = 0) -> None:
        role = PERMITTED.get(record_id.split("/")[-2], ("investigator",))[0]
        self.ok("sign", record_id=record_id, meaning="approval", today=today, role=role)

    # -- stretches of a course -------------------------------------------------------------------

    def cohort(
        self, level: int = 1, name: str = "C1", size: int = 3, part: str = "", today: int = -60
    ) -> str:
        part = part or next(iter(self.study.parts))
        fields = {"cohort": name, "part": part, "dose_level": level, "size": size, "opened": str(day(today))}
        return self.ok("cohort", today=today, **fields)

    def bring(
        self, subject: str, to: str = "infused", on: int = 0, cohort: str = "C1", **infusion: Any
    ) -> None:
        """A subject who does well, up to a stage, with the first infusion on day `on`."""
        for stage in STAGES[: STAGES.index(to) + 1]:
            self.stage(subject, stage, on, cohort, **(infusion if stage == "infused" else {}))

    def stage(self, subject: str, stage: str, on: int = 0, cohort: str = "C1", **fields: Any) -> None:
        """One stage of a course whose first infusion is due on day `on`."""
        getattr(self, f"_{stage}")(subject, on, cohort, **fields)

    def _consented(self, subject: str, on: int, cohort: str) -> None:
        self.ok("consent", subject, on=on - 40, document_version="1")

    def _screened(self, subject: str, on: int, cohort: str) -> None:
        for form, fields in fit(self.study, on - 39):
            record = self.ok(form, subject, **({"on": on - 39} | fields))
            if form == "judgement" and record:
                self.sign(record, today=on - 39)

    def _enrolled(self, subject: str, on: int, cohort: str, part: str = "") -> None:
        self.ok("open_gate", subject, on=on - 35, gate="enrolment")
        part = part or next(iter(self.study.parts))
        plan = self.study.parts[part]
        self.ok("enrolment", subject, on=on - 35, part=part, **({"cohort": cohort} if plan.design else {}))

    def _assigned(self, subject: str, on: int, cohort: str) -> None:
        level = 1
        for held in self.trial.casebook.current(form="cohort"):
            if held.record["cohort"] == cohort:
                level = int(str(held.record["dose_level"]))
        self.ok("assignment", subject, on=on - 34, dose_level=level)

    def _released(self, subject: str, on: int, cohort: str) -> None:
        lot = "LOT-A"
        if self.study.product.origin == "autologous":
            lot = f"{subject}-L1"
            self.ok("leukapheresis", subject, on=on - 33, adequate=True)
            made = {"started": str(day(on - 32)), "finished": str(day(on - 20)), "outcome": "made"}
            self.ok("manufacture", subject, on=None, today=on - 20, lot=lot, **made)
        else:
            if not self.trial.casebook.current(form="donor_lot"):
                self.ok(
                    "donor_lot", on=None, today=on - 33, lot=lot, donor="D1", manufactured=str(day(-90)),
                    expires=str(day(500)), released=True,
                )  # fmt: skip
            self.ok("lot_allocation", subject, on=on - 33, lot=lot)
        dose = self.study.dose_of(len(self.study.ladder))
        self.ok("release", subject, on=on - 18, lot=lot, outcome="released", dose=str(dose))

    def _depleted(self, subject: str, on: int, cohort: str) -> None:
        self.ok("open_gate", subject, on=on - 5, gate="lymphodepletion")
        for before in (5, 4, 3):
            agents = [{"agent": "fludarabine", "dose": "30 mg/m2"}]
            self.ok("lymphodepletion", subject, on=on - before, agents=agents, completes=before == 3)

    def _ready(self, subject: str, on: int, cohort: str) -> None:
        self.ok("examination", subject, on=on, results=[{"test": "spo2", "value": "97 %"}])
        self.ok("open_gate", subject, on=on, gate="infusion")

    def _infused(self, subject: str, on: int, cohort: str, **changes: Any) -> str:
        return self.ok("infusion", subject, on=on, **self.infusion(subject, on, **changes))

    def infusion(self, subject: str, on: int = 0, level: int | None = None, **changes: Any) -> dict[str, Any]:
        """An infusion exactly as planned."""
        course = self.trial.course(subject)
        at = level or course.assigned_level or 1
        number = len(course.infusions) + 1 if self.study.dosing.fractions else 1
        number = min(number, len(self.study.dosing.fractions) or 1)
        dose = str(planned_dose(self.study, at, number))
        autologous = self.study.product.origin == "autologous"
        form: dict[str, Any] = {
            "dose_level": at,
            "lot": f"{subject}-L1" if autologous else "LOT-A",
            "planned": dose,
            "manufactured": dose,
            "infused": dose,
            "weight": "60 kg",
            "weight_on": str(day(on - 1)),
        }
        if self.study.dosing.fractions:
            form["fraction"] = number
        return form | changes

    def watched(self, subject: str, until: int) -> None:
        """The event log reviewed: silence up to this day is now `none`."""
        self.ok("ae_log_review", subject, on=until)

    # -- what is derived -------------------------------------------------------------------------

    def dlt(self, subject: str, on: int = 28) -> DltStatus:
        """The subject's status in his latest window."""
        return derive_dlt(self.study, self.trial.course(subject), day(on))[-1]

    def standing(self, on: int, part: str = "") -> Escalation:
        return derive_escalation(self.trial, part or next(iter(self.study.parts)), day(on))

    def advice(self, on: int, part: str = "") -> tuple[str, int | None]:
        advice = self.standing(on, part).advice
        return advice.action, advice.level


def fit(study: Any, on: int = -39) -> list[tuple[str, dict[str, Any]]]:
    """The forms of a subject who meets every criterion of the five studies."""
    diagnosis = next(iter(study.diseases.values())).diagnoses[0]
    words = ("hbsag", "hbcab", "hbv_dna", "hcv_antibody", "hcv_rna", "hiv", "pregnancy_test")
    labs = [
        {"test": "alt", "value": "30 U/L", "upper_limit": "40 U/L"},
        {"test": "ast", "value": "30 U/L", "upper_limit": "40 U/L"},
        {"test": "bilirubin", "value": "10 umol/L", "upper_limit": "17.1 umol/L"},
        {"test": "creatinine", "value": "70 umol/L"},
        *({"test": test, "finding": "negative"} for test in words),
    ]
    examination = [
        *({"test": t, "value": v} for t, v in (
            ("ecog", "1"), ("kps", "80"), ("lvef", "60 %"), ("spo2", "97 %"), ("weight", "60 kg"),
            ("nyha", "1"), ("prior_toxicity_grade", "1"), ("expected_survival", "6 mo"),
        )),
        *({"test": t, "finding": f} for t, f in (
            ("ecg", "normal"), ("pericardial_effusion", "none"), ("pleural_effusion", "none"),
        )),
    ]  # fmt: skip
    asked = sorted({s.partition(":")[2] for s in fact_sources(study).values() if s.startswith("history:")})
    asked += ["systemic_washout", "checkpoint_washout", "live_vaccine"]
    disease = {
        "diagnosis": diagnosis, "prior_lines": 2, "relapses": 2, "refractory_to_last_line": True,
        "induction_courses_without_remission": 2, "first_remission_duration": "4 mo",
    }  # fmt: skip
    judged = [name for name, criterion in study.eligibility.items() if criterion.judgement]
    return [
        ("demographics", {"birth": "1986-08", "sex": "female", "childbearing_potential": True}),
        ("disease", disease),
        ("antigen", {"antigen": study.product.antigen, "positive": True}),
        ("labs", {"results": labs}),
        ("examination", {"results": examination}),
        *(("history", {"condition": condition, "status": "absent"}) for condition in asked),
        *(("judgement", {"criterion": name, "met": True, "reason": "discussed"}) for name in judged),
    ]


def told(answer: Any) -> str:
    """An answer in words, for a failing test."""
    if isinstance(answer, Refusal):
        return answer.sentence()
    if isinstance(answer, tuple) and answer and isinstance(answer[0], Problem):
        return "; ".join(f"{p.rule}: {sentence(p.message)}" for p in answer)
    return repr(answer)


def sentence(message: Message) -> str:
    return render(message, "en")


def _changed(tree: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    import copy

    tree = copy.deepcopy(dict(tree))
    for path, value in changes.items():
        *steps, last = path.split(".")
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
        node[last] = value
    return tree
