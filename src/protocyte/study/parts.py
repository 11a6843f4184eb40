"""Small typed words that study files are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from protocyte.base import Frozen, Quantity, find_unit

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=60)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
RuleText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Day = Annotated[int, Field(ge=-3_650, le=40_000)]  # from ten years before to a lifetime after the anchor


def wrong(rule: str, **params: object) -> PydanticCustomError:
    """What a validator raises: the name of a rule in the catalogue, and what fills its sentence."""
    shown = {name: str(value) for name, value in params.items()}
    return PydanticCustomError(rule, rule, shown)


class Words(Frozen):
    """One thing said in English and in Chinese."""

    en: Sentence
    zh: Sentence

    def in_(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


def _flag(value: Any) -> Any:
    """YAML 1.2 has two truth values; `NO`, `yes` and `1` are words and numbers, not answers."""
    if isinstance(value, str) and value not in ("true", "false"):
        raise wrong("field.flag", given=value)
    return value


Flag = Annotated[bool, BeforeValidator(_flag)]


_EXAMPLES = {"time": "28 d", "cells_per_weight": "1e6 cells/kg", "number": "80 %"}


def _of_dimension(*dimensions: str) -> AfterValidator:
    def check(quantity: Quantity) -> Quantity:
        unit = find_unit(quantity.unit)
        if unit is None or unit.dimension not in dimensions:
            raise wrong("quantity.dimension", given=quantity, unit=_EXAMPLES[dimensions[0]])
        return quantity

    return AfterValidator(check)


def _positive(quantity: Quantity) -> Quantity:
    if quantity.value <= 0:
        raise wrong("quantity.not_positive", given=quantity)
    return quantity


Duration = Annotated[Quantity, _of_dimension("time")]
Dose = Annotated[Quantity, _of_dimension("cells_per_weight", "cells"), AfterValidator(_positive)]
Percent = Annotated[Quantity, _of_dimension("number")]


def days_of(duration: Quantity) -> int:
    """A duration in whole days (weeks are 7; months 30.4375 and years 365.25 are rounded)."""
    return round(duration.to("d").value)
