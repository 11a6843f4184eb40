"""The floor every room stands on: values, problems, messages and the exception tree."""

from protocyte.base.canonical import Json, canonical_bytes, digest_of
from protocyte.base.dates import PartialDate, add_days, days_between
from protocyte.base.errors import InputError, LedgerBroken, ProtocyteError, StorageFailure
from protocyte.base.message import LANGUAGES, Language, Message, render
from protocyte.base.model import Frozen
from protocyte.base.problem import Place, Problem, has_errors
from protocyte.base.quantity import Measured, Quantity, UnitError, convert, parse_measured, parse_quantity
from protocyte.base.units import UNITS, Unit, find_unit

__all__ = [
    "LANGUAGES",
    "UNITS",
    "Frozen",
    "InputError",
    "Json",
    "Language",
    "LedgerBroken",
    "Measured",
    "Message",
    "PartialDate",
    "Place",
    "Problem",
    "ProtocyteError",
    "Quantity",
    "StorageFailure",
    "Unit",
    "UnitError",
    "add_days",
    "canonical_bytes",
    "convert",
    "days_between",
    "digest_of",
    "find_unit",
    "has_errors",
    "parse_measured",
    "parse_quantity",
    "render",
]
