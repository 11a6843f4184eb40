"""A folder of SDTM data sets small enough to count by hand, and everything that can be wrong with one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from protocyte.analysis.tables import Cell, Estimate, Number, Share
from protocyte.app.sdtm_report import SdtmOutputs, sdtm_outputs
from protocyte.base import LANGUAGES, Message, render
from protocyte.reports.words import Reader

# S1 and S2 are assigned to A (S2 was given B), S3 to a placebo and has no end of dosing, S4 failed screening,
# S5 was assigned to A and never treated.
FILES = {
    "dm": """USUBJID,AGE,SEX,RACE,ARM,ACTARM,DTHFL
S1,60,F,WHITE,A,A,
S2,70,M,"WHITE, OTHER",A,B,Y
S3,,F,,P,P,
S4,50,M,WHITE,Screen Failure,Screen Failure,
S5,66,M,WHITE,A,,
""",
    "ds": """USUBJID,DSSEQ,DSDECOD,DSCAT
S1,1,COMPLETED,DISPOSITION EVENT
S2,1,DEATH,DISPOSITION EVENT
S2,2,RANDOMIZED,PROTOCOL MILESTONE
S4,1,SCREEN FAILURE,DISPOSITION EVENT
S5,1,WITHDRAWAL BY SUBJECT,DISPOSITION EVENT
""",
    "ex": """USUBJID,EXSEQ,EXTRT,EXDOSE,EXDOSU,EXDOSFRQ,EXSTDTC,EXENDTC
S1,1,DRUG,10,mg,QD,2024-01-10,2024-01-12
S1,2,DRUG,20,mg,BID,2024-01-13,2024-01-13
S2,1,DRUG,10,mg,ONCE,2024-02-01T08:00,2024-02-01
S3,1,PLACEBO,0,mg,QD,2024-03-05,
S5,1,DRUG,0,mg,QD,2024-03-05,2024-03-05
""",
    # S1: before; the partial month holds day 1; 30 days after the end; 31 after. S2: start unknown, twice.
    "ae": """USUBJID,AESEQ,AEDECOD,AEBODSYS,AESEV,AESER,AEREL,AESTDTC,AEENDTC,AEACN
S1,1,COUGH,LUNG,SEVERE,N,NONE,2024-01-09,,
S1,2,COUGH,LUNG,MILD,N,POSSIBLE,2024-01,,
S1,3,FEVER,GENERAL,MODERATE,Y,REMOTE,2024-02-12,,DRUG WITHDRAWN
S1,4,FEVER,GENERAL,SEVERE,N,NONE,2024-02-13,,
S2,1,FEVER,GENERAL,SEVERE,N,PERHAPS,,,
S2,2,CHILLS,GENERAL,,N,PROBABLE,,2024-01-31,
S3,1,CHILLS,GENERAL,MILD,N,NONE,2024,,
""",
    "lb": """USUBJID,LBSEQ,LBTESTCD,LBTEST,LBSTRESN,LBSTRESU,LBSTNRLO,LBSTNRHI,LBDTC
S1,1,HGB,Hb,12,g/dL,11,16,2024-01-01
S1,2,HGB,Hb,10,g/dL,11,16,2024-01-10
S1,3,HGB,Hb,11,g/dL,11,16,2024-01-11
S1,4,HGB,Hb,17,g/dL,11,16,2024-01-12
S1,5,HGB,Hb,9,g/dL,11,16,2024-01-14
S3,1,HGB,Hb,9,g/dL,11,16,2024-04-01
S3,2,COLOR,Colour,,,,,2024-04-01
""",
    "vs": """USUBJID,VSSEQ,VSTESTCD,VSSTRESN,VSSTRESU,VSDTC
