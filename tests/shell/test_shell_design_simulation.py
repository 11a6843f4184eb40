"""`design oc` simulated: beside the exact answer, in days, kept block by block, interrupted and resumed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocyte.app.simulating import Simulation, run_simulation
from protocyte.base import InputError, Message, render
from protocyte.designs import Course, Design, parse_design
from shell_runs import fine, protocyte

THREE = '{"design": "three_plus_three"}'
TRUTH = "0.05,0.15,0.30"


def asked(course: Course | None = None, **more: Any) -> Simulation:
    design = parse_design({"design": "three_plus_three"}, 3)
    assert isinstance(design, Design)
    given: dict[str, Any] = {"trials": 5_000, "seed": 3, "course": course} | more
    return Simulation(design, [[0.05, 0.15, 0.30], [0.2, 0.3, 0.4]], **given)


def stop_after(trials: int) -> Callable[[int], None]:
    def progress(done: int) -> None:
        if done >= trials:
            raise KeyboardInterrupt

    return progress


def test_simulated_numbers_lie_within_four_standard_errors_of_the_exact_ones() -> None:
    exact = fine("design", "oc", THREE, "--truth", TRUTH, "--json").json[0]
    found = fine("design", "oc", THREE, "--truth", TRUTH, "--trials", 20_000, "--json").json[0]

    assert (found["method"], found["trials"]) == ("simulated", 20_000)
    for name in ("selection", "mean_treated", "mean_dlt"):
        for value, error, truth in zip(found[name], found["mcse"][name], exact[name], strict=True):
            assert abs(value - truth) < 4 * error
    for name in ("none", "expected_subjects"):
        assert abs(found[name] - exact[name]) < 4 * found["mcse"][name]


def test_a_design_too_large_to_enumerate_says_how_and_is_simulated() -> None:
    large = '{"design": "boin", "target": 0.3, "cohort_size": 1, "max_subjects": 60}'
    truth = ("--truth", "0.05,0.1,0.2,0.3,0.4,0.5,0.6,0.7")
    sentence = render(Message.of("designs.too_large", design="boin", states=1, cohorts=1))

    assert "--trials" in sentence
    row = fine("design", "oc", large, *truth, "--trials", 500, "--json").json[0]
    assert sum(row["selection"]) + row["none"] == pytest.approx(1)


def test_a_course_tells_days_products_and_both_analyses_in_words() -> None:
    course = '{"failure": 0.3, "not_evaluable": 0.1}'
    command = ("design", "oc", THREE, "--truth", TRUTH, "--course", course, "--trials", 200)
    row = fine(*command, "--json").json[0]

    assert 0.25 < row["extras"]["failed"] / row["extras"]["enrolled"] < 0.4
    said = fine(*command).out
    assert "days from the first enrolment" in said
    assert "as-assigned" in said
    assert "天" in fine(*command, "--language", "zh").out


@pytest.mark.parametrize(
    ("course", "named"),
    [
        ('{"faliure": 0.1}', "faliure"),
        ('{"failure": 2}', "failure"),
        ("[]", "--course"),
        ('{"late": "x"}', "late"),
    ],
)
def test_a_course_that_cannot_be_is_one_sentence_naming_its_place(
    course: str, named: str, tmp_path: Path
) -> None:
    file = tmp_path / "course.json"
    file.write_text(course, encoding="utf-8")
    found = protocyte("design", "oc", THREE, "--truth", TRUTH, "--course", file, "--json")

    assert found.code == 1
    assert named in found.json[0]["message"]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("course", [None, Course(failure=0.2)])
def test_an_interrupted_run_goes_on_and_ends_where_a_whole_one_does(
    tmp_path: Path, course: Course | None, workers: int
) -> None:
    trials = 5_000 if course is None else 300
    whole = run_simulation(asked(course, trials=trials))
    keep = tmp_path / "blocks.jsonl"

    with pytest.raises(KeyboardInterrupt):
        run_simulation(asked(course, trials=trials, workers=workers), keep, stop_after(trials + 1))
    before = keep.read_bytes()
    keep.write_bytes(before + b'{"truth": 1, "blo')

    assert run_simulation(asked(course, trials=trials, workers=workers), keep) == whole
    assert keep.read_bytes().startswith(before)
    assert keep.read_bytes().count(b"\n") > before.count(b"\n") > 1
    again = keep.read_bytes()
    assert run_simulation(asked(course, trials=trials), keep) == whole
    assert keep.read_bytes() == again


def test_a_longer_run_takes_over_the_whole_blocks_of_a_shorter_one(tmp_path: Path) -> None:
    keep = tmp_path / "blocks.jsonl"
    run_simulation(asked(trials=4_500), keep)

    assert run_simulation(asked(trials=7_000), keep) == run_simulation(asked(trials=7_000))
    assert run_simulation(asked(trials=4_500), keep) == run_simulation(asked(trials=4_500))


@pytest.mark.parametrize("other", [{"seed": 4}, {"course": Course()}, {"truths": [[0.1, 0.2, 0.3]]}])
def test_blocks_of_another_question_are_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    keep = tmp_path / "blocks.jsonl"
    run_simulation(asked(trials=100), keep)
    before = keep.read_bytes()
    given = asked(trials=100)
    mine = Simulation(**({name: getattr(given, name) for name in given.__dataclass_fields__} | other))

    with pytest.raises(InputError, match="another design, truth, course or seed"):
        run_simulation(mine, keep)
    assert keep.read_bytes() == before


@pytest.mark.parametrize(
    "line", ["[]", "{}", "null", '{"truth": 0}', '{"truth": 0, "block": 0, "trials": "x"}']
)
def test_a_file_that_holds_something_else_is_left_as_it_is(tmp_path: Path, line: str) -> None:
    keep = tmp_path / "blocks.jsonl"
    keep.write_text(json.dumps({"question": asked().question()}) + "\n" + line + "\n", encoding="utf-8")
    before = keep.read_bytes()

    with pytest.raises(InputError, match="line 2"):
        run_simulation(asked(trials=100), keep)
    assert keep.read_bytes() == before


def test_the_page_of_a_simulated_design_says_so_with_its_error(tmp_path: Path) -> None:
    page = tmp_path / "design.html"
    fine("design", "report", THREE, "--truth", TRUTH, "--trials", 500, "--out", page)

    text = page.read_text(encoding="utf-8")
    assert "500 trials a truth" in text
    assert "every path enumerated" not in text


def test_only_a_simulation_is_kept(tmp_path: Path) -> None:
    found = protocyte("design", "oc", THREE, "--truth", TRUTH, "--keep", tmp_path / "blocks.jsonl")

    assert found.code == 2
    assert not list(tmp_path.iterdir())


def test_an_interrupted_process_ends_with_130_and_keeps_what_it_has(tmp_path: Path) -> None:
    keep = tmp_path / "blocks.jsonl"
    command = [sys.executable, "-m", "protocyte", "design", "oc", THREE, "--truth", TRUTH, "--course", "{}"]
    run = subprocess.Popen(
        [*command, "--trials", "1000000", "--workers", "2", "--keep", str(keep)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while (not keep.exists() or keep.read_bytes().count(b"\n") < 3) and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=30)

    assert run.returncode == 130
    assert "Traceback" not in told
    assert keep.name in told.replace("\n", "")
    assert keep.read_bytes().endswith(b"\n")
