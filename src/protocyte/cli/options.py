"""Options every command understands, and the one place where failures become exit codes."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, NoReturn, TypeVar, cast

import typer

from protocyte.app.wording import told
from protocyte.base import LANGUAGES, InputError, Language, LedgerBroken, StorageFailure
from protocyte.cli import output
from protocyte.ledger import CutOff, HeadMoved

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Lang = Annotated[str, typer.Option("--language", help="en or zh.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="The day to look from, YYYY-MM-DD.")]
Cut = Annotated[
    str | None, typer.Option("--cut-off", help="What was known: an entry's number or a UTC time.")
]

F = TypeVar("F", bound=Callable[..., Any])

# Windows of years are laid around an as-of day; the calendar ends at year 9999 and begins at 1.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


def language(text: str) -> Language:
    if text not in LANGUAGES:
        raise typer.BadParameter(f"{text!r} is not a language; use en or zh", param_hint="--language")
    return text


def day(text: str | None, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD", param_hint="--as-of") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise typer.BadParameter(f"{text} is not of a trial's time", param_hint="--as-of")
    return found


def cut_off(text: str | None) -> CutOff | None:
    try:
        return None if text is None else CutOff.parse(text)
    except (InputError, OverflowError) as error:
        raise typer.BadParameter(str(error), param_hint="--cut-off") from None


def safely(command: F) -> F:
    """Turn what can go wrong outside the input into one sentence and its exit code, never a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        as_json = bool(kwargs.get("json", False))
        words: Language = "zh" if kwargs.get("language") == "zh" else "en"
        try:
            return command(*args, **kwargs)
        except BrokenPipeError:
            _nobody_reads()
        except KeyboardInterrupt:
            raise typer.Exit(output.INTERRUPTED) from None
        except typer.BadParameter as error:
            if not as_json:
                raise
            output.stop(error.format_message(), output.USAGE, as_json, "usage")
        except (InputError, LedgerBroken, StorageFailure, HeadMoved, OSError) as error:
            _stop(error, words, as_json)

    return cast("F", run)


def _stop(error: Exception, words: Language, as_json: bool) -> NoReturn:
    match error:
        case InputError() if error.problems:
            output.stop_with_problems(error.problems, words, as_json)
        case InputError():
            output.stop(error.in_(words), output.PROBLEMS, as_json, "input")
        case LedgerBroken():
            output.stop(error.in_(words), output.BROKEN, as_json, "ledger.broken", entry=error.seq)
        case StorageFailure() | HeadMoved():
            output.stop(error.in_(words), output.STORAGE, as_json, "storage.failed")
        case OSError() if error.filename is not None:
            sentence = told("os_failed", words, file=error.filename, why=error.strerror)
            output.stop(sentence, output.STORAGE, as_json, "storage.failed")
        case _:
            output.stop(str(error), output.STORAGE, as_json, "storage.failed")


def _nobody_reads() -> NoReturn:
    """`| head` has seen enough: what was asked was done, and there is nobody to tell."""
    silence_stdout()
    raise typer.Exit(0)


def silence_stdout() -> None:
    """What is still buffered goes nowhere; otherwise the interpreter complains of it as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
