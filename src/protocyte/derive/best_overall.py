"""The best of a sequence of responses, by rules that are data: confirmation, earliest days, where it ends.

An assessment counts as its own category where it is confirmed (if its category asks for that) and not too
early; else as the category the rules lower it to. Leukemia responses are lowered by nothing: `BestRules(order)`
alone is the rule of every study that says no more (DOMAIN 19). Solid tumours confirm and wait: `SOLID_TUMOUR`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from protocyte.base import InputError


class Response(NamedTuple):
    on: date
    category: str


@dataclass(frozen=True)
class Confirmation:
    """A second assessment `after` days or more later, in one of the categories `by`.

    The first such assessment decides. Those before it must be of a category in `by` or `between`, the
    latter each at most so often; `no_fall` forbids that a worse of the categories `by` follows a better one.
    """

    by: tuple[str, ...]
    after: int
    between: Mapping[str, int] = field(default_factory=dict)
    no_fall: bool = True


@dataclass(frozen=True)
class BestRules:
    """`order` holds all categories, best first.

    earliest    days after the start before which a category does not count as itself
    lowered     what an assessment counts as that is unconfirmed or too early; not named, it is not counted
    last        categories that end the sequence, the first of them still counting (a progression)
    """

    order: tuple[str, ...]
    confirmation: Mapping[str, Confirmation] = field(default_factory=dict)
    earliest: Mapping[str, int] = field(default_factory=dict)
    lowered: Mapping[str, str] = field(default_factory=dict)
    last: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = {*self.confirmation, *self.earliest, *self.lowered, *self.lowered.values(), *self.last}
        unknown = sorted(named - set(self.order))
        if unknown:
            raise InputError(f"rules: {unknown[0]!r} is not in the order {', '.join(self.order)}")
        if any(self.order.index(to) <= self.order.index(of) for of, to in self.lowered.items()):
            raise InputError("lowered: a category is lowered to a worse one")


class Counted(NamedTuple):
    """One assessment with the category it counts as; `confirmed_on` where another one confirmed it."""

    place: int  # where it stands in the sequence that was given
    on: date
    category: str
    counts_as: str
    confirmed_on: date | None


# RECIST 1.1 (Eisenhauer 2009, section 4.4 and Table 3) as oncology's reference programs set it: a response
# is confirmed four weeks later with at most one assessment that cannot be judged between, stable disease
# counts from six weeks, and nothing after progression counts.
SOLID_TUMOUR_ORDER = ("CR", "PR", "SD", "PD", "NE")
SOLID_TUMOUR_UNCONFIRMED = BestRules(
    SOLID_TUMOUR_ORDER, earliest={"SD": 42}, lowered={"SD": "NE"}, last=("PD",)
)
SOLID_TUMOUR = BestRules(
    SOLID_TUMOUR_ORDER,
    confirmation={
        "CR": Confirmation(by=("CR",), after=28, between={"NE": 1}),
        "PR": Confirmation(by=("CR", "PR"), after=28, between={"NE": 1}),
    },
    earliest={"SD": 42},
    lowered={"CR": "SD", "PR": "SD", "SD": "NE"},
    last=("PD",),
)


def counted_responses(
    sequence: Iterable[tuple[date, str]],
    rules: BestRules,
    start: date | None = None,
    before: date | None = None,
) -> tuple[Counted, ...]:
    """What each assessment counts as, in order of date.

    `start` is the day `earliest` counts from. `before` is the first day of a subsequent therapy: what lies
    after it neither counts nor confirms. Raises `InputError` for a category the order does not hold, and
    where `earliest` has no start to count from.
    """
    if rules.earliest and start is None:
        raise InputError("start: the rules count days from a start, and there is none")
    given = sorted(
        ((index, Response(*item)) for index, item in enumerate(sequence)), key=lambda pair: pair[1].on
    )
    for _, item in given:
        if item.category not in rules.order:
            raise InputError(f"response: {item.category!r} is none of {', '.join(rules.order)}")
    given = [pair for pair in given if before is None or pair[1].on <= before]
    end = next((n for n, (_, item) in enumerate(given) if item.category in rules.last), len(given))
    given = given[: end + 1]
    responses = [item for _, item in given]
    found = []
    for place, (index, item) in enumerate(given):
        confirmed = _confirmed_on(responses[place:], rules)
        counts_as = _counts_as(item, confirmed, rules, start)
        if counts_as is not None:
            found.append(Counted(index, item.on, item.category, counts_as, confirmed))
    return tuple(found)


def best_overall(counted: Iterable[Counted], rules: BestRules) -> Counted | None:
    """The best of what counts; of equals the first. None where nothing does."""
    return min(counted, key=lambda one: (rules.order.index(one.counts_as), one.on), default=None)


def first_counted(counted: Iterable[Counted], categories: tuple[str, ...]) -> Counted | None:
    """The first assessment that counts as one of `categories`: a (confirmed) responder, or None."""
    return min((one for one in counted if one.counts_as in categories), key=lambda one: one.on, default=None)


def _counts_as(item: Response, confirmed: date | None, rules: BestRules, start: date | None) -> str | None:
    category: str | None = item.category
    while category is not None:
        open_ = category in rules.confirmation and (category != item.category or confirmed is None)
        if not open_ and not _too_early(item.on, category, rules, start):
            return category
        category = rules.lowered.get(category)
    return None


def _too_early(on: date, category: str, rules: BestRules, start: date | None) -> bool:
    days = rules.earliest.get(category)
    return days is not None and start is not None and on < start + timedelta(days=days)


def _confirmed_on(responses: Sequence[Response], rules: BestRules) -> date | None:
    """The day of the assessment that confirms the first of `responses`; None where it needs or has none."""
    first = responses[0]
    asked = rules.confirmation.get(first.category)
    if asked is None:
        return None
    due = first.on + timedelta(days=asked.after)
    place = next(
        (n for n, item in enumerate(responses) if n and item.on >= due and item.category in asked.by), None
    )
    if place is None:
        return None
    period = [item.category for item in responses[1 : place + 1]]
    others = [category for category in period if category not in asked.by]
    if any(others.count(category) > asked.between.get(category, 0) for category in set(others)):
        return None
    ranks = [rules.order.index(category) for category in period if category in asked.by]
    if asked.no_fall and ranks != sorted(ranks, reverse=True):
        return None
    return responses[place].on
