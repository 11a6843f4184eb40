"""Disposition, demography, therapies, product, exposure and deviations: by hand, and a second way."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import day, held_course, record_maps
from cuts import virtual_cut
from protocyte.analysis.baseline.demography import demography_table, therapies_table
from protocyte.analysis.baseline.deviations import deviations_summary_table, list_deviations
from protocyte.analysis.baseline.disposition import derive_flow
from protocyte.analysis.baseline.disposition_by_level import disposition_table
from protocyte.analysis.baseline.exposure import exposure_table
from protocyte.analysis.baseline.listings import (
    list_demography,
    list_disposition,
    list_exposure,
    list_product,
)
from protocyte.analysis.baseline.product import product_table
from protocyte.analysis.baseline.subjects import subject_baseline
from protocyte.analysis.cut import Cut
from protocyte.analysis.row_blocks import quartiles
from protocyte.analysis.tables import (
    Estimate,
    Number,
    ResultTable,
    Share,
    Spread,
    say,
    statistics,
)
from protocyte.app.studies import open_study, shelf
from protocyte.base import render
from protocyte.derive.course import Course, Held, Trial
from protocyte.records import parse_record
from protocyte.records.enrolment import Discontinuation, Enrolment, ScreenFailure
from protocyte.records.follow_up import Death
from protocyte.records.product import Leukapheresis, Release
from protocyte.records.screening import Consent, Demographics, Disease
from protocyte.records.treatment import Bridging, Infusion, Lymphodepletion
from protocyte.reports.words import Reader
from protocyte.study.load import Loaded
from protocyte.study.model import Study

Build = Callable[[Cut], "ResultTable | None"]
TABLES: dict[str, Build] = {
    "disposition": disposition_table,
    "demography": demography_table,
    "therapies": therapies_table,
    "product": product_table,
    "exposure": exposure_table,
    "deviations_summary": deviations_summary_table,
    "list_demography": list_demography,
    "list_disposition": list_disposition,
    "list_product": list_product,
    "list_exposure": list_exposure,
    "list_deviations": list_deviations,
}
STUDIES = sorted(shelf())


# --- trials told by hand ------------------------------------------------------------------------------


@dataclass
class Told:
    """As much of a trial as an analysis asks for."""

    study: Study
    courses: tuple[Course, ...]
    lots: tuple[Held[Any], ...] = ()

    def all(self, form: type[Any]) -> tuple[Held[Any], ...]:
        return tuple(held for held in self.lots if isinstance(held.record, form))


@cache
def study(name: str) -> Study:
    found = open_study(name)
    assert isinstance(found, Loaded)
    return found.study


def person(subject: str, text: str, *forms: dict[str, Any], zero: int = 0) -> Course:
    """A course told in short, and forms that the short words do not know; `on` is a day number."""
    records: list[Any] = record_maps(text, subject, zero=day(zero))
    for form in forms:
        days = {
            key: str(day(zero + value))
            for key, value in form.items()
            if key in _DAYS and isinstance(value, int)
        }
        records.append({**form, **days})
    return held_course(records, subject)


_DAYS = ("on", "started", "ended", "finished", "weight_on", "manufactured")


def cut(name: str, *courses: Course, as_of: int = 200, lots: tuple[dict[str, Any], ...] = ()) -> Cut:
    held = tuple(
        Held(f"donor_lot-{n}", parse_record({"form": "donor_lot", **lot}), n) for n, lot in enumerate(lots)
    )
    told: Any = Told(study(name), courses, held)
    return Cut(told, day(as_of))


def infusion(on: int = 0, level: int = 1, infused: str = "1e6 cells/kg", **more: Any) -> dict[str, Any]:
    planned = str(study("lilrb4-start").dose_of(level))
    form = {
        "form": "infusion", "on": on, "dose_level": level, "lot": "L1", "planned": planned, "manufactured": planned,
        "infused": infused, "weight": "50 kg", "weight_on": on,
    }  # fmt: skip
    return form | more


def release(
    on: int, outcome: str = "released", lot: str = "L1", dose: str = "2e6 cells/kg", **more: Any
) -> dict[str, Any]:
    return {"form": "release", "on": on, "lot": lot, "outcome": outcome, "dose": dose, **more}


def depletion(on: int, completes: bool = False, **doses: str) -> dict[str, Any]:
    agents = [{"agent": name} | ({"dose": dose} if dose else {}) for name, dose in doses.items()]
    return {"form": "lymphodepletion", "on": on, "agents": agents, "completes": completes}


def examined(on: int, **values: str) -> dict[str, Any]:
    results = [{"test": test, "value": value} for test, value in values.items()]
    return {"form": "examination", "on": on, "results": results}


def assigned(level: int, on: int = -20) -> dict[str, Any]:
    return {"form": "assignment", "on": on, "dose_level": level}


# --- reading tables -----------------------------------------------------------------------------------

EN, ZH = Reader("en"), Reader("zh")


def rows_of(table: ResultTable | None, group: str = "") -> dict[str, tuple[Any, ...]]:
    """The cells of a block by the name of their row."""
    assert table is not None
    return {EN.text(row.cells[0]): row.cells[1:] for row in table.rows if EN.text(row.group) == group}


def total(table: ResultTable | None, name: str, group: str = "") -> Any:
    return rows_of(table, group)[name][-1]


def heads_of(table: ResultTable | None) -> list[str]:
    assert table is not None
    return [EN.text(column.head) for column in table.columns]


def everything(table: ResultTable, reader: Reader) -> str:
    cells = [reader.text(cell) for row in table.rows for cell in (row.group, *row.cells)]
    heads = [reader.text(column.head) for column in table.columns]
    return "\n".join(
        [
            reader.text(table.title),
            *heads,
            *cells,
            reader.text(table.population),
            *map(reader.text, table.notes),
        ]
    )


# --- quartiles ----------------------------------------------------------------------------------------


def test_quartiles_of_1_to_10_are_those_r_documents_for_type_7() -> None:
    """R: quantile(1:10) gives 3.25, 5.5 and 7.75."""
    assert quartiles([float(n) for n in range(1, 11)]) == (3.25, 5.5, 7.75)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=30))
def test_quartiles_are_numpys_linear_ones(values: list[float]) -> None:
    expected = np.percentile(values, [25, 50, 75], method="linear")

    assert quartiles(values) == pytest.approx(tuple(expected), rel=1e-12, abs=1e-12)


# --- demography ---------------------------------------------------------------------------------------


def patient(
    subject: str, birth: str, sex: str = "female", level: int = 1, *more: dict[str, Any], **disease: Any
) -> Course:
    told = {"form": "disease", "on": -30, "diagnosis": "AML"} | disease
    who = {"form": "demographics", "on": -30, "birth": birth, "sex": sex}
    return person(subject, "D-30 consent; D-25 enrol; D-5 ld", who, told, infusion(level=level), *more)


def five() -> Cut:
    """Consent on 2026-01-31: ages 16, 30, 40, 64 and 66; two levels."""
    return cut(
        "lilrb4-start",
        patient(
            "S1",
            "2009-06",
            "male",
            relapses=0,
            refractory_to_last_line=True,
            prior_lines=1,
            genetics=["TP53", "flt3_itd"],
        ),
        patient("S2", "1995-06", "female", relapses=1, prior_lines=2, genetics=[], risk="Adverse"),
        patient(
            "S3", "1985-06", "female", 2, relapses=3, prior_lines=4, genetics=["flt3-itd"], risk="favorable"
        ),
        patient("S4", "1961-06", "male", 2, relapses=0, refractory_to_last_line=False),
        patient("S5", "1959-06", "male", 2, relapses=None),
    )


def test_age_has_its_statistics_and_its_groups() -> None:
    table = demography_table(five())
    age = rows_of(table, "Age at consent (years)")
    groups = rows_of(table, "Age group")

    assert [age["n"][k] for k in (0, 1, -1)] == [2, 3, 5]
    assert age["Mean"][-1] == Number(pytest.approx(43.2), 1)  # (16 + 30 + 40 + 64 + 66) / 5
    assert age["SD"][-1].value == pytest.approx(math.sqrt(1876.8 / 4))  # squares about 43.2 sum to 1876.8
    assert age["Median (Q1–Q3)"][-1] == Estimate(40, 30, 64, 1)
    assert (age["Min"][-1], age["Max"][-1]) == (Number(16, 0), Number(66, 0))
    assert [groups[name][-1] for name in groups] == [Share(1, 5), Share(3, 5), Share(1, 5)]
    assert list(groups) == ["Under 18 years", "18 to 64 years", "65 years and over"]


@pytest.mark.parametrize(
    ("birth", "group"),
    [
        ("2008-02", "Under 18 years"),  # 17 at consent on 2026-01-31, 18 the day after
        ("2008-01", "18 to 64 years"),
        ("1961-02", "18 to 64 years"),
        ("1961-01", "65 years and over"),
    ],
)
def test_a_group_begins_on_the_birthday(birth: str, group: str) -> None:
    table = demography_table(cut("lilrb4-start", patient("S1", birth)))

    assert rows_of(table, "Age group")[group][-1] == Share(1, 1)


def test_each_level_has_its_column_and_nobodys_columns_are_blank() -> None:
    table = demography_table(five())

    assert heads_of(table) == [
        "Characteristic",
        "DL1 (n = 2)",
        "DL2 (n = 3)",
        "DL3 (n = 0)",
        "DL4 (n = 0)",
        "All (n = 5)",
    ]
    assert rows_of(table, "Sex")["Male"] == (Share(1, 2), Share(2, 3), Share(0, 0), Share(0, 0), Share(3, 5))
    assert rows_of(table, "Age at consent (years)")["Mean"][2:4] == (None, None)


def test_what_nobody_recorded_is_one_row() -> None:
    table = demography_table(five())

    for name in ("Race", "Ethnicity", "Weight (kg)", "ECOG performance status", "CNS status"):
        assert rows_of(table, name) == {
            "Not recorded": (Share(2, 2), Share(3, 3), Share(0, 0), Share(0, 0), Share(5, 5))
        }, name


def test_a_spelling_does_not_make_a_lesion_or_a_risk_group() -> None:
    table = demography_table(five())

    assert {name: cells[-1] for name, cells in rows_of(table, "Genetic lesions").items()} == {
        "FLT3-ITD": Share(2, 5),
        "TP53": Share(1, 5),
        "none found": Share(1, 5),
        "Not recorded": Share(2, 5),
    }
    assert {name: cells[-1] for name, cells in rows_of(table, "Risk group").items()} == {
        "Adverse": Share(1, 5), "Favourable": Share(1, 5), "Not recorded": Share(3, 5),
    }  # fmt: skip


def test_refractory_and_relapsed_are_told_apart() -> None:
    found = rows_of(demography_table(five()), "Relapsed or refractory")

    assert {name: cells[-1].count for name, cells in found.items()} == {
        "Primary refractory": 1,
        "First relapse": 1,
        "Second or later relapse": 1,
        "Neither relapsed nor refractory": 1,
        "Not recorded": 1,
    }


def test_lansky_is_asked_of_children_only() -> None:
    note = "Lansky play-performance is scored below 16 years: nobody here is, and nobody was."
    grown, child = demography_table(five()), patient("S9", "2018-06", "male", 1, examined(-9, lansky="70"))
    young = demography_table(cut("lilrb4-start", child, patient("S1", "1990-06")))

    assert rows_of(grown, "Lansky play-performance") == {}
    assert note in map(EN.text, grown.notes)
    assert rows_of(young, "Lansky play-performance")["70"][-1] == Share(1, 1)
    assert note not in map(EN.text, young.notes)


def test_baseline_is_the_last_result_before_lymphodepletion() -> None:
    """D-5 is the first day of lymphodepletion: what is measured on it counts, what comes later does not."""
    one = person(
        "S1",
        "D-30 consent; D-28 marrow 40; D-20 bridging D-15; D-10 marrow 22; D-5 ld; D-3 marrow 9; D28 marrow 2",
        infusion(),
        examined(-28, weight="60 kg", ecog="2"),
        examined(-5, weight="57 kg"),
        examined(-4, weight="50 kg", ecog="0"),
    )
    known = subject_baseline(study("lilrb4-start"), one)

    assert (known.weight, known.performance) == (57.0, {"ecog": 2})
    assert (known.screening_blasts, known.last_blasts) == (40.0, 22.0)


def test_a_marrow_before_bridging_is_no_last_one() -> None:
    one = person("S1", "D-30 consent; D-28 marrow 40; D-20 bridging D-15; D-5 ld", infusion())
    known = subject_baseline(study("lilrb4-start"), one)

    assert (known.screening_blasts, known.last_blasts) == (40.0, None)


def test_only_the_products_own_antigen_counts_and_bounds_are_told() -> None:
    antigen = {"form": "antigen", "on": -20, "antigen": "lilrb4", "percent": ">90 %", "positive": True}
    other = {"form": "antigen", "on": -10, "antigen": "CD33", "percent": "12 %"}
    table = demography_table(cut("lilrb4-start", patient("S1", "1990-06", "male", 1, antigen, other)))

    assert rows_of(table, "Blasts expressing the target antigen (%)")["Max"][-1] == Number(90, 0)
    assert "Results known only as a bound, and counted at it: 1." in map(EN.text, table.notes)


def test_a_unit_of_something_else_is_not_a_weight() -> None:
    table = demography_table(
        cut("lilrb4-start", patient("S1", "1990-06", "male", 1, examined(-9, weight="170 cm")))
    )

    assert list(rows_of(table, "Weight (kg)")) == ["Not recorded"]


def test_months_since_a_transplant_are_asked_of_those_who_had_one() -> None:
    """Infused on 2026-03-02. A transplant of 2025-03 counts from its last day: 336 days, 11.04 months."""
    graft = {
        "form": "prior_therapy",
        "therapy": "allogeneic transplant",
        "kind": "transplant",
        "last_dose": "2025-03",
    }
    table = demography_table(
        cut(
            "lilrb4-start",
            patient("S1", "1990-06", "male", 1, graft, prior_transplant=False),  # the therapy itself is the evidence
            patient("S2", "1990-06", prior_transplant=True),
            patient("S3", "1990-06", prior_transplant=False),
            patient("S4", "1990-06"),
        )
    )  # fmt: skip
    since = rows_of(table, "Months from the last transplant to the first infusion")

    assert {name: cells[-1].count for name, cells in rows_of(table, "Prior stem-cell transplant").items()} == {
        "Yes": 2, "No": 1, "Not recorded": 1,
    }  # fmt: skip
    assert since["n"][-1] == 1
    assert since["Mean"][-1].value == pytest.approx(336 / 30.4375)
    assert since["SD"][-1] == Estimate(None)  # one value has no spread
    assert since["Not recorded"][-1] == Share(1, 2)


def test_an_age_in_doubt_is_no_age_but_may_be_in_no_doubt_about_its_group() -> None:
    """Born in the month of consent (January 2026): 35 or 36 years, and in either case 18 to 64."""
    who = {"form": "demographics", "on": -40, "birth": "1990-01", "sex": "male"}
    table = demography_table(cut("lilrb4-start", person("S1", "D-40 consent; D-5 ld", who, infusion())))

    assert list(rows_of(table, "Age at consent (years)")) == ["Not recorded"]
    assert rows_of(table, "Age group")["18 to 64 years"][-1] == Share(1, 1)


# --- therapies ----------------------------------------------------------------------------------------


def therapy(name: str, kind: str = "systemic", line: int | None = None) -> dict[str, Any]:
    form = {"form": "prior_therapy", "therapy": name, "kind": kind, "last_dose": "2025-10"}
    return form | ({"line": line} if line else {})


def test_a_therapy_counts_once_a_subject() -> None:
    table = therapies_table(
        cut(
            "lilrb4-start",
            patient(
                "S1",
                "1990-06",
                "male",
                1,
                therapy("FLAG_IDA", line=1),
                therapy("FLAG IDA", line=2),
                therapy("CD19 CAR-T", "cell_therapy", 3),
            ),
            patient(
                "S2",
                "1990-06",
                "male",
                1,
                therapy("venetoclax"),
                {"form": "bridging", "therapy": "hydroxyurea", "started": -15},
                prior_lines=6,
            ),
            patient("S3", "1990-06", "male", 2),
        )
    )

    def counts(group: str) -> dict[str, tuple[int, int]]:
        return {name: (cells[-1].count, cells[-1].of) for name, cells in rows_of(table, group).items()}

    assert counts("Prior lines of therapy") == {"3": (1, 3), "≥ 4": (1, 3), "Not recorded": (1, 3)}
    assert counts("Prior anti-leukemic therapy, any") == {
        "Systemic therapy": (2, 3),
        "Cell therapy": (1, 3),
        "Not recorded": (1, 3),
    }
    assert counts("Systemic therapy, by name") == {"FLAG IDA": (1, 3), "venetoclax": (1, 3)}
    assert counts("Cell therapy, by name") == {"CD19 CAR-T": (1, 3)}
    assert counts("Bridging therapy") == {"Given": (1, 3), "Not on record": (2, 3)}
    assert counts("Bridging therapy, by name") == {"hydroxyurea": (1, 3)}


# --- disposition --------------------------------------------------------------------------------------


def ways() -> Cut:
    """Ten who consented on day -40 or so, as of day 100 of the first infusion; levels assigned to seven."""
    failed = {"form": "screen_failure", "on": -30, "reason": "fails", "criteria": ["age", "antigen"]}
    text = "D-40 consent; D-35 enrol; D-33 apheresis"
    left = {"form": "discontinuation", "of": "study", "on": 50, "reason": "withdrawal_of_consent"}
    return cut(
        "lilrb4-start",
        person("S01", "D-40 consent", failed),
        person("S02", "D-40 consent; D-30 screen_failure"),
        person("S03", "D-40 consent"),
        person("S04", f"{text}; D-10 making_failed; D-8 quit manufacturing_failure", assigned(1)),
        person("S05", f"{text}; D-18 released; D-15 died", assigned(2)),
        person(
            "S06", f"{text}; D-18 released; D-5 ld", assigned(2), depletion(-3, True, fludarabine="30 mg/m2")
        ),
        person(
            "S07",
            f"{text}; D-20 bridging; D-18 released",
            depletion(-3, True, fludarabine="30 mg/m2"),
            infusion(),
            left,
        ),
        person(
            "S08",
            f"{text}; D-5 ld",
            release(-13, "out_of_specification_released"),
            infusion(infused="7e5 cells/kg"),
        ),
        person(
            "S09", f"{text}; D-18 released; D-5 ld; D20 died", infusion(level=2, infused="2.4e6 cells/kg")
        ),
        person("S10", f"{text}; D-18 released; D-5 ld", infusion(level=2, infused="3e6 cells/kg"), zero=80),
        as_of=100,
    )


def test_every_branch_of_the_way_is_counted() -> None:
    table = disposition_table(ways())

    def shares(group: str) -> dict[str, tuple[int, int]]:
        return {name: (cells[-1].count, cells[-1].of) for name, cells in rows_of(table, group).items()}

    assert shares("Screening, of those screened") == {
        "Screened (consented)": (10, 10), "Screen failure": (2, 10),
        "Still in screening, or left without a reason on record": (1, 10), "Enrolled": (7, 10),
    }  # fmt: skip
    reasons = shares("Reasons, of screen failures")
    eligibility = study("lilrb4-start").eligibility
    assert reasons == {
        eligibility["age"].text.en: (1, 2), eligibility["antigen"].text.en: (1, 2), "not eligible": (1, 2),
    }  # fmt: skip
    assert shares("Before treatment, of those enrolled") == {
        "Cells collected (leukapheresis)": (7, 7), "Bridging therapy": (1, 7),
    }  # fmt: skip
    assert shares("Manufacture, of those collected") == {
        "Product released within specification": (5, 7), "Released out of specification only": (1, 7),
        "Manufacturing failure": (1, 7), "No product, no failure on record": (0, 7),
        "Subjects with more than one run": (0, 7),
    }  # fmt: skip
    assert shares("Treatment, of those enrolled") == {
        "Lymphodepletion started": (5, 7), "Lymphodepletion completed": (2, 7), "Infused": (4, 7),
        "Enrolled and not infused": (3, 7),
    }  # fmt: skip
    assert shares("Reasons, of those not infused") == {
        "manufacturing failure": (1, 3), "died": (1, 3), "on the way": (1, 3),
    }  # fmt: skip
    assert shares("Day 28, of those infused") == {
        "Completed day 28": (2, 4), "Died before day 28": (1, 4), "Left the study before day 28": (0, 4),
        "Day 28 still to come": (1, 4),
    }  # fmt: skip
    assert shares("End of the study, of those enrolled") == {
        "Still in the study": (4, 7), "Completed the study": (0, 7), "Discontinued the study": (1, 7),
        "Died": (2, 7), "Died, never infused": (1, 7),
    }  # fmt: skip
    assert shares("Reasons, of those who discontinued") == {"withdrawal of consent": (1, 1)}


def test_a_dose_is_below_the_planned_one_beyond_the_studys_tolerance() -> None:
    """Tolerance 20 %: 7e5 of 1e6 is below, 2.4e6 of 3e6 (exactly 80 %) is not."""
    dose = rows_of(disposition_table(ways()), "Dose, of those infused")

    assert dose["Planned dose (no more than 20 % below)"] == (
        Share(1, 2),
        Share(2, 2),
        Share(0, 0),
        Share(0, 0),
        Share(3, 4),
    )
    assert dose["Below the planned dose (by more than 20 %)"] == (
        Share(1, 2),
        Share(0, 2),
        Share(0, 0),
        Share(0, 0),
        Share(1, 4),
    )


def test_who_has_no_level_counts_in_the_total_only_and_a_note_says_how_many() -> None:
    table = disposition_table(ways())

    assert heads_of(table)[1:3] == ["DL1 (n = 3)", "DL2 (n = 4)"]
    assert heads_of(table)[-1] == "All (n = 10)"
    note = "By the level infused, else the one assigned. Without either, subjects count in the total only: 3."
    assert note in map(EN.text, table.notes)


def test_who_was_enrolled_after_all_is_no_screen_failure() -> None:
    """Failed at first, screened again, enrolled: one subject, counted once."""
    again = person("S1", "D-40 consent; D-35 screen_failure; D-20 enrol; D-5 ld", infusion())
    screening = rows_of(disposition_table(cut("lilrb4-start", again)), "Screening, of those screened")

    assert {name: cells[-1].count for name, cells in screening.items()} == {
        "Screened (consented)": 1,
        "Screen failure": 0,
        "Still in screening, or left without a reason on record": 0,
        "Enrolled": 1,
    }


def test_days_run_from_the_collection() -> None:
    """To release 15, 15, 15, 15 (S05 to S07, S09), 20 (S08), 15 (S10); to infusion 33 in all four."""
    days = rows_of(disposition_table(ways()), "Days from leukapheresis")

    assert days["To the release"][-1] == Spread(6, 15, 15, 20)
    assert days["To the first infusion"][-1] == Spread(4, 33, 33, 33)


# --- product ------------------------------------------------------------------------------------------


def test_the_product_is_that_of_the_lot_infused() -> None:
    spare = release(-25, "rejected", lot="L0", dose="9e6 cells/kg", viability="40 %")
    used = release(
        -15, dose="1.5e6 cells/kg", viability="90 %", transduction="<30 %", copies="2.5 copies/cell",
        attributes=[
            {"test": "cd4_cd8_ratio", "value": "1.5"}, {"test": "potency", "finding": "pass"},
            {"test": "memory_phenotype", "value": "40 %", "finding": "central_memory"},
            {"test": "vector_lot", "finding": "V7"},
        ],
    )  # fmt: skip
    table = product_table(
        cut("lilrb4-start", patient("S1", "1990-06", "male", 1, spare, used), patient("S2", "1990-06"))
    )
    qualities, dose = rows_of(table, "Qualities"), rows_of(table, "Dose")

    assert dose["Manufactured, at release (cells/kg)"][-1] == Spread(1, 1.5e6, 1.5e6, 1.5e6, digits=1)
    assert dose["Manufactured, at release (cells/kg): not recorded"][-1] == Share(1, 2)
    assert dose["Infused (% of planned)"][-1] == Spread(2, 100, 100, 100, digits=1)
    assert dose["Infused, in all (cells)"][-1] == Spread(2, 5e7, 5e7, 5e7, digits=1)  # 1e6 a kg, 50 kg
    assert qualities["Viability (%)"][-1].middle == 90
    assert qualities["Transduction (%)"][-1].middle == 30  # a bound stands at the bound
    assert qualities["Vector copies per cell: not recorded"][-1] == Share(1, 2)
    assert rows_of(table, "CD4:CD8 ratio")["Median (min–max)"][-1].middle == 1.5
    assert rows_of(table, "Memory phenotype")["central memory, %"][-1].middle == 40
    assert {name: cells[-1] for name, cells in rows_of(table, "Potency").items()} == {
        "pass": Share(1, 2), "Not recorded": Share(1, 2),
    }  # fmt: skip
    assert rows_of(table, "vector lot")["V7"][-1] == Share(1, 2)
    assert {name: cells[-1] for name, cells in rows_of(table, "Product conforming to specification").items()} == {
        "Yes": Share(1, 2), "No": Share(0, 2), "Not recorded": Share(1, 2),
    }  # fmt: skip


def test_qualities_nobody_recorded_are_still_accounted_for() -> None:
    table = product_table(cut("lilrb4-start", patient("S1", "1990-06", "male", 1, release(-9))))

    for name in ("CD4:CD8 ratio", "Memory phenotype", "Potency"):
        assert rows_of(table, name) == {
            "Not recorded": (Share(1, 1), Share(0, 0), Share(0, 0), Share(0, 0), Share(1, 1))
        }


def test_a_donors_product_is_judged_in_its_lot() -> None:
    lot = {
        "lot": "L1", "donor": "D1", "manufactured": "2025-11-01", "released": True, "viability": "88 %",
        "residual_tcr": "0.3 %", "attributes": [{"test": "potency", "value": "70 %"}],
    }  # fmt: skip
    own = release(-9, "out_of_specification_released", viability="60 %", copies="3 copies/cell")
    table = product_table(
        cut("lstcar019", patient("S1", "1990-06", "male", 1, own), patient("S2", "1990-06"), lots=(lot,))
    )
    qualities = rows_of(table, "Qualities")

    assert qualities["Viability (%)"][-1] == Spread(2, 88, 88, 88, digits=1)
    assert qualities["Residual T-cell receptor (%)"][-1].n == 2
    assert qualities["Vector copies per cell"][-1].middle == 3  # the lot's form has no place for it
    assert total(table, "L1", "Subjects by lot") == Share(2, 2)
    assert total(table, "Lots infused", "Lots") == 1
    assert total(table, "No", "Product conforming to specification") == Share(1, 2)
    assert total(table, "Median (min–max), %", "Potency").middle == 70


# --- exposure -----------------------------------------------------------------------------------------


def split(subject: str, *infused: str, more: tuple[dict[str, Any], ...] = ()) -> Course:
    """CLL1: 10, 30 and 60 % of 5e6 on days 0, 1 and 2."""
    planned = ("5e5", "1.5e6", "3e6")
    forms = [
        infusion(
            n,
            infused=f"{amount} cells/kg",
            planned=f"{planned[n]} cells/kg",
            manufactured=f"{planned[n]} cells/kg",
            fraction=n + 1,
        )
        for n, amount in enumerate(infused)
    ]
    days = [
        depletion(on, on == -3, fludarabine="30 mg/m2", cyclophosphamide="500 mg/m2") for on in (-5, -4, -3)
    ]
    return person(subject, "D-40 consent; D-35 enrol", *days, *forms, *more)


def withheld(reason: str, on: int = 1, fraction: int = 2) -> dict[str, Any]:
    return {
        "form": "fraction_withheld",
        "on": on,
        "fraction": fraction,
        "reason": reason,
        "detail": "CRS of grade 2",
    }


def three_splits(as_of: int = 30) -> Cut:
    return cut(
        "cll1-cart",
        split("S1", "5e5", "1.5e6", "3e6"),
        split("S2", "5e5", more=(withheld("toxicity"),)),
        split("S3", "5e5", "1.5e6"),
        person("S4", "D-40 consent; D-35 enrol", assigned(1), depletion(-5, fludarabine="")),
        as_of=as_of,
    )  # fmt: skip


def test_a_split_dose_is_judged_as_a_whole_and_only_when_it_is_over() -> None:
    table = exposure_table(three_splits())
    percent = rows_of(table, "Dose")["Infused (% of planned)"]

    assert percent[-1] == Spread(2, 55, 10, 100, digits=1)  # 5e6 and 5e5 of 5e6; S3 is not done yet
    assert {name: cells[-1] for name, cells in rows_of(table, "Dose infused against the plan").items()} == {
        "Planned dose (no more than 20 % below)": Share(1, 3),
        "Below the planned dose (by more than 20 %)": Share(1, 3),
        "Fractions still to come": Share(1, 3),
    }
    assert {name: cells[-1] for name, cells in rows_of(table, "Fractions").items()} == {
        "All 3 fractions given": Share(1, 3),
        "Fractions still to come": Share(1, 3),
        "A fraction withheld for toxicity": Share(1, 3),
    }
    assert {name: cells[-1] for name, cells in rows_of(table, "Infusions given").items()} == {
        "1": Share(1, 3), "2": Share(1, 3), "3": Share(1, 3),
    }  # fmt: skip
    assert total(product_table(three_splits()), "Fewer than 3, a fraction withheld", "Split dose") == Share(
        1, 3
    )


def test_agents_are_summed_by_who_received_them() -> None:
    table = exposure_table(three_splits())
    agent = rows_of(table, "fludarabine")

    assert total(table, "Lymphodepletion completed", "Lymphodepletion") == Share(3, 4)
    assert rows_of(table, "Lymphodepletion")["Days from its last day to the first infusion"][-1] == Spread(
        3, 3, 3, 3
    )
    assert agent["Received"][-1] == Share(4, 4)
    assert rows_of(table, "cyclophosphamide")["Received"][-1] == Share(3, 4)
    assert agent["Days given"][-1] == Spread(4, 3, 1, 3)
    assert agent["Dose in all (mg/m2)"][-1] == Spread(3, 90, 90, 90, digits=1)
    assert agent["Dose in all (mg/m2): not recorded"][-1] == Share(1, 4)  # a day's dose was left blank


def test_a_sum_of_some_days_is_no_sum() -> None:
    days = (
        depletion(-5, fludarabine="30 mg/m2"),
        depletion(-4, fludarabine=""),
        depletion(-3, fludarabine="30 mg/m2"),
    )
    table = exposure_table(cut("lilrb4-start", person("S1", "D-40 consent; D-35 enrol", *days)))

    assert rows_of(table, "fludarabine")["Days given"][-1] == Spread(1, 3, 3, 3)
    assert rows_of(table, "fludarabine")["Dose in all (mg/m2): not recorded"][-1] == Share(1, 1)


def test_the_population_of_exposure_is_who_began_lymphodepletion() -> None:
    table = exposure_table(three_splits())

    assert EN.text(table.population) == "All whose lymphodepletion began, N = 4"
    assert total(table, "Infused", "Infusion") == Share(3, 4)


def test_one_short_infusion_of_a_climber_is_not_hidden_by_the_larger_one_after_it() -> None:
    forms = [
        infusion(on, level, infused=given, planned=planned, manufactured=planned)
        for on, level, given, planned in (
            (0, 1, "5e4 cells/kg", "1e5 cells/kg"),
            (30, 2, "1e6 cells/kg", "1e6 cells/kg"),
        )
    ]
    here = cut("cd7-cart", person("S1", "D-40 consent; D-35 enrol; D-5 ld", *forms))
    table = exposure_table(here)

    assert total(
        table, "Below the planned dose (by more than 20 %)", "Dose infused against the plan"
    ) == Share(1, 1)
    assert heads_of(table)[1:3] == ["DL1 (n = 0)", "DL2 (n = 1)"]
    assert EN.text(table.notes[-1]) == "A subject stands in the column of the highest level infused."
    levels = [(row.cells[3], row.cells[1]) for row in list_exposure(here).rows]
    assert levels == [(-5, "DL1"), (0, "DL1"), (30, "DL2")]  # in the listing each dose has its own


def test_amounts_that_cannot_be_compared_are_not_compared() -> None:
    odd = patient("S1", "1990-06", "male", 1)
    held = [h if not isinstance(h.record, Infusion) else _flat(h) for h in odd.held]
    table = exposure_table(cut("lilrb4-start", Course("S1", tuple(held))))

    assert total(table, "Not comparable: other units", "Dose infused against the plan") == Share(1, 1)
    assert rows_of(table, "Dose")["Infused (cells/kg): not recorded"][-1] == Share(1, 1)


def _flat(held: Held[Any]) -> Held[Any]:
    record = parse_record(held.record.model_dump(mode="json", exclude_none=True) | {"infused": "5e7 cells"})
    return Held(held.record_id, record, held.seq)


# --- deviations ---------------------------------------------------------------------------------------


def deviation(on: int, category: str, importance: str) -> dict[str, Any]:
    text = "came a day late"
    return {
        "form": "deviation",
        "on": on,
        "category": category,
        "importance": importance,
        "description": text,
    }


def test_deviations_are_counted_by_subject_and_by_number() -> None:
    here = cut(
        "lilrb4-start",
        patient(
            "S1",
            "1990-06",
            "male",
            1,
            deviation(3, "visit", "minor"),
            deviation(9, "visit", "minor"),
            deviation(12, "overdose", "major"),
        ),
        patient("S2", "1990-06", "male", 2, deviation(5, "visit", "major")),
        patient("S3", "1990-06", "male", 2),
        person("S4", "D-40 consent", deviation(-39, "consent", "major")),
    )
    table, listing = deviations_summary_table(here), list_deviations(here)

    assert rows_of(table)["At least one deviation"] == (
        Share(1, 1),
        Share(1, 2),
        Share(0, 0),
        Share(0, 0),
        Share(2, 3),
    )
    assert rows_of(table)["Major"][-1] == Share(2, 3)
    assert rows_of(table)["Minor"][-1] == Share(1, 3)
    assert rows_of(table)["Deviations (number)"] == (3, 1, 0, 0, 4)
    assert {name: cells[-1] for name, cells in rows_of(table, "Category: visit").items()} == {
        "Any": Share(2, 3), "Major": Share(1, 3), "Minor": Share(1, 3),
    }  # fmt: skip
    assert "Deviations of subjects who were not infused are in the listing: 1." in map(EN.text, table.notes)
    assert [EN.text(row.cells[0]) for row in listing.rows] == ["S1", "S1", "S1", "S2", "S4"]
    assert [row.cells[3] for row in listing.rows] == [3, 9, 12, 5, None]


# --- listings -----------------------------------------------------------------------------------------


def test_a_listing_of_exposure_has_a_row_a_record() -> None:
    table = list_exposure(three_splits())
    of_two = [row.cells for row in table.rows if row.cells[0] == "S2"]

    assert len(table.rows) == 3 * 3 + 1 + (3 + 1 + 2) + 1
    assert [EN.text(cells[4]) for cells in of_two] == [
        "Lymphodepletion",
        "Lymphodepletion",
        "Lymphodepletion, last day",
        "Infusion, fraction 1",
        "Fraction 2 withheld",
    ]
    assert [cells[3] for cells in of_two] == [-5, -4, -3, 0, 1]
    assert EN.text(of_two[0][-1]) == "fludarabine 30 mg/m2, cyclophosphamide 500 mg/m2"
    assert EN.text(of_two[-1][-1]) == "A fraction withheld for toxicity: CRS of grade 2"
    assert EN.text(of_two[3][6]) == "5 × 10⁵"  # the unit stands in the heading
    assert heads_of(table)[6] == "Planned (cells/kg)"
    assert of_two[3][9] == Number(100, 0)


def test_a_listing_of_lots_holds_the_failed_and_the_rejected() -> None:
    run = {
        "form": "manufacture",
        "lot": "L0",
        "started": -30,
        "finished": -20,
        "outcome": "failed",
        "reason": "no growth",
    }
    here = cut(
        "lilrb4-start",
        patient(
            "S1",
            "1990-06",
            "male",
            1,
            run,
            release(-9, viability=">90 %", attributes=[{"test": "cd4_cd8_ratio", "value": "1.5"}]),
        ),
        person("S2", "D-40 consent; D-35 enrol", release(-9, "rejected", lot="L7", reason="viability")),
    )
    said = [[EN.text(cell) for cell in row.cells] for row in list_product(here).rows]

    assert [(row[0], row[2], row[4], row[-2], row[-1]) for row in said] == [
        ("S1", "L0", "run failed", "No", "no growth"),
        ("S1", "L1", "released", "Yes", ""),
        ("S2", "L7", "rejected", "No", "viability"),
    ]
    assert said[1][-3] == "CD4:CD8 ratio: 1.5"
    assert said[1][5:7] == ["2 × 10⁶", ">90"]


def test_a_listing_of_disposition_tells_the_days_and_the_end() -> None:
    table = list_disposition(ways())
    said = {row.cells[0]: [EN.text(cell) for cell in row.cells] for row in table.rows}

    assert len(said) == 10
    assert said["S01"][-4:] == ["screen failure", str(day(-30)), "age, antigen", ""]
    assert said["S04"][-4:-1] == ["manufacturing failure", str(day(-8)), "manufacturing failure"]
    assert said["S09"][4:8] == [str(day(n)) for n in (-33, -18, -5, 0)]
    assert said["S09"][-1] == str(day(20))
    assert said["S06"][8] == ""  # evaluability is asked of the infused


def test_a_listing_of_demography_has_a_row_for_everybody_who_consented() -> None:
    table = list_demography(five())
    heads = heads_of(table)
    said = {row.cells[0]: dict(zip(heads, map(EN.text, row.cells), strict=True)) for row in table.rows}

    assert list(said) == ["S1", "S2", "S3", "S4", "S5"]
    assert said["S1"]["Genetic lesions"] == "TP53, FLT3-ITD"
    assert said["S2"]["Genetic lesions"] == "none found"
    assert (said["S3"]["Level"], said["S3"]["Age (years)"]) == ("DL2", "40")
    assert said["S3"]["Risk group"] == "Favourable"
    assert said["S5"]["Prior lines"] == ""


def test_a_column_without_any_value_is_left_out_and_named() -> None:
    table = list_demography(five())

    assert "Race" not in heads_of(table)
    left = next(note for note in map(EN.text, table.notes) if note.startswith("Without any value"))
    assert left == (
        "Without any value here, and so left out: Race, Ethnicity, Weight (kg), Performance status, "
        "Extramedullary, CNS, Blasts at screening (%), Blasts at baseline (%), Antigen-positive (%), "
        "Prior transplant."
    )


# --- virtual trials, a second way ---------------------------------------------------------------------


def count(trial: Trial, form: type[Any]) -> int:
    return sum(bool(course.all(form)) for course in trial.courses)


@pytest.mark.parametrize("name", STUDIES)
def test_disposition_agrees_with_the_records_and_with_the_flow(name: str) -> None:
    here = virtual_cut(name)
    table, flow = disposition_table(here), derive_flow(here)
    screening = rows_of(table, "Screening, of those screened")
    before = rows_of(table, "Before treatment, of those enrolled")
    treatment = rows_of(table, "Treatment, of those enrolled")
    deaths = sum(bool(c.all(Death)) and bool(c.all(Enrolment)) for c in here.trial.courses)

    assert screening["Screened (consented)"][-1].count == count(here.trial, Consent) == flow.count("screened")
    assert screening["Screen failure"][-1].count == count(here.trial, ScreenFailure)
    assert screening["Enrolled"][-1].count == count(here.trial, Enrolment) == flow.count("enrolled")
    assert before["Bridging therapy"][-1].count == count(here.trial, Bridging)
    assert treatment["Lymphodepletion started"][-1].count == count(here.trial, Lymphodepletion)
    assert treatment["Infused"][-1].count == count(here.trial, Infusion) == flow.count("infused")
    assert total(table, "Died", "End of the study, of those enrolled").count == deaths
    evaluable = rows_of(table, "DLT-evaluability, of those infused")
    assert [cells[-1].count for cells in evaluable.values()] == [
        flow.evaluable,
        flow.not_evaluable,
        flow.open,
    ]
    left = {
        held.record.subject
        for course in here.trial.courses
        for held in course.all(Discontinuation)
        if held.record.of == "study" and held.record.reason == "completed"
    }
    assert total(table, "Completed the study", "End of the study, of those enrolled").count == len(left)


@pytest.mark.parametrize("name", STUDIES)
def test_the_days_of_manufacture_agree_with_the_records(name: str) -> None:
    here = virtual_cut(name)
    if study(name).product.origin == "allogeneic":
        return
    waits = []
    for course in here.trial.courses:
        starts, lots = (
            course.all(Leukapheresis),
            [h.record for h in course.all(Release) if h.record.outcome != "rejected"],
        )
        waits += [(lots[0].on - starts[0].record.on).days] if starts and lots else []

    cell = rows_of(disposition_table(here), "Days from leukapheresis")["To the release"][-1]
    assert (cell.n, cell.least, cell.most) == (len(waits), min(waits), max(waits))
    assert cell.middle == median(waits)


@pytest.mark.parametrize("name", STUDIES)
def test_levels_add_up_to_the_total(name: str) -> None:
    """Of everybody infused every one has a level: shares and counts of the levels sum to the last column."""
    for build in (demography_table, therapies_table, product_table, deviations_summary_table):
        table = build(virtual_cut(name))
        if len(table.columns) == 2:
            continue
        for row in table.rows:
            *levels, everybody = row.cells[1:]
            if isinstance(everybody, Share):
                assert sum(cell.count for cell in levels) == everybody.count, EN.text(row.cells[0])
                assert sum(cell.of for cell in levels) == everybody.of
            elif isinstance(everybody, Spread):
                assert sum(cell.n for cell in levels) == everybody.n


@pytest.mark.parametrize("name", STUDIES)
def test_one_kind_each_makes_a_hundred_percent(name: str) -> None:
    table = demography_table(virtual_cut(name))
    n = len(virtual_cut(name).infused)

    for group in (
        "Age group",
        "Sex",
        "Diagnosis",
        "Relapsed or refractory",
        "Prior stem-cell transplant",
        "Risk group",
    ):
        assert sum(cells[-1].count for cells in rows_of(table, group).values()) == n, group


@pytest.mark.parametrize("name", STUDIES)
def test_demography_agrees_with_the_records(name: str) -> None:
    here = virtual_cut(name)
    table = demography_table(here)
    infused = [course for course in here.trial.courses if course.all(Infusion)]
    ages = [course.all(Demographics)[-1].record.age for course in infused]
    lines = [course.all(Disease)[-1].record.prior_lines for course in infused]

    assert total(table, "Mean", "Age at consent (years)").value == pytest.approx(np.mean(ages))
    assert total(table, "SD", "Age at consent (years)").value == pytest.approx(np.std(ages, ddof=1))
    assert total(table, "Mean", "Prior lines of therapy").value == pytest.approx(np.mean(lines))


@pytest.mark.parametrize("name", STUDIES)
def test_doses_agree_with_the_records(name: str) -> None:
    here = virtual_cut(name)
    cell = rows_of(exposure_table(here), "Dose")["Infused (cells/kg)"][-1]
    sums = [
        float(sum(h.record.infused.to("cells/kg").value for h in course.all(Infusion)))
        for course in here.trial.courses
        if course.all(Infusion)
    ]

    assert (cell.n, cell.least, cell.most) == (len(sums), min(sums), max(sums))
    assert cell == rows_of(product_table(here), "Dose")["Infused (cells/kg)"][-1]


@pytest.mark.parametrize("name", STUDIES)
def test_listings_have_a_row_a_subject_or_a_record(name: str) -> None:
    here = virtual_cut(name)
    given = sum(len(c.all(Lymphodepletion)) + len(c.all(Infusion)) for c in here.trial.courses)

    assert len(list_demography(here).rows) == len(list_disposition(here).rows) == len(here.courses)
    assert len(list_exposure(here).rows) == given
    assert {row.cells[0] for row in list_product(here).rows} >= {course.subject for course in here.infused}


# --- whatever the trial -------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("name", STUDIES)
def test_a_trial_of_nobody_says_so_in_every_output(name: str, reader: Reader) -> None:
    nobody = cut(name)

    for id, build in TABLES.items():
        table = build(nobody)
        assert table is not None
        assert table.id == id
        assert table.rows == ()
        assert table.empty is not None
        assert reader.text(table.empty)
        assert "N = 0" in reader.text(table.population)
        assert not re.search(r"\b(nan|inf|None)\b|\{", everything(table, reader))


@pytest.mark.parametrize("name", STUDIES)
def test_a_subject_of_whom_nothing_is_known_but_consent_and_infusion_is_in_every_table(name: str) -> None:
    unit = study(name).dose_of(1).unit
    bare = person(
        "S1",
        "D-9 consent",
        infusion(infused=f"1e6 {unit}", planned=f"1e6 {unit}", manufactured=f"1e6 {unit}"),
    )
    here = cut(name, bare)

    for id, build in TABLES.items():
        table = build(here)
        assert table is not None
        if id in (
            "exposure",
            "deviations_summary",
            "list_product",
            "list_deviations",
        ):  # none of it was recorded
            assert table.rows == ()
        else:
            assert table.rows
        assert not re.search(r"\b(nan|inf|None)\b|\{", everything(table, EN))


@pytest.mark.parametrize("name", STUDIES)
def test_nothing_of_after_the_cut_is_told(name: str) -> None:
    """On the day of the first infusion one subject is infused at most, and nobody's day 28 has come."""
    whole = virtual_cut(name)
    first = min(course.infused_on for course in whole.infused)
    early = Cut(whole.trial, first)
    on = rows_of(disposition_table(early), "Day 28, of those infused")

    assert on["Completed day 28"][-1].count == 0
    assert on["Day 28 still to come"][-1].count == len(early.infused) < len(whole.infused) + 1
    assert all(row.cells[2] <= first for row in list_exposure(early).rows)
    assert demography_table(early).population == say("of_infused", n=len(early.infused))


