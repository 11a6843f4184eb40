"""The sentences of this room's catalogue, in the language of whoever reads."""

from __future__ import annotations

from protocyte.base import Language, Message, render


def told(name: str, language: Language, /, **params: object) -> str:
    """`told("differences", "zh", number=3)`: the sentence `[differences]` of `app/messages.toml`."""
    return render(Message.of(f"app.{name}", **params), language)