S1,1,HEIGHT,200,cm,2024-01-01
S1,2,WEIGHT,80,kg,2024-01-01
S1,3,WEIGHT,84,kg,2024-01-10
S1,4,WEIGHT,99,kg,2024-01-11
S2,1,WEIGHT,150,lb,2024-01-11
""",
}


def outputs(folder: Path, **changed: str | bytes | None) -> SdtmOutputs:
    """The files above, some of them changed; None leaves one out."""
    for name, text in {**FILES, **changed}.items():
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            (folder / f"{name}.csv").write_bytes(data)
    return sdtm_outputs(folder)


def told(cell: Cell) -> str:
    return render(cell) if isinstance(cell, Message) else "" if cell is None else str(cell)


def rows(made: SdtmOutputs, id: str) -> dict[tuple[str, str], tuple[Cell, ...]]:
    table = next(one for one in made.tables if one.id == id)
    return {(told(row.group), told(row.cells[0])): row.cells[1:] for row in table.rows}


def counts(cells: tuple[Cell, ...]) -> list[object]:
    return [(cell.count, cell.of) if isinstance(cell, Share) else cell for cell in cells]


def number(cell: Cell) -> float:
    assert isinstance(cell, Number)
    return cell.value


# --- counted by hand ------------------------------------------------------------------------------------------


def test_disposition_is_by_planned_arm(tmp_path: Path) -> None:
    found = rows(outputs(tmp_path), "sdtm_disposition")  # columns: A, P, all

    assert found["", "Screened"] == (None, None, 5)
    assert counts(found["", "Screen failures"]) == [None, None, (1, 5)]
    assert counts(found["", "Assigned to an arm"]) == [(3, 3), (1, 1), (4, 4)]
    assert counts(found["", "Treated"]) == [(2, 3), (1, 1), (3, 4)], "a dose of 0 of a drug is no dose"
    assert counts(found["", "Completed the study"]) == [(1, 3), (0, 1), (1, 4)]
    assert counts(found["", "Discontinued"]) == [(2, 3), (0, 1), (2, 4)]
    assert counts(found["Reason for discontinuing", "DEATH"]) == [(1, 3), (0, 1), (1, 4)]
    assert counts(found["", "No end of study recorded"]) == [(0, 3), (1, 1), (1, 4)]
    assert counts(found["", "Died"]) == [(1, 3), (0, 1), (1, 4)]


def test_demography_counts_who_has_no_value(tmp_path: Path) -> None:
    found = rows(outputs(tmp_path), "sdtm_demography")

    assert found["Age (years)", "n"] == (3, 0, 3)
    assert number(found["Age (years)", "Mean"][0]) == pytest.approx((60 + 70 + 66) / 3)
    assert found["Age (years)", "Mean"][1] is None
    assert found["Age (years)", "Median (Q1–Q3)"][0] == Estimate(66.0, 63.0, 68.0, 1)
    assert counts(found["Age (years)", "Not recorded"]) == [(0, 3), (1, 1), (1, 4)]
    assert counts(found["Age group (years)", ">64"]) == [(2, 3), (0, 1), (2, 4)]
    assert counts(found["Race", "WHITE, OTHER"]) == [(1, 3), (0, 1), (1, 4)]
    assert counts(found["Race", "Not recorded"]) == [(0, 3), (1, 1), (1, 4)]
    assert number(found["Weight at baseline (kg)", "Mean"][0]) == 84, "pounds are not averaged with kilograms"
    assert number(found["Body mass index at baseline (kg/m²)", "Mean"][0]) == pytest.approx(21)


def test_exposure_multiplies_days_frequency_and_dose(tmp_path: Path) -> None:
    found = rows(outputs(tmp_path), "sdtm_exposure")  # columns: A (S1), B (S2), P (S3), all

    assert found["Duration of treatment (days)", "n"] == (1, 1, 0, 2)
    assert number(found["Duration of treatment (days)", "Mean"][0]) == 4
    assert number(found["Doses per subject", "Mean"][0]) == 3 + 2
    assert number(found["Cumulative dose (mg)", "Mean"][0]) == 3 * 10 + 2 * 20
    assert number(found["Cumulative dose (mg)", "Mean"][1]) == 10
    assert number(found["Average daily dose (mg/day)", "Mean"][0]) == 70 / 4
    assert counts(found["Cumulative dose (mg)", "Not recorded"]) == [(0, 1), (0, 1), (1, 1), (1, 3)]


def test_events_are_emergent_by_the_rule_in_the_note(tmp_path: Path) -> None:
    made = outputs(tmp_path)
    found = rows(made, "sdtm_ae_overview")  # subjects and events of A, B, P, all

    # S1: 2 and 3; S2: 1, as 2 ended before treatment; S3: the year holds its first day.
    assert counts(found["", "Any event"]) == [(1, 1), 2, (1, 1), 1, (1, 1), 1, (3, 3), 4]
    assert counts(found["", "Serious"])[-2:] == [(1, 3), 1]
    assert counts(found["", "Related to treatment"])[-2:] == [(1, 3), 1]
    assert counts(found["", "Severe or worse"]) == [(0, 1), 0, (1, 1), 1, (0, 1), 0, (1, 3), 1]
    assert counts(found["", "Leading to withdrawal of treatment"])[-2:] == [(1, 3), 1]
    assert counts(found["", "Relation not recorded or not understood"])[-2:] == [(1, 3), 1]
    terms = rows(made, "sdtm_ae_by_term")
    assert list(terms) == [
        ("", "Any event"), ("", "GENERAL"), ("GENERAL", "FEVER"), ("GENERAL", "CHILLS"), ("", "LUNG"),
        ("LUNG", "COUGH"),
    ]  # fmt: skip
    assert counts(terms["GENERAL", "FEVER"]) == [(1, 1), 1, (1, 1), 1, (0, 1), 0, (2, 3), 2]
    worst = rows(made, "sdtm_ae_by_severity")
    assert counts(worst["Any event", "Moderate"]) == [(1, 1), (0, 1), (0, 1), (1, 3)]


def test_shifts_keep_who_went_both_ways_and_who_has_no_baseline(tmp_path: Path) -> None:
    table = outputs(tmp_path).tables[-1]
    found = [(told(row.cells[0]), told(row.cells[1]), counts(row.cells[2:])) for row in table.rows]

    # S1: of 10 on day 1 to 11 (a limit is normal) and 17; 9 is after treatment. S3 has no end: all counts.
    assert found[:2] == [
        ("A (N = 1)", "Low", [1, (0, 1), (0, 1), (1, 1), (0, 1)]),
        ("P (N = 1)", "No classified baseline", [1, (1, 1), (0, 1), (0, 1), (0, 1)]),
    ]
    assert any("COLOR" in render(note) for note in table.notes)


# --- what can be wrong ----------------------------------------------------------------------------------------

AE = "USUBJID,AESEQ,AEDECOD,AEBODSYS,AESEV,AESER,AEREL,AESTDTC,AEENDTC\n"
EX = "USUBJID,EXSEQ,EXTRT,EXDOSE,EXSTDTC,EXENDTC\n"
WRONG: tuple[tuple[str, str | bytes, str, int | None, int | None], ...] = (
    ("dm", "", "empty", 1, None),
    ("dm", " \n\n", "empty", 1, None),
    ("dm", "USUBJID,AGE,SEX,RACE,ARM\n", "no_variable", 1, None),
    ("dm", FILES["dm"].replace("AGE,SEX", "AGE,AGE"), "variable_twice", 1, 3),
    ("dm", FILES["dm"] + "S1,61,F,WHITE,A,A,\n", "subject_twice", 7, 1),
    ("dm", FILES["dm"] + ",61,F,WHITE,A,A,\n", "no_subject", 7, 1),
    ("dm", FILES["dm"] + "S6,61,F\n", "cells", 7, None),
    ("dm", FILES["dm"].replace("S1,60", "S1,6_0"), "not_a_number", 2, 2),
    ("dm", FILES["dm"].replace("S1,60", "S1,nan"), "not_a_number", 2, 2),
    ("dm", FILES["dm"].replace("S1,60", "S1,1e999"), "not_a_number", 2, 2),
    ("ex", FILES["ex"].replace("DRUG,10", "DRUG,1e308", 1), "beyond", 2, 4),
    ("dm", FILES["dm"].replace("S1,60", "S1,-1"), "below", 2, 2),
    ("dm", FILES["dm"].replace("B,Y", "B,perhaps"), "not_yes_or_no", 3, 7),
    ("dm", FILES["dm"].encode().replace(b"WHITE", b"\xff", 1), "not_utf8", 2, None),
    ("dm", FILES["dm"].replace("WHITE", "\0", 1), "binary", 2, None),
    ("dm", FILES["dm"] + 'S6,"61,F\n', "broken_quotes", 7, None),
    ("ae", AE + "S1,1,X,Y,MILD,N,NONE,2024-02-30,\n", "not_a_date", 2, 8),
    ("ae", AE + "S1,1,X,Y,MILD,N,NONE,0000-01-01,\n", "not_a_date", 2, 8),
    ("ae", AE + "S1,1,X,Y,MILD,N,NONE,01JAN2024,\n", "not_a_date", 2, 8),
    ("ae", AE + "S9,1,X,Y,MILD,N,NONE,2024,\n", "unknown_subject", 2, 1),
    ("ae", AE + 'S1,1,"X\n""Z""",Y,MILD,N,NONE,2024,\nS1,1,X,Y,MILD,N,NONE,2024,\n', "row_twice", 4, 2),
    ("ex", EX + "S1,1,DRUG,1,2024-01-02,2024-01-01\n", "ends_before", 2, 6),
    ("ex", "DOMAIN," + EX + "AE,S1,1,DRUG,1,2024-01-02,\n", "other_domain", 2, 1),
)


