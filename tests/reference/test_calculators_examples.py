"""Every worked example of the eligibility calculators."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from ruamel.yaml import YAML

from protocyte.base import Quantity
from protocyte.vocab.calculators import (
    Serology,
    bilirubin_met,
    cockcroft_gault,
    ecog,
    hepatitis_b,
    hepatitis_c,
    karnofsky,
    washed_out,
    washout,
)
from reference_folder import reference_file

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    with reference_file("eligibility_calc/calculators.yaml").open(encoding="utf-8") as stream:
        return dict(YAML(typ="safe").load(stream))


def test_cockcroft_gault_examples(facts: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    examples = facts["cockcroft_gault"]["examples"]
    for example in examples:
        one = example["in"]
        creatinine = (
            Quantity(str(one["scr_umol"]), "umol/L")
            if "scr_umol" in one
            else Quantity(str(one["scr_mg_dl"]), "mg/dL")
        )
        sex = "male" if one["sex"] == "M" else "female"
        found = cockcroft_gault(
            Quantity(one["age"], "y"), Quantity(str(one["weight"]), "kg"), creatinine, sex
        )
        assert abs(found.value - Decimal(str(example["crcl"]))) < Decimal("0.011"), example
        assert (found.value > 60) == example["eligible_gt_60"]
    with capsys.disabled():
        print(f"\nCockcroft-Gault: {len(examples)} examples")


def test_gilbert_examples(facts: dict[str, Any]) -> None:
    for example in facts["hepatic"]["gilbert_logic"]["examples"]:
        one = example["in"]
        gilbert = one["gilbert"] if isinstance(one["gilbert"], bool) else None
        expected = example["eligible"] if isinstance(example["eligible"], bool) else None
        assert bilirubin_met(Decimal(str(one["total"])), gilbert, Decimal("1.5")) is expected


def test_performance_status_examples(facts: dict[str, Any]) -> None:
    for example in facts["performance_status"]["examples"]:
        one = example["in"]
        if "ecog" in one:
            assert (ecog(one["ecog"]) <= 3) == example["eligible"]
            continue
        score = karnofsky(one["kps"], Quantity(one["age"], "y"))
        expected = example["eligible"] if isinstance(example["eligible"], bool) else None
        assert (None if score is None else score > 60) is expected


def test_washout_examples(facts: dict[str, Any]) -> None:
    for example in facts["washout"]["examples"]:
        one = example["in"]
        half_life = (
            Quantity(str(one["drug_t_half_h"]), "h")
            if "drug_t_half_h" in one
            else Quantity(str(one["drug_t_half_d"]), "d")
        )
        required = (
            washout(half_life, 3) if one["class"] == "ici" else washout(half_life, 5, Quantity(14, "d"))
        )
        assert required is not None
        if "W_h" in example:
            assert required == Quantity(str(example["W_h"]), "h")
        else:
            times = (datetime.fromisoformat(one[name]) for name in ("last_dose", "ld_start"))
            assert washed_out(*times, required) is example["eligible"]


def test_hepatitis_tables(facts: dict[str, Any]) -> None:
    words: dict[str, Serology | None] = {"pos": "positive", "neg": "negative", "missing": None}
    everything: tuple[Serology | None, ...] = ("positive", "negative", None)

    def options(word: str) -> tuple[Serology | None, ...]:
        return everything if word == "any" else (words[word],)

    for row in facts["hbv"]["table"]:
        for hbcab in options(row["hbcab"]):
            for dna in options(row["dna"]):
                found = hepatitis_b(words[row["hbsag"]], hbcab, dna)
                assert found.split()[0] == row["result"].replace(";", " ").replace(":", " ").split()[0]
                assert ("monthly" in found) == ("monthly" in row["result"])
    for row in facts["hcv"]["table"]:
        for rna in options(row["rna"]):
            assert hepatitis_c(words[row["ab"]], rna) == row["result"]
