"""An argument that cannot be used, said in the reader's language."""

from __future__ import annotations

from protocyte.base import InputError, Message, Problem


class Unusable(InputError):
    """An `InputError` that keeps its message, so that the shell can say it in another language."""

    def __init__(self, message: Message, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(str(message), problems)
        self.message = message


def unusable(name: str, /, **params: object) -> Unusable:
    """`raise unusable("no_trial", path=path)`; the sentence is `[no_trial]` of this room's catalogue."""
    return Unusable(Message.of(f"app.{name}", **params))
