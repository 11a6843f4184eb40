"""An argument that cannot be used, said in the reader's language."""

from __future__ import annotations

from protocyte.base import InputError, Message


def unusable(name: str, /, **params: object) -> InputError:
    """`raise unusable("not_listed", ...)`; the sentence is `[not_listed]` of `messages_unusable.toml`."""
    return InputError(Message.of(f"vocab.{name}", **params))
