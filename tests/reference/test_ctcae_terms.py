"""The shipped CTCAE terms are NCI's, and its own tables can be installed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from protocyte.base import InputError
from protocyte.vocab.ctcae import (
    GRADES,
    VERSIONS,
    find_term,
    install_official,
    installed_path,
    terms,
    vocabulary_hash,
    wording,
)
from protocyte.vocab.grading import grade
from reference_folder import reference_file

pytestmark = pytest.mark.reference


def table(version: str) -> list[dict[str, str]]:
    with reference_file(f"ctcae/ctcae_v{version}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_term_has_its_code_name_organ_class_and_grades(
    version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(version)
    for row in rows:
        term = find_term(version, row["meddra_code"])
        assert term is not None, row["term"]
        grades = tuple(one for one in GRADES if row[f"grade_{one}"])
        assert (term.name, term.soc, term.grades) == (row["term"], row["soc"], grades)
        assert find_term(version, row["term"].upper()) == term
    assert len(terms(version)) == len(rows)
    with capsys.disabled():
        print(f"\nCTCAE {version}: {len(rows)} terms agree")


@pytest.mark.parametrize("version", VERSIONS)
def test_official_wording_is_read_back_word_for_word(version: str, tmp_path: Path) -> None:
    file = reference_file(f"ctcae/ctcae_v{version}.csv")
    installed = install_official(version, file, tmp_path)
    assert (installed.terms, installed.unknown, installed.absent) == (len(table(version)), (), ())
    texts = (tmp_path / f"ctcae-{version}.csv").read_text(encoding="utf-8")
    assert texts.count("\n") == len(table(version)) + 1
    for row in table(version)[::40]:
        for number in GRADES:
            found = wording(version, row["meddra_code"], number, tmp_path)
            expected = row[f"grade_{number}"]
            assert (found.text if found and found.official else "") == expected


def test_installing_official_wording_changes_no_grade(tmp_path: Path) -> None:
    text = reference_file("ctcae/lab_grading_examples.csv").read_text(encoding="utf-8")
    examples = list(csv.DictReader(text.splitlines()))
    before = [grade(f"ctcae-{row['ctcae_version']}", row) for row in examples]
    stamp = vocabulary_hash()
    for version in VERSIONS:
        install_official(version, reference_file(f"ctcae/ctcae_v{version}.csv"), tmp_path)
    assert [grade(f"ctcae-{row['ctcae_version']}", row) for row in examples] == before
    assert vocabulary_hash() == stamp


@pytest.mark.parametrize(("version", "other"), [("4.03", "5.0"), ("5.0", "6.0"), ("6.0", "4.03")])
def test_the_table_of_another_version_is_refused_and_nothing_is_written(
    version: str, other: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="another version"):
        install_official(version, reference_file(f"ctcae/ctcae_v{other}.csv"), tmp_path)
    assert not installed_path(version, tmp_path).exists()
