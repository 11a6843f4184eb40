"""What is asked of a form before it is written, new or amended: days, course, the form's own rule, values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from protocyte.base import Json, Problem, canonical_bytes
from protocyte.conduct.course_checks import (
    check_assignment,
    check_consent_moved,
    check_days,
    check_death,
    check_enrolment,
    check_gate_review,
    check_screen_failure,
    check_subject,
)
from protocyte.conduct.dosing_checks import (
    check_amount,
    check_infusion,
    check_lymphodepletion,
    check_withheld,
)
from protocyte.conduct.edit_checks import check_edits, check_sense
from protocyte.conduct.oversight_checks import (
    check_adjudication,
    check_answer,
    check_cohort,
    check_hold,
    check_hold_lift,
    check_query,
)
from protocyte.conduct.problems import record_problems, said
from protocyte.conduct.product_checks import (
    check_allocation,
    check_donor_lot,
    check_leukapheresis,
    check_manufacture,
    check_release,
)
from protocyte.conduct.refusal import Refusal
from protocyte.conduct.scene import Scene
from protocyte.records import Record, parse_record, record_json

Rules = Mapping[str, Callable[[Scene, Any], Refusal | None]]

# What must be true of a form beyond its being well formed.
WRITTEN: Rules = {
    "screen_failure": check_screen_failure,
    "enrolment": check_enrolment,
    "assignment": check_assignment,
    "gate_review": check_gate_review,
    "leukapheresis": check_leukapheresis,
    "manufacture": check_manufacture,
    "release": check_release,
    "donor_lot": check_donor_lot,
    "lot_allocation": check_allocation,
    "lymphodepletion": check_lymphodepletion,
    "infusion": check_infusion,
    "fraction_withheld": check_withheld,
    "death": check_death,
    "cohort": check_cohort,
    "hold": check_hold,
    "hold_lift": check_hold_lift,
    "dlt_adjudication": check_adjudication,
    "query": check_query,
    "query_answer": check_answer,
}

# The same of an amendment. That cells were collected, made or given is a fact: whether it was permitted is
# no longer the question, and a deviation tells it.
AMENDED: Rules = {
    **{name: rule for name, rule in WRITTEN.items() if name not in ("leukapheresis", "lymphodepletion")},
    "infusion": check_amount,
    "consent": check_consent_moved,
}

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_record(fields: Mapping[str, Any]) -> Record | tuple[Problem, ...]:
    """The form, or what is wrong with its fields. Nothing that can be sent makes this raise."""
    try:
        record = parse_record(fields)
        canonical_bytes(record_json(record))  # what the ledger could not hold is no record
        return record
    except ValidationError as error:
        return record_problems(error)
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # A field's reader was given what it never expected: a number for a date, a number beyond all numbers.
        return (said("field_value", "-", str(error)[:200] or type(error).__name__),)


def check_shape(fields: Mapping[str, Json], record: Record) -> tuple[Problem, ...]:
    """A day is written YYYY-MM-DD, whatever else could be read as one.

    A number would be read as seconds since 1970, and put an infusion there.
    """
    return tuple(
        said("field_value", path, f"{str(given)[:40]!r} is not a date: write YYYY-MM-DD")
        for path, given, written in _leaves("", fields, record_json(record))
        if isinstance(written, str) and _DAY.fullmatch(written) and given != written
    )


def _leaves(path: str, given: object, written: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(given, Mapping) and isinstance(written, Mapping):
        for name in given.keys() & written.keys():
            yield from _leaves(f"{path}.{name}".lstrip("."), given[name], written[name])
    elif isinstance(given, list | tuple) and isinstance(written, list):
        for index, (one, other) in enumerate(zip(given, written, strict=False)):
            yield from _leaves(f"{path}.{index}", one, other)
    else:
        yield path, given, written


def check_record(scene: Scene, record: Record, rules: Rules) -> Refusal | tuple[Problem, ...] | None:
    """What the rules calculate with comes first; then what permits the form; then its values."""
    senseless = check_sense(scene, record)
    if senseless:
        return senseless
    rule = rules.get(str(getattr(record, "form", "")))
    refused = check_days(scene, record) or check_subject(scene, record) or (rule and rule(scene, record))
    return refused or check_edits(scene, record)
