"""Designs that act while outcomes are pending."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from protocyte.base import InputError
from protocyte.designs import (
    Boin,
    Design,
    Outcome,
    RollingSix,
    TiteBoin,
    TiteCrm,
    advise_outcomes,
    format_outcomes,
    parse_outcomes,
)


def said(design: Design, history: str, share: str | None = None) -> str:
    outcomes = parse_outcomes(history)
    if share is not None:
        given = Decimal(share)
        outcomes = tuple(o.model_copy(update={"follow_up": given}) if o.dlt is None else o for o in outcomes)
    advice = advise_outcomes(design, outcomes)
    text = advice.action + ("" if advice.level is None else f"@{advice.level}")
    if "needed" in advice.evidence:
        text += f" +{advice.evidence['needed']}"
    return text + (" for " + ",".join(map(str, advice.waiting)) if advice.waiting else "")


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("1NNN", "escalate@2 +3"),
        ("1PPP", "stay@1 +3"),
        ("1NNP", "stay@1 +3"),
        ("1NNNP", "stay@1 +2"),
        ("1NNNNP", "stay@1 +1"),
        ("1NNNNNP", "escalate@2 +3"),
        ("1NNNNPP", "wait for 4,5"),
        ("1NNNNTP", "wait for 5"),
        ("1NNNNNT", "escalate@2 +3"),
        ("1NNTTPP", "stop"),
        ("1NNN 2TTP", "de_escalate@1 +3"),
    ],
)
def test_rolling_six_enters_up_to_six_while_outcomes_are_pending(history: str, expected: str) -> None:
    """Skolnik et al. 2008, JCO 26:190, Table 1."""
    assert said(RollingSix(levels=3), history) == expected


@pytest.mark.parametrize(
    ("history", "share", "expected"),
    [
        ("1NNP", "0.1", "escalate@2 +3"),
        ("1NPP", "0.9", "wait for 1,2"),
        ("1NNN 2NNNNNTNPP", "1", "escalate@3 +3"),
        ("1NTT", None, "stop"),
    ],
)
def test_tite_boin_weighs_what_is_pending(history: str, share: str | None, expected: str) -> None:
    assert said(TiteBoin(target=0.2, levels=3), history, share) == expected


@pytest.mark.parametrize(("share", "level"), [("0.76", 2), ("0.78", 3)])
def test_tite_boin_escalates_from_the_published_threshold(share: str, level: int) -> None:
    """Target 0.2, 9 subjects, 1 DLT, 3 pending: escalate from a sum of shares of 0.77 (Yuan et al. 2018)."""
    outcomes = [*parse_outcomes("1NNN 2NNNNNTPPP")]
    outcomes = [
        o.model_copy(update={"follow_up": Decimal(share) / 3}) if o.dlt is None else o for o in outcomes
    ]
    advice = advise_outcomes(TiteBoin(target=0.2, levels=3, max_subjects=60), outcomes)
    assert advice.level == level


def test_with_every_outcome_known_tite_boin_is_boin() -> None:
    history = parse_outcomes("1NNN 2NTN 2NNN 3TTN")
    tite, plain = (kind(target=0.3, levels=4) for kind in (TiteBoin, Boin))
    assert advise_outcomes(tite, history) == advise_outcomes(plain, history)


def test_tite_crm_comes_to_trust_a_level_as_its_subjects_are_followed() -> None:
    design = TiteCrm(target=0.25, skeleton=(0.08, 0.16, 0.25, 0.35), levels=4, max_subjects=30)
    levels = [
        advise_outcomes(
            design, [Outcome(level=1, dlt=None, follow_up=Decimal(share)) for _ in range(4)]
        ).level
        for share in ("0", "0.25", "0.5", "1")
    ]
    assert levels == sorted(levels)
    assert levels[0] < levels[-1]


def test_nothing_is_recommended_while_an_outcome_is_pending() -> None:
    design = TiteBoin(target=0.3, levels=2, max_subjects=6)
    outcomes = (*parse_outcomes("1NNN 2NN"), Outcome(level=2, dlt=None, follow_up=Decimal("0.9")))
    advice = advise_outcomes(design, outcomes)
    assert (advice.action, advice.waiting) == ("wait", (5,))


def test_the_share_of_the_window_observed_is_written_beside_a_pending_outcome() -> None:
    outcomes = parse_outcomes("1NNT 2NP(0.4)P")
    assert [outcome.follow_up for outcome in outcomes] == [None, None, None, None, Decimal("0.4"), None]
    assert format_outcomes(outcomes) == "1NNT 2NP(0.4)P"
    for history in ("2NP(1.5)", "2N(0.4)", "2NP()", "2NP(.)"):
        with pytest.raises(InputError, match="is not a cohort"):
            parse_outcomes(history)


def test_what_tite_crm_rests_its_advice_on_weighs_the_pending() -> None:
    """Nobody followed yet says nothing: the estimate is the prior's, and the skeleton is what is shown."""
    design = TiteCrm(target=0.25, skeleton=(0.1, 0.25, 0.4), levels=3)
    advice = advise_outcomes(design, parse_outcomes("1PPP"))
    assert advice.evidence["estimate"] == "0"
    assert [advice.evidence[f"p{k}"] for k in (1, 2, 3)] == ["0.1", "0.25", "0.4"]
    followed = advise_outcomes(design, parse_outcomes("1P(0.5)P(0.5)P(0.5)"))
    mean, rates = design.weighted_posterior(np.array([1, 1, 1]), np.array([0, 0, 0]), np.array([0.5] * 3))
    assert float(followed.evidence["estimate"]) == pytest.approx(mean, rel=1e-5)
    assert float(followed.evidence["p2"]) == pytest.approx(rates[1], rel=1e-5)
