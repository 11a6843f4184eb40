"""What is placed, and what is only flagged because it can be read in two ways."""

from __future__ import annotations

import pytest

from protocyte.exchange.registry import Imported, import_record
from protocyte.rules.parse import parse_rule
from protocyte.rules.rule import Rule

DOSES = [
    # text, ladder values or None, gap if none
    ("Levels of 1E6, 3E6 and 1E7 cells/kg.", ["1e6 cells/kg", "3e6 cells/kg", "1e7 cells/kg"], None),
    (
        r"Level one: 3×10\^6 cells/kg; level two: 6×10\^6 cells/kg.",
        ["3e6 cells/kg", "6e6 cells/kg"],
        None,
    ),
    ("Doses are 5*10^5/kg and 1x10⁶/kg.", ["5e5 cells/kg", "1e6 cells/kg"], None),
    ("A dose from 1×105 to 1×107 /kg.", None, "gap_dose_two_readings"),
    ("A dose of 1x10e6 cells/kg.", None, "gap_dose_two_readings"),
    (r"An infusion of (2-8)x10\^6 cells/kg.", None, "gap_dose_range"),
    ("A dose of 2x10^6/kg-1x10^7/kg.", None, "gap_dose_range"),
    ("One dose of 1x10^6 cells/kg.", None, "gap_dose_single"),
    ("A first dose of 1x10^7 cells and a possible second dose of 4x10^8 cells.", None, "gap_doses_named"),
    ("Levels of 3E6, 1E6 cells/kg.", None, "gap_ladder_unclear"),
    (r"Neutrophils >0.5x 10\^9/L and platelets >50x10\^9/L.", None, None),
]


def imported(text: str) -> Imported:
    found = import_record(text.encode(), "record.txt")
    assert isinstance(found, Imported)
    return found


def reasons(found: Imported) -> set[str]:
    return {gap.why.key.removeprefix("exchange.") for gap in found.gaps if not gap.missing}


@pytest.mark.parametrize(("text", "ladder", "gap"), DOSES, ids=[row[0][:40] for row in DOSES])
def test_a_dose_is_placed_only_where_it_has_one_reading(
    text: str, ladder: list[str] | None, gap: str | None
) -> None:
    found = imported(f"Some title\n{text}\n")

    assert list(found.draft.get("ladder", {}).values()) == (ladder or [])
    assert (gap in reasons(found)) if gap else not reasons(found)
    assert ("ladder" in {one.path for one in found.gaps if one.missing}) is (ladder is None)


def test_a_lost_superscript_is_told_with_both_readings() -> None:
    gap = next(
        gap for gap in imported("T\nA dose of 1×105 cells/kg.\n").gaps if gap.why.key.endswith("two_readings")
    )
    assert (gap.why.params["first"], gap.why.params["second"]) == ("1e5 cells/kg", "105 cells/kg")
    assert gap.line == 2


PROSE = [
    ("Split infusion of the dose.", "dosing.scheme", "split", "gap_fractions"),
    ("Each subject starts low and gets the next dose.", "dosing.scheme", "intra_subject", "gap_climb"),
    ('A "3+3" scheme.', "parts.escalation.design.design", "three_plus_three", "gap_three_plus_three"),
    ("Twelve subjects are treated at the recommended dose.", "parts.expansion.subjects", "12", None),
    ("Events are graded by CTCAE v5.0.", "scales.ae", "ctcae-5.0", None),
    ("Events are graded by CTCAE.", None, None, "gap_ctcae_version"),
    ("Universal CAR-T cells serve where autologous CAR-T is not possible.", "product.origin", "allogeneic", None),
    ("Autologous CAR-T cells are used.", "product.origin", "autologous", None),
    ("A phase II study.", None, None, "gap_phase_outside"),
    ("A phase I/II study.", "phase", "1/2", None),
    ("A 4-day lymphodepletion precedes it.", None, None, "gap_agents_unnamed"),
    ("Cyclophosphamide 300 mg/m2 and fludarabine 30 mg/m2 chemotherapy on day -5 to -3.",
     "lymphodepletion.agents.cyclophosphamide.dose", "300 mg/m2", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "gap"), PROSE, ids=[row[0][:40] for row in PROSE])
