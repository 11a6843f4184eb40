"""Rules of the peers' software, restated here from what it does and compared over many settings.

Each restatement is scalar and plain on purpose: a second path to the same numbers.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from math import ceil, comb, floor, log

import numpy as np
import pytest
from scipy.stats import beta

from protocyte.designs import (
    Blrm,
    Boin,
    Keyboard,
    Mtpi2,
    ThreePlusThree,
    operating_characteristics,
    parse_design,
)
from protocyte.designs.interval import LETTERS

MARGINS = [(0.05, 0.05), (0.03, 0.03), (0.08, 0.10), (0.04, 0.06)]


def keyboard_decision(target: float, left: float, right: float, n: int, y: int) -> str:
    """R Keyboard 0.1.3, get.boundary.kb: end keys are weighed up to a whole key's width."""
    if beta.sf(target, y + 1, n - y + 1) > 0.95:
        return "DU"
    low, high = target - left, target + right
    width = high - low
    edges = [low, high]
    while edges[0] > 1e-9:
        edges.insert(0, max(edges[0] - width, 0.0))
    while edges[-1] < 1 - 1e-9:
        edges.append(min(edges[-1] + width, 1.0))
    strength = [
        beta.cdf(b, y + 1, n - y + 1) * width / (b - a) - beta.cdf(a, y + 1, n - y + 1) * width / (b - a)
        for a, b in itertools.pairwise(edges)
    ]
    strongest, home = int(np.argmax(strength)), edges.index(low)
    return "E" if strongest < home else "S" if strongest == home else "D"


@pytest.mark.parametrize("target", [0.10, 0.12, 0.15, 0.20, 0.25, 0.30, 0.33])
def test_keyboard_tables_are_those_of_the_r_package_at_low_targets_too(target: float) -> None:
    """At a target of 0.10 no whole key fits below: the published picture alone would never escalate."""
    for left, right in MARGINS:
        if left >= target:
            continue
        design = Keyboard(target=target, lower=left, upper=right)
        codes = design.table(15)
        found = {(n, y): LETTERS[int(codes[n, y])] for n in range(1, 16) for y in range(n + 1)}
        assert found == {(n, y): keyboard_decision(target, left, right, n, y) for n, y in found}
        assert found[3, 0] == "E"


def test_mtpi2_eliminates_from_two_subjects_on_as_the_r_package_escalation() -> None:
    """escalation 0.2.3, dose_admissible: one subject never makes a level inadmissible."""
    codes = Mtpi2(target=0.20).table(6)
    assert (LETTERS[int(codes[1, 1])], LETTERS[int(codes[2, 2])]) == ("D", "DU")
    assert LETTERS[int(Keyboard(target=0.20).table(6)[1, 1])] == "DU"


