"""Laws of rules laid over designs: whatever is combined ends, within its limits, above no eliminated level."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.designs import Design, enumerate_design, parse_design
from protocyte.designs.interval import DU, IntervalDesign

TABLE = "n,y,decision\n2,0,E\n2,1,S\n2,2,DU\n4,0,E\n4,1,E\n4,2,S\n4,3,DU\n4,4,DU\n"
RATES = (0.05, 0.12, 0.25, 0.40)
NAMES = (
    "three_plus_three", "rolling_six", "i3plus3", "mtpi2", "keyboard", "boin", "tite_boin", "table", "crm", "blrm"
)  # fmt: skip


@st.composite
def wrapped(draw: Any) -> dict[str, Any]:
    name, levels = draw(st.sampled_from(NAMES)), draw(st.integers(1, 4))
    node: dict[str, Any] = {"design": name, "levels": levels}
    if name not in ("three_plus_three", "rolling_six"):
        node |= {"cohort_size": draw(st.integers(1, 4)), "max_subjects": draw(st.integers(1, 9))}
    if name in ("i3plus3", "mtpi2", "keyboard", "boin", "tite_boin", "table", "crm"):
        node["target"] = draw(st.sampled_from([0.10, 0.20, 0.30]))
    node |= {
        "table": {"csv": TABLE},
        "crm": {"skeleton": RATES[:levels]},
        "blrm": {"doses": (1, 3, 10, 100)[:levels], "reference": 10},
        "mtpi2": {"lower": 0.04},
    }.get(name, {})
    rules = (
        st.sampled_from(["no_skipping", "coherence", "tried_only", "accelerated_titration"])
        | st.builds(lambda n: {"cap": n}, st.integers(1, levels))
        | st.builds(lambda n: {"confirm_before_escalating": n}, st.integers(1, 6))
        | st.builds(lambda n: {"max_subjects": n}, st.integers(1, 12))
        | st.builds(lambda n: {"stop_when_n_at_dose": n}, st.integers(1, 6))
        | st.builds(lambda p: {"stop_when_too_toxic": {"threshold": p}}, st.sampled_from([0.2, 0.4]))
    )
    return node | {"with": draw(st.lists(rules, max_size=3)), "start": draw(st.integers(1, levels))}


@settings(deadline=None, derandomize=True, max_examples=150)
@given(wrapped())
def test_whatever_is_combined_ends_within_its_limits(node: dict[str, Any]) -> None:
    design = parse_design(node)
    if not isinstance(design, Design):  # two rules contradict each other: that is said
        assert {problem.rule for problem in design} <= {
            "designs.modifier_twice", "designs.modifier_subjects", "designs.start_above_ladder"
        }  # fmt: skip
        return
    final = enumerate_design(design)
    chances = final.probabilities(np.array(RATES[: design.size_of()]))
    assert abs(chances.sum() - 1) < 1e-12

    limits = [getattr(rule, "n", None) for rule in design.modifiers if rule.modifier == "max_subjects"]
    limits += [getattr(design, "max_subjects", None)]
    assert all(limit is None or final.n.sum(axis=1).max() <= limit for limit in limits)
    assert not final.n[:, design.top_level() :].any()
    assert final.selected.max() <= design.top_level()


@settings(deadline=None, derandomize=True, max_examples=100)
@given(wrapped(), st.lists(st.booleans(), min_size=40, max_size=40))
def test_no_rule_treats_or_recommends_above_an_eliminated_level(
    node: dict[str, Any], answers: list[bool]
) -> None:
    from protocyte.designs import Outcome

    design = parse_design(node)
    if not isinstance(design, IntervalDesign):
        return
    codes, state, draws = design.table(40), design.start(), iter(answers)
    while (advice := design.advise(state)).action not in ("complete", "stop"):
        (tally,) = state.possible
        assert advice.level is not None
        if not tally.open:
            assert all(codes[tally.n[k], tally.y[k]] != DU for k in range(advice.level)), (node, tally)
        for _ in range(int(advice.evidence["needed"])):
            state = design.step(state, Outcome(level=advice.level, dlt=next(draws)))
    (tally,) = state.possible
    assert all(codes[tally.n[k], tally.y[k]] != DU for k in range(advice.level or 0)), (node, tally)
