"""An argument that cannot be used, said in the reader's language."""

from __future__ import annotations

from protocyte.base import InputError, Message


def unusable(name: str, /, **params: object) -> InputError:
    """`raise unusable("no_trial", path=path)`; the sentence is `[no_trial]` of this room's catalogue."""
    return InputError(Message.of(f"app.{name}", **params))
