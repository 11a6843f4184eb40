"""Forty criteria asked of ten thousand subjects: `python bench/bench_rules.py`. Target: 5 seconds on two cores."""

from __future__ import annotations

import random
import sys
import time
from datetime import date, timedelta
from decimal import Decimal

from protocyte.base import Measured
from protocyte.rules import (
    Fact,
    FactTable,
    Observation,
    Observations,
    Rule,
    check,
    compile_rule,
    explain,
    parse_rule,
    scope_of,
)

SUBJECTS = 10_000
TARGET_SECONDS = 5.0
CONSENT = date(2026, 1, 5)

_QUANTITIES = {
    "anc": "10^9/L",
    "platelets": "10^9/L",
    "alt": "U/L",
    "ast": "U/L",
    "bilirubin": "umol/L",
    "creatinine": "umol/L",
    "clearance": "mL/min",
    "lvef": "%",
    "spo2": "%",
    "bm_blasts": "%",
}
_FLAGS = ["pregnant", "infarction", "thrombosis", "infection", "seizure", "vaccine"]
SCOPE = scope_of(
    Fact(name="age", kind="quantity", unit="y"),
    Fact(name="washout", kind="quantity", unit="d"),
    Fact(name="half_life", kind="quantity", unit="h"),
    Fact(name="gilbert", kind="flag"),
    Fact(name="ecog", kind="number", series=True),
    Fact(name="hbsag", kind="code", codes=("positive", "negative"), series=True),
    Fact(name="hbv_dna", kind="code", codes=("positive", "negative"), series=True),
    *(
        Fact(
            name=name,
            kind="quantity",
            unit=unit,
            series=True,
            analyte=name if name in ("bilirubin", "creatinine") else None,
        )
        for name, unit in _QUANTITIES.items()
    ),
    *(Fact(name=name, kind="flag", series=True) for name in _FLAGS),
    *(
        Fact(name=name, kind="date")
        for name in ("consent", "screening", "enrolment", "lymphodepletion", "infusion")
    ),
)
RULES = [
    "age >= 14 y and age < 65 y",
    "ecog in [0, 1, 2, 3]",
    "ecog <= 3",
    "clearance > 60 mL/min",
    "alt <= 2.5 ULN and ast <= 2.5 ULN",
    "bilirubin <= 1.5 ULN unless gilbert",
    "bilirubin <= 34.2 umol/L",
    "bilirubin <= 2 mg/dL",
    "lvef >= 50 %",
    "lvef >= 50 % within 28 d before enrolment",
    "spo2 > 92 %",
    "spo2 >= 92 % within 7 d before enrolment",
    "not pregnant",
    "pregnant is known within 7 d before lymphodepletion",
    "washout >= min(2 wk, 5 half_lives)",
    "washout >= 3 half_lives",
    "hbsag = negative or hbv_dna = negative",
    "hbsag != positive",
    "no infarction within 6 mo before screening",
    "no infarction within 12 mo before enrolment",
    "no thrombosis within 6 mo before enrolment",
    "no vaccine within 6 wk before lymphodepletion",
    "no seizure before screening",
    "no infection within 14 d before lymphodepletion",
    "anc > 1 10^9/L",
    "platelets >= 50 10^9/L within 7 d before enrolment",
    "anc >= 0.5 10^9/L or platelets >= 20 10^9/L",
    "last anc before lymphodepletion > 0.5 10^9/L",
    "highest alt within 14 d before enrolment <= 5 ULN",
    "lowest platelets within 14 d before enrolment >= 20 10^9/L",
    "creatinine <= 1.5 mg/dL",
    "creatinine <= 1.5 baseline",
    "bm_blasts >= 5 %",
    "bm_blasts > 5 % within 14 d before enrolment",
    "screening on or after consent",
    "enrolment within 28 d after screening",
    "lymphodepletion at least 1 d after enrolment",
    "infusion within 7 d after lymphodepletion",
    "at least 2 consecutive anc > 0.5 10^9/L at least 3 d apart before enrolment",
    "age >= 2 y and (ecog <= 2 or not seizure) and creatinine is known",
]


def _subject(rng: random.Random) -> FactTable:
    """Three draws of each laboratory value, a few events, a tenth of everything missing."""
    days = [CONSENT + timedelta(days=d) for d in (1, 5, 12)]

    def series(name: str, unit: str) -> Observations:
        return Observations(
            tuple(
                Observation(
                    Measured(Decimal(rng.randint(1, 1200)) / 10, unit),
                    day,
                    f"lab-{name}-{day}",
                    uln=Decimal(40),
                    lln=Decimal(1),
                )
                for day in days
                if rng.random() > 0.1
            )
        )

    table = {name: series(name, unit) for name, unit in _QUANTITIES.items()}
    for name in _FLAGS:
        event = (Observation(True, CONSENT - timedelta(days=rng.randint(0, 700)), f"event-{name}"),)
        table[name] = Observations(event if rng.random() < 0.2 else (), complete=rng.random() > 0.1)
    for name, unit, low, high in (("age", "y", 10, 70), ("washout", "d", 5, 40), ("half_life", "h", 5, 200)):
        table[name] = Observations((Observation(Measured(rng.randint(low, high), unit)),))
    table["ecog"] = Observations((Observation(rng.randint(0, 4), days[0], "ecog"),))
    table["hbsag"] = Observations((Observation(rng.choice(["positive", "negative"]), days[0], "serology"),))
    offsets = {"consent": 0, "screening": 1, "enrolment": 14, "lymphodepletion": 20, "infusion": 25}
    anchors = {name: CONSENT + timedelta(days=offset) for name, offset in offsets.items()}
    baselines = {"creatinine": Observation(Measured(80, "umol/L"), CONSENT, "baseline")}
    return FactTable(table, anchors, baselines, as_of=anchors["infusion"])


def main() -> int:
    rng = random.Random(20260105)
    started = time.perf_counter()
    rules = [parse_rule(text) for text in RULES]
    assert all(isinstance(rule, Rule) and not check(rule, SCOPE) for rule in rules)
    compiled = [compile_rule(rule, SCOPE) for rule in rules if isinstance(rule, Rule)]
    ready = time.perf_counter() - started
    subjects = [_subject(rng) for _ in range(SUBJECTS)]
    outcomes: dict[str, int] = {}
    started = time.perf_counter()
    for facts in subjects:
        for rule in compiled:
            outcome = rule.evaluate(facts).outcome
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    taken = time.perf_counter() - started
    started = time.perf_counter()
    for facts in subjects[:100]:
        for rule in compiled:
            explain(rule.evaluate(facts), "zh", SCOPE)
    told = (time.perf_counter() - started) / (100 * len(compiled))
    count = SUBJECTS * len(compiled)
    print(f"{len(compiled)} rules read, checked and compiled: {ready:.2f} s")
    print(f"{count} verdicts: {taken:.2f} s ({taken / count * 1e6:.1f} us each), {outcomes}")
    print(f"one explanation: {told * 1e6:.0f} us")
    return 0 if taken <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
