"""The four page shapes and version 2 JSON, on invented records: the same trial said five ways."""

from __future__ import annotations

import json

import pytest

from protocyte.exchange.registry import Imported, import_record

PARAGRAPHS = """\
Anti-CD99 CAR-T Cells for R/R AML
An open-label phase 1 study of anti-CD99 CAR-T cells.
Relapsed or Refractory Acute Myeloid Leukemia
BIOLOGICAL: CD99 CAR-T cells
Dose-limiting toxicity (DLT), Any related grade 4 event, 28 days
Overall survival (OS), From infusion to death, 18 months|Overall response rate (ORR), CR or CRi, 3 months
Cyclophosphamide and fludarabine on days -5, -4 and -3. Levels are 2E5, 1E6 and 4E6 cells/kg in a 3+3 scheme.
"""
LABELS = """\
An open-label phase 1 study of CD99 CAR-T cells in relapsed or refractory acute myeloid leukemia.
Masking
NONE
Enrollment
24
Doses of 2x10^5, 1x10^6, 4x10^6 cells/kg are tested.
North Hospital
Springfield, Westland, Atlantis
RECRUITINGDose-limiting toxicity (DLT)
Any related grade 4 event
Time frame: 28 days
Overall survival (OS)
From infusion to death
Time frame: 18 months
Overall response rate (ORR)
CR or CRi
Time frame: 3 months
"""
DASHES = """\
CD99 CAR-T Cells in R/R Acute Myeloid Leukemia
- Registration Number
- NCT00000099
- Lead Sponsor
- North Hospital
- Brief Summary
A phase 1 study of CD99 CAR-T cells.
Recruitment & Eligibility
- Status
- RECRUITING
- Target Recruitment
- 24
-
Age 18 to 70 years.
-
ECOG 0-2
- Pregnant or breast-feeding
Study & Design
- Study Type
- INTERVENTIONAL
- Primary Outcome Measures
Name Time Method Dose-limiting toxicity (DLT) 28 days Any related grade 4 event
Overall survival (OS) 18 months From infusion to death
Overall response rate (ORR) 3 months CR or CRi
Trial Locations
- Locations (1)
North Hospital
Springfield, Westland, Atlantis
"""
MEDPATH = """\
MedPath

CD99 CAR-T Cells in R/R Acute Myeloid Leukemia

Phase 1
Recruiting
Registration Number
NCT00000099
Target Recruitment
24
Interventions
Biological: CD99 CAR-T cells
Inclusion Criteria
  1. Ages: 18 to 70 years;
  2. One of:
    1. two earlier lines;
    2. relapse.
Exclusion Criteria
  1. Pregnant or breast-feeding;

Study & Design
Primary Outcome Measures
NameTimeMethod
Dose-limiting toxicity (DLT)28 days

Any related grade 4 event

Overall survival (OS)18 months

From infusion to death

Overall response rate (ORR)3 months

CR or CRi
"""
V2 = json.dumps(
    {
        "protocolSection": {
            "identificationModule": {
                "nctId": "NCT00000099",
                "briefTitle": "CD99 CAR-T in R/R Acute Myeloid Leukemia",
            },
            "designModule": {"phases": ["PHASE1"], "enrollmentInfo": {"count": 24}},
            "armsInterventionsModule": {"interventions": [{"name": "CD99 CAR-T cells"}]},
            "outcomesModule": {
                "primaryOutcomes": [
                    {"measure": "Dose-limiting toxicity", "description": "Grade 4", "timeFrame": "28 days"}
                ],
                "secondaryOutcomes": [
                    {
                        "measure": "Overall survival",
                        "description": "From infusion to death",
                        "timeFrame": "18 months",
                    },
                    {"measure": "Overall response rate", "description": "CR or CRi", "timeFrame": "3 months"},
                ],
            },
            "eligibilityModule": {
                "eligibilityCriteria": "Inclusion Criteria:\n\n* ECOG 0-2\n\nExclusion Criteria:\n\n* Pregnancy",
                "minimumAge": "18 Years",
            },
        }
    },
    indent=1,
)
SHAPES = {"paragraphs": PARAGRAPHS, "labels": LABELS, "dashes": DASHES, "medpath": MEDPATH, "ctgov-v2": V2}


def imported(text: str) -> Imported:
    found = import_record(text.encode(), "record.txt")
    assert isinstance(found, Imported)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_shape_is_recognised_by_its_content(shape: str) -> None:
    assert imported(SHAPES[shape]).shape == shape


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_trial(shape: str) -> None:
    found = imported(SHAPES[shape])

    assert found.draft["phase"] == "1"
    assert found.draft["product"]["antigen"] == "CD99"
    assert found.draft["product"]["kind"] == "CAR-T"
    assert found.draft["diseases"]["aml"]["diagnoses"] == ["AML"]
    assert found.draft["dlt"]["days"] == "28"
    ends = found.draft["endpoints"]
    assert ends["os"]["operational"] == {"origin": "infusion", "events": ["death"], "landmarks": ["18 mo"]}
    assert (ends["orr"]["responses"], ends["orr"]["by"]) == (["CR", "CRi"], "3 mo")


