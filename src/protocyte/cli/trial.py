"""`protocyte trial`: create a trial, run commands, see where it stands, verify it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from protocyte.app import clock, forms, status
from protocyte.app.replay import replay_decisions
from protocyte.app.studies import open_study
from protocyte.app.trials import create_trial, ledger_path, open_trial
from protocyte.app.unusable import unusable
from protocyte.app.verifying import verify_file
from protocyte.app.wording import told
from protocyte.base import Language, Message, render
from protocyte.cli import doing, options, output
from protocyte.cli.doing import Actor, Name
from protocyte.cli.fields import form_in
from protocyte.conduct import Refusal
from protocyte.derive.escalation import derive_escalation
from protocyte.ledger import Broken

app = typer.Typer(help="Trials: create, record, decide, look, verify.", no_args_is_help=True)


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
        output.say(told("created", words, trial=desk.casebook.trial, study=loaded.study.study, folder=folder))


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
    if Path(trial).is_dir():  # beside a lone ledger file other people's studies may lie
        (opened.path.parent / "study.yaml").write_text(loaded.document.text, encoding="utf-8")
    if json:
        output.print_json(
            {"digest": loaded.digest, "version": loaded.study.version, "head": desk.casebook.head}
        )
    else:
        head = desk.casebook.head[:12]
        version, effective = loaded.study.version, loaded.study.effective
        output.say(told("adopted", words, version=version, effective=effective, head=head))


app.command()(doing.do)
app.command()(doing.batch)


@app.command(name="forms")
@options.safely
def forms_(
    form: Annotated[str | None, typer.Argument(help="One form (default: all).")] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """The forms `do` records: their fields, what may stand in each, and the tests that rules read."""
    words = options.language(language)
    wanted = forms.forms() if form is None else (form,)
    if json:
        output.print_json([forms.form_json(name) for name in wanted])
        return
    for name in wanted:
        for line in forms.form_lines(name, words):
            output.say(line)


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
    day = options.day(as_of, clock.last_day(opened.desk.trial))
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
    day = options.day(as_of, clock.last_day(opened.desk.trial))
    study = opened.desk.trial.study_on(day)
    known = [name for name, plan in study.parts.items() if plan.design is not None]
    if not known:
        raise unusable("no_design")
    if part is not None and part not in known:
        raise unusable("no_part", part=part, parts=known)
    standing = derive_escalation(opened.desk.trial, part or known[0], day)
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
        str,
        typer.Argument(
            help="A gate (or gate: all three), dlt, crs, icans, gvhd, ae, response, or an endpoint."
        ),
    ],
    if_: Annotated[
        list[str] | None,
        typer.Option(
            "--if", help="A form that might come, as 'FORM field=value ...': what would a gate say then?"
        ),
    ] = None,
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Why a verdict, a grade, a DLT status, a response or an endpoint is what it is: rule, records, dates."""
    from protocyte.app.why import explain_subject, explain_what_if

    words = options.language(language)
    opened = open_trial(trial, options.cut_off(cut_off))
    day = options.day(as_of, clock.last_day(opened.desk.trial))
    if if_:
        reasons = explain_what_if(opened.desk.trial, subject, what, day, [form_in(one) for one in if_], words)
    else:
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
    if head is not None and not re.fullmatch("[0-9a-f]{64}", head):
        raise typer.BadParameter("a head is 64 hexadecimal digits", param_hint="--head")
    path = ledger_path(trial)
    checked = verify_file(path, head)
    if isinstance(checked, Broken):
        message = Message.of("app.broken_entry", seq=checked.seq, why=checked.why)
        _broken(message, checked.seq, words, json)
    replayed = replay_decisions(open_trial(trial).desk.trial)
    for one in replayed:
        if not one.same:
            recorded, now = f"{one.recorded.action} {one.recorded.level}", f"{one.now.action} {one.now.level}"
            message = Message.of("app.odd_decision", number=one.number, recorded=recorded, now=now)
            _broken(message, None, words, json)
    if json:
        output.print_json(
            {"entries": checked.entries, "head": checked.head, "decisions_replayed": len(replayed)}
        )
    else:
        output.say(told("verified", words, entries=checked.entries, head=checked.head))
        output.say(told("replayed", words, decisions=len(replayed)))


def _broken(message: Message, entry: int | None, words: Language, json: bool) -> NoReturn:
    output.stop(render(message, words), output.BROKEN, json, "ledger.broken", entry=entry)


@app.command()
@options.safely
def archive(
    trial: Name,
    file: Annotated[Path, typer.Argument(help="Where to write the portable ledger (.jsonl).")],
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Write the whole trial as one portable file: the ledger alone is the trial."""
    from protocyte.app.archiving import archive_trial

    words = options.language(language)
    entries, head = archive_trial(ledger_path(trial), file)
    _kept(entries, head, file, words, json)


@app.command()
@options.safely
def restore(
    file: Annotated[Path, typer.Argument(help="A portable ledger (.jsonl).")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the trial.")],
    ledger: Annotated[str, typer.Option(help="sqlite or jsonl.")] = "sqlite",
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Bring an archived trial back, entry by entry, verified before anything is written."""
    from protocyte.app.archiving import restore_trial

    words = options.language(language)
    entries, head = restore_trial(file, folder, ledger)
    _kept(entries, head, folder, words, json)


def _kept(entries: int, head: str, where: Path, words: Language, json: bool) -> None:
    if json:
        output.print_json({"entries": entries, "head": head, "path": str(where)})
    else:
        output.say(told("kept", words, entries=entries, where=where, head=head))
