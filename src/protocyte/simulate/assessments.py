"""What the virtual site writes down: plausible forms for one subject on one day."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from protocyte.simulate.latent import Latent, Toxicity, expansion
from protocyte.simulate.process import Fields
from protocyte.study.efficacy import KineticsAssay
from protocyte.study.model import Study

if TYPE_CHECKING:
    from numpy.random import Generator

_BLAST_FREE = ("CR", "CRi", "MLFS")


def screening_results(latent: Latent, rng: Generator) -> tuple[list[Fields], list[Fields]]:
    """Laboratory and bedside results of a subject fit for treatment."""

    def near(value: float, spread: float) -> float:
        return round(float(rng.normal(value, spread)), 1)

    labs: list[Fields] = [
        _lab("anc", f"{abs(near(1.6, 0.3))} 10^9/L", "1.8 10^9/L", "6.3 10^9/L"),
        _lab("platelets", f"{abs(near(75, 12))} 10^9/L", "125 10^9/L", "350 10^9/L"),
        _lab("hemoglobin", f"{near(92, 6)} g/L", "115 g/L", "150 g/L"),
        _lab("wbc", f"{abs(near(4, 0.8))} 10^9/L", "3.5 10^9/L", "9.5 10^9/L"),
        _lab("lymphocytes", f"{abs(near(1.1, 0.2))} 10^9/L", "1.1 10^9/L", "3.2 10^9/L"),
        _lab("monocytes", f"{abs(near(0.6, 0.1))} 10^9/L", "0.1 10^9/L", "0.6 10^9/L"),
        _lab("blood_blasts", f"{round(latent.blasts / 4)} %"),
        _lab("alt", f"{near(28, 5)} U/L", "7 U/L", "40 U/L"),
        _lab("ast", f"{near(26, 5)} U/L", "10 U/L", "40 U/L"),
        _lab("bilirubin", f"{near(11, 2)} umol/L", "3.4 umol/L", "17.1 umol/L"),
        _lab("creatinine", f"{near(66, 6)} umol/L", "44 umol/L", "97 umol/L"),
        _lab("albumin", f"{near(39, 2)} g/L", "35 g/L", "52 g/L"),
    ]
    virology = ("hbsag", "hbcab", "hbv_dna", "hcv_antibody", "hcv_rna", "hiv", "pregnancy_test")
    labs += [{"test": test, "finding": "negative"} for test in virology]
    return labs, fitness(latent, rng)


def fitness(latent: Latent, rng: Generator) -> list[Fields]:
    """Examination before a gate; a subject who will fail screening has a failing heart."""
    lvef = 32 if latent.screen_failure else int(rng.integers(56, 68))
    return [
        {"test": "ecog", "value": "1"},
        {"test": "kps", "value": "80"},
        {"test": "lvef", "value": f"{lvef} %"},
        {"test": "spo2", "value": f"{int(rng.integers(96, 100))} %"},
        {"test": "weight", "value": f"{latent.weight} kg"},
        {"test": "temperature", "value": "36.6 Cel"},
        {"test": "nyha", "value": "1"},
        {"test": "prior_toxicity_grade", "value": "1"},
        {"test": "expected_survival", "value": "6 mo"},
        {"test": "ecg", "finding": "normal"},
        {"test": "pericardial_effusion", "finding": "none"},
        {"test": "pleural_effusion", "finding": "none"},
    ]


def counts(latent: Latent, day: int, rng: Generator) -> list[Fields]:
    """Blood counts after infusion: a trough in the second week, recovery only where the marrow recovers."""
    recovered = latent.response == "CR" and day >= 25 and not relapsed(latent, day)
    anc = rng.uniform(1.2, 3.5) if recovered else rng.uniform(0.1, 0.9)
    platelets = rng.uniform(110, 230) if recovered else rng.uniform(15, 85)
    blasts = 8 if relapsed(latent, day) or latent.response == "NR" else 0
    return [
        _lab("anc", f"{anc:.2f} 10^9/L", "1.8 10^9/L", "6.3 10^9/L"),
        _lab("platelets", f"{platelets:.0f} 10^9/L", "125 10^9/L", "350 10^9/L"),
        _lab("hemoglobin", f"{rng.uniform(75, 110):.0f} g/L", "115 g/L", "150 g/L"),
        _lab("wbc", f"{anc + rng.uniform(0.3, 1.2):.2f} 10^9/L", "3.5 10^9/L", "9.5 10^9/L"),
        _lab("monocytes", f"{rng.uniform(0.1, 0.6):.2f} 10^9/L", "0.1 10^9/L", "0.6 10^9/L"),
        _lab("blood_blasts", f"{blasts} %"),
    ]


def inflammation(toxicity: Toxicity, day: int, rng: Generator) -> list[Fields]:
    """Markers of inflammation, which follow the CRS, and the liver, which follows a little; `day` 0 = infusion."""
    first, last = toxicity.crs_days
    height = toxicity.crs if first <= day <= last else toxicity.crs / 3 if last < day <= last + 7 else 0

    def rise(value: float, factor: float) -> float:
        return float(value * factor**height * 10.0 ** float(rng.normal(0, 0.12)))

    return [
        _lab("crp", f"{rise(6, 2.3):.1f} mg/L", "0 mg/L", "8 mg/L"),
        _lab("ferritin", f"{rise(650, 1.9):.0f} ug/L", "15 ug/L", "300 ug/L"),
        _lab("il6", f"{rise(7, 5):.1f} ng/L", "0 ng/L", "7 ng/L"),
        _lab("alt", f"{rise(27, 1.25):.0f} U/L", "7 U/L", "40 U/L"),
        _lab("ast", f"{rise(25, 1.22):.0f} U/L", "10 U/L", "40 U/L"),
        _lab("bilirubin", f"{rise(11, 1.08):.1f} umol/L", "3.4 umol/L", "17.1 umol/L"),
    ]


def antibody(positive: bool, rng: Generator) -> Fields:
    if not positive:
        return {"result": "negative"}
    return {
        "result": "positive",
        "titre": 10 * 2 ** int(rng.integers(0, 6)),
        "neutralising": bool(rng.random() < 0.3),
    }


def product_attributes(rng: Generator) -> list[Fields]:
    return [
        {"test": "cd4_cd8_ratio", "value": f"{rng.uniform(0.4, 3):.1f}"},
        {"test": "memory_phenotype", "value": f"{int(rng.integers(20, 75))} %"},
        {"test": "potency", "value": f"{int(rng.integers(55, 95))} %"},
    ]


def lesions(disease: str, rng: Generator) -> list[str]:
    """Round figures for relapsed disease; no lesion found is an answer too."""
    often = {"b-all": {"bcr_abl1": 0.25, "kmt2a": 0.1}, "t-all": {"notch1": 0.5}}
    common = often.get(disease, {"flt3_itd": 0.25, "tp53": 0.15, "kmt2a": 0.1, "npm1": 0.2})
    return [name for name, chance in common.items() if rng.random() < chance]


def relapsed(latent: Latent, day: int) -> bool:
    return latent.response_lost is not None and day >= latent.response_lost


def marrow(latent: Latent, day: int, rng: Generator) -> Fields:
    if relapsed(latent, day):
        blasts = latent.blasts * 0.7
    elif latent.response in _BLAST_FREE:
        blasts = rng.uniform(0, 3.5)
    else:
        # A partial remission needs 5 to 25 % and a halving; no response keeps most of the burden.
        blasts = min(max(latent.blasts * 0.3, 6), 24) if latent.response == "PR" else latent.blasts * 0.9
    poor = latent.response == "MLFS"
    form: Fields = {
        "blasts": f"{blasts:.0f} %",
        "auer_rods": False,
        "cells_counted": 250 if poor else 500,
        "cellularity": f"{int(rng.integers(12, 20)) if poor else int(rng.integers(25, 60))} %",
        "spicules": True,
    }
    if latent.response in ("CR", "CRi") and not relapsed(latent, day):
        form |= {"mrd": "negative" if rng.random() < 0.8 else "positive", "mrd_method": "flow"}
    return form


def category_of(latent: Latent, primary: str) -> str:
    """The drawn response in the words of the study's criteria; those for ALL know neither MLFS nor PR."""
    words = {"MLFS": "CRi", "PR": "NR"} if primary.startswith("all") else {}
    return words.get(latent.response, latent.response)


