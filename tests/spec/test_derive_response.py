"""Responses, told as charts: what a marrow amounts to, what is best, what stands at a landmark."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import course, day, record_maps
from protocyte.base import InputError, Quantity, digest_of
from protocyte.derive.classify import classify, shipped_criteria
from protocyte.derive.course import Course, Trial
from protocyte.derive.relapse import first_relapse, relapse_evidence
from protocyte.derive.response import assessments, best_response, derive_baseline, is_responder, response_at
from protocyte.ledger import Casebook
from protocyte.ledger.entry import make_entries
from protocyte.ledger.events import Amended, Recorded, StudyAdopted, Voided
from protocyte.rules import FactTable, Observation, Observations
from protocyte.vocab.response_sets import RESPONSE_SETS, response_set
from small_study import small_study

BEFORE = "D-10 consent; D-9 enrol; D-8 marrow 40; D-5 ld; D0 infusion;"
WEEK_4, WINDOW = Quantity(4, "wk"), Quantity(7, "d")
STUDY = small_study()
LITERAL = small_study(
    {"response.primary": {"aml": "as-registered"}, "response.companions": {"aml": ["aml-eln2022"]}}
)


def only(study, text: str):
    (assessment,) = assessments(study, course(BEFORE + text))
    return assessment


# --- one marrow -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marrow", "eln", "literal"),
    [
        ("marrow 2 anc 1.2 plt 110", "CR", "CR"),
        ("marrow 2 anc 1.0 plt 110", "CR", "MLFS"),  # exactly 1.0 is nowhere in the literal text
        ("marrow 2 anc 1.2 plt 100", "CR", "MLFS"),
        ("marrow 2 anc 0.7 plt 60", "CRh", "CRi"),
        ("marrow 2 anc 0.2 plt 12", "CRi", "CRi"),  # both lineages low
        ("marrow 2 anc 1.2 plt 110 auer", "CR", "none"),  # ELN 2022 dropped the Auer-rod clause
        ("marrow 2 anc 1.2 plt 110 pb 3", "NR", "MLFS"),  # circulating blasts
        ("marrow 2 anc 1.2 plt 110 emd yes", "NR", "none"),
        ("marrow 5 anc 1.2 plt 110", "PR", "PR"),  # 5.0 is not below 5
        ("marrow 20 anc 1.2 plt 110", "PR", "PR"),  # exactly half of 40
        ("marrow 21 anc 1.2 plt 110", "NR", "none"),
        ("marrow 60 anc 0.1 plt 5", "NR", "none"),
        (
            "marrow 0 anc 0.1 plt 10 cells 60 cellularity 5",
            "NE",
            "CRi",
        ),  # aplastic: the literal text counts it
    ],
)
def test_a_marrow_amounts_to_its_category_by_eln_2022_and_by_the_literal_text(marrow, eln, literal):
    assert only(STUDY, f"D28 {marrow}").category == eln
    assert only(LITERAL, f"D28 {marrow}").category == literal


def test_the_companion_stands_beside_the_literal_category_and_shows_who_differs():
    assessment = only(
        LITERAL, "D28 marrow 0 anc 0.1 plt 10 cells 60 cellularity 5 visit d28; D30 call CRi d28"
    )
    assert assessment.companions == {"aml-eln2022": "NE"}
    assert assessment.investigator == "CRi"
    assert assessment.differs == ("aml-eln2022",)


def test_missing_mrd_is_not_negative():
    assert only(STUDY, "D28 marrow 2 anc 1.2 plt 110").mrd is None
    assert only(STUDY, "D28 marrow 2 anc 1.2 plt 110 mrd neg").mrd == "negative"


@pytest.mark.parametrize(
    ("marrow", "missing"),
    [
        ("marrow 2", {"anc", "platelets"}),  # unpaired
        ("marrow 2 anc 1.2 plt 110 pb ?", {"circulating_blasts"}),
        ("marrow 2 anc 1.2 plt 110 emd ?", {"extramedullary_disease"}),
        ("marrow 2 anc 1.2 plt 110 cells ?", {"cells_counted", "cellularity"}),
        ("marrow ? anc 1.2 plt 110", {"blasts"}),
        ("marrow 2 anc ? plt 110", {"anc"}),  # drawn, but blank
    ],
)
def test_what_is_unknown_makes_the_marrow_not_evaluable_and_is_named(marrow, missing):
    assessment = only(STUDY, f"D28 {marrow}")
    assert assessment.category == "NE"
    assert missing <= set(assessment.missing)
    assert len(assessment.possible) > 1


def test_a_marrow_full_of_blasts_is_no_response_whatever_else_is_unknown():
    assert only(STUDY, "D28 marrow 60 pb ? emd ? cells ?").category == "NR"


def test_counts_pair_with_the_nearest_draw_within_the_window_and_the_earlier_of_two():
    far = "D28 marrow 2; D36 labs anc 1.2 plt 110"
    assert only(STUDY, far).category == "NE"
    near = "D28 marrow 2; D35 labs anc 1.2 plt 110"
    assert only(STUDY, near).category == "CR"
    tie = "D28 marrow 2; D26 labs anc 0.7 plt 60; D30 labs anc 1.2 plt 110"
    assert only(STUDY, tie).category == "CRh"


def test_a_blank_count_hides_no_older_one():
    assert only(STUDY, "D28 marrow 2; D27 labs anc 1.2 plt 110; D28 labs anc ? plt ?").category == "NE"


def test_red_cell_independence_is_known_only_where_the_log_was_reviewed():
    study = small_study({"response.primary": {"aml": "aml-iwg2003"}})
    marrow = "D28 marrow 2 anc 1.2 plt 110"
    assert only(study, marrow).category == "NE"
    assert only(study, f"{marrow}; D30 review").category == "CR"
    assert only(study, f"D25 red_cells; {marrow}; D30 review").category == "MLFS"
    assert only(study, f"D20 red_cells; {marrow}; D30 review").category == "CR"
    shown = only(study, f"D20 red_cells; D27 gcsf; {marrow}; D30 review")
    assert (shown.since_red_cells, shown.since_platelets, shown.since_growth_factor) == (8, None, 1)


# --- baseline -------------------------------------------------------------------------------------------


def test_the_baseline_is_the_last_marrow_after_bridging_and_before_lymphodepletion():
    text = (
        "D-30 marrow 80; D-20 bridging D-12; D-8 marrow 30; D-5 ld; D0 infusion; D28 marrow 14 anc 2 plt 150"
    )
    subject = course(text)
    baseline = derive_baseline(STUDY, subject)
    assert baseline.marrow is not None
    assert baseline.marrow.record_id == "marrow-2"
    assert assessments(STUDY, subject)[0].category == "PR"  # 14 of 30, and not of 80


def test_without_a_marrow_after_bridging_a_partial_response_cannot_be_told():
    text = "D-30 marrow 80; D-20 bridging D-12; D-5 ld; D0 infusion; D28 marrow 14 anc 2 plt 150"
    (assessment,) = assessments(STUDY, course(text))
    assert assessment.category == "NE"
    assert assessment.missing == ("baseline_blasts",)
    assert assessment.possible == ("PR", "NR")


def test_who_was_in_remission_before_lymphodepletion_is_no_responder_and_is_told_apart():
    subject = course("D-8 marrow 3; D-5 ld; D0 infusion; D28 marrow 2 anc 1.2 plt 110")
    best = best_response(STUDY, subject)
    assert (best.category, best.in_remission_at_baseline) == ("CR", True)
    assert not is_responder(STUDY, subject)


def test_below_5_percent_with_disease_elsewhere_is_no_remission():
    for elsewhere in ("emd yes", "pb 4"):
        subject = course(f"D-8 marrow 3 {elsewhere}; D-5 ld; D0 infusion")
        assert derive_baseline(STUDY, subject).in_remission is False


# --- best response --------------------------------------------------------------------------------------


def test_the_best_response_is_the_best_that_counts_with_its_reason():
    subject = course(
        BEFORE + "D28 marrow 2 anc 0.7 plt 60; D56 marrow 1 anc 1.5 plt 150; D84 marrow 1 anc 0.7 plt 60"
    )
    best = best_response(STUDY, subject)
    assert (best.category, best.on) == ("CR", day(56))
    assert best_response(STUDY, subject, by=WEEK_4).category == "CRh"
    assert "best of 3" in str(best.why)


@pytest.mark.parametrize("stop", ["transplant", "therapy", "relapse", "therapy cell_therapy"])
def test_what_comes_after_relapse_transplant_or_new_therapy_does_not_count(stop):
    subject = course(BEFORE + f"D28 marrow 2 anc 0.7 plt 60; D40 {stop}; D84 marrow 1 anc 1.5 plt 150")
    assert best_response(STUDY, subject).category == "CRh"
    assert [item.counts for item in assessments(STUDY, subject)] == [True, False]


def test_maintenance_and_donor_lymphocytes_do_not_stop_the_response():
    for kind in ("maintenance", "donor_lymphocytes"):
        subject = course(
            BEFORE + f"D28 marrow 2 anc 0.7 plt 60; D40 therapy {kind}; D84 marrow 1 anc 1.5 plt 150"
        )
        assert best_response(STUDY, subject).category == "CR"


def test_a_marrow_on_the_day_conditioning_starts_still_counts():
    assert only(STUDY, "D28 marrow 2 anc 1.2 plt 110; D28 transplant").counts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("D10 died", "died on 2026-03-12 before any assessment"),
        ("", "no assessment after the infusion"),
        ("D28 marrow 2", "missing: anc"),
        ("D28 marrow 0 anc 1 plt 9 cells 20 cellularity 2", "no marrow was adequate"),
        ("D14 therapy; D28 marrow 2 anc 2 plt 200", "after new anti-leukemic therapy"),
    ],
)
def test_not_evaluable_says_why(text, reason):
    best = best_response(STUDY, course(BEFORE + text))
    assert best.category == "NE"
    assert reason in str(best.why)


# --- relapse --------------------------------------------------------------------------------------------


def test_a_relapse_is_dated_at_its_first_evidence_even_in_blood():
    subject = course(
        BEFORE + "D28 marrow 2 anc 1.2 plt 110; D80 labs pb 4; D84 marrow 30 anc 1 plt 60; D90 relapse"
    )
    relapse = first_relapse(STUDY, subject)
    assert relapse is not None
    assert (relapse.on, relapse.found) == (day(80), "by_rule")
    assert [item.found for item in relapse_evidence(STUDY, subject)] == ["by_rule", "by_rule", "recorded"]


def test_without_a_remission_leukemia_that_returns_is_progression():
    subject = course(BEFORE + "D28 marrow 12 anc 1.2 plt 110; D60 relapse")
    assert first_relapse(STUDY, subject) is None
    assert [item.is_progression for item in relapse_evidence(STUDY, subject)] == [True]


def test_a_molecular_relapse_ends_no_response():
    subject = course(
        BEFORE + "D28 marrow 2 anc 1.2 plt 110; D60 relapse molecular; D84 marrow 2 anc 1.2 plt 110"
    )
    assert first_relapse(STUDY, subject) is None
    assert all(item.counts for item in assessments(STUDY, subject))


# --- at a landmark --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status", "responds"),
    [
        ("D30 marrow 2 anc 1.2 plt 110", "assessed", True),
        ("D30 marrow 30 anc 1.2 plt 110", "assessed", False),
        ("D21 marrow 30 anc 1 plt 90; D35 marrow 2 anc 1.2 plt 110", "assessed", False),  # a tie: the earlier
        ("D28 marrow 2; D33 marrow 2 anc 1.2 plt 110", "assessed", True),  # counts of day 33 serve both
        ("D36 marrow 2 anc 1.2 plt 110", "not_assessed", False),  # outside the window
        ("D30 marrow 2", "not_evaluable", False),
        ("D20 died", "died", False),
        ("D20 therapy", "new_therapy", False),
        ("D20 therapy; D30 marrow 2 anc 1.2 plt 110", "new_therapy", False),
    ],
)
def test_status_at_week_4(text, status, responds):
    at = response_at(STUDY, course(BEFORE + text), WEEK_4, WINDOW, as_of=day(100))
    assert at.status == status
    assert at.is_in(("CR", "CRh", "CRi")) is responds


def test_before_the_window_closes_the_status_is_open():
    at = response_at(STUDY, course(BEFORE), WEEK_4, WINDOW, as_of=day(34))
    assert at.status == "not_due"
    assert at.is_in(("CR",)) is None


# --- amended, voided, late, contradictory -----------------------------------------------------------------


def _casebook(*steps) -> Casebook:
    adopted = StudyAdopted(trial="t", study={"study": "s"}, digest="0" * 64, effective="2026-01-01")
    book = Casebook()
    for number, event in enumerate((adopted, *steps)):
        at = datetime(2026, 3, 1, 8, number, tzinfo=UTC)
        book = book.apply_all(make_entries(book.tip, [event], after=book.head, at=at, by="u1", role="site"))
    return book


def _course(book: Casebook) -> Course:
    return Trial(book, ()).course("S1")


def test_an_amended_marrow_changes_the_response_and_a_voided_one_is_gone():
    maps = record_maps(BEFORE + "D28 marrow 2 anc 1.2 plt 110")
    written = [Recorded(record_id=f"r{i}", record=record) for i, record in enumerate(maps)]
    at = max(i for i, record in enumerate(maps) if record["form"] == "marrow")
    book = _casebook(*written)
    assert best_response(STUDY, _course(book)).category == "CR"
    corrected = maps[at] | {"blasts": "12 %"}
    amended = Amended(record_id=f"r{at}", record=corrected, replaces=digest_of(maps[at]), reason="read again")
    assert best_response(STUDY, _course(_casebook(*written, amended))).category == "PR"
    voided = Voided(record_id=f"r{at}", replaces=digest_of(maps[at]), reason="of another subject")
    assert best_response(STUDY, _course(_casebook(*written, voided))).category == "NE"


def test_a_late_record_takes_its_clinical_place():
    """Entered last, dated first: a marrow of day 28 written down after that of day 56."""
    subject = course(BEFORE + "D56 marrow 30 anc 1 plt 90; D28 marrow 2 anc 1.2 plt 110")
    assert [item.on for item in assessments(STUDY, subject)] == [day(28), day(56)]
    relapse = first_relapse(STUDY, subject)
    assert relapse is not None
    assert relapse.on == day(56)


def test_two_contradictory_marrows_of_one_day_are_both_shown():
    subject = course(BEFORE + "D28 marrow 2 anc 1.2 plt 110; D28 marrow 30 anc 1.2 plt 110")
    assert [item.category for item in assessments(STUDY, subject)] == ["CR", "NR"]
    assert first_relapse(STUDY, subject) is None  # the same day is no relapse


# --- the shipped sets -----------------------------------------------------------------------------------


def test_every_shipped_set_names_its_source_and_what_it_leaves_out():
    for name in RESPONSE_SETS:
        found = response_set(name)
        assert found.id == name
        assert found.source
        assert found.left_out
        assert set(found.title) == {"en", "zh"}


def test_an_unknown_set_is_refused_by_name():
    with pytest.raises(InputError, match="aml-2030"):
        shipped_criteria("aml-2030")


_FACTS = st.fixed_dictionaries(
    {
        "blasts": st.sampled_from(["0 %", "4.9 %", "5 %", "12 %", "25 %", "26 %", "60 %"]),
        "baseline_blasts": st.sampled_from(["4 %", "20 %", "40 %"]),
        "anc": st.sampled_from(["0.1 10^9/L", "0.5 10^9/L", "1.0 10^9/L", "2 10^9/L"]),
        "platelets": st.sampled_from(["10 10^9/L", "50 10^9/L", "100 10^9/L", "200 10^9/L", "500 10^9/L"]),
        "wbc": st.sampled_from(["4 10^9/L", "12 10^9/L"]),
        "monocytes": st.sampled_from(["0.5 10^9/L", "2 10^9/L"]),
        "hemoglobin": st.sampled_from(["80 g/L", "110 g/L"]),
        "cells_counted": st.sampled_from([60, 200]),
        "cellularity": st.sampled_from(["5 %", "10 %"]),
        "circulating_blasts": st.booleans(),
        "auer_rods": st.booleans(),
        "extramedullary_disease": st.booleans(),
        "red_cell_independent": st.booleans(),
        "platelet_independent": st.booleans(),
    }
)


_BLANKED = (
    "blasts", "anc", "platelets", "circulating_blasts", "cells_counted", "baseline_blasts",
    "red_cell_independent", "auer_rods",
)  # fmt: skip


def _table(facts: dict[str, object]) -> FactTable:
    from protocyte.base import Measured

    read = {k: Measured.parse(v) if isinstance(v, str) else v for k, v in facts.items()}
    return FactTable({name: Observations((Observation(value),), True) for name, value in read.items()})


@pytest.mark.parametrize("name", RESPONSE_SETS)
@settings(deadline=None, derandomize=True, max_examples=120)
@given(facts=_FACTS, blank=st.sets(st.sampled_from(_BLANKED)))
def test_blanking_values_leaves_the_truth_possible_and_never_says_another_category(name, facts, blank):
    criteria = shipped_criteria(name)
    whole = classify(criteria, _table(facts))
    assert not whole.missing
    known = classify(criteria, _table({k: None if k in blank else v for k, v in facts.items()}))
    if known.missing:
        assert known.category == "NE"
        assert whole.category in known.possible
    else:
        assert known.category == whole.category
