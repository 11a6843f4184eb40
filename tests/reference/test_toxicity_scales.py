"""Every worked example of the toxicity folder, on every scale that has any."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from protocyte.vocab.grading import grade
from reference_folder import reference_file

pytestmark = pytest.mark.reference
FILES = {
    "astct_crs": "astct-crs",
    "astct_icans": "astct-icans",
    "icaht": "icaht",
    "tls_cairo_bishop": "tls",
    "iec_hs": "iec-hs",
    "gvhd": "gvhd",
}
# The pictures of the comparison table, in the words of the inputs; found by what they begin with.
PICTURES: dict[str, dict[str, dict[str, object]]] = {
    "fever 39, SBP 85": {
        "astct-crs": {"fever": True, "hypotension": True},
        "lee2014-crs": {"fever": True, "hypotension": True},
    },
    "fever, low-dose norepinephrine": {
        "astct-crs": {"fever": True, "hypotension": True, "vasopressor_count_excl_vasopressin": 1},
        "lee2014-crs": {"fever": True, "hypotension": True, "norepinephrine_ug_min": 5},
    },
    "fever, 3 L/min": {
        "astct-crs": {"fever": True, "oxygen": "low_flow_nc_or_blowby"},
        "lee2014-crs": {"fever": True, "oxygen": "low_flow_nc_or_blowby"},
    },
    "fever, BiPAP": {
        "astct-crs": {"fever": True, "oxygen": "bipap"},
        "lee2014-crs": {"fever": True, "oxygen": "bipap"},
    },
    "fever, creatinine G3": {
        "astct-crs": {"fever": True},
        "lee2014-crs": {"fever": True, "organ_toxicity_grade": 3},
    },
}


def read(name: str) -> dict[str, Any]:
    with reference_file(f"toxicity/{name}.yaml").open(encoding="utf-8") as stream:
        return dict(YAML(typ="safe").load(stream))


@pytest.mark.parametrize("name", FILES)
def test_all_worked_examples_of_a_scale_pass(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    scale, facts = FILES[name], read(name)
    examples = facts["examples"] + facts.get("stage_examples", [])
    said = 0
    for example in examples:
        found = grade(scale, example["in"]).as_json()
        for key, expected in example.items():
            if key in ("id", "in", "why"):
                continue
            if isinstance(expected, str) and key.endswith("_stage"):
                # Between two printed bands: one of the two stages, by rounding to one decimal.
                assert found[key] in (1, 2), (example, found)
            else:
                assert found[key] == expected, (example, found)
            said += 1
    with capsys.disabled():
        print(f"\n{scale}: {len(examples)} worked examples, {said} answers agree")


def test_the_same_picture_has_the_grades_of_the_comparison_table(capsys: pytest.CaptureFixture[str]) -> None:
    told = 0
    for row in read("crs_other_scales")["comparison_examples"]:
        inputs = next((one for start, one in PICTURES.items() if row["picture"].startswith(start)), None)
        if inputs is None:
            continue
        assert grade("astct-crs", inputs["astct-crs"]).grade == row["astct"]
        lee = grade("lee2014-crs", inputs["lee2014-crs"])
        if isinstance(row["lee_2014"], int):
            assert lee.grade == row["lee_2014"]
        else:
            assert lee.possible == (3, 4), row
        told += 1
    with capsys.disabled():
        print(f"\nLee 2014 beside ASTCT: {told} pictures agree")
    assert told == len(PICTURES)
