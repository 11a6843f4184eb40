"""Notes under a figure: broken into lines here, because a drawing breaks none by itself."""

from __future__ import annotations


def wrapped(words: str, room: int) -> list[str]:
    """Lines of at most `room` letters; a Chinese character takes the room of two."""
    lines, line, used = [], "", 0
    for piece in _pieces(words):
        length = sum(2 if ord(letter) > 0x2E7F else 1 for letter in piece)
        if line and used + length > room:
            lines.append(line.rstrip())
            line, used = "", 0
        line, used = line + piece, used + length
    return [*lines, line.rstrip()]


def _pieces(words: str) -> list[str]:
    """Where a line may end: after a blank or a Chinese character, but not before a percent sign."""
    pieces = [""]
    for letter, following in zip(words, f"{words} "[1:], strict=True):
        pieces[-1] += letter
        if (letter == " " and following != "%") or ord(letter) > 0x2E7F:
            pieces.append("")
    return [piece for piece in pieces if piece]