def called(latent: Latent, primary: str, rng: Generator) -> str:
    """The investigator's category: mostly what the marrow shows, now and then its neighbour."""
    seen = category_of(latent, primary)
    beside = {"CR": "CRi", "CRi": "CR", "MLFS": "CRi", "PR": "NR", "NR": "NR"}
    return beside[seen] if rng.random() < 0.06 else seen


def immunoglobulin(study: Study, day: int, rng: Generator) -> Fields:
    """IgG, which falls for months where the B cells that make it are the target."""
    falls = math.exp(-day / 150) if study.product.antigen in ("CD19", "CD20", "CD22") else 1.0
    value = max(8.5 * falls + float(rng.normal(0, 0.6)), 1.0)
    return _lab("igg", f"{value:.1f} g/L", "7.0 g/L", "16.0 g/L")


def crs_form(toxicity: Toxicity, day: int) -> Fields:
    """Components that yield the drawn grade on its worst days, and one less on the first and the last."""
    grade = _on_day(toxicity.crs, toxicity.crs_days, day)
    forms: dict[int, Fields] = {
        0: {"temperature": "36.8 Cel", "hypotension": False, "oxygen": "none"},
        1: {"temperature": "38.9 Cel", "hypotension": False, "oxygen": "none"},
        2: {"temperature": "39.2 Cel", "hypotension": True, "oxygen": "low_flow_nc_or_blowby"},
        3: {"temperature": "39.6 Cel", "hypotension": True, "oxygen": "facemask"},
        4: {"temperature": "39.8 Cel", "hypotension": True, "oxygen": "cpap"},
    }
    pressors = {0: 0, 1: 0, 2: 0, 3: 1, 4: 2}[grade]
    treated = grade >= 2
    rest: Fields = {
        "vasopressors": pressors,
        "vasopressin": False,
        "antipyretic_or_anticytokine_given": treated,
    }
    return forms[grade] | rest | {"investigator_grade": grade}


