"""What a virtual subject is like before anybody measures it. Plausible, seeded, not calibrated.

Rates are round figures near those of published CD19 and CD7 series (DOMAIN names no model for them); a
scientific simulator is a later matter. Nothing here is used by conduct, analysis or reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocyte.study.model import Study

if TYPE_CHECKING:
    from numpy.random import Generator

# Chance that a manufacturing run fails, that a visit is missed, that screening fails.
MANUFACTURE_FAILS = 0.08
VISIT_MISSED = 0.03
SCREEN_FAILS = 0.12
# Chance of any CRS and ICANS at the lowest level, and what each level adds to the chance of a severe one.
CRS_ANY, ICANS_ANY = 0.75, 0.20
SEVERE_AT_START, SEVERE_PER_LEVEL = 0.01, 0.045


@dataclass(frozen=True)
class Latent:
    """One virtual subject's hidden traits. Days count from the first infusion."""

    diagnosis: str
    disease: str
    sex: str
    age: int
    weight: float
    blasts: float
    screen_failure: bool
    response: str
    response_lost: int | None  # day of relapse
    death: int | None
    transplant: int | None
    peak_day: float
    peak_log10: float
    half_life: float
    slow_half_life: float


def draw_latent(study: Study, rng: Generator) -> Latent:
    disease = list(study.diseases)[int(rng.integers(len(study.diseases)))]
    diagnosis = study.diseases[disease].diagnoses[int(rng.integers(len(study.diseases[disease].diagnoses)))]
    response = str(rng.choice(["CR", "CRi", "MLFS", "PR", "NR"], p=[0.38, 0.24, 0.08, 0.08, 0.22]))
    lost = int(30 + rng.exponential(260)) if response != "NR" and rng.random() < 0.5 else None
    transplant = int(50 + rng.exponential(50)) if response in ("CR", "CRi") and rng.random() < 0.25 else None
    dies = rng.random() < (0.75 if response == "NR" else 0.35)
    base = 45 if response == "NR" else 150
    return Latent(
        diagnosis=diagnosis,
        disease=disease,
        sex=str(rng.choice(["female", "male"])),
        age=int(rng.integers(20, 60)),
        weight=round(max(float(rng.normal(63, 9)), 50.0), 1),
        blasts=round(float(rng.uniform(12, 85)), 0),
        screen_failure=bool(rng.random() < SCREEN_FAILS),
        response=response,
        response_lost=lost,
        death=int(base + rng.exponential(180)) if dies else None,
        transplant=transplant,
        peak_day=float(rng.uniform(8, 14)),
        peak_log10=float(rng.normal(4.3 if response != "NR" else 3.5, 0.4)),
        half_life=float(rng.uniform(2.0, 5.0)),
        slow_half_life=float(rng.uniform(15, 60)),
    )


@dataclass(frozen=True)
class Toxicity:
    """CRS and ICANS after one infusion: highest grade (0 none), first and last day."""

    crs: int
    crs_days: tuple[int, int]
    icans: int
    icans_days: tuple[int, int]


def draw_toxicity(level: int, rng: Generator) -> Toxicity:
    severe = SEVERE_AT_START + SEVERE_PER_LEVEL * level
    crs = 0
    if rng.random() < CRS_ANY:
        crs = int(rng.choice([3, 4], p=[0.85, 0.15])) if rng.random() < severe else int(rng.integers(1, 3))
    icans = 0
    if crs and rng.random() < ICANS_ANY:
        icans = 3 if rng.random() < severe else int(rng.integers(1, 3))
    start = int(rng.integers(2, 6))
    length = 2 + crs + int(rng.integers(0, 3))
    late = start + int(rng.integers(2, 5))
    return Toxicity(crs, (start, start + length), icans, (late, late + 2 + icans))


def expansion(latent: Latent, day: int) -> float:
    """Log-linear rise to the peak, then a fast and a slow fall: cells in arbitrary units."""
    peak = 10.0**latent.peak_log10
    if day <= 0:
        return 0.0
    if day < latent.peak_day:
        return float(peak * 10.0 ** (-3.0 * (1 - day / latent.peak_day)))
    since = day - latent.peak_day
    fast, slow = 0.5 ** (since / latent.half_life), 0.5 ** (since / latent.slow_half_life)
    return float(peak * (0.97 * fast + 0.03 * slow))
