"""The report page: one file, the same bytes for the same trial, honest when there is nothing, safe with any text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from protocyte.analysis import analyse
from protocyte.app.demo import last_day, virtual_trial
from protocyte.app.studies import open_study, shelf
from protocyte.app.trials import adoption
from protocyte.conduct import Desk, adopt
from protocyte.ledger import MemoryLedger
from protocyte.reports import render_report
from protocyte.reports.page import SECTIONS
from protocyte.study.load import Loaded
from trials import CRS, Conducted, day

HOSTILE = "</td><script>alert(1)</script>"


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


def words_of(html: str) -> str:
    """What a reader reads: no tags, no styles, drawings included."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", body)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", sorted(shelf()))
def test_a_trial_in_which_nobody_was_treated_has_a_report_that_says_so(name: str, language: str) -> None:
    said = words_of(page(new_trial(name), language))

    assert ("Nobody has been infused yet." if language == "en" else "尚无受试者回输。") in said
    assert ("No dose decision has been taken." if language == "en" else "尚未作出剂量决定。") in said
    assert not re.search(r"\b(nan|None|inf|undefined|Infinity)\b", said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_section_names_the_head_and_the_cut_off(language: str) -> None:
    desk = small_trial()

    html = page(desk, language)

    footers = re.findall(r'<p class="foot">(.*?)</p>', html)
    assert len(footers) == len(SECTIONS) + 1  # the heading has one too
    for footer in footers:
        assert desk.casebook.head in footer
        assert str(last_day(desk.trial)) in footer
        assert str(desk.casebook.seq) in footer
    assert [html.count(f'<section id="{name}"') for name in SECTIONS] == [1] * len(SECTIONS)


def test_the_same_trial_gives_the_same_bytes() -> None:
    assert page(small_trial()) == page(small_trial())


def test_the_page_asks_nothing_of_any_other_place() -> None:
    html = page(small_trial())

    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')>\s]+)""", html)
    assert links
    assert [link for link in links if not link.startswith("#")] == []
    assert "<script" not in html
    assert "default-src 'none'" in html  # and a browser would not let it
    places = set(re.findall(r"https?://[^\s\"'<)]+", html))
    assert places <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, never fetched


def test_the_page_is_small_enough_to_send() -> None:
    assert len(page(small_trial()).encode()) < 1_500_000


def test_every_tag_that_is_opened_is_closed() -> None:
    html = page(small_trial())

    for tag in (
        "table",
        "tbody",
        "section",
        "figure",
        "svg",
        "div",
        "p",
        "ol",
        "li",
        "td",
        "tr",
        "g",
        "text",
    ):
        opened = len(re.findall(rf"<{tag}(?:\s[^>]*)?(?<!/)>", html))
        assert opened == html.count(f"</{tag}>"), tag
        assert opened


def test_text_from_the_ledger_is_text_on_the_page() -> None:
    """Every free text a person can write that a report shows."""
    trial = Conducted("lstcar019")
    trial.cohort(1)
    trial.bring("S1", on=0)
    trial.ok("crs_assessment", "S1", on=3, **CRS[3])
    trial.ok("dlt_proposal", "S1", on=4, reason=HOSTILE)
    trial.ok("hold", on=4, scope="trial", cause="other", reason=HOSTILE)
    trial.ok("deviation", "S1", on=5, category="visit", importance="minor", description=HOSTILE)
    trial.ok("query", on=5, about="S1/infusion/1", subject="S1", question=HOSTILE)
    trial.ok("death", "S1", on=9, cause="disease", detail=HOSTILE)

    html = page(trial.desk, as_of=day(40))

    assert HOSTILE not in html
    assert (
        html.count("&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    )  # hold, deviation, query, death
    assert "<script" not in html


def test_what_a_person_may_name_is_escaped_in_drawings_too() -> None:
    """A subject or a category cannot hold such text today; a drawing must not be the place that relies on it."""
    results = analyse(small_trial().trial, last_day(small_trial().trial))
    lanes = tuple(type(one)(**(vars(one) | {"subject": HOSTILE})) for one in results.swimmer)
    strips = tuple(type(one)(**(vars(one) | {"subject": HOSTILE})) for one in results.strips)
    changed = type(results)(**(vars(results) | {"swimmer": lanes, "strips": strips}))

    html = render_report(changed, small_trial().trial.study)

    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 2 * len(lanes)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_trial_of_one_subject_has_a_report(language: str) -> None:
    trial = Conducted("cll1-cart")
    trial.cohort(1)
    trial.bring("S1", on=0)

    said = words_of(page(trial.desk, language, as_of=day(10)))

    assert "N = 1" in said
    assert ("The database is not locked" if language == "en" else "数据库尚未锁定") in said
    assert not re.search(r"\b(nan|None|inf|undefined)\b", said)


def test_a_chinese_report_speaks_chinese_and_leaves_codes_alone() -> None:
    said = words_of(page(small_trial(), "zh"))

    for heading in ("方案摘要", "剂量递增与决定", "受试者流向", "不良事件", "疗效", "细胞动力学", "监督"):
        assert heading in said
    for code in ("DL1", "CTCAE", "astct-crs", "LLOQ", "DLT"):
        assert code in said
    for english in ("Subjects with", "All infused", "Nobody", "Kaplan-Meier with", "escalate to"):
        assert english not in said


def test_colours_told_apart_by_more_than_hue_have_readable_text() -> None:
    """WCAG 2.1 asks for a contrast of 4.5 between small text and its ground."""
    from protocyte.reports.colours import DLT, GRADE_TEXT, GRADES, INK, LEVELS, PAPER, SOFT

    for ground, text in [*zip(GRADES, GRADE_TEXT, strict=True), (PAPER, INK), (PAPER, SOFT), (PAPER, DLT)]:
        assert contrast(ground, text) >= 4.5, (ground, text)
    for level in LEVELS:
        assert contrast(PAPER, level) >= 3  # lines and symbols


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_word_of_the_template_is_in_the_catalogue() -> None:
    from protocyte.base.message import catalogue

    room = Path(__file__).parents[2] / "src" / "protocyte" / "reports"
    sources = [*room.rglob("*.html"), *room.rglob("*.py")]
    named = {
        name
        for path in sources
        for name in re.findall(r"say\(\s*[\"']([a-z0-9_]+)[\"']\s*[,)]", path.read_text(encoding="utf-8"))
    }

    assert len(named) > 60
    assert named - set(catalogue("reports")) == set()
