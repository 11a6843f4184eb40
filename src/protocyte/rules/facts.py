"""What is known about one subject, as a rule asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeAlias

from protocyte.base import PartialDate, Quantity

# A `Measured` (a Quantity) may be only a bound. None: the observation was made or due, its value is blank.
FactValue: TypeAlias = "Quantity | Decimal | int | bool | str | date | PartialDate | None"


class Observation(NamedTuple):
    """One value with its date and the record it stands in.

    A blank field must still come as an observation with value None, so that blanking the newest result
    does not silently bring back the one before it. `uln` and `lln` are the laboratory's limits, in the
    unit of the value. A `date` of None is an unknown date for a series and no date for a standing fact.
    """

    value: FactValue
    date: date | PartialDate | None = None
    record_id: str = ""
    uln: Decimal | Quantity | None = None
    lln: Decimal | Quantity | None = None


class Observations(NamedTuple):
    """All observations of one fact, in the order they were made (the order decides within one day).

    `complete` says that somebody attests there are no others (an adverse event log reviewed), up to and
    including `through` if that is given. Without it, absence is unknown.
    """

    items: tuple[Observation, ...] = ()
    complete: bool = False
    through: date | None = None


NOTHING = Observations()


class Facts(Protocol):
    """What `evaluate` needs. An unknown name is `NOTHING`, never an error: `check` finds misspelt names."""

    @property
    def as_of(self) -> date | None:
        """Observations after this day do not exist yet; None means there is no such day."""

    def observations(self, name: str) -> Observations: ...

    def anchor(self, name: str) -> date | None:
        """The day of an anchor (consent, screening, enrolment, lymphodepletion, infusion ...), if it came."""

    def baseline(self, name: str) -> Observation | None: ...


class FactTable:
    """Facts from plain mappings: for tests, notebooks and callers that have gathered everything already."""

    __slots__ = ("_anchors", "_baselines", "_observations", "as_of")

    def __init__(
        self,
        observations: Mapping[str, Observations] | None = None,
        anchors: Mapping[str, date] | None = None,
        baselines: Mapping[str, Observation] | None = None,
        as_of: date | None = None,
    ) -> None:
        self._observations = observations or {}
        self._anchors = anchors or {}
        self._baselines = baselines or {}
        self.as_of = as_of

    def observations(self, name: str) -> Observations:
        return self._observations.get(name, NOTHING)

    def anchor(self, name: str) -> date | None:
        return self._anchors.get(name)

    def baseline(self, name: str) -> Observation | None:
        return self._baselines.get(name)


NO_FACTS = FactTable()
