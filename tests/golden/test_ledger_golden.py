"""A ledger of the first release, frozen: whatever is changed in Protocyte, it must verify and fold as it did."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from ledger_histories import answers
from protocyte.ledger import Casebook, CutOff, Verified, fold, verify
from protocyte.store import open_ledger

HERE = Path(__file__).parent
HEAD = "9868762ad7d25ae7487f5af57142019c14c1fabb536e129776de95bab9e86c9e"


def frozen() -> Casebook:
    return fold(open_ledger(HERE / "ledger_v0.jsonl").entries())


def plain(casebook: Casebook) -> Any:
    return json.loads(json.dumps(answers(casebook), default=_spelled))


def _spelled(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def test_the_frozen_ledger_verifies() -> None:
    assert verify(open_ledger(HERE / "ledger_v0.jsonl").raw(), HEAD) == Verified(entries=17, head=HEAD)


def test_the_frozen_ledger_folds_to_the_casebook_it_always_had() -> None:
    expected = json.loads((HERE / "ledger_v0_casebook.json").read_text(encoding="utf-8"))

    assert plain(frozen()) == expected["whole"]
    assert plain(frozen().up_to(CutOff(seq=6))) == expected["up to entry 6"]


def test_every_event_of_the_frozen_ledger_is_still_read() -> None:
    events = [entry.event for entry in open_ledger(HERE / "ledger_v0.jsonl").entries()]

    assert {event.type for event in events} == {
        "study_adopted", "recorded", "amended", "voided", "signed", "locked", "unlocked",
    }  # fmt: skip
