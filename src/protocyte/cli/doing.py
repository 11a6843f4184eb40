"""`trial do` and `trial batch`: run the commands of `conduct`, one or many."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer

from protocyte.app import clock
from protocyte.app.trials import open_trial
from protocyte.app.unusable import unusable
from protocyte.app.wording import told
from protocyte.base import Language, Message
from protocyte.cli import options, output
from protocyte.cli.fields import given_fields, role_of
from protocyte.cli.reading import read_lines, read_map
from protocyte.conduct import Answer, Desk, Done, Refusal, Role

Name = Annotated[str, typer.Argument(help="A trial's folder or its ledger file.", metavar="TRIAL")]
Actor = Annotated[str, typer.Option(help="Your account: who is doing this.")]
RoleName = Annotated[str, typer.Option(help="The role you do it in.")]


@options.safely
def do(
    trial: Name,
    command: Annotated[
        str, typer.Argument(help="A form such as consent, or open_gate, decide, amend, void, sign.")
    ],
    fields: Annotated[list[str] | None, typer.Argument(help="field=value; lists and maps as JSON.")] = None,
    actor: Actor = "",
    role: RoleName = "coordinator",
    file: Annotated[
        str | None, typer.Option(help="Read fields from a JSON file, or - for standard input.")
    ] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Run one command. Refused, it says why and what would permit it, and nothing is written."""
    words = options.language(language)
    given = given_fields(fields or [], file)
    who, acts_as = _somebody(actor), role_of(role)
    opened = open_trial(trial)
    output.warn(opened.warnings, words)
    done = _done(_run(opened.desk, command, given, who, acts_as), words, json)
    if json:
        output.print_json(_row(command, done) | {"head": opened.desk.casebook.head})
    else:
        _tell(command, done, opened.desk, words)


@options.safely
def batch(
    trial: Name,
    file: Annotated[
        str,
        typer.Argument(help="JSON lines: command, its fields, and role or actor where they differ; or -."),
    ],
    actor: Actor = "",
    role: RoleName = "coordinator",
    first: Annotated[int, typer.Option("--from", help="The first line to run.", min=1)] = 1,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Run the commands of a file in their order; the first that is not done ends the batch."""
    words = options.language(language)
    opened = open_trial(trial)
    output.warn(opened.warnings, words)
    lines = [_batch_line(number, text, actor, role) for number, text in read_lines(file) if number >= first]
    rows: list[dict[str, Any]] = []
    for line in lines:
        answer = _run(opened.desk, line.command, line.fields, line.actor, line.role)
        if not isinstance(answer, Done):
            output.warn([_stopped(line, len(rows))], words)
        done = _done(answer, words, json)
        rows.append({"line": line.number} | _row(line.command, done))
        if not json:
            _tell(line.command, done, opened.desk, words)
    if json:
        output.print_json({"done": rows, "head": opened.desk.casebook.head})


class _Line(NamedTuple):
    number: int
    command: str
    fields: dict[str, Any]
    actor: str
    role: Role


def _batch_line(number: int, text: str, actor: str, role: str) -> _Line:
    given = read_map(text, f"line {number}")
    command, who, acts_as = given.pop("command", ""), given.pop("actor", actor), given.pop("role", role)
    if not isinstance(command, str) or not command:
        raise unusable("batch_no_command", line=number)
    return _Line(number, command, given, _somebody(str(who)), role_of(str(acts_as)))


def _stopped(line: _Line, done: int) -> Message:
    return Message.of("app.batch_stopped", line=line.number, command=line.command, done=done)


def _somebody(actor: str) -> str:
    if not actor.strip():
        raise typer.BadParameter("say who is doing this", param_hint="--actor")
    return actor


def _run(desk: Desk, command: str, given: dict[str, Any], actor: str, role: Role) -> Answer:
    today = clock.today(desk.trial.study)
    return desk.do(command, given, actor=actor, role=role, today=today, at=clock.now())


def _done(answer: Answer, words: Language, json: bool) -> Done:
    """What was written; a refusal or problems are shown and end the command."""
    if isinstance(answer, Refusal):
        output.stop_refused(answer, words, json)
    if not isinstance(answer, Done):
        output.stop_with_problems(answer, words, json)
    return answer


def _row(command: str, done: Done) -> dict[str, Any]:
    followed = [getattr(event, "record_id", event.type) for event in done.followed]
    return {"command": command, "seq": done.seq, "records": list(done.record_ids), "followed": followed}


def _tell(command: str, done: Done, desk: Desk, words: Language) -> None:
    written = ", ".join(done.record_ids) or command
    # A signature is the occasion to note the head whole: it is what shows a cut tail later.
    head = desk.casebook.head if command in ("sign", "lock") else desk.casebook.head[:12]
    output.say(told("written", words, what=written, seq=done.seq, head=head))
    for event in done.followed:
        output.note(told("followed", words, what=getattr(event, "record_id", event.type)))
