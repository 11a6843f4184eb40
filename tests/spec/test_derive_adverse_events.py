"""Adverse events: emergent or not, in which period, due to what; and the sentences of the room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import protocyte.derive
from courses import course, day
from protocyte.base.message import LANGUAGES, catalogue, template_params
from protocyte.derive.adverse_events import adverse_events
from small_study import small_study

STUDY = small_study()
BEFORE = "D-40 consent; D-5 ld; D0 infusion;"


def row(text: str, study=STUDY):
    (found,) = adverse_events(study, course(BEFORE + text))
    return found


@pytest.mark.parametrize(
    ("text", "emergent", "grade", "period"),
    [
        ("D-6 ae Nausea 2 to D-1", False, None, None),  # before lymphodepletion
        ("D-5 ae Nausea 2 to D-1", True, 2, None),
        ("D3 ae Fever 1 D5 3 to D9", True, 3, "to_day_28"),
        ("D29 ae Fatigue 1", True, 1, "later"),
        ("D-10 ae Anemia 2 D4 3", True, 3, "to_day_28"),  # there before, then worse than ever
        ("D-10 ae Anemia 3 D-7 2 D4 3", False, None, None),  # back to what it was is no worsening
        ("D400 ae Fatigue 2", False, None, "later"),  # after twelve months nothing is collected
    ],
)
def test_emergent_is_what_begins_or_worsens_after_the_start(text, emergent, grade, period):
    found = row(text)
    assert (found.emergent, found.emergent_grade, found.period) == (emergent, grade, period)


def test_counted_from_the_infusion_lymphodepletion_toxicity_is_not_emergent():
    study = small_study({"safety.emergent_from": "infusion"})
    assert not row("D-4 ae Nausea 2", study).emergent
    assert row("D0 ae Nausea 2", study).emergent


def test_seriousness_is_not_severity_and_attribution_is_per_agent():
    found = row("D3 ae Headache 1 serious")
    assert found.is_serious
    assert found.maximum_grade == 1
    assert found.related == ("product",)
    assert row("D3 ae Headache 1 unrelated").related == ()


def test_days_durations_and_special_interest():
    found = row("D3 ae Infection 2 to D9")
    assert (found.day, found.duration, found.special_interest) == (3, 7, "infection")
    assert row("D3 ae Headache 2").duration is None


def test_a_data_cut_shows_the_event_as_it_was_then():
    subject = course(BEFORE + "D3 ae Fever 1 D5 3 to D9; D12 ae Rash 1")
    (found,) = adverse_events(STUDY, subject, data_cut=day(4))
    assert (found.maximum_grade, found.ended) == (1, None)
    assert len(adverse_events(STUDY, subject)) == 2


def test_before_treatment_nothing_is_emergent():
    (found,) = adverse_events(STUDY, course("D-40 consent; D-30 ae Fever 1"))
    assert not found.emergent
    assert found.day is None


def test_every_sentence_a_derivation_speaks_is_written_in_both_languages_with_the_same_parameters():
    sentences = catalogue("derive")
    folder = Path(protocyte.derive.__file__).parent
    spoken = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(r'"derive\.([a-z0-9_]+)"', path.read_text(encoding="utf-8"))
    }
    assert spoken - set(sentences) == set()
    for name, texts in sentences.items():
        assert set(texts) == set(LANGUAGES), name
        assert template_params(texts["en"]) == template_params(texts["zh"]), name
