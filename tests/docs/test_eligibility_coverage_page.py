"""docs/reference/eligibility-coverage.md tells every criterion of its two studies, and counts them rightly.

Where it differs, `python tests/docs/test_eligibility_coverage_page.py` writes the page's tables anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from protocyte.study.load import Loaded, load_study
from protocyte.study.model import Study

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "eligibility-coverage.md"
STUDIES = ("cd7-cart", "cd123-cart")


def study(name: str) -> Study:
    found = load_study(ROOT / "studies" / f"{name}.yaml")
    assert isinstance(found, Loaded), found
    return found.study


def table(name: str) -> str:
    rows = ["| criterion | kind | what is asked | answered by | gates |", "|---|---|---|---|---|"]
    for key, one in study(name).eligibility.items():
        answered = "a person's judgement" if one.rule is None else f"`{' '.join(one.rule.split())}`"
        gates = ", ".join(one.gates)
        rows.append(f"| `{key}` | {one.kind} | {one.text.en} | {answered} | {gates} |")
    return "\n".join(rows)


def counts() -> str:
    rows = [
        "| study | criteria | rules | judgements | asked at enrolment | lymphodepletion | infusion |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in STUDIES:
        criteria = study(name).eligibility.values()
        rules = sum(one.rule is not None for one in criteria)
        at = [
            sum(gate in one.gates for one in criteria)
            for gate in ("enrolment", "lymphodepletion", "infusion")
        ]
        told = [len(criteria), rules, len(criteria) - rules, *at]
        rows.append(f"| {name} | " + " | ".join(map(str, told)) + " |")
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with its tables as the studies have them."""
    page = re.sub(r"(<!-- counts -->\n).*?(<!-- /counts -->)", rf"\g<1>\n{counts()}\n\n\2", page, flags=re.S)
    for name in STUDIES:
        pattern = rf"(<!-- table {name} -->\n).*?(<!-- /table -->)"
        page = re.sub(pattern, lambda m, n=name: f"{m[1]}\n{table(n)}\n\n{m[2]}", page, flags=re.S)
    return page


def test_the_page_holds_the_criteria_of_the_studies_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run this file to write the tables anew"
    for name in STUDIES:
        assert page.count(f"<!-- table {name} -->") == 1


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
