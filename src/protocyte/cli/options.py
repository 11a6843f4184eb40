"""Options every command understands, and the one place where failures become exit codes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, cast

import typer

from protocyte.base import InputError, Language, LedgerBroken, StorageFailure
from protocyte.cli import output
from protocyte.ledger import CutOff, HeadMoved

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Lang = Annotated[str, typer.Option("--language", help="en or zh.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="The day to look from, YYYY-MM-DD.")]
Cut = Annotated[
    str | None, typer.Option("--cut-off", help="What was known: an entry's number or a UTC time.")
]

F = TypeVar("F", bound=Callable[..., Any])


def language(text: str) -> Language:
    if text not in ("en", "zh"):
        raise typer.BadParameter(f"{text!r} is not a language; use en or zh", param_hint="--language")
    return cast("Language", text)


def day(text: str | None, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD", param_hint="--as-of") from None


def cut_off(text: str | None) -> CutOff | None:
    return CutOff.parse(text) if text else None


def last_day(at: datetime | None) -> date:
    assert at is not None, "a trial has at least the entry that adopted its study"
    return at.date()


def safely(command: F) -> F:
    """Turn what can go wrong outside the input into one sentence and its exit code, never a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        as_json = bool(kwargs.get("json", False))
        try:
            return command(*args, **kwargs)
        except InputError as error:
            if error.problems:
                output.stop_with_problems(error.problems, "en", as_json)
            output.stop(str(error), output.PROBLEMS, as_json, "input")
        except LedgerBroken as error:
            output.stop(str(error), output.BROKEN, as_json, "ledger.broken")
        except (StorageFailure, HeadMoved, OSError) as error:
            output.stop(str(error), output.STORAGE, as_json, "storage.failed")
        except KeyboardInterrupt:
            raise typer.Exit(output.INTERRUPTED) from None

    return cast("F", run)