def test_running_text_is_placed_or_flagged(
    text: str, path: str | None, value: str | None, gap: str | None
) -> None:
    found = imported(f"Some title\n{text}\n")

    if path is not None:
        assert found.values(path)[:1] == (value,)
    if gap is not None:
        assert gap in reasons(found)


CRITERIA = [
    ("Ages: 3 to 70 years;", "age >= 3 y and age <= 70 y", None),
    ("KPS ≥ 50;", "kps >= 50", None),
    ("ECOG score 0-2 (ECOG standard)", "ecog <= 2", None),
    ("LVEF at least 45%;", "lvef >= 45 %", None),
    ("Adequate lung function defined as oxygen saturation on room air ≥ 93 %;", "spo2 >= 93 %", None),
    ("Life expectancy of at least 3 months", "expected_survival >= 3 mo", None),
    ("Adequate hepatic function defined by ALT/AST<3 x ULN and bilirubin≤30μmol/L;",
     "alt < 3 ULN and ast < 3 ULN and bilirubin <= 30 umol/L", None),
    ("Creatinine clearance > 70 mL/min", "creatinine_clearance > 70 mL/min", None),
    ("Creatinine clearance below: <150 umol/L", None, "gap_clearance_unit"),
    ("Older than 15 years and younger than 60 years", None, "gap_age_open"),
    ("Echocardiography confirmed pericardial effusion", None, "gap_negation"),
    ("LVEF ≥ 50 % and no arrhythmia", None, None),
    ("Contraception until 6 months after completing XY77 treatment", None, "gap_foreign_product"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "gap"), CRITERIA, ids=[row[0][:40] for row in CRITERIA])
def test_a_rule_is_proposed_only_if_it_says_the_whole_criterion(
    text: str, rule: str | None, gap: str | None
) -> None:
    found = imported(f"Inclusion Criteria\n1. {text}\nExclusion Criteria\n1. Pregnancy\n")
    criterion = found.draft["eligibility"]["inclusion-01"]

    assert criterion["text"]["en"] == text
    assert criterion.get("rule") == rule
    assert rule is None or isinstance(parse_rule(rule), Rule)
    assert (gap in reasons(found)) if gap else not reasons(found)


CLOCKS = [
    ("Overall survival", "from enrollment to death from any cause", "enrolment", ["death"], None),
    ("Overall survival", "from randomization to death", None, ["death"], "gap_origin_randomised"),
    (
        "Overall survival",
        "from infusion to death or last follow-up",
        "infusion",
        ["death"],
        "gap_event_follow_up",
    ),
    ("Overall survival", "from infusion to death (censored)", "infusion", ["death"], "gap_event_censored"),
    (
        "Duration of response",
        "from infusion to progression",
        "infusion",
        ["progression"],
        "gap_dor_from_infusion",
    ),
    ("Duration of response", "from first CR to relapse or death", "response", ["death", "relapse"], None),
    (
        "Cumulative incidence of relapse",
        "from remission to relapse",
        "remission",
        ["relapse"],
        "gap_competing",
    ),
    ("Event-free survival", "", None, [], "gap_endpoint_name_only"),
]


@pytest.mark.parametrize(
    ("measure", "text", "origin", "events", "gap"), CLOCKS, ids=[row[1] for row in CLOCKS]
)
def test_a_clock_is_read_from_its_description(
    measure: str, text: str, origin: str | None, events: list[str], gap: str | None
) -> None:
    found = imported("\n".join(line for line in (measure, text, "Time frame: 2 years") if line))
    operational = next(iter(found.draft["endpoints"].values()))["operational"]

    assert operational.get("origin") == origin
    assert operational.get("events", []) == events
    assert operational["landmarks"] == ["2 y"]
    assert gap is None or gap in reasons(found)
