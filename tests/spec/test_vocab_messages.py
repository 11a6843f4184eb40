"""The sentences of the room: both languages, the same parameters, and one for every rule."""

from __future__ import annotations

import subprocess
import sys

from protocyte.base import LANGUAGES
from protocyte.base.message import catalogue, template_params


def test_every_sentence_is_in_both_languages_with_the_same_parameters() -> None:
    for name, sentences in catalogue("vocab").items():
        assert set(sentences) == set(LANGUAGES), name
        english, *others = (template_params(sentences[language]) for language in LANGUAGES)
        assert all(one == english for one in others), name


def test_importing_the_room_reads_no_data_file() -> None:
    code = (
        "import protocyte.vocab.grading as g, sys\n"
        "assert not any(name in sys.modules for name in ('protocyte.vocab.lab_lines', 'protocyte.vocab.inputs'))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
