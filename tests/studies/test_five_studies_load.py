"""The five studies hold what their public records say, mark what these do not say, and check clean."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from protocyte.base import Quantity
from protocyte.designs import IntraSubject, SafetyRunIn, ThreePlusThree
from protocyte.rules import FactTable, Observation, Observations, Rule, evaluate, parse_rule
from protocyte.study import Loaded, Study, find_study, load_study, shelf
from protocyte.study.checks.rules import dlt_rules, dosing_rules, eligibility_rules, response_rules
from protocyte.study.provenance import provenance_of, read_marks, unstated_leaves
from reference_folder import reference_file

IDS = ["cd123-cart", "cd7-cart", "cll1-cart", "lilrb4-start", "lstcar019"]


@cache
def loaded(name: str) -> Loaded:
    result = load_study(find_study(name))
    assert isinstance(result, Loaded), [problem.sentence() for problem in result]
    return result


def study(name: str) -> Study:
    return loaded(name).study


def test_the_shelf_holds_the_five() -> None:
    assert [name for name, _ in shelf()] == IDS


@pytest.mark.parametrize("name", IDS)
def test_a_study_is_named_for_its_file(name: str) -> None:
    assert study(name).study == name


# Each of these is something the record says and the file keeps, to be seen by whoever reads it.
MEANT = {
    "cd7-cart": [
        ("eligibility.windows", "eligibility.cardiac_event.rule"),
        ("eligibility.windows", "eligibility.malignancy_in_2_years.rule"),
        ("response.equality_gap", "response.criteria.registered.categories"),
        ("response.equality_gap", "response.criteria.registered-adequate.categories"),
        ("endpoint.twin", "endpoints.pfs.operational"),
    ],
    "cll1-cart": [
        ("response.equality_gap", "response.criteria.registered.categories"),
        ("response.equality_gap", "response.criteria.registered-adequate.categories"),
    ],
}


@pytest.mark.parametrize("name", IDS)
def test_a_study_has_no_error_and_only_the_warnings_that_are_meant(name: str) -> None:
    found = [(problem.rule, problem.place.path) for problem in loaded(name).problems]
    assert found == MEANT.get(name, [])


@pytest.mark.parametrize("name", IDS)
def test_every_statement_is_registered_assumed_or_a_departure(name: str) -> None:
    document = loaded(name).document
    assert unstated_leaves(document.tree) == []
    marks = read_marks(document.tree)
    assert {mark.mark for mark in marks.values()} >= {"registered", "assumed"}
    assert all(mark.why for mark in marks.values())


@pytest.mark.parametrize("name", IDS)
def test_every_rule_is_read_and_written_back_the_same(name: str) -> None:
    rules = [
        at for of in (eligibility_rules, dlt_rules, dosing_rules, response_rules) for at in of(study(name))
    ]
    assert len(rules) > 15
    for at in rules:
        rule = parse_rule(at.text)
        assert isinstance(rule, Rule)
        assert parse_rule(rule.text) == rule


def doses(name: str) -> list[str]:
    return [str(dose) for dose in study(name).ladder.values()]


def why(name: str, path: str) -> str:
    return provenance_of(path, read_marks(loaded(name).document.tree)).mark


# -- what is particular of each, from the public records (DOMAIN, "What each record holds") --------------


def test_lilrb4_has_four_levels_and_its_lymphodepletion_days() -> None:
    one = study("lilrb4-start")
    assert doses("lilrb4-start") == ["1e6 cells/kg", "3e6 cells/kg", "6e6 cells/kg", "1e7 cells/kg"]
    assert one.lymphodepletion.days == (-5, -4, -3)
    assert set(one.lymphodepletion.agents) == {"cyclophosphamide", "fludarabine"}
    assert why("lilrb4-start", "lymphodepletion.days") == "registered"
    assert why("lilrb4-start", "lymphodepletion.agents.fludarabine.dose") == "assumed"
    assert set(one.diseases) == {"aml", "cmml"}
    assert one.response.companions["cmml"] == ("cmml-mdsmpn2015",)
    assert "red_cell_independent" in one.response.criteria["registered"].categories["CR"]
    assert {"dlt", "ae", "sae", "crs", "icans"} == {
        name for name, endpoint in one.endpoints.items() if endpoint.role == "primary"
    }
    assert {"orr", "dor", "os", "rfs", "efs", "pk", "pd", "ada"} <= set(one.endpoints)
    assert why("lilrb4-start", "dlt.days") == "assumed"


def test_cll1_splits_its_dose_and_counts_from_enrolment() -> None:
    one = study("cll1-cart")
    assert one.phase == "1/2"
    assert one.planned_subjects == 20
    assert doses("cll1-cart") == ["5e6 cells/kg", "1e7 cells/kg", "2e7 cells/kg"]
    assert [(part.day, str(part.share)) for part in one.dosing.fractions] == [
        (0, "10 %"), (1, "30 %"), (2, "60 %")
    ]  # fmt: skip
    assert why("cll1-cart", "dosing.fractions") == "assumed"
    assert one.dlt.window_to == "last_infusion"
    assert one.scales.ae == "ctcae-5.0"
    assert one.response.responses == ("CR", "CRi", "MLFS", "PR")
    for name in ("os", "efs"):
        endpoint = one.endpoints[name]
        assert endpoint.kind == "time_to_event"
        assert endpoint.operational.origin == "enrolment"
    cir = one.endpoints["cir"]
    assert cir.kind == "time_to_event"
    assert (cir.operational.origin, cir.operational.competing) == ("remission", ("death",))
    assert why("cll1-cart", "endpoints.cir.operational.competing") == "assumed"


def test_cd7_climbs_within_the_subject_by_steps_of_ten() -> None:
    one = study("cd7-cart")
    assert one.planned_subjects == 200
    assert doses("cd7-cart") == ["1e5 cells/kg", "1e6 cells/kg", "1e7 cells/kg", "1e8 cells/kg"]
    assert one.dosing.scheme == "intra_subject"
    assert isinstance(one.parts["escalation"].design, IntraSubject)
    assert one.scales.ae == "ctcae-4.03"
    assert one.eligibility["age"].rule == "age >= 15 y and age <= 64 y"
    dor = one.endpoints["dor"]
    assert dor.kind == "time_to_event"
    assert dor.companion is not None
    assert (dor.operational.origin, dor.companion.origin) == ("infusion", "response")
    os = one.endpoints["os"]
    assert os.kind == "time_to_event"
    assert [str(time) for time in os.operational.landmarks] == ["12 mo", "24 mo", "36 mo", "48 mo", "60 mo"]
    assert one.follow_up.until == Quantity(60, "mo")
    assert why("cd7-cart", "endpoints.os.operational.events") == "departs"


def test_cd123_has_one_assumed_level_with_a_run_in() -> None:
    one = study("cd123-cart")
    assert (one.phase, one.planned_subjects, len(one.ladder)) == ("1", 45, 1)
    assert why("cd123-cart", "ladder.DL1") == "assumed"
    run_in = one.parts["run_in"].design
    assert isinstance(run_in, SafetyRunIn)
    assert run_in.subjects == 6
    assert one.response.primary == {"aml": "aml-nccn"}
    kinetics = {(assay.matrix, assay.assay) for assay in one.kinetics.values() if assay.role == "kinetics"}
    assert kinetics == {("blood", "flow"), ("blood", "qpcr"), ("marrow", "flow"), ("marrow", "qpcr")}
    assert one.kinetics["cd123_marrow"].role == "pharmacodynamics"
    assert one.eligibility["kidney"].rule == "creatinine < 220 umol/L"
    assert why("cd123-cart", "eligibility.kidney.rule") == "departs"
    registered = [name for name in one.eligibility if name not in ("rescue_graft",)]
    assert len(registered) == 25  # 15 + 7 in the record, of which compound ones are split in two


def test_lstcar019_is_three_plus_three_with_twelve_more() -> None:
    one = study("lstcar019")
    assert doses("lstcar019") == ["1e6 cells/kg", "2e6 cells/kg", "5e6 cells/kg"]
    design = one.parts["escalation"].design
    assert isinstance(design, ThreePlusThree)
    assert design.variant == "korn_six_at_top"
    assert (one.parts["expansion"].dose, one.parts["expansion"].subjects) == ("recommended", 12)
    assert one.product.origin == "allogeneic"
    assert one.dlt.days == 28
    assert set(one.dlt.criteria) == {"neurotoxicity", "crs", "gvhd"}
    assert why("lstcar019", "dlt.criteria.gvhd.when") == "assumed"
    orr = one.endpoints["orr"]
    assert orr.kind == "response_rate"
    assert [str(time) for time in orr.at] == ["4 wk", "8 wk", "12 wk"]
    assert why("lstcar019", "endpoints.os.operational.origin") == "departs"


@pytest.mark.parametrize("name", IDS)
def test_gene_modified_cells_are_followed_for_fifteen_years(name: str) -> None:
    assert study(name).follow_up.long_term == Quantity(15, "y")


@pytest.mark.parametrize(("name", "rules", "judgements"), [("cd7-cart", 38, 2), ("cd123-cart", 21, 5)])
def test_every_registered_criterion_is_a_rule_or_a_declared_judgement(
    name: str, rules: int, judgements: int
) -> None:
    criteria = study(name).eligibility.values()
    assert sum(criterion.rule is not None for criterion in criteria) == rules
    assert sum(criterion.judgement for criterion in criteria) == judgements


# -- literal response definitions on worked assessments ---------------------------------------------------


def read_reference(relative: str) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(reference_file(relative).read_text(encoding="utf-8")))


def respond(name: str, criteria: str, case: dict[str, object]) -> str:
    """The first category whose rule is met, as the study file states them."""
    facts = FactTable(
        {fact: Observations((Observation(value),)) for fact, value in case.items()},  # type: ignore[arg-type]
        baselines={},
    )
    definition = study(name).response.criteria[criteria]
    for label, text in definition.categories.items():
        rule = parse_rule(text)
        assert isinstance(rule, Rule)
        if evaluate(rule, facts).outcome == "met":
            return label
    return definition.otherwise


def assessment(given: dict[str, object]) -> dict[str, object]:
    def quantity(key: str, unit: str) -> Quantity:
        return Quantity(Decimal(str(given[key])), unit)

    return {
        "blasts": quantity("bm", "%"),
        "baseline_blasts": quantity("bm0", "%"),
        "circulating_blasts": given["pb"],
        "extramedullary_disease": given["emd"],
        "auer_rods": given["auer"],
        "anc": quantity("anc", "10^9/L"),
        "platelets": quantity("plt", "10^9/L"),
        "red_cell_independent": given["rbc_ti"],
    }


@pytest.mark.reference
def test_registered_definitions_answer_the_worked_examples_to_the_letter() -> None:
    rows = read_reference("response/response_examples.yaml")
    tried = 0
    for row in rows["examples"]:
        expected = str(row["seed_001_002"]).split()[0].replace("none", "NR")
        for name in ("cll1-cart", "cd7-cart"):
            assert respond(name, "registered", assessment(row["in"])) == expected, (name, row)
            tried += 1
        if "seed_000" in row:
            said = respond("lilrb4-start", "registered", assessment(row["in"]))
            assert (said == "CR") is (not row["seed_000"].startswith("not")), row
            tried += 1
    print(f"{tried} answers to {len(rows['examples'])} worked examples")
    assert tried >= 2 * len(rows["examples"]) > 0


@pytest.mark.reference
def test_ladders_equal_the_doses_read_from_the_records() -> None:
    read = read_reference("dlt/dlt_definitions.yaml")["seeds"]
    for seed, name in (("000", "lilrb4-start"), ("004", "lstcar019")):
        assert read[seed]["levels"] == len(study(name).ladder)
        for dose in study(name).ladder.values():
            assert any(
                Decimal(word) == dose.value
                for word in read[seed]["doses"].replace(",", " ").split()
                if word[:1].isdigit() and "e" in word
            )
    print("2 ladders of 7 levels")
