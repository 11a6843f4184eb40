"""The report page: one file, the same bytes for the same trial, honest when there is nothing, safe with any text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache

import pytest

from protocyte.analysis import analyse
from protocyte.app.demo import last_day, virtual_trial
from protocyte.app.studies import open_study, shelf
from protocyte.app.trials import adoption
from protocyte.conduct import Desk, adopt
from protocyte.ledger import MemoryLedger
from protocyte.reports import render_report
from protocyte.study.load import Loaded

SECTIONS = 10  # the heading and nine sections, each with its footing


def study(name: str) -> Loaded:
    loaded = open_study(name)
    assert isinstance(loaded, Loaded)
    return loaded


def new_trial(name: str) -> Desk:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return adopt(MemoryLedger(), adoption(study(name), "trial-1"), actor="dm01", at=at)


@cache
def small_trial() -> Desk:
    return virtual_trial(study("lstcar019"), seed=7, most_subjects=7)


def page(desk: Desk, language: str = "en", as_of: date | None = None) -> str:
    results = analyse(desk.trial, as_of or last_day(desk.trial))
    return render_report(results, desk.trial.study, language)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", sorted(shelf()))
def test_a_trial_in_which_nobody_was_treated_has_a_report_that_says_so(name: str, language: str) -> None:
    html = page(new_trial(name), language)

    assert ("Nobody has been infused yet." if language == "en" else "尚无受试者回输。") in html
    assert "nan" not in html.lower().replace("finance", "")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_section_names_the_head_and_the_cut_off(language: str) -> None:
    desk = small_trial()

    html = page(desk, language)

    assert html.count(desk.casebook.head) == SECTIONS
    assert html.count('class="foot"') == SECTIONS


def test_the_same_trial_gives_the_same_bytes() -> None:
    assert page(small_trial()) == page(small_trial())


def test_the_page_asks_nothing_of_any_other_place() -> None:
    html = page(small_trial())

    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')>\s]+)""", html)
    assert links
    assert [link for link in links if not link.startswith("#")] == []
    assert "<script" not in html


def test_text_from_the_ledger_is_text_on_the_page() -> None:
    desk = new_trial("lstcar019")
    hostile = "</td><script>alert(1)</script>"
    fields = {"on": "2026-02-01", "scope": "trial", "cause": "other", "reason": hostile}
    at = datetime(2026, 2, 1, tzinfo=UTC)
    desk.do("hold", fields, actor="src01", role="committee", today=date(2026, 2, 1), at=at)

    html = page(desk)

    assert hostile not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_numbers_at_risk_are_those_still_followed() -> None:
    desk = virtual_trial(study("lstcar019"), seed=7, most_subjects=12)
    curve = analyse(desk.trial, last_day(desk.trial)).survival
    assert curve is not None

    assert curve.risk[0] == curve.n == sum(course.infused_on is not None for course in desk.trial.courses)
    assert list(curve.risk) == sorted(curve.risk, reverse=True)
    assert all(0 <= height <= 1 for height in curve.survival)


def test_a_report_as_of_an_early_day_does_not_know_what_came_later() -> None:
    desk = small_trial()
    first = min(course.infused_on for course in desk.trial.courses if course.infused_on)

    early = analyse(desk.trial, first)

    assert early.flow.infused <= analyse(desk.trial, last_day(desk.trial)).flow.infused
    assert early.flow.died == 0
    assert early.flow.infused == 1
