"""The demonstration: a virtual trial of a study, its ledger, its summary and its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from protocyte.app.clock import last_day
from protocyte.app.reporting import write_report
from protocyte.app.summary import summarise
from protocyte.app.trials import adoption
from protocyte.app.unusable import unusable
from protocyte.base import Language
from protocyte.conduct import Desk, adopt
from protocyte.ledger import MemoryLedger
from protocyte.simulate import Progress, simulate_trial
from protocyte.store import export_jsonl
from protocyte.study.load import Loaded

MOST_SUBJECTS = 36  # consents; enough for every ladder of the five studies and an expansion


@dataclass(frozen=True)
class Demo:
    folder: Path
    summary: dict[str, Any]


def run_demo(
    loaded: Loaded,
    folder: Path,
    *,
    seed: int,
    language: Language = "en",
    most_subjects: int = MOST_SUBJECTS,
    seen: Callable[[str, Progress | None], None] = lambda stage, progress: None,
) -> Demo:
    """Run from first consent to lock and write `ledger.jsonl`, `study.yaml`, `summary.json`, `report.html`."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "summary.json").exists():
        raise unusable("folder_in_use", folder=folder)
    folder.mkdir(parents=True, exist_ok=True)  # where nothing can be written, nothing need be computed
    desk = virtual_trial(loaded, seed, most_subjects, lambda progress: seen("trial", progress))
    seen("ledger", None)
    export_jsonl(desk.ledger, folder / "ledger.jsonl")
    (folder / "study.yaml").write_text(loaded.document.text, encoding="utf-8")
    as_of = last_day(desk.trial)
    seen("summary", None)
    summary = summarise(desk.trial, as_of)
    text = json.dumps(summary, ensure_ascii=False, indent=2) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
    seen("report", None)
    write_report(desk.trial, folder / "report.html", as_of, language)
    return Demo(folder, summary)


def virtual_trial(
    loaded: Loaded,
    seed: int,
    most_subjects: int = MOST_SUBJECTS,
    seen: Callable[[Progress], None] | None = None,
) -> Desk:
    """The whole virtual trial in memory; the same seed gives the same bytes on every machine."""
    rng = np.random.default_rng(seed)  # noqa: TID251 -- a demonstration begins with its seed
    study = loaded.study
    begun = datetime(study.effective.year, study.effective.month, study.effective.day, 1, tzinfo=UTC)
    trial_id = f"demo-{rng.integers(2**63):016x}"
    desk = adopt(MemoryLedger(), adoption(loaded, trial_id), actor="dm01", at=begun)
    simulate_trial(study, desk, rng, most_subjects=most_subjects, seen=seen)
    return desk
