"""The palette: few colours, one meaning each, told apart also without colour (shape, number, position).

Grades run from a pale to a dark red, responses through greens; contrast of text on each is at least 4.5.
"""

from __future__ import annotations

INK, SOFT, LINE, PAPER, ACCENT = "#1b2733", "#5a6875", "#dfe5ea", "#ffffff", "#0f5a6c"
AXIS = "#9aa7b2"
DLT, CLEAR, OPEN, OUT = "#b0281f", "#2f7a56", "#b7791f", "#aab4bd"

# Dose levels, lowest first; a sixth level begins again.
LEVELS = ("#1f78a0", "#c0651a", "#6c4a9e", "#2f7d5c", "#a83a56")
GRADES = ("#e0ecee", "#f6e0a8", "#eeb35c", "#dc7434", "#b23026", "#571016")
GRADE_TEXT = (SOFT, "#5d4304", "#4f2c00", "#331200", "#ffffff", "#ffffff")
NOT_ASSESSED = "#f5f6f7"

# Symbols by the order of levels or categories, for colour is never alone; a ninth begins again.
SHAPES = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "triangle-down",
    "cross",
    "triangle-right",
    "triangle-left",
)

_RESPONSES = ("#1c6b50", "#4b9b7a", "#85bfa3", "#b7dac9")
_BETTER, _NONE = "#d9b862", "#c3cad0"
_STATES = {"before": "#e6eaee", "relapsed": "#e0a29a", "other_therapy": "#ddd5e8"}


def level_colour(number: int) -> str:
    """Of the level with this number, 1 = lowest."""
    return LEVELS[(number - 1) % len(LEVELS)]


def level_shape(number: int) -> str:
    """The symbol of the level with this number, 1 = lowest."""
    return SHAPES[(number - 1) % len(SHAPES)]


def state_colour(state: str, responses: tuple[str, ...]) -> str:
    """Of a response category or another state of a subject's course."""
    if state in _STATES:
        return _STATES[state]
    if state in responses:
        return _RESPONSES[min(responses.index(state), len(_RESPONSES) - 1)]
    return _NONE if state in ("NR", "SD", "PD", "NE") else _BETTER


def css_variables() -> str:
    """The palette for the stylesheet."""
    named = {"ink": INK, "soft": SOFT, "line": LINE, "paper": PAPER, "accent": ACCENT}
    named |= {"dlt": DLT, "ok": CLEAR, "open": OPEN, "out": OUT, "none": NOT_ASSESSED}
    named |= {f"g{grade}": colour for grade, colour in enumerate(GRADES)}
    named |= {f"gt{grade}": colour for grade, colour in enumerate(GRADE_TEXT)}
    named |= {f"l{number}": colour for number, colour in enumerate(LEVELS)}
    return ":root{" + "".join(f"--{name}:{value};" for name, value in named.items()) + "}"
