"""The immutable tree of a rule: small frozen nodes that say what was written and nothing more.

Every behaviour (format, check, evaluate) is a function beside the tree that dispatches on these classes.
`at` is the node's offset in the rule's text; it serves messages and is no part of equality, so that a rule
read twice is one rule.

    Condition = And | Or | Not | Unless | Except | Test | Count
    Test      = Holds | Compare | OneOf | Known | Change
    Value     = Name | Amount | Multiple | Day | Code | Picked | Best
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from protocyte.base import Quantity

Comparison = Literal["<", "<=", ">", ">=", "=", "!="]
How = Literal["last", "first", "highest", "lowest"]
Direction = Literal["increased", "decreased"]
Counted = Literal["any", "no", "at least", "at most", "exactly"]
WindowKind = Literal[
    "before",
    "after",
    "on",
    "on or before",
    "on or after",
    "within before",
    "within after",
    "within of",
    "at least before",
    "at least after",
    "from to",
]

NAME = re.compile(r"[a-z][a-z0-9_]*")
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")

# Every word with a meaning of its own. A fact may not be called by one of them (see `Fact`).
_WORDS = """
    and or not unless except in is known unknown any no at least most exactly consecutive apart last first
    highest lowest min max times baseline half_lives increased decreased from to before after on of within
"""
KEYWORDS = frozenset(_WORDS.split())


@dataclass(frozen=True, slots=True)
class Name:
    """A fact of the scope, by its name."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit; the units ULN and LLN make it a multiple of the laboratory's own limit."""

    quantity: Quantity
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Multiple:
    """`1.5 baseline`, `5 half_lives` (of the fact `half_life`), `2 times creatinine_at_consent`."""

    number: Decimal
    of: Name  # the name `baseline` stands for the compared fact's own baseline
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar date, `2026-03-14`."""

    day: date
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Code:
    """One word of a code list, `positive` or `"t(9;22)"`."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """The days a test looks at, told from an anchor; `span` is a duration, `until` ends `from A to B`."""

    kind: WindowKind
    anchor: Name
    span: Value | None = None
    until: Name | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Picked:
    """`last anc before lymphodepletion`: one value out of a series."""

    how: How
    fact: Name
    window: Window | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Best:
    """`min(2 wk, 5 half_lives)`."""

    which: Literal["min", "max"]
    values: tuple[Value, ...]
    at: int = field(default=0, compare=False)


Value: TypeAlias = "Name | Amount | Multiple | Day | Code | Picked | Best"


@dataclass(frozen=True, slots=True)
class Holds:
    """A flag that is true (`pregnant`), or a date that lies in a window (`infusion on or after consent`)."""

    fact: Name
    window: Window | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`. The window belongs to `left`, so it stands only beside a plain name."""

    left: Value
    op: Comparison
    right: Value
    window: Window | None = None
    at: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.window and (not isinstance(self.left, Name) or _ends_open(self.right)):
            raise ValueError("the window would be read as part of another value")


@dataclass(frozen=True, slots=True)
class OneOf:
    """`response in [CR, CRi]`; `negated` for `not in`."""

    left: Name | Picked
    items: tuple[Code | Amount, ...]
    negated: bool = False
    window: Window | None = None
    at: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.window and not isinstance(self.left, Name):
            raise ValueError("the window would be read as part of another value")


@dataclass(frozen=True, slots=True)
class Known:
    """`anc is known`: the one test about what we know and not about the subject; it is two-valued."""

    fact: Name
    known: bool = True
    window: Window | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """`bm_blasts decreased >= 50 % from baseline`; per cent is relative to the reference."""

    fact: Name
    direction: Direction
    op: Comparison
    amount: Amount
    reference: Name | Picked  # the name `baseline` stands for the fact's own baseline
    window: Window | None = None
    at: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.window and _ends_open(self.reference):
            raise ValueError("the window would be read as part of another value")


Test: TypeAlias = "Holds | Compare | OneOf | Known | Change"


@dataclass(frozen=True, slots=True)
class Count:
    """How many observations of a series pass `test`: `at least 2 consecutive blood_blasts > 0 % ...`.

    `test` has no window of its own (the count has it) and looks at one observation at a time.
    """

    counted: Counted
    number: int  # 1 for `any`, 0 for `no`
    test: Holds | Compare | OneOf
    consecutive: bool = False
    apart: Value | None = None
    window: Window | None = None
    at: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.test.window is not None:
            raise ValueError("the window of a count belongs to the count")
        if isinstance(self.test, Compare) and _ends_open(self.test.right) and self.window:
            raise ValueError("the window would be read as part of another value")


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Unless:
    """A requirement with a waiver: met when the body is met *or* the waiver is."""

    body: Condition
    waiver: Condition


@dataclass(frozen=True, slots=True)
class Except:
    """A finding with an exemption: met when the body is met *and* the exemption is not."""

    body: Condition
    exemption: Condition


Condition: TypeAlias = "And | Or | Not | Unless | Except | Holds | Compare | OneOf | Known | Change | Count"

TESTS = (Holds, Compare, OneOf, Known, Change, Count)
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


def _ends_open(value: Value) -> bool:
    """A value after which a window would be taken as its own."""
    return isinstance(value, Picked) and value.window is None
