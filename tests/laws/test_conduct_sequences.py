"""Laws of conduct: whatever is asked, in whatever order, by whomever, the ledger stays whole and nobody is
infused without consent, gates, a released product and completed lymphodepletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocyte.app.replay import replay_decisions
from protocyte.base import Problem
from protocyte.conduct import ROLES, Done, Refusal, command_names
from protocyte.ledger import Recorded, fold
from protocyte.records import FORMS
from protocyte.records.enrolment import GateReview
from protocyte.records.product import Release
from protocyte.records.treatment import Infusion, Lymphodepletion
from trials import CRS, STAGES, Conducted, day, fit

SLOW = [HealthCheck.data_too_large, HealthCheck.too_slow]
LAW = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=SLOW)
STUDIES = st.sampled_from(["lstcar019", "cll1-cart", "cd7-cart"])
SUBJECTS = st.sampled_from(["S1", "S2", "S3"])
DAYS = st.integers(-45, 70)

# Values a keyboard, a broken import or somebody with bad intent could send.
HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**5000, -1, 2**63]),
    st.text(max_size=30),
    st.sampled_from(
        ["\ud800", "1e999999999 kg", "NaN", "1 parsec", "2026-02-30", "0", "", " ", "\x00", "../x"]
    ),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=2), max_leaves=20),
)
FIELD_NAMES = sorted(
    {name for model in FORMS.values() for name in model.model_fields} - {"form"}
    | {"record_id", "reason", "replaces", "meaning", "gate", "action", "record.reason"}
)
RECORD_IDS = st.sampled_from(
    [f"{s}/{form}/1" for s in ("S1", "S2") for form in ("consent", "enrolment", "gate_review", "release",
     "lymphodepletion", "infusion", "assignment", "crs_assessment")]
    + ["cohort/1", "hold/1", "dose_decision/1", "nothing/9"]
)  # fmt: skip


def hostile() -> st.SearchStrategy[tuple[str, Any]]:
    fields = st.dictionaries(st.sampled_from(FIELD_NAMES), HOSTILE, max_size=5)
    named = st.fixed_dictionaries({}, optional={"subject": SUBJECTS, "on": DAYS.map(lambda n: str(day(n)))})
    return st.tuples(
        st.just("do"),
        st.tuples(
            st.sampled_from([*command_names(), "", "drop table"]),
            fields,
            named,
            st.sampled_from([*ROLES, "x"]),
        ),
    )


def steps() -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Stages of courses in any order, changes of what is there, toxicities, decisions, and nonsense."""
    stage = st.tuples(
        st.just("stage"), st.tuples(SUBJECTS, st.sampled_from(STAGES), st.sampled_from([0, 14, 28]))
    )
    course = st.tuples(st.just("course"), st.tuples(SUBJECTS, st.sampled_from([0, 14, 28])))
    change = st.tuples(st.sampled_from(["void", "sign"]), RECORD_IDS)
    amend = st.tuples(st.just("amend"), st.tuples(RECORD_IDS, st.sampled_from(
        [{"dose_level": 2}, {"passed": True}, {"infused": "9e5 cells/kg"}, {"completes": False}, {"cohort": "C9"},
         {"outcome": "rejected"}, {"record.on": str(day(3))}, CRS[4]])))  # fmt: skip
    toxic = st.tuples(st.just("toxic"), st.tuples(SUBJECTS, st.integers(0, 40), st.integers(0, 4)))
    review = st.tuples(st.just("review"), st.tuples(SUBJECTS, st.integers(20, 60)))
    decision = st.tuples(
        st.just("decide"), st.tuples(st.sampled_from(["escalate", "stay", "stop"]), st.integers(1, 3))
    )
    hold = st.tuples(st.sampled_from(["hold", "lift", "cohort", "lock", "unlock"]), st.integers(1, 3))
    return st.lists(
        st.one_of(stage, stage, course, course, change, amend, toxic, review, decision, hold, hostile()),
        min_size=5, max_size=30,
    )  # fmt: skip


@given(study=STUDIES, plan=steps())
@LAW
def test_any_sequence_of_commands_is_answered_and_leaves_a_whole_ledger(
    study: str, plan: list[tuple[str, Any]]
) -> None:
    trial = Watched(study)
    trial.cohort(1)
    for name, arguments in plan:
        trial.play(name, arguments)
    folded = fold(trial.desk.ledger.entries())
    assert (folded.seq, folded.head) == (trial.desk.casebook.seq, trial.desk.casebook.head)
    assert all(replayed.same for replayed in replay_decisions(trial.trial))