@pytest.mark.parametrize("shape", ["labels", "dashes", "medpath", "ctgov-v2"])
def test_a_labelled_size_is_the_planned_number(shape: str) -> None:
    assert imported(SHAPES[shape]).draft["planned_subjects"] == "24"


@pytest.mark.parametrize("shape", ["paragraphs", "labels"])
def test_dose_levels_are_a_ladder(shape: str) -> None:
    ladder = imported(SHAPES[shape]).draft["ladder"]
    assert ladder == {"DL1": "2e5 cells/kg", "DL2": "1e6 cells/kg", "DL3": "4e6 cells/kg"}


def test_lymphodepletion_days_belong_to_every_agent_of_the_list() -> None:
    plan = imported(PARAGRAPHS).draft["lymphodepletion"]
    assert plan["agents"] == {
        "cyclophosphamide": {"days": ["-5", "-4", "-3"]},
        "fludarabine": {"days": ["-5", "-4", "-3"]},
    }


def test_roles_are_taken_where_the_page_tells_them_and_are_gaps_where_not() -> None:
    assert imported(MEDPATH).draft["endpoints"]["os"]["role"] == "primary"
    assert imported(PARAGRAPHS).draft["endpoints"]["os"]["role"] == "secondary"
    assert "endpoints.*.role" in {gap.path for gap in imported(LABELS).gaps}


def test_two_lists_without_headings_are_read_in_order_and_say_so() -> None:
    found = imported(DASHES)
    kinds = {key: value["kind"] for key, value in found.draft["eligibility"].items()}

    assert kinds == {"inclusion-01": "inclusion", "inclusion-02": "inclusion", "exclusion-01": "exclusion"}
    assert "exchange.gap_criteria_by_order" in {gap.why.key for gap in found.gaps}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("old", "new"), [("\n", "\r\n"), ("\n", "\r"), (" ", "\t"), (" ", "\u00a0"), ("\n", "\n\n")]
)
def test_line_ends_tabs_and_hard_blanks_change_no_fact(shape: str, old: str, new: str) -> None:
    text = SHAPES[shape]
    if shape == "json":
        pytest.skip("JSON has its own blanks")
    same = import_record(text.replace(old, new).encode(), "record.txt")
    plain = import_record(text.encode(), "record.txt")
    assert isinstance(same, Imported)
    assert isinstance(plain, Imported)
    assert [(fact.path, fact.value) for fact in same.facts] == [(f.path, f.value) for f in plain.facts]
    marks = ("registered",)
    assert {k: v for k, v in same.draft.items() if k not in marks} == {
        k: v for k, v in plain.draft.items() if k not in marks
    }


def test_what_is_no_registration_number_no_house_and_no_product_is_not_taken_for_one() -> None:
    page = DASHES.replace("NCT00000099", "Recruitment & Eligibility").replace(
        "CD99 CAR-T Cells in", "START of CD99 T Cells in"
    )
    found = import_record(page.encode(), "record.txt")
    assert isinstance(found, Imported)
    assert "registry" not in found.draft
    assert found.draft["product"].get("kind") != "STAR-T"
    moved = LABELS.replace("North Hospital\n", "")
    found = import_record(moved.encode(), "record.txt")
    assert isinstance(found, Imported)
    assert "sites" not in found.draft
    assert "sites_unpaired" in {gap.why.key.removeprefix("exchange.gap_") for gap in found.gaps}


def test_what_follows_the_last_place_is_no_site_and_one_site_named_twice_is_one() -> None:
    page = DASHES + "North Hospital\nSpringfield, Westland, Atlantis\nFunding: a foundation\n"
    found = import_record(page.encode(), "record.txt")
    assert isinstance(found, Imported)
    (site,) = found.draft["sites"].values()  # named twice, and still one
    assert site["place"]["en"] == "North Hospital, Springfield, Westland, Atlantis"


def test_a_nested_list_belongs_to_its_criterion() -> None:
    criteria = imported(MEDPATH).draft["eligibility"]
    assert list(criteria) == ["inclusion-01", "inclusion-02", "exclusion-01"]
    assert criteria["inclusion-02"]["text"]["en"].endswith("2. relapse.")


def test_ages_kept_in_their_own_field_are_a_rule() -> None:
    assert imported(V2).draft["eligibility"]["min-age"]["rule"] == "age >= 18 y"


def test_a_status_glued_to_an_outcome_is_cut_off() -> None:
    assert imported(LABELS).values("record.status") == ("RECRUITING",)