def test_keys_that_are_equally_strong_are_told_apart_the_same_way_on_every_processor() -> None:
    """2 of 4 is symmetric around 0.5, and so are the keys (0.32, 0.5) and (0.5, 0.68)."""
    setting = {"target": 0.40, "lower": 0.08, "upper": 0.10}
    for n in range(2, 21, 2):
        assert LETTERS[int(Keyboard(**setting).table(20)[n, n // 2])] == "D"
        assert LETTERS[int(Mtpi2(**setting).table(20)[n, n // 2])] == "S"


# -- BOIN, as get.oc of R BOIN 2.7.2 walks and select.mtd selects -----------------------------------


BOIN_SETTINGS = [
    {"target": 0.30, "max_subjects": 15, "cohort_size": 3},
    {"target": 0.25, "max_subjects": 13, "cohort_size": 2, "stop_at_n": 6},
    {"target": 0.20, "max_subjects": 11, "cohort_size": 4, "extra_safe": True, "offset": 0.1},
    {"target": 0.35, "max_subjects": 14, "cohort_size": 3, "bound_mtd": True, "cutoff": 0.9},
    {"target": 0.10, "max_subjects": 12, "cohort_size": 3, "p_saf": 0.05, "p_tox": 0.18, "start_level": 2},
    {"target": 0.30, "max_subjects": 13, "cohort_size": 3, "with": ["accelerated_titration"]},
]


@pytest.mark.parametrize("setting", BOIN_SETTINGS)
def test_every_option_of_boin_walks_and_selects_as_the_r_package(setting: dict[str, object]) -> None:
    truth = [0.06, 0.22, 0.41, 0.60]
    design = parse_design({"design": "boin", "levels": 4} | setting)
    assert isinstance(design, Boin)
    selected, treated = boin_walk(design, truth)
    found = operating_characteristics(design, truth)
    np.testing.assert_allclose([found.none, *found.selection], selected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.mean_treated, treated, rtol=0, atol=1e-11)


def boin_walk(design: Boin, truth: list[float]) -> tuple[list[float], np.ndarray]:
    """(selection, level 0 = none; subjects a level) by a dictionary of states."""
    levels, most, whole = len(truth), design.max_subjects, design.cohort_size
    selected, treated = np.zeros(levels + 1), np.zeros(levels)
    zeros = (0,) * levels
    states: dict[tuple[object, ...], float] = defaultdict(float)
    if design.modifiers:  # titration: one subject a level up to the first DLT, then the cohort is filled
        clean = 1.0
        for d, p in enumerate(truth):
            ones = (1,) * (d + 1) + zeros[d + 1 :]
            states[ones, (*zeros[:d], 1, *zeros[d + 1 :]), d, levels, True] += clean * p
            clean *= 1 - p
        states[(1,) * levels, zeros, levels - 1, levels, True] += clean
    else:
        states[zeros, zeros, design.start_level - 1, levels, False] = 1.0
    while states:
        grown: dict[tuple[object, ...], float] = defaultdict(float)
        for (n, y, d, closed, fill), weight in states.items():
            last = not fill and sum(n) + whole >= most
            size = most - sum(n) if last else whole - fill
            for dlts in range(size + 1):
                w = weight * comb(size, dlts) * truth[d] ** dlts * (1 - truth[d]) ** (size - dlts)
                n2, y2 = (*n[:d], n[d] + size, *n[d + 1 :]), (*y[:d], y[d] + dlts, *y[d + 1 :])
                went = "over" if last else boin_step(design, n2, y2, d, closed, levels)
                if isinstance(went, str):
                    best = 0 if went == "toxic" else boin_mtd(design, n2, y2)
                    selected[best] += w
                    treated += w * np.array(n2)
                else:
                    grown[n2, y2, *went, False] += w
        states = grown
    return selected.tolist(), treated


def too_toxic(design: Boin, n: int, y: int, slack: float = 0.0) -> bool:
    return n >= 3 and bool(beta.sf(design.target, y + 1, n - y + 1) > design.cutoff - slack)


def boin_step(
    design: Boin, n: tuple[int, ...], y: tuple[int, ...], d: int, closed: int, levels: int
) -> tuple[int, int] | str:
    low, high = design.rates()
    t = design.target
    up = log((1 - low) / (1 - t)) / log(t * (1 - low) / (low * (1 - t)))
    down = log((1 - t) / (1 - high)) / log(high * (1 - t) / (t * (1 - high)))
    most_up, least_down = floor(up * n[d]), ceil(down * n[d])
    out = [k for k in range(1, n[d] + 1) if too_toxic(design, n[d], k)]
    if out:
        least_down = min(least_down, out[0])
    if out and y[d] >= out[0]:
        closed = min(closed, d)
        if d == 0:
            return "toxic"
    if design.extra_safe and d == 0 and too_toxic(design, n[0], y[0], design.offset):
        return "toxic"
    stays = most_up < y[d] < least_down
    stuck = (d == 0 and y[d] >= least_down) or (d + 1 >= min(closed, levels) and y[d] <= most_up)
    if design.stop_at_n and n[d] >= design.stop_at_n and (stays or stuck):
        return "over"
    if y[d] <= most_up and d + 1 < min(closed, levels):
        return d + 1, closed
    return (d - 1 if y[d] >= least_down and d else d), closed


def boin_mtd(design: Boin, n: tuple[int, ...], y: tuple[int, ...]) -> int:
    closed = next((k for k in range(len(n)) if too_toxic(design, n[k], y[k])), len(n))
    if design.extra_safe and too_toxic(design, n[0], y[0], design.offset):
        closed = 0
    levels = [k for k in range(closed) if n[k]]
    if not levels:
        return 0
    pooled: list[list[float]] = []
    for k in levels:
        weight = (n[k] + 0.1) ** 2 * (n[k] + 1.1) / ((y[k] + 0.05) * (n[k] - y[k] + 0.05))
        pooled.append([(y[k] + 0.05) / (n[k] + 0.1), weight, 1])
        while len(pooled) > 1 and pooled[-2][0] > pooled[-1][0]:
            (r2, w2, c2), (r1, w1, c1) = pooled.pop(), pooled.pop()
            pooled.append([(r1 * w1 + r2 * w2) / (w1 + w2), w1 + w2, c1 + c2])
    rates = [rate for rate, _, count in pooled for _ in range(int(count))]
    rates = [rate + i * 1e-10 for i, rate in enumerate(rates, start=1)]
    high = design.rates()[1]
    t = design.target
    limit = log((1 - t) / (1 - high)) / log(high * (1 - t) / (t * (1 - high)))
    fits = [
        (abs(r - t), k + 1) for r, k in zip(rates, levels, strict=True) if r <= limit or not design.bound_mtd
    ]
    return min(fits)[1] if fits else 0


# -- 3+3 told as a story ------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["no_deescalation", "korn", "korn_six_at_top"])
@pytest.mark.parametrize(
    "truth", [[0.3], [0.1, 0.5], [0.02, 0.05, 0.1, 0.15, 0.25, 0.4, 0.6], [0.5, 0.2, 0.3]]
)
def test_three_plus_three_is_the_story_of_its_variant_at_any_number_of_levels(
    variant: str, truth: list[float]
) -> None:
    selected, treated = np.zeros(len(truth) + 1), np.zeros(len(truth))
    for n, best, weight in story(truth, variant):
        selected[best] += weight
        treated += weight * np.array(n)
    found = operating_characteristics(ThreePlusThree(variant=variant), truth)
    np.testing.assert_allclose([found.none, *found.selection], selected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.mean_treated, treated, rtol=0, atol=1e-11)


def story(truth: list[float], variant: str) -> Iterator[tuple[tuple[int, ...], int, float]]:
    """(subjects a level, recommended level, probability) of every course, three subjects at a time."""
    levels = len(truth)
    todo = [((0,) * levels, (0,) * levels, 0, levels, 1.0)]  # n, y, level, levels not exceeded, weight
    while todo:
        n, y, d, left, weight = todo.pop()
        for dlts in range(4):
            w = weight * comb(3, dlts) * truth[d] ** dlts * (1 - truth[d]) ** (3 - dlts)
            n2, y2 = (*n[:d], n[d] + 3, *n[d + 1 :]), (*y[:d], y[d] + dlts, *y[d + 1 :])
            if y2[d] >= 2:
                if d == 0:
                    yield n2, 0, w
                elif variant == "no_deescalation" or n2[d - 1] == 6:
                    yield n2, d, w
                else:
                    todo.append((n2, y2, d - 1, d, w))
            elif n2[d] == 3 and y2[d] == 1:
                todo.append((n2, y2, d, left, w))
            elif d + 1 < left:
                todo.append((n2, y2, d + 1, left, w))
            elif n2[d] == 6 or (left == levels and variant != "korn_six_at_top"):
                yield n2, d + 1, w
            else:
                todo.append((n2, y2, d, left, w))


def test_a_cap_makes_three_plus_three_a_trial_of_the_levels_below() -> None:
    for variant in ("no_deescalation", "korn", "korn_six_at_top"):
        capped = parse_design({"design": "three_plus_three", "variant": variant, "with": [{"cap": 2}]})
        assert isinstance(capped, ThreePlusThree)
        found = operating_characteristics(capped, [0.1, 0.3, 0.5])
        short = operating_characteristics(ThreePlusThree(variant=variant), [0.1, 0.3])
        np.testing.assert_allclose(found.selection, [*short.selection, 0.0], atol=1e-15)
        np.testing.assert_allclose(found.mean_treated, [*short.mean_treated, 0.0], atol=1e-12)


# -- BLRM on the ladders of cell therapy --------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "y"), [((0, 0, 0, 0), (0, 0, 0, 0)), ((3, 3, 0, 0), (0, 1, 0, 0)), ((3, 3, 3, 3), (0, 0, 1, 2))]
)
def test_blrm_keeps_its_digits_on_a_ladder_of_three_decades(n: tuple[int, ...], y: tuple[int, ...]) -> None:
    """A second path: for each slope, Simpson's rule over log alpha between the ends of the interval."""
    design = Blrm(doses=(1e5, 1e6, 1e7, 1e8), reference=1e6, levels=4)
    found = design.interval_probabilities(np.array([n]), np.array([y]))[0]
    np.testing.assert_allclose(found, interval_probabilities(design, n, y), rtol=0, atol=2e-8)


def interval_probabilities(design: Blrm, n: tuple[int, ...], y: tuple[int, ...]) -> np.ndarray:
    """(K, 3) for a design without correlation; 801 slopes, 401 points a piece."""
    dose = np.log(np.array(design.doses) / design.reference)
    (mean_a, mean_b), (sd_a, sd_b) = design.prior_mean, design.prior_sd
    ends = [log(p / (1 - p)) for p in design.interval]
    simpson = np.ones(401)
    simpson[1:-1:2], simpson[2:-1:2] = 4, 2
    shares = np.zeros((len(dose), 3))
    for step in np.linspace(-8, 8, 801):
        ratio = np.exp(mean_b + sd_b * step)
        for level, x in enumerate(dose):
            cuts = np.clip(
                [-30.0, *(end - ratio * x for end in ends), 30.0], mean_a - 9 * sd_a, mean_a + 9 * sd_a
            )
            for part, (a, b) in enumerate(itertools.pairwise(cuts)):
                if b <= a:
                    continue
                log_alpha = np.linspace(a, b, 401)
                lines = log_alpha + ratio * dose[:, None]
                fit = -(np.array(y)[:, None] * np.logaddexp(0, -lines)).sum(axis=0)
                fit -= ((np.array(n) - np.array(y))[:, None] * np.logaddexp(0, lines)).sum(axis=0)
                prior = -0.5 * ((log_alpha - mean_a) / sd_a) ** 2 - 0.5 * step**2
                shares[level, part] += (np.exp(fit + prior) @ simpson) * (b - a)
    return shares / shares.sum(axis=1, keepdims=True)
