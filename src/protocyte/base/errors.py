"""Exceptions, for broken programs and storage.

What a user wrote wrongly is a `Problem` (a value, collected and shown together), and a command that
may not run now is a `Refusal`; neither is raised.

    ProtocyteError
     +-- InputError        an argument that cannot be used; carries the problems to show
     +-- LedgerBroken      the ledger's bytes are not what was written
     +-- StorageFailure    the disk or the database did not do its part
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocyte.base.message import Language, Message, render

if TYPE_CHECKING:
    from protocyte.base.problem import Problem


class ProtocyteError(Exception):
    """Anything Protocyte raises on purpose; shown to users as one sentence, without a traceback.

    Made of a message it can be said in every language; made of a text it speaks English, to programmers.
    """

    def __init__(self, sentence: str | Message) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence

    def in_(self, language: Language) -> str:
        return render(self.sentence, language) if isinstance(self.sentence, Message) else self.sentence


class InputError(ProtocyteError):
    """An argument cannot be used. `problems` says what is wrong and where."""

    def __init__(self, sentence: str | Message, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(sentence)
        self.problems = problems


class LedgerBroken(ProtocyteError):
    """A ledger entry is not the one that was written. `seq` names it (0-based line for a torn line)."""

    def __init__(self, sentence: str | Message, seq: int | None = None) -> None:
        super().__init__(sentence)
        self.seq = seq


class StorageFailure(ProtocyteError):
    """The disk or database failed; nothing that was not acknowledged may be relied on."""
