"""Messages: a key with parameters in the core, sentences in English and Chinese beside it.

A message `designs.escalate` is written in `protocyte/designs/messages.toml`, or in another file of the room
that begins with `messages`:

    [escalate]
    en = "{dlts} of {evaluable} evaluable subjects had a DLT: escalate to {level}."
    zh = "..."

The core decides; the words are chosen when somebody reads. A decision recorded today can so be read in
either language in ten years, and a better wording never changes what was decided.
"""

from __future__ import annotations

import string
import tomllib
from functools import cache
from importlib import resources
from typing import Literal, get_args

from protocyte.base.model import Frozen

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Message(Frozen):
    """`key` is `room.name`; `params` fill the sentence. A parameter may be a message itself."""

    key: str
    params: dict[str, str | int | bool | Message | tuple[str | Message, ...]] = {}

    @staticmethod
    def of(key: str, **params: object) -> Message:
        """Build a message; anything that is not text, an integer or a message is kept as its text."""
        return Message(key=key, params={name: _plain(value) for name, value in params.items()})

    def __str__(self) -> str:
        return render(self)


def render(message: Message, language: Language = "en") -> str:
    """The sentence of `message` in `language`. An unknown key is a programming error (`KeyError`)."""
    room, _, name = message.key.partition(".")
    try:
        template = catalogue(room)[name][language]
    except KeyError:
        raise KeyError(f"no sentence for message {message.key!r} in {language!r}") from None
    return template.format(**{k: _spoken(v, language) for k, v in message.params.items()})


@cache
def catalogue(room: str) -> dict[str, dict[str, str]]:
    """All sentences of a room, `{name: {language: template}}`."""
    sentences: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files("protocyte").joinpath(room).iterdir(), key=lambda one: one.name):
        if file.name.startswith("messages") and file.name.endswith(".toml"):
            sentences |= tomllib.loads(file.read_text(encoding="utf-8"))
    return sentences


def template_params(template: str) -> set[str]:
    """The names a template uses, so that a test can hold both languages to the same ones."""
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}


def _plain(value: object) -> str | int | bool | Message | tuple[str | Message, ...]:
    if isinstance(value, (str, int, Message)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(item if isinstance(item, Message) else str(item) for item in value)
    return str(value)


def _spoken(value: object, language: Language) -> str:
    if isinstance(value, Message):
        return render(value, language)
    if isinstance(value, tuple):
        return ("、" if language == "zh" else ", ").join(_spoken(item, language) for item in value)
    return str(value)
