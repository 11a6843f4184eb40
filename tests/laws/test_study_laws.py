"""Laws of reading study files: no bytes raise, places exist, text decides the digest."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import Problem, canonical_bytes
from protocyte.study import Loaded, adopted_study, diff_studies, read_study, shelf
from protocyte.study.document import Document, parse_document

GOOD = [path.read_bytes() for _, path in shelf()]
# What breaks YAML readers and number parsers, and what a hurried hand leaves behind.
ODD = [
    *(b"\t", b"- ", b": ", b"#", b" # ", b"\n", b"\r", b"\x00", b"\xff", b"\xe2\x80\xa8", b"\xc2\x85"),
    *(b"&a ", b"*a", b"!!x ", b"<<: ", b"{", b"}", b"[", b"]", b"'", b'"', b"|", b">", b"?", b"---\n"),
    *(b"%YAML 2", b"@", b"`", b"~", b"null", b"NaN", b".inf", b"1e999", b"-1", b"0", b"1_0", b"9" * 60),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(("byte", "insert", "cut", "value", "copy"))):
            case "byte":
                data[at] = draw(st.integers(0, 255))
            case "insert":
                data[at:at] = draw(st.sampled_from(ODD))
            case "cut":
                del data[at : at + draw(st.integers(1, 60))]
                data = data or bytearray(b"a")
            case "value":
                start, end = data.rfind(b": ", 0, at), data.find(b"\n", at)
                if 0 <= start < end:
                    data[start + 2 : end] = draw(st.sampled_from(ODD))
            case _:
                other = draw(st.integers(0, len(data) - 1))
                data[at:at] = data[other : other + draw(st.integers(1, 200))]
    return bytes(data)


def problems(data: bytes) -> tuple[Problem, ...]:
    result = read_study(data, "damaged.yaml")
    return result.problems if isinstance(result, Loaded) else result


@settings(deadline=None, derandomize=True, max_examples=150)
@given(damaged())
def test_no_damage_to_a_study_raises_and_every_problem_has_a_line_and_a_sentence(data: bytes) -> None:
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\xe2\x80\xa8") + data.count(b"\xc2\x85") + 1
    for problem in problems(data):
        assert problem.place.line is not None
        assert 1 <= problem.place.line <= lines + 1
        assert problem.sentence("en")
        assert problem.sentence("zh")


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise(data: bytes) -> None:
    for problem in problems(data):
        assert problem.sentence("en")


_KEYS = st.text("abcdefgh", min_size=1, max_size=4)
_TREES = st.recursive(
    st.text("abc 019:#{}[]'\"", max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_KEYS, below, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.dictionaries(st.sampled_from(["study", "ladder", "parts", "dlt", "endpoints"]), _TREES))
def test_no_tree_of_any_shape_raises(tree: dict[str, object]) -> None:
    for problem in problems(json.dumps(tree).encode()):
        assert problem.sentence("en")


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.sampled_from(GOOD), st.data())
def test_remarks_and_blank_lines_leave_the_digest_alone(good: bytes, data: st.DataObject) -> None:
    lines = good.decode().split("\n")
    starts = [index for index, line in enumerate(lines) if line[:1].isalpha()]  # between fields of the top
    for index in sorted(data.draw(st.sets(st.sampled_from(starts), max_size=3)), reverse=True):
        lines.insert(index, data.draw(st.sampled_from(["", "# a remark", "   # another"])))
    one, other = read_study(good), read_study("\n".join(lines).encode())
    assert isinstance(one, Loaded)
    assert isinstance(other, Loaded)
    assert one.digest == other.digest
    assert diff_studies(one.document, other.document) == ()


@pytest.mark.parametrize("good", GOOD, ids=[name for name, _ in shelf()])
def test_a_study_read_back_from_a_ledger_is_the_same_to_the_order_of_its_rows(good: bytes) -> None:
    loaded = read_study(good)
    assert isinstance(loaded, Loaded)
    kept = json.loads(canonical_bytes(loaded.document.tree))  # type: ignore[arg-type]
    assert adopted_study(kept).model_dump_json() == loaded.study.model_dump_json()


@pytest.mark.parametrize("good", GOOD, ids=[name for name, _ in shelf()])
def test_levels_rise_whatever_their_names(good: bytes) -> None:
    loaded = read_study(good)
    assert isinstance(loaded, Loaded)
    labels = loaded.study.labels
    text = good.decode()
    for index, label in enumerate(labels):  # names whose order is not that of the doses
        text = re.sub(rf"\b{label}\b", f"L{len(labels) - index}", text)
    renamed = read_study(text.encode())
    assert isinstance(renamed, Loaded)
    assert list(renamed.study.ladder.values()) == list(loaded.study.ladder.values())
    for name, part in renamed.study.parts.items():
        other = loaded.study.parts[name].design
        assert part.design is None or (other and part.design.start_level == other.start_level)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.sampled_from(GOOD), st.data())
def test_a_changed_leaf_is_the_one_difference_and_another_digest(good: bytes, data: st.DataObject) -> None:
    before, after = parse_document(good, "a"), parse_document(good, "b")
    assert isinstance(before, Document)
    assert isinstance(after, Document)
    block = data.draw(st.sampled_from([name for name, below in after.tree.items() if isinstance(below, str)]))
    after.tree[block] = str(after.tree[block]) + " changed"
    (change,) = diff_studies(before, after)
    assert (change.path, change.kind, change.place.line) == (block, "changed", after.place(block).line)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.sampled_from(GOOD), st.data())
def test_a_place_in_a_scalar_is_the_place_of_that_character(good: bytes, data: st.DataObject) -> None:
    document = parse_document(good, "a")
    assert isinstance(document, Document)
    path = data.draw(st.sampled_from([path for path in document.spans if path.endswith((".rule", ".when"))]))
    text = document.scalar(path)
    offset = data.draw(st.sampled_from([at for at, character in enumerate(text) if not character.isspace()]))
    place = document.place_in(path, offset)
    assert place.line is not None
    assert place.column is not None
    assert document.text.split("\n")[place.line - 1][place.column - 1] == text[offset]
