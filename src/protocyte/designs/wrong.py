"""An argument that cannot be used, said in the reader's language."""

from __future__ import annotations

from protocyte.base import InputError, Message, Problem


def wrong(name: str, /, **params: object) -> InputError:
    """`raise wrong("truth_length", given=4, levels=3)`; the sentence is `[truth_length]` of the catalogue."""
    message = Message.of(f"designs.{name}", **params)
    return InputError(message, (Problem(severity="error", rule=message.key, message=message),))
