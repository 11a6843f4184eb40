"""Cellular kinetics: what a result below a limit is, the peak, and how long cells persist."""

from __future__ import annotations

from decimal import Decimal

import pytest

from courses import course, day
from protocyte.derive.kinetics import peak, persistence, series
from small_study import small_study

STUDY = small_study()
BEFORE = "D-8 marrow 40; D-5 ld; D0 infusion;"
QPCR = "car_blood_qpcr"


@pytest.mark.parametrize(
    ("written", "state", "value"),
    [
        ("5000", "quantified", Decimal(5000)),
        ("50", "quantified", Decimal(50)),  # at the limit is quantified
        ("30", "detected", Decimal(30)),  # between detection (10) and quantification (50)
        ("5", "below_lod", None),
        ("0", "below_lod", None),
        ("<50", "below_lloq", None),
        ("<10", "below_lod", None),
        (">1e6", "quantified", Decimal("1E6")),
    ],
)
def test_a_result_below_a_limit_is_a_state_and_not_zero(written, state, value):
    (point,) = series(STUDY, course(BEFORE + f"D7 qpcr {written}"), QPCR).points
    assert (point.state, point.value) == (state, value)
    assert point.capped is written.startswith(">")


def test_without_a_detection_limit_a_number_below_the_quantification_limit_is_just_below_it():
    study = small_study({f"kinetics.{QPCR}.lod": None})
    (point,) = series(study, course(BEFORE + "D7 qpcr 30"), QPCR).points
    assert (point.state, point.value) == ("below_lloq", None)


def test_two_assays_are_never_mixed_and_a_foreign_unit_is_set_aside():
    subject = course(
        BEFORE + "D7 qpcr 5000; D7 flow 12; D7 marrow_qpcr 900; D9 qpcr 4000 copies/mL; D14 qpcr 800"
    )
    found = series(STUDY, subject, QPCR)
    assert [point.day for point in found.points] == [7, 14]
    assert found.unusable == ("kinetics_sample-4",)


def test_each_sample_is_set_beside_the_planned_day_nearest_to_it():
    subject = course(BEFORE + "D2 qpcr 60; D4 qpcr 60; D9 qpcr 60; D40 qpcr 60")
    assert [point.nominal for point in series(STUDY, subject, QPCR).points] == [1, 1, 7, 28]


def test_the_peak_is_the_highest_quantified_value_and_its_first_day():
    subject = course(
        BEFORE + "D-1 qpcr 99999; D1 qpcr <50; D7 qpcr 800; D14 qpcr 800; D28 qpcr 90; D60 qpcr <50"
    )
    found = peak(series(STUDY, subject, QPCR))
    assert found is not None
    assert (found.cmax, found.tmax, found.clast, found.tlast) == (800, 7, 90, 28)
    assert peak(series(STUDY, course(BEFORE + "D7 qpcr <50"), QPCR)) is None


@pytest.mark.parametrize(
    ("text", "status", "after", "by"),
    [
        ("D1 qpcr <50; D2 qpcr <50; D7 qpcr 900; D14 qpcr 500", "ongoing", 14, None),
        ("D7 qpcr 900; D28 qpcr 60; D60 qpcr <50; D90 qpcr <50", "lost", 28, 60),
        ("D7 qpcr 900; D28 qpcr <50; D60 qpcr 70; D90 qpcr <50", "unconfirmed", 60, 90),
        ("D7 qpcr 900; D28 qpcr <50", "unconfirmed", 7, 28),
        ("D7 qpcr 900; D28 qpcr 100; D40 transplant; D60 qpcr <50; D90 qpcr <50", "censored", 28, None),
        ("D7 qpcr 900; D28 qpcr <50; D35 qpcr <50; D40 died", "lost", 7, 28),
        ("D7 qpcr 900; D20 infusion; D28 qpcr <50; D35 qpcr <50", "censored", 7, None),
        ("D7 qpcr <50; D28 qpcr <50", "never", None, None),
        ("", "no_samples", None, None),
    ],
)
def test_persistence_is_an_interval_confirmed_by_a_second_result(text, status, after, by):
    found = persistence(STUDY, course(BEFORE + text), QPCR)
    assert (found.status, found.after, found.by) == (status, after, by)
    assert str(found.reason)


def test_a_data_cut_hides_the_confirming_result():
    subject = course(BEFORE + "D7 qpcr 900; D28 qpcr <50; D60 qpcr <50")
    assert persistence(STUDY, subject, QPCR).status == "lost"
    assert persistence(STUDY, subject, QPCR, data_cut=day(30)).status == "unconfirmed"
