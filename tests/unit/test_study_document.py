"""Study files as text with places; marks by the longest prefix; the shelf; differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocyte.base import InputError
from protocyte.study import diff_studies, find_study, shelf
from protocyte.study.document import Document, parse_document
from protocyte.study.provenance import leaves, provenance_of, read_marks, unstated_leaves

TEXT = """\
# a remark
study: a
ladder: {DL1: 1E6 cells/kg, DL2: 2e6 cells/kg}
dlt:
  days: 28  # four weeks
  when: >-
    crs >= 3
    or icans >= 3
flags: [NO, yes, 012]
registered:
  ladder: said
assumed:
  ladder.DL2: not said
"""


def document(text: str = TEXT) -> Document:
    result = parse_document(text.encode(), "a.yaml")
    assert isinstance(result, Document)
    return result


def test_every_scalar_stays_as_it_was_written() -> None:
    tree = document().tree
    assert tree["ladder"] == {"DL1": "1E6 cells/kg", "DL2": "2e6 cells/kg"}
    assert tree["flags"] == ["NO", "yes", "012"]


def test_every_value_knows_its_line_and_column() -> None:
    places = document().places
    assert (places["ladder.DL2"].line, places["ladder.DL2"].column) == (3, 29)
    assert (places["dlt.days"].line, places["dlt.days"].column) == (5, 3)
    assert places["flags.1"].line == 9


def test_what_is_missing_lies_at_its_nearest_ancestor() -> None:
    assert document().place("dlt.window").line == 4
    assert document().place("follow_up.until").line == 1


def test_the_rest_of_a_line_after_a_scalar_can_be_seen() -> None:
    assert document().rest_of_line("dlt.days").strip() == "# four weeks"
    assert document().rest_of_line("study") == ""


def test_a_place_in_a_folded_text_is_found_by_its_characters() -> None:
    doc = document()
    place = doc.place_in("dlt.when", doc.scalar("dlt.when").index("icans"))
    assert (place.line, place.column) == (8, 8)
    end = doc.place_in("dlt.when", len(doc.scalar("dlt.when")))
    assert (end.line, end.column) == (8, 18)


def test_the_longest_prefix_marks_a_path() -> None:
    marks = read_marks(document().tree)
    assert provenance_of("ladder.DL1", marks).mark == "registered"
    assert provenance_of("ladder.DL2", marks).mark == "assumed"
    assert provenance_of("ladder.DL2", marks).why == "not said"
    assert provenance_of("dlt.days", marks).mark == "unstated"


def test_a_list_is_one_leaf() -> None:
    assert list(leaves(document().tree)) == [
        "study", "ladder.DL1", "ladder.DL2", "dlt.days", "dlt.when", "flags", "registered.ladder", "assumed.ladder.DL2"
    ]  # fmt: skip
    assert unstated_leaves(document().tree) == ["dlt.days", "dlt.when", "flags"]


def test_differences_name_the_highest_field_and_its_place() -> None:
    after = document(
        TEXT.replace("days: 28", "days: 42")
        .replace("flags: [NO, yes, 012]\n", "")
        .replace("dlt:\n", "scales:\n  ae: ctcae-5.0\ndlt:\n")
    )
    found = [
        (change.path, change.kind, change.before, change.after, change.place.line)
        for change in diff_studies(document(), after)
    ]
    assert found == [
        ("dlt.days", "changed", "28", "42", 7),
        ("flags", "removed", ["NO", "yes", "012"], None, 9),
        ("scales", "added", None, {"ae": "ctcae-5.0"}, 4),
    ]


def test_the_order_of_fields_is_no_difference() -> None:
    moved = document(TEXT.replace("study: a\n", "").replace("flags:", "study: a\nflags:"))
    assert diff_studies(document(), moved) == ()


def test_a_study_is_found_by_its_id_or_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT)
    assert find_study(str(file)) == file
    assert find_study("cll1-cart") == dict(shelf())["cll1-cart"]


def test_what_is_neither_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match="cll1-cart"):
        find_study("cll2-cart")
