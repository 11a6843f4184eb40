"""Any one changed byte of an exported ledger is found and its entry named: by us, and by the forty lines
that stand in the documentation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from ledger_histories import small_history, write
from protocyte.base import LedgerBroken
from protocyte.ledger import Broken, MemoryLedger, Verified, fold, from_line, hash_of, to_line, verify
from protocyte.store import JsonLinesLedger

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "ledger.md"
Verifier = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    ledger = MemoryLedger()
    write(ledger, small_history())
    return [to_line(*raw) for raw in ledger.raw()]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier as it stands in the documentation."""
    text = REFERENCE.read_text(encoding="utf-8")
    block = text.split('```python title="verify_ledger.py"\n')[1].split("```")[0]
    path = tmp_path_factory.mktemp("docs") / "verify_ledger.py"
    path.write_text(block, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def theirs(script: Path) -> Verifier:
    names: dict[str, Verifier] = {"__name__": "verify_ledger"}  # type: ignore[dict-item]
    exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), names)
    return names["verify"]


def raw(data: bytes) -> Iterator[tuple[bytes, str]]:
    for seq, line in enumerate(_split(data), 1):
        yield from_line(line, seq)


def _split(data: bytes) -> list[bytes]:
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def ours(data: bytes, head: str | None = None) -> int:
    result = verify(raw(data), head)
    return result.seq if isinstance(result, Broken) else 0


def replacements(byte: int) -> set[int]:
    """What a byte could become: the nearest, a flipped high or low bit, and those that break up lines."""
    return {byte ^ 1, byte ^ 0x80, byte ^ 0x20, 0, *b'\n\r" }0'} - {byte}


def test_any_changed_byte_is_found_and_its_entry_named_and_the_verifier_of_the_documentation_agrees(
    lines: list[bytes], theirs: Verifier
) -> None:
    data = b"".join(lines)
    assert ours(data) == theirs(data)[0] == 0
    tried = start = 0
    for seq, line in enumerate(lines, 1):
        for place in range(start, start + len(line)):
            for byte in replacements(data[place]):
                changed = data[:place] + bytes([byte]) + data[place + 1 :]
                assert ours(changed) == seq == theirs(changed)[0], (place, byte)
                tried += 1
        start += len(line)
    print(f"{tried} changed bytes of {len(data)} in {len(lines)} entries: all named")


def test_the_file_itself_names_the_changed_entry(lines: list[bytes], tmp_path: Path) -> None:
    data, path, start = b"".join(lines), tmp_path / "ledger.jsonl", 0
    for seq, line in enumerate(lines, 1):
        for place in {start, start + 5, start + 40, start + 100, start + len(line) - 1}:
            for byte in replacements(data[place]):
                path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
                ledger = JsonLinesLedger(path)
                result = verify(ledger.raw())
                assert isinstance(result, Broken)
                assert result.seq == seq
                with pytest.raises(LedgerBroken) as broken:
                    fold(ledger.entries())
                assert broken.value.seq == seq
        start += len(line)


def test_a_removed_added_or_moved_byte_is_found(lines: list[bytes], theirs: Verifier) -> None:
    data = b"".join(lines)
    for place in range(len(data) - 1):
        shorter, longer = data[:place] + data[place + 1 :], data[:place] + b"7" + data[place:]
        for changed in (shorter, longer):
            assert ours(changed) == theirs(changed)[0] > 0


def test_a_removed_repeated_or_swapped_entry_is_named(lines: list[bytes], theirs: Verifier) -> None:
    for k in range(len(lines) - 1):  # the last one removed is a cut tail
        removed = b"".join(lines[:k] + lines[k + 1 :])
        swapped = b"".join([*lines[:k], lines[k + 1], lines[k], *lines[k + 2 :]])
        repeated = b"".join([*lines[: k + 1], *lines[k:]])
        assert ours(removed) == theirs(removed)[0] == k + 1
        assert ours(swapped) == theirs(swapped)[0] == k + 1
        assert ours(repeated) == theirs(repeated)[0] == k + 2


def test_an_entry_replaced_together_with_its_hash_is_named(lines: list[bytes], theirs: Verifier) -> None:
    for k, line in enumerate(lines[:-1]):
        body, _ = from_line(line, k + 1)
        other = body.replace(b'"coordinator"', b'"Coordinator"')
        forged = b"".join([*lines[:k], to_line(other, hash_of(other)), *lines[k + 1 :]])
        assert ours(forged) == theirs(forged)[0] == k + 1


def test_a_forged_number_is_named_even_if_every_hash_and_link_was_made_to_fit(
    lines: list[bytes], theirs: Verifier
) -> None:
    forged, last = [], "0" * 64
    for seq, line in enumerate(lines, 1):
        body, _ = from_line(line, seq)
        number = seq if seq < 5 else seq + 1
        body = b'{"after":"' + last.encode() + body[74 : body.rindex(b":") + 1] + b"%d}" % number
        last = hash_of(body)
        forged.append(to_line(body, last))
    assert ours(b"".join(forged)) == theirs(b"".join(forged))[0] == 5


def test_a_tail_cut_or_rewritten_shows_only_against_a_head_known_from_elsewhere(
    lines: list[bytes], theirs: Verifier
) -> None:
    hashes = [from_line(line, 0)[1] for line in lines]
    for kept in range(len(lines)):
        cut = b"".join(lines[:kept])
        assert ours(cut) == theirs(cut)[0] == 0
        assert ours(cut, hashes[-1]) == theirs(cut, hashes[-1])[0] == kept + 1
    body, _ = from_line(lines[-1], len(lines))
    other = body.replace(b'"coordinator"', b'"Coordinator"')
    rewritten = b"".join([*lines[:-1], to_line(other, hash_of(other))])
    assert ours(rewritten) == theirs(rewritten)[0] == 0
    assert ours(rewritten, hashes[-1]) == theirs(rewritten, hashes[-1])[0] == len(lines) + 1


def test_a_head_printed_long_ago_is_still_found_in_a_longer_ledger(lines: list[bytes]) -> None:
    data = b"".join(lines)
    for _, digest in islice(raw(data), len(lines)):
        result = verify(raw(data), digest)
        assert isinstance(result, Verified)
        assert result.entries == len(lines)


def test_the_script_of_the_documentation_is_short_needs_nothing_and_exits_3(
    lines: list[bytes], script: Path, tmp_path: Path
) -> None:
    source = script.read_text(encoding="utf-8").strip().splitlines()
    assert len(source) <= 40
    assert {line for line in source if line.startswith(("import", "from"))} == {
        "import hashlib",
        "import sys",
    }
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join(lines))
    head = from_line(lines[-1], 0)[1]

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", str(script), str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip() + done.stderr

    assert run() == run(head) == (0, f"{len(lines)} entries, head {head}")
    path.write_bytes(b"".join(lines[:-1]))
    assert run()[0] == 0
    assert run(head) == (3, f"entry {len(lines)} is missing: no entry has the hash {head}")
    path.write_bytes(b"".join(lines).replace("体温".encode(), "體温".encode()))
    assert run() == (3, "entry 3 was changed")
