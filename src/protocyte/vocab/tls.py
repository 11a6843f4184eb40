"""Tumour lysis by Cairo and Bishop (2004): laboratory tumour lysis first, then the worst of three columns.

Laboratory tumour lysis is two of four: uric acid, potassium, phosphorus high or 25 % above baseline,
corrected calcium low or 25 % below. Without it there is nothing to grade (`grade` None). `ltls_howard_2011`
says whether the absolute limits alone are met twice, as Howard asks (who also asks for the same 24 hours,
which the caller must see to). Units: umol/L for uric acid, mmol/L for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocyte.vocab.finding import Block, Finding, Impossible
from protocyte.vocab.inputs import Value, scale_facts


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    return values


def _absolute(values: Mapping[str, Any]) -> list[bool]:
    facts: Any = scale_facts("tls")
    child = values["child"]
    phosphorus = facts["phosphorus_mmol_child" if child else "phosphorus_mmol_adult"]
    uric, limit = values["uric_acid_umol"], values["uric_acid_uln_umol"]
    by_age = child and limit is not None
    return [
        uric is not None and (uric > limit if by_age else uric >= facts["uric_acid_umol"]),
        values["k"] is not None and values["k"] >= facts["potassium_mmol"],
        values["phos"] is not None and values["phos"] >= phosphorus,
        values["ca"] is not None and values["ca"] <= facts["corrected_calcium_mmol"],
    ]


def _changed(values: Mapping[str, Any]) -> list[bool]:
    """A quarter above baseline, and for calcium a quarter below; without a baseline there is no change."""
    share: Any = scale_facts("tls")["relative_change"]
    pairs = [
        (values[name], values[f"{name.removesuffix('_umol')}_baseline"])
        for name in ("uric_acid_umol", "k", "phos")
    ]
    rises = [one is not None and base is not None and one >= base * (1 + share) for one, base in pairs]
    calcium, base = values["ca"], values["ca_baseline"]
    return [*rises, calcium is not None and base is not None and calcium <= base * (1 - share)]


def _laboratory(values: Mapping[str, Any]) -> tuple[bool, bool]:
    """Laboratory tumour lysis by 2004, and by the absolute limits alone (2011)."""
    needed: Any = scale_facts("tls")["criteria_needed"]
    absolute = _absolute(values)
    either = [met or changed for met, changed in zip(absolute, _changed(values), strict=True)]
    return sum(either) >= needed, sum(absolute) >= needed


def _creatinine(values: Mapping[str, Any]) -> int:
    """Exactly 1.5 x ULN is grade 1; above it the bands are open below."""
    bands: Any = scale_facts("tls")["creatinine"]
    ratio = values["creat_x_uln"]
    if ratio is None or ratio < bands[-1][0]:
        return 0
    return int(next((grade for above, grade in bands if ratio > above), 1))


def _arrhythmia(values: Mapping[str, Any]) -> int:
    facts: Any = scale_facts("tls")
    given = values["arrhythmia"]
    return int(facts["arrhythmia"].index(given) if isinstance(given, str) else given)


def _seizure(values: Mapping[str, Any]) -> int | Impossible:
    facts: Any = scale_facts("tls")
    given = values["seizure"]
    if given == 1:
        return Impossible("tls.seizure-one")
    return int(facts["seizure"][given] if isinstance(given, str) else given)


def _death(values: Mapping[str, Any]) -> int:
    return 5 if values["death"] else 0


LABORATORY = (
    "uric_acid_umol",
    "uric_acid_baseline",
    "uric_acid_uln_umol",
    "k",
    "k_baseline",
    "phos",
    "phos_baseline",
    "ca",
    "ca_baseline",
    "child",
)
BLOCKS = (
    Block(LABORATORY, _laboratory),
    Block(("death",), _death),
    Block(("creat_x_uln",), _creatinine),
    Block(("arrhythmia",), _arrhythmia),
    Block(("seizure",), _seizure),
)
COLUMNS = ("death", "creatinine", "arrhythmia", "seizure")


def conclude(laboratory: tuple[bool, bool], *columns: int) -> Finding:
    ltls, howard = laboratory
    worst = max(columns)
    parts = (("ltls", ltls), ("ctls", ltls and worst > 0), ("ltls_howard_2011", howard))
    if not ltls:
        return Finding(None, "tls.no-laboratory-tls", parts)
    return Finding(worst, f"tls.{worst}.{COLUMNS[columns.index(worst)] if worst else 'laboratory'}", parts)
