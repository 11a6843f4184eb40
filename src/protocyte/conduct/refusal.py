"""A refusal: a command that is not permitted now, with the reason and what would permit it."""

from __future__ import annotations

from protocyte.base import Frozen, Language, Message, render


class Refusal(Frozen):
    reason: Message
    remedy: Message

    def sentence(self, language: Language = "en") -> str:
        return f"{render(self.reason, language)} {render(self.remedy, language)}"

    def as_json(self, language: Language = "en") -> dict[str, str]:
        return {
            "refused": self.reason.key,
            "reason": render(self.reason, language),
            "remedy": render(self.remedy, language),
        }


def refuse(name: str, **params: object) -> Refusal:
    """The refusal `name`; its catalogue entry `name` says why, `name_remedy` what would permit it."""
    return Refusal(
        reason=Message.of(f"conduct.{name}", **params), remedy=Message.of(f"conduct.{name}_remedy", **params)
    )
