"""CTCAE: grades of values, terms, wording, and what is refused. Bounds as NCI prints them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from protocyte.base import LANGUAGES, InputError, Measured, Quantity, find_unit, render
from protocyte.vocab import ctcae
from protocyte.vocab.ctcae import VERSIONS, find_term, install_official, terms, vocabulary_hash, wording
from protocyte.vocab.grading import explain, grade
from protocyte.vocab.lab_lines import family_of, lab_terms, lines_of

# version, term, value, unit, further inputs, grade
BOUNDS = [
    ("5.0", "Neutrophil count decreased", "1.0", "10^9/L", {"lln": 1.8}, 2),
    ("5.0", "Neutrophil count decreased", "0.99", "10^9/L", {"lln": 1.8}, 3),
    ("5.0", "Neutrophil count decreased", "499", "cells/uL", {"lln": 1800}, 4),
    ("6.0", "Neutrophil count decreased", "0.1", "10^9/L", {}, 3),
    ("5.0", "Anemia", "10", "g/dL", {"lln": 12}, 1),
    ("5.0", "Anemia", "4.8", "mmol/L", {"lln": 7}, 3),
    ("5.0", "Alanine aminotransferase increased", "200", "U/L", {"uln": 40, "baseline": 40}, 2),
    ("5.0", "Alanine aminotransferase increased", "201", "U/L", {"uln": 40}, 3),
    ("5.0", "Blood bilirubin increased", "2", "mg/dL", {"uln": 1}, 2),
    ("5.0", "Creatinine increased", "3.1", "mg/dL", {"uln": 2, "baseline": 1}, 3),
    ("6.0", "Creatinine increased", "3.1", "mg/dL", {"uln": 2, "lln": 0.5, "baseline": 1}, 2),
    ("4.03", "Acute kidney injury", "133", "umol/L", {"baseline": 100}, 1),
    ("4.03", "Acute kidney injury", "360", "umol/L", {"baseline": 300}, 3),
    ("5.0", "Electrocardiogram QT corrected interval prolonged", "480", "ms", {}, 1),
    ("5.0", "Electrocardiogram QT corrected interval prolonged", "480.5", "ms", {}, 2),
    ("6.0", "Creatinine clearance decreased", "25.4", "mL/min", {}, 3),
    ("6.0", "Creatinine clearance decreased", "49.5", "mL/min", {}, 0),
    ("5.0", "Hyponatremia", "129.5", "mmol/L", {"clinical_condition": "asymptomatic"}, 2),
    (
        "5.0",
        "Hypokalemia",
        "3.2",
        "mmol/L",
        {"lln": 3.5, "clinical_condition": "hospitalization indicated"},
        3,
    ),
    ("5.0", "Anemia", "95", "g/L", {"lln": 120, "clinical_condition": "transfusion indicated"}, 3),
    ("5.0", "INR increased", "2.0", "1", {"on_anticoagulation": True, "baseline": 0.7}, 3),
    ("5.0", "INR increased", "2.0", "1", {"on_anticoagulation": False, "baseline": 0.7}, 2),
    ("4.03", "Hyperglycemia", "14", "mmol/L", {"sub_test": "any glucose"}, 3),
    ("4.03", "Hyperglycemia", "10", "mmol/L", {"sub_test": "any glucose"}, 0),
    ("5.0", "INR increased", "1.4", "", {}, 1),
    ("5.0", "10035528", "24", "10^9/L", {}, 4),
    ("5.0", "platelet COUNT decreased", "24", "10^9/L", {}, 4),
    ("5.0", "Hypocalcemia", "0.75", "mmol/L", {"sub_test": "ionized calcium"}, 4),
    ("5.0", "Hypoalbuminemia", "25000", "mg/L", {}, 2),
]


@pytest.mark.parametrize(("version", "term", "value", "unit", "more", "expected"), BOUNDS)
def test_a_value_has_the_grade_of_its_band(
    version: str, term: str, value: str, unit: str, more: dict[str, object], expected: int
) -> None:
    graded = grade(f"ctcae-{version}", {"term": term, "value": value, "unit": unit, **more})
    if graded.grade is None:  # the normal limit is not given, and matters only for grade 1
        assert graded.missing == ("lln",)
    assert expected in graded.grades
    assert graded.grade == expected or more == {}
    for language in LANGUAGES:
        assert render(explain(graded), language)


OPEN = [
    ({"term": "Neutrophil count decreased", "value": 1.6, "unit": "10^9/L"}, (0, 1), ("lln",)),
    (
        {"term": "Creatinine increased", "value": 2, "unit": "mg/dL", "uln": 1.2, "baseline": None},
        (2, 3),
        ("baseline",),
    ),
    ({"term": "Lipase increased", "value": 150, "unit": "U/L", "uln": 60}, (2, 3), ("clinical_condition",)),
    (
        {"term": "Hypophosphatemia", "value": 0.5, "unit": "mmol/L", "lln": 0.8},
        (1, 2, 3, 4),
        ("clinical_condition",),
    ),
    ({"term": "Anemia", "value": None, "unit": "g/L", "lln": 120}, (0, 1, 2, 3), ("value",)),
    ({"term": "Platelet count decreased", "value": "<30", "unit": "10^9/L", "lln": 125}, (3, 4), ("value",)),
    ({"term": "Hypercalcemia", "value": 1.7, "unit": "mmol/L", "uln": 1.3}, (1, 3), ("sub_test",)),
    (
        {"term": "INR increased", "value": 2, "unit": "1", "baseline": 0.7, "on_anticoagulation": None},
        (2, 3),
        ("on_anticoagulation",),
    ),
    (
        {"term": "Cardiac troponin T increased", "value": 5, "unit": "ng/mL", "uln": 1},
        (1, 3),
        ("mi_cutoff",),
    ),
]


@pytest.mark.parametrize(("inputs", "possible", "missing"), OPEN)
def test_what_a_grade_needs_and_nobody_knows_leaves_a_set(
    inputs: dict[str, object], possible: tuple[int, ...], missing: tuple[str, ...]
) -> None:
    graded = grade("ctcae-5.0", inputs)
    assert (graded.grade, graded.possible, graded.missing) == (None, possible, missing)


HOSTILE = [
    (
        {"term": "Platelet count decreased", "value": -1, "unit": "10^9/L"},
        "value: -1 is not a number of 0 or more",
    ),
    (
        {"term": "Platelet count decreased", "value": 30, "unit": "g/L"},
        "unit: 'g/L' does not fit Platelet count",
    ),
    ({"term": "Platelet count decreased", "value": 30, "unit": "bushels"}, "unit: 'bushels' does not fit"),
    ({"term": "Platelet count decreased", "value": 30}, "unit: Platelet count decreased is graded in"),
    (
        {"term": "Platelet count decreased", "value": "many", "unit": "10^9/L"},
        "value: 'many' is not a number",
    ),
    ({"term": "Platelet count decreased", "value": True, "unit": "10^9/L"}, "value: True is not a number"),
    ({"term": "Platelet count decreased", "value": float("nan"), "unit": "10^9/L"}, "value: "),
    ({"term": "Headache", "value": 3, "unit": "1"}, "term: 'Headache' is not a term that a value can grade"),
    ({"term": None, "value": 3}, "term: give the CTCAE term"),
    ({"term": "Anemia", "value": 80, "unit": "g/L", "colour": "red"}, "colour: not an input of ctcae-5.0"),
    ({"term": "Anemia", "value": 80, "unit": "g/L", "ctcae_version": "6.0"}, "ctcae_version: '6.0' beside"),
    ({"term": "Anemia", "value": 80, "unit": "g/L", "lln": 5, "uln": 1}, "lln: the lower limit of normal"),
    ({"term": "Anemia", "value": 80, "unit_system": "METRIC"}, "unit_system: 'METRIC' is not one of"),
    (
        {"term": "Lipase increased", "value": 9, "uln": 3, "clinical_condition": "?"},
        "clinical_condition: '?'",
    ),
    (
        {"term": "Hypercalcemia", "value": 3, "unit": "mmol/L", "sub_test": "total"},
        "sub_test: 'total' is not one",
    ),
    (
        {"term": "Ejection fraction decreased", "value": 120, "unit": "%"},
        "value: Ejection fraction decreased",
    ),
    (
        {"term": "Anemia", "value": 80, "unit": "g/L", "on_anticoagulation": "maybe"},
        "on_anticoagulation: 'maybe'",
    ),
    (
        {"term": "Proteinuria", "value": 2, "unit": "g/24h", "clinical_condition": "child"},
        "clinical_condition: ",
    ),
    ({"term": "Anemia", "value": "1e999999999", "unit": "g/L"}, "value: '1e999999999' is beyond anything"),
    ({"term": "Anemia", "value": 1e-300, "unit": "g/L"}, "value: 1e-300 is beyond anything"),
    ({"term": "Anemia", "value": "1_0", "unit": "g/dL"}, "value: '1_0' is not a number"),
    ({"term": "Anemia", "value": "<>80", "unit": "g/L"}, "value: '>80' is not a number"),
    ({"term": "Anemia", "value": "80 g/L", "unit": "g/L"}, "value: '80 g/L' is not a number"),
    ({"term": "Blood bilirubin increased", "value": 40, "uln": 0}, "uln: 0 is not a number above 0"),
    ({"term": "Anemia", "value": 80, "unit": "10^12/L"}, "unit: '10^12/L' does not fit Anemia"),
    ({"term": "Hypomagnesemia", "value": 1, "unit": "mEq/L"}, "unit: 'mEq/L' does not fit"),
]


@pytest.mark.parametrize(("inputs", "sentence"), HOSTILE)
def test_a_value_that_cannot_be_graded_is_refused_in_one_sentence(
    inputs: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        grade("ctcae-5.0", inputs)
    assert str(refused.value).startswith(sentence)


def test_a_refusal_is_said_in_the_readers_language() -> None:
    for scale, inputs in (("ctcae-5.0", HOSTILE[0][0]), ("tls", {"k": -1}), ("icaht", {"ice": 3})):
        with pytest.raises(InputError) as refused:
            grade(scale, inputs)
        assert refused.value.in_("zh") != refused.value.in_("en") == str(refused.value)


# How laboratories print the units of a count of neutrophils, and how many of them make 10^9/L.
COUNT_UNITS = {
    1: ("10^9/L", "10*9/L", "x10^9/L", "x 10^9/L", "10⁹/L", "10E9/L", "10^3/uL", "10^3/μL", "K/uL", "G/L"),
    1000: ("/uL", "/µL", "/μL", "cells/uL", "cells/mm3", "cells/mm^3", "/mm3", "10^6/L"),
}


@pytest.mark.parametrize(("many", "unit"), [(many, one) for many in COUNT_UNITS for one in COUNT_UNITS[many]])
def test_a_count_is_the_same_in_every_spelling_of_its_unit(many: int, unit: str) -> None:
    for value, expected in (("0.499", 4), ("0.5", 3), ("1.5", 1), ("1.8", 0)):
        lab = {"value": Decimal(value) * many, "unit": unit, "lln": Decimal("1.8") * many}
        assert grade("ctcae-5.0", lab | {"term": "Neutrophil count decreased"}).grade == expected


def test_an_equivalent_of_an_ion_of_one_charge_is_a_mole() -> None:
    assert grade("ctcae-5.0", {"term": "Hyperkalemia", "value": 5.6, "unit": "mEq/L", "uln": 5.1}).grade == 2


def test_a_bound_is_read_in_either_spelling() -> None:
    for text, expected in (
        ("<80", (3,)),
        ("< 80", (3,)),
        ("<=80", (2, 3)),
        ("≤80", (2, 3)),
        ("≥80", (0, 1, 2)),
    ):
        lab = {"term": "Anemia", "value": text, "unit": "g/L", "lln": 115}
        assert grade("ctcae-5.0", lab).grades == expected


def test_a_quantity_brings_its_unit_and_a_measured_bound_stays_a_bound() -> None:
    term = {"term": "Platelet count decreased", "lln": Quantity(125, "10^9/L")}
    assert grade("ctcae-5.0", term | {"value": Quantity(40000, "cells/uL")}).grade == 3
    assert grade("ctcae-5.0", term | {"value": Measured(60, "10^9/L", "<")}).grades == (2, 3, 4)


def test_no_baseline_on_file_is_normal_and_an_unknown_one_is_not() -> None:
    value = {"term": "Alanine aminotransferase increased", "value": 100, "unit": "U/L", "uln": 40}
    assert grade("ctcae-5.0", value).grade == 1
    assert grade("ctcae-5.0", value | {"baseline": None}).possible == (0, 1)


def test_the_same_neutrophils_are_grade_4_in_version_5_and_grade_3_in_version_6() -> None:
    value = {"term": "Neutrophil count decreased", "value": Decimal("0.3"), "unit": "10^9/L"}
    assert [grade(f"ctcae-{version}", value).grade for version in VERSIONS] == [4, 4, 3]


def test_every_line_has_a_term_a_unit_we_know_and_grades_its_term_has() -> None:
    for version in VERSIONS:
        for code in lab_terms(version):
            term = find_term(version, code)
            assert term is not None
            family_of(version, code)
            for line in lines_of(version, code):
                assert {one.grade for one in line.thresholds} <= set(term.grades), line
                assert not line.unit or ((unit := find_unit(line.unit)) and unit.name == line.unit), line


def test_terms_are_found_by_code_and_by_name_in_any_case() -> None:
    febrile = find_term("5.0", "10016288")
    assert febrile is not None
    assert febrile == find_term("5.0", "febrile NEUTROPENIA") == find_term("5.0", 10016288)
    assert (febrile.name, febrile.grades) == ("Febrile neutropenia", (3, 4, 5))
    assert find_term("5.0", "no such thing") is None
    assert find_term("4.03", "10083347") is None  # ICANS came with version 6.0
    assert [len(terms(version)) for version in VERSIONS] == [790, 837, 850]
    with pytest.raises(InputError, match="version: '7"):
        terms("7.0")


def test_our_own_wording_speaks_of_exactly_the_grades_that_exist() -> None:
    worded = 0
    for version in VERSIONS:
        for term in terms(version):
            found = [number for number in ctcae.GRADES if wording(version, term.code, number)]
            assert tuple(found) in ((), term.grades), term
            worded += bool(found)
    assert worded >= 30 * len(VERSIONS) - 10


def test_the_vocabulary_hash_covers_the_grading_data_and_no_words() -> None:
    assert len(vocabulary_hash()) == 64
    files = set(ctcae.data_files())
    assert files >= {"ctcae_labs.csv", "ctcae_conditions.toml", "ctcae_terms.csv", "scales.toml"}
    assert not files & {"messages.toml", "ctcae_wording.csv"}


BAD_TABLES = {
    "empty": "",
    "no such columns": "a,b\n1,2\n",
    "too few": "meddra_code,term,grade_1,grade_2,grade_3,grade_4,grade_5\n10002272,Anemia,a,b,c,d,e\n",
}


@pytest.mark.parametrize("kind", BAD_TABLES)
def test_a_file_that_is_not_a_ctcae_table_is_refused_and_nothing_is_written(
    kind: str, tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(BAD_TABLES[kind], encoding="utf-8")
    with pytest.raises(InputError, match=r"^file: table\.csv"):
        install_official("5.0", file, tmp_path / "installed")
    assert not (tmp_path / "installed").exists()


def test_a_workbook_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "book.xlsx"
    file.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match="save the workbook's sheet as CSV"):
        install_official("5.0", file, tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        install_official("5.0", tmp_path / "absent.csv", tmp_path)


def test_a_table_headed_as_the_workbook_is_heads_its_columns_can_be_installed(tmp_path: Path) -> None:
    heads = ["MedDRA Code", "MedDRA SOC", "CTCAE Term", *(f"Grade {number}" for number in ctcae.GRADES)]
    lines = [",".join(f'"{head}"' for head in heads)]
    for term in terms("5.0"):
        cells = [term.code, term.soc, term.name]
        cells += [f"official {number}" if number in term.grades else "" for number in ctcae.GRADES]
        lines.append(",".join(f'"{cell}"' for cell in cells))
    file = tmp_path / "sheet.csv"
    file.write_text("\n".join(lines), encoding="utf-8-sig")
    assert install_official("5.0", file, tmp_path).terms == len(terms("5.0"))
    found = wording("5.0", "10016288", 3, tmp_path)
    assert found == ctcae.Wording("official 3", official=True)
