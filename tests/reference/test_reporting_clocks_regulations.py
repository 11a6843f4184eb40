"""Our clocks against the reference list of regulations: every row about a single case."""

from __future__ import annotations

import csv
import re

import pytest

from protocyte.derive.reporting_clocks import clock_rules
from reference_folder import reference_file

pytestmark = pytest.mark.reference


def cases(trigger: str) -> tuple[str, ...]:
    if "annual" in trigger or "anniversary" in trigger or "disagree" in trigger:
        return ()
    if trigger.startswith("as "):
        return ("susar_severe", "susar_other")
    if "SAE to sponsor" in trigger:
        return ("sae",)
    return ("susar_severe",) if "life-threatening" in trigger else ("susar_other",)


def test_every_clock_of_a_single_case_is_ours() -> None:
    text = reference_file("regulatory/reporting_clocks.csv").read_text(encoding="utf-8")
    tried = left_out = 0
    for row in csv.DictReader(text.splitlines()):
        limits = [int(number) for number in re.findall(r"\d+", row["limit_calendar_days"])]
        asked = cases(row["trigger"])
        left_out += not asked
        for case in asked:
            (ours,) = (
                one for one in clock_rules() if (one.jurisdiction, one.case) == (row["jurisdiction"], case)
            )
            if case == "sae":
                assert ours.hours == 24  # at once, or at most a day
                assert limits[0] <= 1
            else:
                assert ours.days == limits[0 if case == "susar_severe" or len(limits) == 1 else 1], row
            if row["follow_up"].startswith(("8", "follow-up 8")) and case == "susar_severe":
                assert ours.follow_up_days == 8
            if row["evidence"] == "recalled":
                assert ours.evidence == "recalled"  # nothing we claim to have read was only remembered
            tried += 1
    print(f"{tried} clocks agree; {left_out} rows are no clock of a single case")
    assert tried
