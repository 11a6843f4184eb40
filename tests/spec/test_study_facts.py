"""Which facts the rules of a study may name."""

from __future__ import annotations

import re

import pytest

from protocyte.records import FORMS
from protocyte.study import Loaded, Study, find_study, load_study, read_study
from protocyte.study.fact_table import fact_rows, fact_sources
from protocyte.study.facts import ANCHORS, dlt_scope, eligibility_scope, own_facts, response_scope


def study(name: str = "lstcar019") -> Study:
    loaded = load_study(find_study(name))
    assert isinstance(loaded, Loaded)
    return loaded.study


# fact                        eligibility  DLT   response
SCOPES = """
ecog                          | yes | no  | no
anc                           | yes | no  | yes
extramedullary_disease        | yes | no  | yes
crs                           | no  | yes | no
organ_toxicity_beyond_7d      | no  | yes | no
blasts                        | no  | no  | yes
baseline_blasts               | no  | no  | yes
consent                       | yes | yes | yes
lymphodepletion               | yes | yes | yes
infusion                      | yes | yes | yes
half_life                     | yes | no  | no
"""


@pytest.mark.parametrize("row", SCOPES.strip().splitlines())
def test_a_fact_is_in_the_scopes_it_belongs_to(row: str) -> None:
    name, *expected = (cell.strip() for cell in row.split("|"))
    scopes = (eligibility_scope(study()), dlt_scope(study()), response_scope(study()))
    assert ["yes" if name in scope else "no" for scope in scopes] == expected


def test_diagnoses_are_the_studys_own() -> None:
    assert set(eligibility_scope(study("cd7-cart"))["diagnosis"].codes) == {"AML", "T-ALL", "B-ALL", "MPAL"}
    assert set(response_scope(study("lilrb4-start"))["disease"].codes) == {"AML", "CMML"}


def test_a_study_may_have_facts_of_its_own() -> None:
    fact = eligibility_scope(study("cd123-cart"))["last_remission_duration"]
    assert (fact.kind, fact.unit, fact.series) == ("quantity", "mo", True)
    assert (
        fact_sources(study("cd123-cart"))["last_remission_duration"] == "examination:last_remission_duration"
    )


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("anc", "kind: number"),
        ("infusion", "kind: flag"),
        ("unless", "kind: flag"),
        ("density", "kind: quantity"),
    ],
)
def test_a_fact_that_cannot_be_one_is_a_problem(name: str, field: str) -> None:
    own = f"facts:\n  {name}: {{source: labs, item: x, {field}, label: {{en: x, zh: x}}}}\n\nschedule:"
    text = find_study("lstcar019").read_text(encoding="utf-8").replace("\nschedule:", f"\n{own}", 1)
    found = read_study(text.encode())
    assert isinstance(found, tuple)
    assert "facts.name" in {problem.rule for problem in found}


def test_loaded_studies_have_no_fact_that_cannot_be_one() -> None:
    assert own_facts(study("cd123-cart"))[1] == {}


def test_every_listed_fact_is_named_once_in_two_languages_and_held_by_a_form() -> None:
    rows = fact_rows()
    assert len({row.name for row in rows} | {anchor.name for anchor in ANCHORS}) == len(rows) + len(ANCHORS)
    for row in rows:
        assert row.en
        assert row.zh
        assert re.fullmatch(r"[edr]+", row.scope), row
        form, _, item = row.source.partition(":")
        assert form == "derived" or (form in FORMS and item), row
