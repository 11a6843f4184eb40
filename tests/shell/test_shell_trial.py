"""`protocyte trial`: a command is done, refused or a problem, and each says so in its own exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from protocyte.conduct import command_names
from shell_runs import fine, new_trial, protocyte


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_trial(tmp_path_factory.mktemp("begun") / "ward")


@pytest.fixture
def ward(begun: Path, tmp_path: Path) -> Path:
    """The ledger alone is the trial; without the study file beside it, it opens faster."""
    (tmp_path / "ward").mkdir()
    shutil.copy(begun / "ledger.jsonl", tmp_path / "ward")
    return tmp_path / "ward"


def entries(ward: Path) -> int:
    seq = fine("trial", "status", ward, "--json").json["seq"]
    assert isinstance(seq, int)
    return seq


@pytest.mark.parametrize("ledger", ["sqlite", "jsonl"])
def test_a_trial_is_a_folder_or_its_ledger_file(tmp_path: Path, ledger: str) -> None:
    ward = new_trial(tmp_path / "ward", ledger=ledger)

    by_folder = fine("trial", "status", ward, "--json").json
    by_file = fine("trial", "status", ward / f"ledger.{ledger}", "--json").json

    assert by_folder == by_file
    assert by_folder["study"] == "lstcar019"
    assert [one["subject"] for one in by_folder["subjects"]] == ["S-001"]
    assert by_folder["cohorts"][0]["places_left"] == 3


def test_creating_prints_the_trial_the_digest_and_the_head(tmp_path: Path) -> None:
    made = fine("trial", "create", "cd7-cart", tmp_path / "a", "--actor", "dm01", "--json").json
    again = fine("trial", "create", "cd7-cart", tmp_path / "b", "--actor", "dm01", "--json").json

    assert made["digest"] == again["digest"]
    assert made["trial"] != again["trial"]
    assert len(made["head"]) == 64


def test_a_folder_that_holds_a_trial_is_left_alone(ward: Path) -> None:
    before = (ward / "ledger.jsonl").read_bytes()

    told = protocyte("trial", "create", "lstcar019", ward, "--actor", "dm01", "--json")

    assert told.code == 1
    assert "nothing was changed" in told.json[0]["message"]
    assert (ward / "ledger.jsonl").read_bytes() == before


def test_a_study_with_errors_is_not_adopted(tmp_path: Path) -> None:
    study = tmp_path / "bad.yaml"
    study.write_text("study: bad\n", encoding="utf-8")

    told = protocyte("trial", "create", study, tmp_path / "ward", "--actor", "dm01", "--json")

    assert told.code == 1
    assert {problem["rule"] for problem in told.json} >= {"field.missing"}
    assert not (tmp_path / "ward").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("status",), ("advise",), ("verify",), ("why", "S-001", "dlt"), ("do", "labs", "--actor", "a"),
        ("archive", "out.jsonl"), ("batch", "in.jsonl", "--actor", "a"),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_trial_that_is_not_there_is_a_problem_in_both_languages(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ("trial", words[0], "nowhere", *words[1:])

    english, chinese = protocyte(*command, "--json"), protocyte(*command, "--json", "--language", "zh")

    assert (english.code, chinese.code) == (1, 1)
    assert "there is no nowhere" in english.json[0]["message"]
    assert "不存在" in chinese.json[0]["message"]


def test_an_empty_folder_a_database_url_and_an_unknown_kind_of_file_are_no_trials(tmp_path: Path) -> None:
    other = tmp_path / "ledger.txt"
    other.write_text("x", encoding="utf-8")

    for name in (tmp_path, "postgresql://host/trial", other):
        told = protocyte("trial", "status", name, "--json")
        assert (told.code, len(told.json)) == (1, 1)


# --- do ---------------------------------------------------------------------------------------------


def test_what_was_done_names_the_record_the_entry_and_the_head(ward: Path) -> None:
    words = (
        "trial",
        "do",
        ward,
        "demographics",
        "subject=S-001",
        "on=2026-01-05",
        "birth=1984-03",
        "sex=female",
    )

    done = fine(*words, "--actor", "crc01", "--json").json

    assert done["command"] == "demographics"
    assert done["records"] == ["S-001/demographics/1"]
    assert done["seq"] == 4
    assert done["followed"] == []
    assert done["head"] == fine("trial", "status", ward, "--json").json["head"]


def test_a_refusal_says_why_and_what_would_permit_it_and_writes_nothing(ward: Path) -> None:
    words = ("trial", "do", ward, "demographics", "subject=S-009", "on=2026-01-05", "birth=1984", "sex=male")

    said = protocyte(*words, "--actor", "crc01")
    told = protocyte(*words, "--actor", "crc01", "--json")
    chinese = protocyte(*words, "--actor", "crc01", "--json", "--language", "zh")

    assert (said.code, told.code, chinese.code) == (4, 4, 4)
    assert said.out == ""
    assert "has not consented" in said.err
    assert told.json["refused"] == chinese.json["refused"] == "conduct.no_consent"
    assert set(told.json) == {"refused", "reason", "remedy"}
    assert told.json["reason"] != chinese.json["reason"]
    assert entries(ward) == 3


def test_a_role_that_may_not_is_refused_and_a_role_that_is_none_is_usage(ward: Path) -> None:
    words = (
        "trial",
        "do",
        ward,
        "donor_lot",
        "lot=L1",
        "donor=D1",
        "manufactured=2025-11-20",
        "released=true",
    )

    assert protocyte(*words, "--actor", "a").code == 4
    assert fine(*words, "--actor", "a", "--role", "manufacturing").code == 0
    assert protocyte(*words, "--actor", "a", "--role", "janitor").code == 2
    assert protocyte(*words, "--actor", "a", "--role", "system").code == 2
    assert protocyte(*words).code == 2
    assert protocyte(*words, "--actor", "  ").code == 2


def test_an_unknown_command_names_those_there_are(ward: Path) -> None:
    (problem,) = protocyte("trial", "do", ward, "resurrect", "--actor", "a", "--json").json

    assert problem["rule"] == "command.unknown_command"
    assert all(name in problem["message"] for name in command_names())


@pytest.mark.parametrize("command", sorted(command_names()))
def test_every_command_without_fields_is_problems_or_a_refusal(command: str, ward: Path) -> None:
    roles = ("coordinator", "investigator", "committee", "data_manager", "manufacturing")
    told = [
        protocyte("trial", "do", ward, command, "--actor", "a", "--role", role, "--json") for role in roles
    ]

    assert {ran.code for ran in told} <= {1, 4}
    assert all(ran.json for ran in told)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["subject"], 2),
        (["=x"], 2),
        (["subject=S-001", "subject=S-002"], 2),
        (["results=[1,"], 1),
        (["results={}"], 1),
        (["results=" + "[" * 5000], 1),
        (["results=[" + "9" * 5000 + "]"], 1),
        (["results=[NaN]"], 1),
        (['results=[{"test":"anc","value":1e400}]'], 1),
        (['results=[{"test":"anc","value":"1e999999999 10^9/L"}]'], 1),
        (['results=[{"test":"anc","value":"\\ud800"}]'], 1),
        (['results=[{"test":"anc","test":"alt","value":"1"}]'], 1),
        (["results=[]", "on=2026-02-30"], 1),
        (["results=[]", "on=0001-01-01"], 4),
        (["results=[]", "on=9999-12-31"], 4),
        (["results=[]", "version=2"], 1),
        (["results=[]", "note=" + "x" * 5000], 1),
        (["results=[]", "subject=../../etc"], 1),
        (["results=[]", "subject=" + "S" * 500], 1),
        (["results=[]", "note=\udcff"], 2),
    ],
)  # fmt: skip
def test_fields_that_cannot_be_are_told_and_nothing_is_written(
    given: list[str], code: int, ward: Path
) -> None:
    names = {word.partition("=")[0] for word in given}
    rest = [w for w in ("subject=S-001", "on=2026-01-06") if w.partition("=")[0] not in names]

    told = protocyte("trial", "do", ward, "labs", *given, *rest, "--actor", "a", "--json")

    assert told.code == code, told
    assert told.json
    assert entries(ward) == 3


def test_fields_come_from_a_file_or_standard_input_and_typed_ones_go_over_them(
    ward: Path, tmp_path: Path
) -> None:
    file = tmp_path / "labs.json"
    file.write_text(
        '{"subject": "S-001", "on": "2026-01-06", "results": [{"test": "anc", "value": "1.2 10^9/L"}]}'
    )
    do = ("trial", "do", ward, "labs", "--actor", "a", "--json")

    assert fine(*do, "--file", file).json["records"] == ["S-001/labs/1"]
    assert fine(*do, "--file", file, "on=2026-01-07").json["records"] == ["S-001/labs/2"]
    assert fine(*do, "--file", "-", stdin=file.read_text()).json["records"] == ["S-001/labs/3"]
    assert fine(*do, "--file", "-", stdin=b"\xef\xbb\xbf" + file.read_bytes()).code == 0
    ledger = (ward / "ledger.jsonl").read_text(encoding="utf-8")
    assert '"on":"2026-01-07"' in ledger


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (bytes(range(256)), 1),
        (b"\xff\xfe{\x00}\x00", 1),
        (b'{"subject": "caf\xe9"}', 1),
        (b"", 1),
        (b"[]", 1),
        (b"null", 1),
        (b'{"on": "2026-01-06", "on": "2026-01-07"}', 1),
        (b"{" * 100_000, 1),
        (b'{"x": ' + b"9" * 100_000 + b"}", 1),
        (b'{"subject": "S-001", "on": "2026-01-06", "results": null}', 1),
    ],
)
def test_a_file_of_fields_that_is_none_is_a_problem(
    content: bytes, code: int, ward: Path, tmp_path: Path
) -> None:
    file = tmp_path / "fields.json"
    file.write_bytes(content)

    for told in (
        protocyte("trial", "do", ward, "labs", "--actor", "a", "--json", "--file", file),
        protocyte("trial", "do", ward, "labs", "--actor", "a", "--json", "--file", "-", stdin=content),
    ):
        assert told.code == code, told
        assert told.json[0]["severity"] == "error"
    assert entries(ward) == 3


def test_a_file_that_cannot_be_read_is_a_failure_of_storage(ward: Path, tmp_path: Path) -> None:
    for file in (tmp_path / "missing.json", tmp_path):
        told = protocyte("trial", "do", ward, "labs", "--actor", "a", "--json", "--file", file)
        assert (told.code, told.json[0]["rule"]) == (5, "storage.failed")


def test_a_number_with_a_point_keeps_its_digits(ward: Path) -> None:
    results = 'results=[{"test": "relapses", "value": 1.10}]'

    told = protocyte("trial", "do", ward, "labs", "subject=S-001", "on=2026-01-06", results, "--actor", "a")

    assert told.code == 0, told
    assert '"value":"1.1"' in (ward / "ledger.jsonl").read_text(encoding="utf-8")


# --- batch --------------------------------------------------------------------------------------------


def lines(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


VISIT = {"command": "contact", "subject": "S-001", "on": "2026-01-06"}


def test_a_batch_runs_its_lines_in_order_each_in_its_role(ward: Path, tmp_path: Path) -> None:
    file = tmp_path / "batch.jsonl"
    lot = {"command": "donor_lot", "lot": "L1", "donor": "D1", "manufactured": "2025-11-20", "released": True}
    file.write_text(lines(VISIT, lot | {"role": "manufacturing", "actor": "gmp01"}) + "\n" + lines(VISIT))

    done = fine("trial", "batch", ward, file, "--actor", "crc01", "--json").json

    assert [(row["line"], row["records"]) for row in done["done"]] == [
        (1, ["S-001/contact/1"]), (2, ["donor_lot/1"]), (4, ["S-001/contact/2"]),
    ]  # fmt: skip
    assert '"by":"gmp01"' in (ward / "ledger.jsonl").read_text(encoding="utf-8")


def test_a_batch_stops_at_what_is_not_done_and_goes_on_from_there(ward: Path) -> None:
    text = lines(VISIT, VISIT | {"subject": "S-009"}, VISIT)

    stopped = protocyte("trial", "batch", ward, "-", "--actor", "a", stdin=text)
    told = protocyte("trial", "batch", ward, "-", "--from", 2, "--actor", "a", "--json", stdin=text)

    assert (stopped.code, told.code) == (4, 4)
    assert "line 2 (contact) was not done; 1 commands before it are written" in stopped.err
    assert told.json["refused"] == "conduct.no_consent"
    assert entries(ward) == 4
    assert fine("trial", "batch", ward, "-", "--from", 3, "--actor", "a", stdin=text).code == 0
    assert entries(ward) == 5


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("not json\n", 1),
        ("[]\n", 1),
        ('{"subject": "S-001"}\n', 1),
        ('{"command": 7}\n', 1),
        ('{"command": "contact", "role": "janitor"}\n', 2),
        ('{"command": "contact", "command": "void"}\n', 1),
    ],
)
def test_a_batch_with_a_broken_line_writes_nothing_at_all(bad: str, code: int, ward: Path) -> None:
    told = protocyte("trial", "batch", ward, "-", "--actor", "a", "--json", stdin=lines(VISIT) + bad)

    assert told.code == code, told
    assert "2" in told.json[0]["message"] or code == 2
    assert entries(ward) == 3


# --- looking ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("status",), ("advise",), ("why", "S-001", "enrolment")], ids=lambda c: c[0]
)
def test_days_and_cut_offs_that_are_none_are_usage(command: tuple[str, ...], ward: Path) -> None:
    words = ("trial", command[0], ward, *command[1:])

    for bad in ("6.1.2026", "2026-13-01", "today", "0001-01-01", "9999-12-31", ""):
        assert protocyte(*words, "--as-of", bad).code == 2
        assert protocyte(*words, "--as-of", bad, "--json").json[0]["rule"] == "usage"
    for bad in ("-1", "yesterday", "2026-01-01T00:00", "1.5", "", "²"):
        assert protocyte(*words, f"--cut-off={bad}").code == 2, bad
        assert protocyte(*words, f"--cut-off={bad}", "--json").json[0]["rule"] == "usage"
    for good in ("2026-01-06", "1900-01-01", "2999-12-31"):
        assert fine(*words, "--as-of", good, "--json").json is not None
    assert fine(*words, "--cut-off", 3, "--json").json == fine(*words, "--json").json
    assert protocyte(*words, "--cut-off", 0, "--json").code == 1
    assert protocyte(*words, "--cut-off", "1999-01-01T00:00:00Z", "--json").code == 1
    assert fine(*words, "--cut-off", "9" * 30, "--json").json is not None


def test_status_and_advice_are_said_in_both_languages(ward: Path) -> None:
    for command in ("status", "advise"):
        english = fine("trial", command, ward).out
        chinese = fine("trial", command, ward, "--language", "zh").out
        assert "Nobody has been treated" in english
        assert english != chinese
    assert fine("trial", "advise", ward, "--json").json["action"] == "stay"


def test_advice_on_a_part_without_a_design_names_those_with_one(ward: Path) -> None:
    for part in ("expansion", "encore"):
        (problem,) = protocyte("trial", "advise", ward, "--part", part, "--json").json
        assert "escalation" in problem["message"]


@pytest.mark.parametrize("study", ["cd123-cart", "cd7-cart", "cll1-cart", "lilrb4-start", "lstcar019"])
def test_every_study_can_be_begun_and_looked_at(study: str, tmp_path: Path) -> None:
    ward = tmp_path / "ward"
    fine("trial", "create", study, ward, "--actor", "dm01")

    assert fine("trial", "status", ward, "--json").json["study"] == study
    assert fine("trial", "advise", ward, "--json").json["action"]
    assert fine("trial", "verify", ward, "--json").json["entries"] == 1


def test_what_a_form_would_change_is_told_and_nothing_is_written(ward: Path) -> None:
    before = entries(ward)
    ask = ("trial", "why", ward, "S-001", "enrolment", "--as-of", "2026-01-09", "--json")
    form = "history on=2026-01-09 condition=pregnant_or_lactating status=absent"

    gate, *changed = fine(*ask, "--if", form).json
    assert gate["answer"] == "shut -> shut"
    assert {row["what"]: row["answer"] for row in changed} == {"pregnancy": "unknown -> met"}
    assert fine(*ask, "--if", form, "--if", form, "--language", "zh").json[0]["answer"] == "关闭 -> 关闭"
    assert fine(*ask, "--if", form.replace("01-09", "01-10")).json[0]["why"].startswith("criteria whose")
    assert entries(ward) == before


@pytest.mark.parametrize(
    ("what", "form", "code"),
    [
        ("dlt", "history on=2026-01-09", 1),
        ("enrolment", "no_such_form on=2026-01-09", 1),
        ("enrolment", "history on=tomorrow condition=hiv status=absent", 1),
        ("enrolment", "history condition", 2),
        ("enrolment", "", 2),
        ("enrolment", "history 'on=2026", 2),
    ],
)
def test_a_form_that_cannot_be_is_a_problem(ward: Path, what: str, form: str, code: int) -> None:
    found = protocyte("trial", "why", ward, "S-001", what, "--if", form, "--json")
    assert found.code == code
    assert found.json[0]["message"]


def test_why_names_criteria_records_and_what_is_missing(ward: Path) -> None:
    rows = fine("trial", "why", ward, "S-001", "enrolment", "--json").json
    by_name = {row["what"]: row for row in rows}

    assert by_name["kidney"]["answer"] == "unknown"
    assert by_name["kidney"]["missing"]
    assert by_name["kidney"]["rule"] == "creatinine_clearance >= 50 mL/min"
    for what in (
        "lymphodepletion",
        "infusion",
        "dlt",
        "crs",
        "icans",
        "gvhd",
        "response",
        "orr",
        "os",
        "pfs",
    ):
        assert fine("trial", "why", ward, "S-001", what, "--json").json
        assert fine("trial", "why", ward, "S-001", what, "--language", "zh").out


def test_text_of_others_is_shown_and_not_obeyed(ward: Path) -> None:
    reason = "so [bold]:warning: \x1b[2J\x07 [/] \\"
    hold = (
        "on=2026-01-06",
        "scope=trial",
        "cause=other",
        f"reason={reason}",
        "--role",
        "committee",
        "--actor",
        "a",
    )
    fine("trial", "do", ward, "hold", *hold)

    shown = fine("trial", "status", ward).out

    assert "[bold]:warning: \\x1b[2J\\x07 [/] \\" in shown
    assert "\x1b" not in shown
    assert fine("trial", "status", ward, "--json").json["holds"][0]["reason"] == reason
    assert "`x[red]\\x1b`" in protocyte("trial", "do", ward, "x[red]\x1b", "--actor", "a").err


def test_a_subject_or_a_question_nobody_knows_is_a_problem(ward: Path) -> None:
    assert "S-009" in protocyte("trial", "why", ward, "S-009", "dlt", "--json").json[0]["message"]
    assert "enrolment" in protocyte("trial", "why", ward, "S-001", "fate", "--json").json[0]["message"]


# --- a later version of the protocol --------------------------------------------------------------------


def test_an_amendment_is_adopted_and_the_same_version_is_refused(tmp_path: Path) -> None:
    ward = new_trial(tmp_path / "ward")
    amended = tmp_path / "amended.yaml"
    text = (ward / "study.yaml").read_text(encoding="utf-8")
    text = text.replace('version: "1"', 'version: "2"', 1).replace("2026-01-01", "2026-06-01", 1)
    amended.write_text(text.replace("infusion_within: 7 d", "infusion_within: 5 d"), encoding="utf-8")

    told = fine("trial", "adopt", ward, amended, "--actor", "dm01", "--json").json

    assert told["version"] == "2"
    assert protocyte("trial", "adopt", ward, amended, "--actor", "dm01").code == 4
    assert "infusion_within: 5 d" in (ward / "study.yaml").read_text(encoding="utf-8")
    assert entries(ward) == 4


def test_a_study_file_that_is_not_the_ledgers_is_a_warning_and_the_ledger_wins(tmp_path: Path) -> None:
    ward = new_trial(tmp_path / "ward")
    file = ward / "study.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("DL1: 1e6", "DL1: 1.5e6"), encoding="utf-8")

    told = protocyte("trial", "status", ward, "--json")

    assert told.code == 0
    assert told.json["study"] == "lstcar019"
    assert "ledger's is used" in told.err
