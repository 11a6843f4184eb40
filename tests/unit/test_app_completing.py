"""A draft is completed only where it is silent, and every statement taken over is marked."""

from __future__ import annotations

from pathlib import Path

from protocyte.app.completing import Completed, complete_draft
from protocyte.app.studies import open_study, shelf
from protocyte.study.document import Document, parse_document
from protocyte.study.load import Loaded, read_study


def whole() -> Loaded:
    loaded = open_study("lstcar019")
    assert isinstance(loaded, Loaded)
    return loaded


def without(folder: Path, *fields: str) -> Path:
    """The study file with some top-level fields taken away."""
    lines, kept, keep = shelf()["lstcar019"].read_text(encoding="utf-8").splitlines(), [], True
    for line in lines:
        if line and not line[0].isspace() and not line.startswith("#"):
            keep = line.partition(":")[0] not in fields
        if keep:
            kept.append(line)
    path = folder / "draft.yaml"
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path


def test_what_a_draft_lacks_is_taken_over_and_marked_as_assumed(tmp_path: Path) -> None:
    done = complete_draft(without(tmp_path, "safety", "analysis_sets", "assumed"), whole())

    assert isinstance(done, Completed)
    assert set(done.filled) == {"safety", "analysis_sets"}
    loaded = read_study(done.text.encode())
    assert isinstance(loaded, Loaded)
    assert "lstcar019" in loaded.study.assumed["safety"]
    assert loaded.study.safety == whole().study.safety


def test_what_a_draft_says_stays_as_it_says_it(tmp_path: Path) -> None:
    draft = without(tmp_path, "safety", "assumed")
    draft.write_text(
        draft.read_text(encoding="utf-8").replace("DL3: 5e6 cells/kg", "DL3: 4e6 cells/kg"), encoding="utf-8"
    )

    done = complete_draft(draft, whole())

    assert isinstance(done, Completed)
    document = parse_document(done.text.encode(), "x")
    assert isinstance(document, Document)
    assert document.tree["ladder"] == {"DL1": "1e6 cells/kg", "DL2": "2e6 cells/kg", "DL3": "4e6 cells/kg"}


def test_another_trial_s_name_and_site_are_never_taken_over(tmp_path: Path) -> None:
    done = complete_draft(without(tmp_path, "study", "title", "sites", "assumed"), whole())

    assert isinstance(done, Completed)
    assert done.filled == ()
    missing = {
        str(problem.message.params["path"]) for problem in done.problems if problem.rule == "field.missing"
    }
    assert {"study", "title", "sites"} <= missing


def test_a_draft_that_is_no_yaml_gives_its_problem(tmp_path: Path) -> None:
    path = tmp_path / "draft.yaml"
    path.write_bytes(b"\xff\xfe\x00")

    done = complete_draft(path, whole())

    assert not isinstance(done, Completed)
    assert done[0].severity == "error"