@pytest.mark.parametrize(("domain", "text", "rule", "line", "column"), WRONG)
def test_what_is_wrong_is_said_with_its_cell(
    tmp_path: Path, domain: str, text: str | bytes, rule: str, line: int | None, column: int | None
) -> None:
    made = outputs(tmp_path, **{domain: text})
    found = next(problem for problem in made.problems if problem.rule == f"sdtm.{rule}")

    assert (found.place.file, found.place.line, found.place.column) == (f"{domain}.csv", line, column)
    assert made.tables == ()
    assert all(found.sentence(language) for language in LANGUAGES)


def test_the_same_folder_without_dm_has_no_tables_and_without_others_says_so(tmp_path: Path) -> None:
    assert [one.rule for one in sdtm_outputs(tmp_path / "nowhere").problems] == ["sdtm.no_folder"]
    assert sdtm_outputs(tmp_path).tables == ()
    made = outputs(tmp_path, ds=None, ex=None, ae=None, lb=None, vs=None)

    assert {(one.rule, one.severity) for one in made.problems} == {("sdtm.no_domain", "warning")}
    assert ("", "Treated") not in rows(made, "sdtm_disposition")
    for table in made.tables[2:]:
        assert table.rows == ()
        assert table.empty is not None
        assert "EX" in render(table.empty)


