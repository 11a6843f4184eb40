"""`protocyte trial`: create a trial, run commands, see where it stands, verify it."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from protocyte.app import clock, status
from protocyte.app.replay import replay_decisions
from protocyte.app.studies import open_study
from protocyte.app.trials import create_trial, ledger_path, open_trial
from protocyte.app.verifying import verify_file
from protocyte.base import InputError, LedgerBroken, render
from protocyte.cli import options, output
from protocyte.conduct import ROLES, Done, Refusal, Role
from protocyte.derive.escalation import derive_escalation
from protocyte.ledger import Broken

app = typer.Typer(help="Trials: create, record, decide, look, verify.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A trial's folder or its ledger file.", metavar="TRIAL")]
Actor = Annotated[str, typer.Option(help="Your account: who is doing this.")]
RoleName = Annotated[str, typer.Option(help="The role you do it in.")]


@app.command()
@options.safely
def create(
    study: Annotated[str, typer.Argument(help="The id of a study that ships, or a study file.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the trial.")],
    actor: Actor,
    ledger: Annotated[str, typer.Option(help="sqlite or jsonl.")] = "sqlite",
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Adopt a study and open its ledger."""
    words = options.language(language)
    if ledger not in ("sqlite", "jsonl"):
        raise typer.BadParameter(f"{ledger!r} is not sqlite or jsonl", param_hint="--ledger")
    loaded = open_study(study)
    if isinstance(loaded, tuple):
        output.stop_with_problems(loaded, words, json)
    desk = create_trial(loaded, folder, actor=actor, at=clock.now(), ledger=f"ledger.{ledger}")
    if json:
        output.print_json({"trial": desk.casebook.trial, "digest": loaded.digest, "head": desk.casebook.head})
    else:
        output.say(f"trial {desk.casebook.trial} of {loaded.study.study} in {folder}")