@pytest.mark.parametrize("name", STUDIES)
def test_every_number_of_a_table_has_a_name_of_its_own(name: str) -> None:
    for build in TABLES.values():
        table = build(virtual_cut(name))
        assert table is not None
        if table.id.startswith("list_"):
            continue
        names = [(one.item, one.group, one.column, one.name) for one in statistics(table)]
        assert len(names) == len(set(map(repr, names))), table.id
        assert all(one.value is None or math.isfinite(one.value) for one in statistics(table))


# What Chinese clinical prose leaves in Latin letters: units, scales, codes of the records, names of drugs.
_CODES = (
    r"DL\d|S\d\d\d(-L\d)?|LOT-A|DLT|ECOG|KPS|Karnofsky|Lansky|TCR|CD\d+|SD|NE|AML|[BT]-ALL|MPAL|CMML|"
    r"cells/kg|cells|copies/cell|mg/m2|kg|Q[13]|R|N|n|[A-Z0-9]+-[A-Z0-9]+|[A-Z]+\d+[A-Z0-9]*|bcr-abl1?"
)


@pytest.mark.parametrize("name", STUDIES)
def test_chinese_outputs_leave_only_codes_and_what_people_wrote_in_latin_letters(name: str) -> None:
    here = virtual_cut(name)
    written = {"does not meet the criteria at the enrolment gate", "no place became free in time"}
    written |= {"expansion below the minimum", "salvage chemotherapy", "hydroxyurea"}
    written |= {"missed visit", "procedure", "signed on a superseded form; done anew"}
    written |= {"consent", "a visit was not done", "vital signs taken after the blood draw"}
    written |= set(study(name).lymphodepletion.agents)
    for build in TABLES.values():
        table = build(here)
        assert table is not None
        said = everything(table, ZH)
        for words in sorted(written, key=len, reverse=True):
            said = said.replace(words, "")
        assert (
            re.findall(r"[A-Za-z][\w-]*", re.sub(rf"(?<![A-Za-z])({_CODES})(?![A-Za-z])", "", said)) == []
        ), table.id


@pytest.mark.parametrize("id", TABLES)
def test_every_output_has_its_title(id: str) -> None:
    for language in ("en", "zh"):
        assert render(say(f"output_{id}"), language)  # type: ignore[arg-type]
        assert render(say(f"title_{id}"), language)  # type: ignore[arg-type]
