"""docs/reference/safety.md shows the clocks as they ship; `python tests/docs/test_safety_page.py` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from protocyte.derive.reporting_clocks import ClockRule, clock_rules

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "safety.md"
CASES = {
    "sae": "a serious adverse event",
    "susar_severe": "a fatal or life-threatening SUSAR",
    "susar_other": "any other SUSAR",
}


def limit(rule: ClockRule) -> str:
    if rule.days is not None:
        more = f", follow-up within {rule.follow_up_days} more" if rule.follow_up_days else ""
        return f"{rule.days} days{more}"
    return f"{rule.hours} hours" + (f" (the text says {rule.hours_read}: assumed)" if rule.hours_read else "")


def table() -> str:
    rows = ["| clock | for | to | within | source | evidence |", "|---|---|---|---|---|---|"]
    rows += [
        f"| `{rule.id}` | {CASES[rule.case]} | {rule.to} | {limit(rule)} | {rule.source} | {rule.evidence} |"
        for rule in clock_rules()
    ]
    return "\n".join(rows)


def written(page: str) -> str:
    return re.sub(r"(<!-- clocks -->\n).*?(<!-- /clocks -->)", rf"\g<1>\n{table()}\n\n\2", page, flags=re.S)


def test_the_page_holds_the_clocks_that_ship() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- clocks -->") == 1
    assert page == written(page), "run this file to write the table anew"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