class Watched(Conducted):
    """Every answer is checked as it comes: an answer of one of three kinds, written only if it says so, and
    every infusion rightful at the moment it was written."""

    def do(self, command: str, subject: str | None = None, **fields: Any) -> Any:
        before = self.desk.ledger.head()
        was = self.trial
        answer = super().do(command, subject, **fields)
        after = self.desk.ledger.head()
        if isinstance(answer, Done):
            assert after[0] == before[0] + len(answer.events) + len(answer.followed)
            for event in answer.events:
                if isinstance(event, Recorded) and event.record["form"] == "infusion":
                    _rightful(was, event.record)
        else:
            assert isinstance(answer, Refusal) or (answer and all(isinstance(p, Problem) for p in answer))
            assert after == before
        return answer

    def ok(self, command: str, subject: str | None = None, **fields: Any) -> str:
        """Here a step may be refused: the law is about what is allowed through."""
        answer = self.do(command, subject, **fields)
        return answer.record_ids[0] if isinstance(answer, Done) and answer.record_ids else ""

    def play(self, name: str, arguments: Any) -> None:
        if name == "stage":
            subject, stage, on = arguments
            self.stage(subject, stage, on)
        elif name == "course":
            subject, on = arguments
            self.bring(subject, on=on)
        elif name == "toxic":
            subject, on, grade = arguments
            self.ok("crs_assessment", subject, on=on, today=80, **CRS[grade])
        elif name == "review":
            subject, on = arguments
            self.ok("ae_log_review", subject, on=on, today=80)
        elif name == "decide":
            action, level = arguments
            self.ok(
                "decide",
                on=80,
                part=next(iter(self.study.parts)),
                action=action,
                dose_level=str(level),
                reason="x",
            )
        elif name == "do":
            command, fields, named, role = arguments
            at = self.desk.casebook.last_at
            assert at is not None
            self._raw(command, fields | named, role, at + timedelta(seconds=1))
        else:
            self._change(name, arguments)

    def _change(self, name: str, arguments: Any) -> None:
        if name == "amend":
            record, changes = arguments
            self.ok("amend", record_id=record, today=80, reason="x", role=_role(record), **changes)
        elif name in ("void", "sign"):
            extra = {"reason": "x"} if name == "void" else {"meaning": "approval"}
            self.ok(name, record_id=arguments, today=80, role=_role(arguments), **extra)
        elif name == "hold":
            self.ok("hold", on=0, today=80, scope="level", dose_level=arguments, cause="other", reason="x")
        elif name == "lift":
            self.ok("hold_lift", on=80, hold=f"hold/{arguments}", reason="x")
        elif name == "cohort":
            self.cohort(arguments, f"C{arguments}", today=80)
        else:
            self.ok(name, today=80, reason="x")

    def _raw(self, command: str, fields: dict[str, Any], role: str, at: Any) -> None:
        before = self.desk.ledger.head()
        answer = self.desk.do(command, fields, actor="x", role=role, today=day(80), at=at)  # type: ignore[arg-type]
        if not isinstance(answer, Done):
            assert self.desk.ledger.head() == before


def _role(record: str) -> str:
    from protocyte.conduct.permissions import PERMITTED

    return PERMITTED.get(record.split("/")[-2], ("investigator",))[-1]


def _rightful(trial: Any, record: Any) -> None:
    """Asked of the records as they stood, and not of the checks that let the infusion pass."""
    course = trial.course(record["subject"])
    on = Infusion.model_validate(dict(record)).on
    assert course.consented_on is not None
    assert course.consented_on <= on
    assert course.enrolled_on is not None
    gates = {
        held.record.gate for held in course.all(GateReview) if held.record.passed and held.record.on <= on
    }
    assert gates == {"enrolment", "lymphodepletion", "infusion"}
    released = {held.record.lot for held in course.all(Release) if held.record.outcome != "rejected"}
    assert record["lot"] in released
    done = [held.record.on for held in course.all(Lymphodepletion) if held.record.completes]
    assert done
    assert min(done) <= on
    assert not trial.casebook.locked
    assert course.died_on is None or on <= course.died_on


@given(data=st.data())
@settings(LAW, max_examples=120)
def test_every_command_with_every_kind_of_nonsense_is_answered(data: st.DataObject) -> None:
    trial = _busy()
    for _ in range(6):
        name, arguments = data.draw(hostile())
        trial.play(name, arguments)


def test_every_form_and_every_field_takes_every_hostile_value() -> None:
    trial = _busy()
    at = trial.desk.casebook.last_at
    values = [
        "\ud800",
        "1e999999999 kg",
        "1e-999999999 %",
        "1 mg",
        10**5000,
        -1,
        True,
        None,
        [[]],
        {"a": {}},
        "x" * 5000,
    ]
    for form, model in FORMS.items():
        valid = _valid(form)
        for field in model.model_fields:
            for value in values:
                trial._raw(form, valid | {field: value}, "system", at)
                trial._raw(form, valid | {field: value}, "investigator", at)


_BUSY: list[Conducted] = []


def _busy() -> Watched:
    """One trial with treated subjects; the laws above only add refusals and odd records to it."""
    if not _BUSY:
        trial = Watched("lstcar019")
        trial.cohort(1)
        trial.bring("S1")
        _BUSY.append(trial)
    return _BUSY[0]  # type: ignore[return-value]


def _valid(form: str) -> dict[str, Any]:
    dose = "1e6 cells/kg"
    examples: dict[str, dict[str, Any]] = {
        "infusion": {"dose_level": 1, "lot": "LOT-A", "planned": dose, "manufactured": dose, "infused": dose,
                     "weight": "60 kg", "weight_on": str(day(0))},
        "release": {"lot": "LOT-A", "outcome": "released", "dose": dose},
        "adverse_event": {"term": "Rash", "scale": "ctcae-5.0", "outcome": "unknown",
                          "course": [{"on": str(day(1)), "grade": 1}], "attribution": {"product": "possible"}},
        **dict(fit(_busy().study)),
    }  # fmt: skip
    return {"subject": "S1", "on": str(day(1))} | examples.get(form, {})
