"""What somebody may write wrongly in a node: one sentence a mistake, in both languages, never a crash."""

from __future__ import annotations

from typing import Any

import pytest

from protocyte.base import InputError, render
from protocyte.designs import (
    Blrm,
    Boin,
    Crm,
    IntraSubject,
    enumeration,
    operating_characteristics,
    parse_design,
)

BOIN = {"design": "boin", "target": 0.3}
CRM = {"design": "crm", "target": 0.25, "skeleton": [0.1, 0.25, 0.4]}
BLRM = {"design": "blrm", "doses": [1, 2, 5], "reference": 2}


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (BOIN | {"max_subjects": 10**9}, "max_subjects is 1000000000; it must be <= 1000."),
        (BOIN | {"cohort_size": 1.5}, "cohort_size is 1.5; write a whole number."),
        (BOIN | {"cohort_size": True}, "cohort_size is true; write a whole number."),
        (BOIN | {"target": "high"}, 'target is "high"; write a number.'),
        (BOIN | {"target": float("nan")}, "target is NaN; write a number."),
        (BOIN | {"target": [0.3]}, "target is [0.3]; write a number."),
        (BOIN | {"extra_safe": "perhaps"}, 'extra_safe is "perhaps"; write true or false.'),
        (BOIN | {"with": "no_skipping"}, 'with is "no_skipping"; write a list, such as [a, b].'),
        (BOIN | {"with": [3]}, "with.0 is 3; write a name, or a name with its settings."),
        (CRM | {"skeleton": "rising"}, 'skeleton is "rising"; write a list, such as [a, b].'),
        (CRM | {"skeleton": {}}, "skeleton.prior_mtd is missing; this design needs it."),
        (CRM | {"sd": 1e-300}, "sd is 1e-300; it must be >= 0.01."),
        (CRM | {"intercept": float("inf")}, "intercept is Infinity; write a number."),
        (CRM | {"model": "probit"}, 'model is "probit"; it must be empiric, logistic.'),
        (BLRM | {"doses": [1, 2, float("nan")]}, "doses.2 is NaN; write a number."),
        (BLRM | {"prior_sd": [2, 0]}, "prior_sd.1 is 0; it must be >= 0.01."),
        (
            BLRM | {"interval": [0.3, 0.2]},
            "The target interval is two probabilities that rise, inside (0, 1), not (0.3, 0.2).",
        ),
        (
            {"design": "i3plus3", "target": 0.3, "lower": 0.4},
            "The target interval (-0.1, 0.35) must lie inside (0, 1); make lower or upper smaller.",
        ),
        (
            {"design": "three_plus_three", "start": 3, "with": [{"cap": 2}]},
            "The design starts at level 3, but level 2 is the highest it may treat.",
        ),
        (
            {"design": "intra_subject", "start": 2},
            "Every subject of an intra-subject escalation begins at level 1, not 2; leave start out.",
        ),
        (
            {"design": "intra_subject", "with": [{"max_subjects": 6}]},
            "max_subjects has no meaning for intra_subject; remove it.",
        ),
    ],
)
def test_one_mistake_is_one_sentence(node: dict[str, Any], said: str) -> None:
    problems = parse_design(node, levels=3)
    assert isinstance(problems, tuple)
    assert [render(problem.message, "en") for problem in problems] == [said]
    assert render(problems[0].message, "zh") != said


def test_a_first_cohort_is_no_larger_than_the_trial() -> None:
    for design in (
        Boin(target=0.3, max_subjects=2),
        Crm(target=0.25, skeleton=(0.1, 0.25, 0.4), levels=3, cohort_size=3, max_subjects=2),
        Blrm(doses=(1, 2, 5), reference=2, levels=3, max_subjects=2),
    ):
        assert operating_characteristics(design, [0.1, 0.2, 0.4]).expected_subjects == pytest.approx(2)


def test_what_is_too_large_to_enumerate_is_told_before_the_machine_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cohort of 100 has 101 results: the next layer is counted before it is laid out."""
    monkeypatch.setattr(enumeration, "_MAX_CHILDREN", 50_000)
    with pytest.raises(InputError, match="simulate it instead"):
        enumeration.build(Boin(target=0.3, levels=4, cohort_size=100, max_subjects=1000))


def test_a_start_above_the_truth_is_told() -> None:
    with pytest.raises(InputError, match="level 2 is the highest"):
        operating_characteristics(Boin(target=0.3, start_level=5), [0.1, 0.2])


def test_a_marginal_truth_that_falls_is_told() -> None:
    with pytest.raises(InputError, match="may not fall"):
        operating_characteristics(IntraSubject(), [0.3, 0.2])