@app.command()
@options.safely
def adopt(
    trial: Name,
    study: Annotated[
        str, typer.Argument(help="The amended study file: same id, new version, its effective date.")
    ],
    actor: Actor,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Adopt a later version of the protocol; what came before stays judged by its own version."""
    words = options.language(language)
    loaded = open_study(study)
    if isinstance(loaded, tuple):
        output.stop_with_problems(loaded, words, json)
    opened = open_trial(trial)
    desk = opened.desk
    today = clock.today(desk.trial.study)
    answer = desk.amend_protocol(loaded, actor=actor, role="data_manager", today=today, at=clock.now())
    if isinstance(answer, Refusal):
        output.stop_refused(answer, words, json)
    (opened.path.parent / "study.yaml").write_text(loaded.document.text, encoding="utf-8")
    if json:
        output.print_json(
            {"digest": loaded.digest, "version": loaded.study.version, "head": desk.casebook.head}
        )
    else:
        output.say(
            f"version {loaded.study.version} from {loaded.study.effective}; head {desk.casebook.head[:12]}"
        )


@app.command()
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
    if not actor:
        raise typer.BadParameter("say who is doing this", param_hint="--actor")
    given = _file_fields(file) | _fields(fields or [])
    opened = open_trial(trial)
    output.warn(opened.warnings, words)
    study = opened.desk.trial.study
    answer = opened.desk.do(
        command, given, actor=actor, role=_role(role), today=clock.today(study), at=clock.now()
    )
    if isinstance(answer, Refusal):
        output.stop_refused(answer, words, json)
    if not isinstance(answer, Done):
        output.stop_with_problems(answer, words, json)
    head = opened.desk.casebook.head
    if json:
        output.print_json({"seq": answer.seq, "records": list(answer.record_ids), "head": head})
    else:
        written = ", ".join(answer.record_ids) or command
        output.say(f"{written}  entry {answer.seq}  head {head[:12]}")
    for event in answer.followed:
        output.note(f"followed: {getattr(event, 'record_id', event.type)}")


def _role(text: str) -> Role:
    if text not in ROLES or text == "system":
        names = ", ".join(role for role in ROLES if role != "system")
        raise typer.BadParameter(f"{text!r} is not one of {names}", param_hint="--role")
    return text


def _fields(items: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{item!r} is not field=value", param_hint="FIELDS")
        if name in fields:
            raise typer.BadParameter(f"{name} is given twice", param_hint="FIELDS")
        fields[name] = _json(value, name) if value[:1] in "[{" and value else value
    return fields


def _file_fields(file: str | None) -> dict[str, Any]:
    if file is None:
        return {}
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    fields = _json(text, file)
    if not isinstance(fields, dict):
        raise InputError(f"{file}: a command's fields are one JSON object")
    return fields


def _json(text: str, name: str) -> Any:
    """Numbers with a point stay the text they are: no float enters a record."""
    try:
        return jsonlib.loads(text, parse_float=str)
    except (jsonlib.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not JSON ({error})") from None


@app.command(name="status")
@options.safely
def status_(
    trial: Name,
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Where the trial stands: subjects, open windows, proposals, holds, queries, what may come next."""
    words = options.language(language)
    opened = open_trial(trial, options.cut_off(cut_off))
    output.warn(opened.warnings, words)
    day = options.day(as_of, options.last_day(opened.desk.casebook.last_at))
    stands = status.trial_status(opened.desk.trial, day)
    if json:
        output.print_json(status.as_json(stands, words))
    else:
        for line in status.as_lines(stands, words):
            output.say(line)


@app.command()
@options.safely
def advise(
    trial: Name,
    part: Annotated[
        str | None, typer.Option(help="A part of the study (default: the first with a design).")
    ] = None,
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """What the design advises now, and for whom it waits."""
    words = options.language(language)
    opened = open_trial(trial, options.cut_off(cut_off))
    day = options.day(as_of, options.last_day(opened.desk.casebook.last_at))
    study = opened.desk.trial.study_on(day)
    known = [name for name, plan in study.parts.items() if plan.design is not None]
    chosen = part or known[0]
    if chosen not in study.parts:
        raise typer.BadParameter(f"{chosen!r} is not one of {', '.join(study.parts)}", param_hint="--part")
    standing = derive_escalation(opened.desk.trial, chosen, day)
    if json:
        output.print_json(status.advice_json(standing, words))
        return
    for line in status.advice_lines(standing, words):
        output.say(line)


@app.command()
@options.safely
def why(
    trial: Name,
    subject: Annotated[str, typer.Argument(help="The subject's id.")],
    what: Annotated[
        str, typer.Argument(help="enrolment, lymphodepletion, infusion, dlt, response, or an endpoint.")
    ],
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Why a verdict, a DLT status, a response or an endpoint is what it is: rule, records, dates."""
    from protocyte.app.why import explain_subject

    words = options.language(language)
    opened = open_trial(trial, options.cut_off(cut_off))
    day = options.day(as_of, options.last_day(opened.desk.casebook.last_at))
    reasons = explain_subject(opened.desk.trial, subject, what, day, words)
    if json:
        output.print_json(reasons)
    else:
        for reason in reasons:
            records = f"  [{', '.join(reason['records'])}]" if reason["records"] else ""
            output.say(f"{reason['what']}: {reason['answer']}. {reason['why']}{records}")


@app.command()
@options.safely
def verify(
    trial: Name,
    head: Annotated[
        str | None, typer.Option(help="The head hash a signed decision or report printed.")
    ] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Check every entry against its hash and its link, then replay every dose decision."""
    words = options.language(language)
    path = ledger_path(trial)
    checked = verify_file(path, head)
    if isinstance(checked, Broken):
        output.stop(
            f"entry {checked.seq}: {render(checked.why, words)}", output.BROKEN, json, "ledger.broken"
        )
    replayed = replay_decisions(open_trial(trial).desk.trial)
    odd = [one.number for one in replayed if not one.same]
    if odd:
        raise LedgerBroken(f"the advice of decision {odd[0]} is not what its cut-off gives", None)
    if json:
        output.print_json(
            {"entries": checked.entries, "head": checked.head, "decisions_replayed": len(replayed)}
        )
    else:
        output.say(f"{checked.entries} entries, all sound; head {checked.head}")
        output.say(f"{len(replayed)} dose decisions replayed, each with the advice it recorded")


@app.command()
@options.safely
def archive(
    trial: Name,
    file: Annotated[Path, typer.Argument(help="Where to write the portable ledger (.jsonl).")],
    json: options.Json = False,
) -> None:
    """Write the whole trial as one portable file: the ledger alone is the trial."""
    from protocyte.app.archiving import archive_trial

    entries, head = archive_trial(ledger_path(trial), file)
    _told(entries, head, file, json)


@app.command()
@options.safely
def restore(
    file: Annotated[Path, typer.Argument(help="A portable ledger (.jsonl).")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the trial.")],
    ledger: Annotated[str, typer.Option(help="sqlite or jsonl.")] = "sqlite",
    json: options.Json = False,
) -> None:
    """Bring an archived trial back, entry by entry, verified before anything is written."""
    from protocyte.app.archiving import restore_trial

    entries, head = restore_trial(file, folder, ledger)
    _told(entries, head, folder, json)


def _told(entries: int, head: str, where: Path, json: bool) -> None:
    if json:
        output.print_json({"entries": entries, "head": head, "path": str(where)})
    else:
        output.say(f"{entries} entries to {where}; head {head}")
