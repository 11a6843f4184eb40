"""The page on forms says what the models say; `python tests/docs/test_forms_page.py` writes it anew."""

from __future__ import annotations

import re

from docs_pages import ROOT
from protocyte.app.forms import form_fields, form_lines, forms, where_recorded
from protocyte.records import FORMS
from protocyte.study import Loaded, find_study, load_study
from protocyte.study.fact_table import fact_sources
from shell_runs import fine, protocyte

PAGE = ROOT / "docs" / "reference" / "forms.md"


def section(form: str) -> str:
    head, *lines = form_lines(form, "en")
    roles = re.search(r"\((by .*)\)$", head)
    assert roles, head
    fields = [line for line in lines if not line.startswith("  rules read")]
    told = [f"* `{line.strip().split(': ')[0]}`: {line.split(': ', 1)[1]}" for line in fields]
    read = [f"\nRules read: {line.split(': ', 1)[1]}." for line in lines if line.startswith("  rules read")]
    title = FORMS[form].FORM_TITLE[0]
    return "\n".join([f"## `{form}`", "", f"{title}, {roles[1]}.", "", *told, *read])


def written(page: str) -> str:
    body = "\n\n".join(section(form) for form in forms())
    new = f"<!-- forms -->\n\n{body}\n\n<!-- /forms -->"
    return re.sub(r"<!-- forms -->.*<!-- /forms -->", lambda _: new, page, flags=re.S)


def test_the_page_holds_every_form_with_its_fields() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run this file to write the page anew"
    assert len(forms()) > 45


def test_a_form_is_told_in_both_languages_and_as_json() -> None:
    assert "crs_assessment" in fine("trial", "forms", "crs_assessment", "--language", "zh").out
    (told,) = fine("trial", "forms", "infusion", "--json").json
    assert told["roles"] == ["investigator"]
    assert {"name": "lot", "required": True, "what": "text"} in told["fields"]
    assert len(fine("trial", "forms", "--json").json) == len(forms())
    assert protocyte("trial", "forms", "spell").code == 1


def test_every_fact_a_criterion_can_miss_has_a_form_with_that_field() -> None:
    for name in ("cd7-cart", "cd123-cart", "lstcar019"):
        loaded = load_study(find_study(name))
        assert isinstance(loaded, Loaded)
        for fact in fact_sources(loaded.study):
            for told in where_recorded(loaded.study, fact):
                form, *fields = told.split()
                known = {field.name.split(".")[-1] for field in form_fields(form)}
                assert {field.partition("=")[0] for field in fields} <= known, told


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
