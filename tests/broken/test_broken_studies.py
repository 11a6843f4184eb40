"""Broken study files: each gives problems at the right line, under the right name, and never a traceback.

A case is the LstCAR019 study with one piece of its text replaced; `at` is the text on whose line the problem
must lie (default: the replacement's first line).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from protocyte.base import Problem
from protocyte.study import Loaded, find_study, load_study, read_study

GOOD = find_study("lstcar019").read_text(encoding="utf-8")


class Broken(NamedTuple):
    name: str
    old: str
    new: str
    rule: str
    at: str = ""


CASES = [
    # unknown, missing and misplaced fields
    Broken("a misspelt field", "dlt:\n  days: 28", "dlt:\n  dayz: 28\n  days: 28", "field.unknown", "dayz"),
    Broken("a field at the top that nobody knows", "phase:", "sponsor: somebody\nphase:", "field.unknown"),
    Broken("no DLT window", "dlt:\n  days: 28\n", "dlt:\n", "field.missing", "dlt:"),
    Broken("no unit in a dose", "DL2: 2e6 cells/kg", "DL2: 2e6", "quantity.dimension"),
    Broken("a wrong unit in a dose", "DL2: 2e6 cells/kg", "DL2: 2e6 mg/kg", "quantity.dimension"),
    Broken("a unit nobody knows", "DL2: 2e6 cells/kg", "DL2: 2e6 clls/kg", "field.unit"),
    Broken("a negative dose", "DL1: 1e6 cells/kg", "DL1: -1e6 cells/kg", "quantity.not_positive"),
    Broken("not a number", "DL1: 1e6 cells/kg", "DL1: NaN cells/kg", "field.quantity"),
    Broken("infinity", "DL1: 1e6 cells/kg", "DL1: .inf cells/kg", "field.quantity"),
    Broken("lost superscripts", "DL1: 1e6 cells/kg", "DL1: 1×106 cells/kg", "field.unit"),
    Broken(
        "a number as long as an attack",
        "planned_subjects: 30",
        "planned_subjects: " + "9" * 5000,
        "document.number",
    ),
    Broken(
        "an exponent as large as an attack",
        "DL1: 1e6 cells/kg",
        "DL1: 1e-99999999 cells/kg",
        "document.number",
    ),
    # wrong types
    Broken("text where a count belongs", "subjects: 12", "subjects: twelve", "field.number"),
    Broken("half a subject", "subjects: 12", "subjects: 12.5", "field.number"),
    Broken("1E6 is a number but no count of subjects", "subjects: 12", "subjects: 1E6", "field.number"),
    Broken("NO is a word", "replace: true", "replace: NO", "field.flag"),
    Broken("yes is a word", "replace: true", "replace: yes", "field.flag"),
    Broken(
        "a map where a list belongs",
        "days: [-5, -4, -3]\n  infusion",
        "days: {a: -5}\n  infusion",
        "field.list",
    ),
    Broken(
        "a list where a map belongs",
        "scales:\n  ae: ctcae-5.0\n  crs: astct-crs\n  icans: astct-icans\n  gvhd: magic\n",
        "scales: [ctcae-5.0]\n",
        "field.map",
    ),
    Broken(
        "a text where a map belongs",
        "follow_up:\n  until: 12 mo\n  contact_every: 3 mo\n  long_term: 15 y\n",
        "follow_up: one year\n",
        "field.map",
    ),
    Broken("a date that is none", "effective: 2026-01-01", "effective: 2026-13-01", "field.date"),
    Broken("a word that is none of the allowed", "origin: allogeneic", "origin: donor", "field.word"),
    Broken("a scale with a version there is not", "ae: ctcae-5.0", "ae: ctcae-5.1", "field.word"),
    Broken(
        "a design nobody knows",
        "design: three_plus_three",
        "design: three_plus_two",
        "field.kind",
        "design:\n      design",
    ),
    Broken("an id that is no id", "study: lstcar019", "study: LstCAR 019", "field.name"),
    # the ladder and its designs
    Broken("a ladder that falls", "DL2: 2e6 cells/kg", "DL2: 5e5 cells/kg", "ladder.order"),
    Broken("a ladder that rests", "DL3: 5e6 cells/kg", "DL3: 2e6 cells/kg", "ladder.order"),
    Broken("two units in one ladder", "DL3: 5e6 cells/kg", "DL3: 5e8 cells", "ladder.unit"),
    Broken("a start that is no level", "start: DL1", "start: DL7", "field.number"),
    Broken("a start above the ladder", "start: DL1", "start: 7", "design.start"),
    Broken("an expansion at no level", "dose: recommended", "dose: DL4", "part.dose"),
    Broken(
        "an escalation without a design",
        "    design:\n      design: three_plus_three\n      variant: korn_six_at_top\n      start: DL1\n",
        "",
        "part.escalation",
        "  escalation:",
    ),
    Broken(
        "fractions without a split dose",
        "  weight_within: 7 d",
        "  weight_within: 7 d\n  fractions: [{day: 0, share: 100 %}]",
        "dosing.fractions",
        "dosing:",
    ),
    # rules
    Broken("a fact nobody knows", "rule: ecog <= 2", "rule: egoc <= 2", "rules.unknown_name"),
    Broken(
        "a unit that does not fit",
        "rule: creatinine_clearance >= 50 mL/min",
        "rule: creatinine_clearance < 220 umol/L",
        "rules.clearance_unit",
    ),
    Broken("a rule that ends early", "rule: ecog <= 2", "rule: ecog <=", "rules.ends_early"),
    Broken("a comment in a rule", "rule: ecog <= 2", "rule: ecog <= 2 # or 3", "rule.comment"),
    Broken("a sign in a rule that has no meaning", "rule: ecog <= 2", "rule: ecog § 2", "rules.character"),
    Broken(
        "a contradiction in a rule", "rule: ecog <= 2", "rule: ecog <= 2 and ecog > 3", "rules.contradiction"
    ),
    Broken(
        "a quantity without a unit",
        "rule: age >= 18 y and age <= 70 y",
        "rule: age >= 18 and age <= 70 y",
        "rules.unit_missing",
    ),
    Broken(
        "a DLT rule about what only eligibility knows",
        "when: crs >= 3",
        "when: ecog >= 3",
        "rules.unknown_name",
    ),
    Broken(
        "a diagnosis the study does not have",
        "rule: diagnosis in [B-ALL]",
        "rule: diagnosis in [AML]",
        "rules.unknown_code",
    ),
    Broken(
        "a rule in the second line of a folded text",
        "rule: ecog <= 2",
        "rule: >-\n      age >= 18 y\n      and egoc <= 2",
        "rules.unknown_name",
        "and egoc",
    ),
    Broken(
        "a rule and a judgement",
        "rule: ecog <= 2",
        "rule: ecog <= 2\n    judgement: true",
        "eligibility.answer",
        "performance:\n    kind",
    ),
    Broken(
        "a criterion at a gate there is not",
        "gates: [enrolment, infusion]",
        "gates: [enrolment, apheresis]",
        "field.word",
    ),
    # endpoints
    Broken(
        "an event that competes with itself",
        "      events: [relapse, progression]\n      competing: [death]",
        "      events: [relapse, death]\n      competing: [death]",
        "endpoint.event_and_competing",
        "    operational:\n      origin: response",
    ),
    Broken(
        "a clock from randomisation", "origin: enrolment", "origin: randomisation", "endpoint.randomisation"
    ),
    Broken(
        "the last follow-up as an event",
        "events: [relapse, progression, death]\n      intercurrent: {transplant: treatment",
        "events: [relapse, last_follow_up]\n      intercurrent: {transplant: treatment",
        "endpoint.follow_up_is_no_event",
    ),
    Broken(
        "an analysis set there is not",
        "    population: dlt_evaluable",
        "    population: treated",
        "endpoint.population",
    ),
    Broken(
        "an assay there is not",
        "assays: [car_blood_flow, car_blood_qpcr]",
        "assays: [car_blood_flow, car_blood_pcr]",
        "endpoint.assay",
    ),
    Broken(
        "a response with no marrow planned",
        "at: [4 wk, 8 wk, 12 wk]",
        "at: [4 wk, 6 wk]",
        "endpoint.no_visit",
    ),
    Broken(
        "criteria there are not",
        "primary: {b-all: all-nccn}",
        "primary: {b-all: all-ncnn}",
        "response.criteria",
    ),
    Broken(
        "criteria for another disease",
        "primary: {b-all: all-nccn}",
        "primary: {aml: all-nccn}",
        "response.disease",
    ),
    # schedule, kinetics, safety
    Broken("a window turned round", "day: 56, window: [7, 7]", "day: 56, window: [-7, 7]", "schedule.window"),
    Broken("windows that overlap", "day: 56, window: [7, 7]", "day: 56, window: [28, 7]", "schedule.overlap"),
    Broken(
        "a form there is not",
        "needs: [labs, gvhd_assessment, marrow, extramedullary, kinetics_sample, ae_log_review]}\n  week_12",
        "needs: [labs, biopsy]}\n  week_12",
        "schedule.form",
    ),
    Broken("a limit in another unit", "lloq: 50 copies/ug", "lloq: 50 cells/uL", "kinetics.limit_unit"),
    Broken(
        "a stopping rule with two triggers",
        "at_least: 1",
        "at_least: 1\n      boundary: {method: pocock, rate: 10 %, level: 5 %, subjects: 30}",
        "stopping.trigger",
        "related_death:\n      title",
    ),
    Broken("a zone there is not", "zone: Asia/Shanghai", "zone: Asia/Kunming", "sites.zone"),
    Broken(
        "a mark that names nothing",
        "  scales: the record names",
        "  scale: the record names",
        "provenance.no_match",
    ),
    # YAML
    Broken("a tab", "dlt:\n  days: 28", "dlt:\n\tdays: 28", "document.not_yaml", "\tdays"),
    Broken(
        "a lost quote, found where the next one stands",
        'version: "1"',
        'version: "1',
        "document.not_yaml",
        "phase:",
    ),
    Broken("a lost bracket", "diagnoses: [B-ALL]", "diagnoses: [B-ALL", "document.not_yaml", "\nproduct:"),
    Broken("wrong indentation", "  crs: astct-crs\n", "    crs: astct-crs\n", "document.not_yaml"),
    Broken(
        "a comma in a flow map",
        "{en: CRS of grade 3 or more,",
        "{en: CRS of grade 3, or more,",
        "document.empty",
    ),
    Broken("no value", 'phase: "1"', "phase:", "document.empty"),
    Broken("null", 'phase: "1"', "phase: null", "document.empty"),
    Broken(
        "a field given twice",
        "dlt:\n  days: 28",
        "dlt:\n  days: 28\n  days: 42",
        "document.duplicate_key",
        "  days: 42",
    ),
    Broken("an anchor", "ladder:\n", "ladder: &levels\n", "document.alias"),
    Broken(
        "an alias", "expansion:\n    title", "expansion: *escalation\n  third:\n    title", "document.alias"
    ),
    Broken(
        "a merge",
        "expansion:\n    title",
        "expansion:\n    <<: *escalation\n    title",
        "document.alias",
        "<<",
    ),
    Broken("a tag", "planned_subjects: 30", "planned_subjects: !!int 30", "document.tag"),
    Broken(
        "a tag that runs code elsewhere",
        'phase: "1"',
        "phase: !!python/object/apply:os.system [ls]",
        "document.tag",
    ),
    Broken("a second document", "scales:\n", "---\nscales:\n", "document.several", "---\nscales"),
    Broken("a control character", 'phase: "1"', 'phase: "\x07"', "document.control_character"),
    Broken("a list for a key", 'phase: "1"', '[a, b]: "1"', "document.odd_key"),
    Broken("nested too deeply", 'phase: "1"', "phase: " + "[" * 40 + "]" * 40, "document.too_deep"),
    Broken(
        "a directive of another YAML", "# LstCAR019:", "%YAML 1.1 and more\n# LstCAR019:", "document.not_yaml"
    ),
]


def problems(data: bytes) -> list[Problem]:
    found = read_study(data, "broken.yaml")
    result = list(found.problems if isinstance(found, Loaded) else found)
    for problem in result:
        assert problem.place.line
        assert problem.sentence("en").startswith(f"broken.yaml:{problem.place.line}")
        assert problem.sentence("zh")
    return result


def test_there_are_enough_broken_files() -> None:
    assert len(CASES) >= 70
    print(f"{len(CASES)} broken files from one good one")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_file_says_where_and_what(case: Broken) -> None:
    start = GOOD.index(case.old)
    text = GOOD[:start] + case.new + GOOD[start + len(case.old) :]
    where = text.index(case.at, max(start - 400, 0)) if case.at else start
    where += len(case.at) - len(case.at.lstrip("\n"))
    line = text.count("\n", 0, where) + 1
    found = problems(text.encode())
    assert (line, case.rule) in {(problem.place.line, problem.rule) for problem in found}, [
        problem.sentence() for problem in found
    ]


def test_five_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = GOOD
    for old, new in (
        ("DL2: 2e6 cells/kg", "DL2: 5e5 cells/kg"),
        ("origin: allogeneic", "origin: donor"),
        ("rule: ecog <= 2", "rule: egoc <= 2"),
        ("population: dlt_evaluable", "population: treated"),
        ("dlt:\n  days: 28", "dlt:\n  dayz: 28"),
    ):
        text = text.replace(old, new, 1)
    found = problems(text.encode())
    rules = [problem.rule for problem in found if problem.severity == "error"]
    assert rules == [
        "field.word",
        "ladder.order",
        "field.missing",
        "field.unknown",
        "rules.unknown_name",
        "endpoint.population",
        "provenance.no_match",  # of the window's mark, which the misspelling left without its field
    ]
    lines = [problem.place.line or 0 for problem in found]
    assert lines == sorted(lines)


# -- files that no text can show ----------------------------------------------------------------------


def only(data: bytes) -> tuple[int | None, str]:
    (problem,) = problems(data)
    return problem.place.line, problem.rule


def test_an_empty_file_is_no_map() -> None:
    assert only(b"") == (1, "document.not_a_map")
    assert only(b"# nothing but a remark\n") == (1, "document.not_a_map")


def test_a_list_at_the_top_is_no_map() -> None:
    assert only(b"- study: a\n") == (1, "document.not_a_map")


def test_a_lone_text_is_no_map() -> None:
    assert only(b"hello\n") == (1, "document.not_a_map")


def test_an_empty_map_misses_every_field() -> None:
    assert {problem.rule for problem in problems(b"{}")} == {"field.missing"}


def test_latin_letters_are_not_utf8() -> None:
    assert only(GOOD.replace("Kunming", "Kunmïng", 1).encode("latin-1", "replace"))[1] == "document.not_utf8"
    assert only(b"study: a\ntitle: \xff\n") == (2, "document.not_utf8")


def test_utf16_is_not_utf8() -> None:
    assert only("study: a".encode("utf-16")) == (1, "document.not_utf8")


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert isinstance(read_study(b"\xef\xbb\xbf" + GOOD.encode()), Loaded)


def test_line_ends_of_other_systems_are_no_mistake() -> None:
    assert isinstance(read_study(GOOD.replace("\n", "\r\n").encode()), Loaded)


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    assert only(b"a: " + b"x" * 3_000_000) == (1, "document.too_large")


def test_a_file_of_very_many_values_is_refused() -> None:
    assert only(b"a: [" + b"1," * 60_000 + b"1]")[1] == "document.too_many_nodes"


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    laughs = 'a: &a ["ha", "ha"]\n' + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(9)
    )
    assert only(laughs.encode()) == (1, "document.alias")


def test_very_deep_nesting_is_refused() -> None:
    assert only(b"[" * 100_000)[1] == "document.too_deep"
    deep = "".join(f"{' ' * i}a:\n" for i in range(1000))
    assert only(deep.encode())[1] == "document.too_deep"


def test_a_null_byte_is_a_control_character() -> None:
    assert only(b"study: a\x00\n") == (1, "document.control_character")


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    found = load_study(tmp_path / "none.yaml")
    assert isinstance(found, tuple)
    assert [problem.rule for problem in found] == ["file.unreadable"]


def test_a_folder_is_a_problem(tmp_path: Path) -> None:
    found = load_study(tmp_path)
    assert isinstance(found, tuple)
    assert [problem.rule for problem in found] == ["file.unreadable"]