def test_a_packed_file_reads_as_the_plain_one_and_a_torn_one_is_said(tmp_path: Path) -> None:
    plain = outputs(tmp_path).tables
    (tmp_path / "ae.csv").unlink()
    packed = gzip.compress(FILES["ae"].encode())
    (tmp_path / "ae.csv.gz").write_bytes(packed)
    assert sdtm_outputs(tmp_path).tables == plain
    for torn in (packed[:-20], b"text", packed[:20] + b"\xff" * 20 + packed[40:]):
        (tmp_path / "ae.csv.gz").write_bytes(torn)
        assert [one.rule for one in sdtm_outputs(tmp_path).problems] == ["sdtm.not_gzip"]
    (tmp_path / "ae.csv").write_text(FILES["ae"])
    assert [one.rule for one in sdtm_outputs(tmp_path).problems] == ["sdtm.file_twice"]


def test_quotes_and_ends_of_lines_within_a_cell_are_kept(tmp_path: Path) -> None:
    made = outputs(tmp_path, ae=AE + 'S1,1,"A ""B"",\nC",LUNG,MILD,N,NONE,2024-01-11,\n')

    assert ("LUNG", 'A "B",\nC') in rows(made, "sdtm_ae_by_term")


def test_dates_at_the_end_of_the_calendar_and_without_a_year_are_no_traceback(tmp_path: Path) -> None:
    event = "S1,1,X,Y,MILD,N,NONE,{},\n"
    for written in ("9999-12-31", "--12-15", "2024---15", "2024-01-11T-:30", "2024-01-11T10:00:00.5+02:00"):
        made = outputs(tmp_path, ae=AE + event.format(written), ex=EX + "S1,1,D,1,9999-12-01,9999-12-31\n")
        assert made.problems == ()


def test_a_wrong_file_has_twenty_problems_and_a_count(tmp_path: Path) -> None:
    made = outputs(tmp_path, ae=AE + "".join(f"S9,{n},X,Y,MILD,N,NONE,2024,\n" for n in range(50)))

    assert len(made.problems) == 21
    assert "30 more" in made.problems[-1].sentence()


def test_headers_alone_and_screening_alone_make_tables_that_say_so(tmp_path: Path) -> None:
    heads = {name: text.partition("\n")[0] + "\n" for name, text in FILES.items()}
    nobody = outputs(tmp_path, **heads)
    assert nobody.problems == ()
    assert all(table.rows == () and table.empty is not None for table in nobody.tables)
    screened = outputs(tmp_path, **heads | {"dm": heads["dm"] + "S4,50,M,WHITE,Screen Failure,,\n"})
    assert counts(rows(screened, "sdtm_disposition")["", "Screen failures"]) == [(1, 1)]


def test_every_cell_can_be_said_in_both_languages(tmp_path: Path) -> None:
    for language in LANGUAGES:
        reader = Reader(language)
        said = [
            reader.text(cell)
            for table in outputs(tmp_path).tables
            for cell in (
                table.title,
                table.population,
                *table.notes,
                *(c for row in table.rows for c in row.cells),
            )
        ]
        assert not any("nan" in one.split() or "inf" in one.split() for one in said)
