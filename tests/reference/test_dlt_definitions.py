"""Every worked example of the DLT definitions: decisions of 3+3, and what is a DLT under which definition."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from protocyte.designs import advise_outcomes, parse_outcomes
from protocyte.designs.three_plus_three import ThreePlusThree
from reference_folder import reference_file
from trials import CRS, Conducted, day

pytestmark = pytest.mark.reference
SAID = {"escalate": "escalate", "expand_to_6": "stay", "stop_deescalate": "stop", "wait": "wait"}
SEED = {"004": "lstcar019"}
TEMPLATE = "cd123-cart"  # carries the folder's template: durations, organs, aplasia on day 42


def test_all_examples_of_the_dlt_definitions_are_answered_as_they_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with reference_file("dlt/dlt_definitions.yaml").open(encoding="utf-8") as stream:
        examples = YAML(typ="safe").load(stream)["examples"]
    for example in examples:
        if "decision" in example:
            assert _decision(example["in"]) == SAID[example["decision"]], example
        else:
            _check_event(example)
    with capsys.disabled():
        print(f"\nDLT definitions: {len(examples)} examples")


def _decision(counts: dict[str, int]) -> str:
    done = counts.get("n", counts.get("evaluable", 0))
    dlts, pending = counts["dlt"], counts.get("pending", 0)
    # Six subjects are two cohorts: what made the second one necessary is one DLT in the first.
    letters = "N" * (done - dlts) + "T" * dlts if done <= 3 else "T" + "N" * (done - dlts) + "T" * (dlts - 1)
    design = ThreePlusThree(design="three_plus_three", variant="korn_six_at_top")
    return str(advise_outcomes(design, parse_outcomes(f"1{letters}{'P' * pending}"), levels=3).action)


def _check_event(example: dict[str, Any]) -> None:
    event = str(example["in"]["event"])
    if "is_dlt" in example:
        study = SEED[str(example["in"]["seed"])]
        # Our LstCAR019 adds acute GvHD to the record's definition (`assumed`): literal means without it.
        literal = [key for key in _proposed(study, event) if key != "S1/gvhd"]
        assert bool(literal) == example["is_dlt"], example
    if "template_is_dlt" in example:
        study = "lstcar019" if "GvHD" in event else TEMPLATE
        assert bool(_proposed(study, event)) == example["template_is_dlt"], example


def _proposed(study: str, event: str) -> list[str]:
    trial = Conducted(study)
    trial.cohort(1)
    trial.bring("S1")
    if event.startswith("CRS G3"):
        for on in (5, 6, 7):
            trial.ok("crs_assessment", "S1", on=on, **CRS[3 if on < 7 else 1])
    elif event.startswith("aGvHD III"):
        trial.ok("gvhd_assessment", "S1", on=21, skin=0, liver=2, upper_gi=0, lower_gi=0)
    elif event.startswith("grade 4 neutropenia"):
        course = [{"on": str(day(28)), "grade": 4}]
        trial.ok(
            "adverse_event", "S1", on=None, today=35, term="Neutrophil count decreased", scale="ctcae-5.0",
            category="Investigations", course=course, ended=str(day(33)), outcome="recovered",
            attribution={"product": "possible"},
        )  # fmt: skip
    else:
        raise AssertionError(f"an example this test cannot play: {event}")
    trial.watched("S1", 45)
    return [proposal.key for proposal in trial.dlt("S1", 45).proposals]