def icans_form(toxicity: Toxicity, day: int) -> Fields:
    grade = _on_day(toxicity.icans, toxicity.icans_days, day)
    words = ["alert", "awakens_spontaneously", "awakens_to_voice", "awakens_only_to_tactile"]
    return {
        "ice_score": (10, 8, 5, 2)[grade],
        "consciousness": words[grade],
        "seizure": "none",
        "motor": "none",
        "icp_edema": "none",
        "investigator_grade": grade,
    }


def _on_day(worst: int, days: tuple[int, int], day: int) -> int:
    first, last = days
    if not worst or not first <= day <= last:
        return 0
    return max(worst - 1, 1) if day in (first, last) else worst


def kinetics(assay: KineticsAssay, latent: Latent, day: int, rng: Generator) -> str:
    """One result as the laboratory reports it: a bound below the quantification limit."""
    level = expansion(latent, day) * 10.0 ** float(rng.normal(0, 0.12))
    limit = float(assay.lloq.value)
    scale = {"qpcr": 10.0, "ddpcr": 10.0, "flow": 0.02}[assay.assay]
    value = level * scale * (0.5 if assay.matrix == "marrow" else 1.0)
    if assay.role == "pharmacodynamics":  # target cells fall as effector cells rise
        value = limit * 40 / (1 + level / 100) if latent.response != "NR" else limit * 60
    if assay.lloq.unit == "%":
        value = min(value, 95.0)
    if value < limit:
        return f"<{assay.lloq.value} {assay.lloq.unit}"
    return f"{value:.3g} {assay.lloq.unit}" if value < 1000 else f"{value:.0f} {assay.lloq.unit}"


def _lab(test: str, value: str, low: str | None = None, high: str | None = None) -> Fields:
    limits = {"lower_limit": low, "upper_limit": high}
    return {"test": test, "value": value} | {name: limit for name, limit in limits.items() if limit}


def iso(day: date) -> str:
    return day.isoformat()
