"""Law: blanking any value in any record may only turn a verdict into unknown, never into another answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import held_course
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.eligibility import judge_gate
from protocyte.records.forms import FORMS
from trials import CRS, ICANS, day, fit, loaded

STUDIES = ("lstcar019", "cll1-cart", "cd7-cart", "cd123-cart", "lilrb4-start")
GATES = ("enrolment", "lymphodepletion", "infusion")
# Blanking these takes the record away, or makes it another one: what it says is the record itself.
KEPT = {
    "form",
    "subject",
    "test",
    "condition",
    "criterion",
    "kind",
    "on",
    "attributable",
    "fatal",
    "given_by",
}
OPEN = {"unknown", "needs_judgement"}
LAW = settings(deadline=None, derandomize=True, max_examples=150)


def told(name: str) -> list[dict[str, Any]]:
    """A subject with a bit of everything: partly fit, partly not."""
    study = loaded(name).study
    forms = [{"form": form, "on": str(day(-39))} | fields for form, fields in fit(study)]
    return [
        {"form": "consent", "on": str(day(-40)), "document_version": "1"},
        *forms,
        {"form": "history", "on": str(day(-38)), "condition": "other_malignancy", "status": "past", "last": "2015-03"},
        {"form": "history", "on": str(day(-38)), "condition": "thrombosis", "status": "past", "last": "2025-12"},
        {"form": "demographics", "on": str(day(-38)), "birth": "2008-01", "age": 18, "sex": "male"},
        {"form": "prior_therapy", "therapy": "x", "kind": "systemic", "last_dose": str(day(-12)), "half_life": "1 d"},
        {"form": "prior_therapy", "therapy": "y", "kind": "checkpoint", "last_dose": str(day(-9)), "half_life": "20 d"},
        {"form": "labs", "on": str(day(-6)), "results": [
            {"test": "alt", "value": "300 U/L", "upper_limit": "40 U/L"}, {"test": "hiv", "finding": "negative"},
            {"test": "creatinine", "value": "65 umol/L"},
        ]},
        {"form": "examination", "on": str(day(-1)), "results": [{"test": "spo2", "value": "96 %"},
                                                               {"test": "weight", "value": "61 kg"}]},
    ]  # fmt: skip


def leaves(records: list[dict[str, Any]]) -> list[tuple[int, tuple[str | int, ...]]]:
    """Every place of a value that may be blank."""
    found: list[tuple[int, tuple[str | int, ...]]] = []
    for number, record in enumerate(records):
        for name in record.keys() - KEPT:
            field = FORMS[record["form"]].model_fields.get(name)
            if name == "results":
                found += [
                    (number, (name, index, part))
                    for index, result in enumerate(record[name])
                    for part in sorted(result.keys() - {"test"})
                ]
            elif field is not None and not field.is_required():
                found.append((number, (name,)))
    return sorted(found, key=str)


def blanked(
    records: list[dict[str, Any]], places: list[tuple[int, tuple[str | int, ...]]]
) -> list[dict[str, Any]]:
    changed = copy.deepcopy(records)
    for number, path in places:
        node: Any = changed[number]
        for step in path[:-1]:
            node = node[step]
        node.pop(path[-1], None)
    return changed


@pytest.mark.parametrize("name", STUDIES)
def test_blanking_one_value_only_turns_verdicts_into_unknown(name: str) -> None:
    records = told(name)
    places = leaves(records)
    assert len(places) > 25
    for place in places:
        _check_gates(name, records, blanked(records, [place]), place)


@given(data=st.data(), name=st.sampled_from(STUDIES))
@LAW
def test_blanking_several_values_only_turns_verdicts_into_unknown(data: st.DataObject, name: str) -> None:
    records = told(name)
    places = data.draw(st.lists(st.sampled_from(leaves(records)), min_size=2, max_size=8, unique=True))
    _check_gates(name, records, blanked(records, places), places)


def _check_gates(name: str, before: list[dict[str, Any]], after: list[dict[str, Any]], why: object) -> None:
    study = loaded(name).study
    for gate in GATES:
        full = judge_gate(study, held_course(before), gate, day(0)).answers  # type: ignore[arg-type]
        less = judge_gate(study, held_course(after), gate, day(0)).answers  # type: ignore[arg-type]
        for one, other in zip(full, less, strict=True):
            assert other.answer == one.answer or other.answer in OPEN, (
                why,
                one.criterion,
                one.answer,
                other.answer,
            )


# --- the same of dose-limiting toxicities ----------------------------------------------------------------

_CRS_FIELDS = sorted(CRS[3])
_ICANS_FIELDS = sorted(ICANS[3])
_DAYS = st.integers(0, 30)


@given(
    crs=st.lists(st.tuples(_DAYS, st.integers(0, 4)), max_size=4),
    icans=st.lists(st.tuples(_DAYS, st.integers(0, 3)), max_size=3),
    events=st.lists(
        st.tuples(_DAYS, st.integers(1, 5), st.sampled_from(["possible", "unrelated"])), max_size=2
    ),
    blank=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=6),
    reviewed=st.one_of(st.none(), st.integers(20, 45)),
    ended=st.sampled_from(["", "death", "transplant"]),
    name=st.sampled_from(["lstcar019", "lilrb4-start", "cd123-cart"]),
)
@LAW
def test_blanking_components_never_turns_a_dlt_into_none_or_none_into_a_dlt(
    crs: list[tuple[int, int]],
    icans: list[tuple[int, int]],
    events: list[tuple[int, int, str]],
    blank: list[tuple[int, int]],
    reviewed: int | None,
    ended: str,
    name: str,
) -> None:
    study = loaded(name).study
    rest = _course(events, reviewed, ended, str(study.dose_of(1)))
    graded = [{"form": "crs_assessment", "on": str(day(on))} | CRS[grade] for on, grade in crs]
    graded += [{"form": "icans_assessment", "on": str(day(on))} | ICANS[grade] for on, grade in icans]
    less = copy.deepcopy(graded)
    for number, field in blank:
        if number < len(less):
            names = _CRS_FIELDS if less[number]["form"] == "crs_assessment" else _ICANS_FIELDS
            less[number].pop(names[field % len(names)], None)
    (full,) = derive_dlt(study, held_course([*rest, *graded]), day(60))
    (blanks,) = derive_dlt(study, held_course([*rest, *less]), day(60))
    assert blanks.status in (full.status, "unknown"), (full.status, blanks.status)


def _course(
    events: list[tuple[int, int, str]], reviewed: int | None, ended: str, dose: str
) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = [
        {"form": "demographics", "on": str(day(-40)), "birth": "1980-05", "sex": "female"},
        {"form": "infusion", "on": str(day(0)), "dose_level": 1, "lot": "L", "planned": dose, "manufactured": dose,
         "infused": dose, "weight": "60 kg", "weight_on": str(day(0))},
    ]  # fmt: skip
    records += [
        {"form": "adverse_event", "term": "Rash", "scale": "ctcae-5.0", "outcome": "unknown",
         "course": [{"on": str(day(on)), "grade": grade}], "attribution": {"product": relation}}
        for on, grade, relation in events
    ]  # fmt: skip
    if reviewed is not None:
        records.append({"form": "ae_log_review", "on": str(day(reviewed))})
    if ended == "death":
        records.append({"form": "death", "on": str(day(18)), "cause": "disease"})
    if ended == "transplant":
        records.append({"form": "transplant", "conditioning": str(day(18))})
    return records
