"""Forms round-trip through the ledger's JSON, and hold no floats and no room for identifiers."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from protocyte.base import canonical_bytes
from protocyte.records import FORMS, parse_record, record_json


def test_a_form_read_back_is_the_form_written() -> None:
    written = {
        "form": "kinetics_sample",
        "version": 1,
        "subject": "S-003",
        "on": "2026-02-11",
        "analyte": "car_transgene",
        "matrix": "blood",
        "assay": "qpcr",
        "value": "<50 copies/ug",
    }

    assert record_json(parse_record(written)) == written


def test_every_form_is_titled_in_both_languages() -> None:
    untitled = [name for name, form in FORMS.items() if not all(form.FORM_TITLE)]

    assert untitled == []


@pytest.mark.parametrize("subject", ["Wang Li", "wang.li@example.org", "", "1" * 30, "S 1"])
def test_a_subject_id_has_no_room_for_a_name(subject: str) -> None:
    with pytest.raises(ValidationError):
        parse_record({"form": "contact", "subject": subject, "on": "2026-01-01"})


def test_an_unknown_field_is_refused_rather_than_dropped() -> None:
    with pytest.raises(ValidationError, match="phone"):
        parse_record({"form": "contact", "subject": "S-001", "on": "2026-01-01", "phone": "1"})


def test_a_record_has_canonical_bytes() -> None:
    record = parse_record({"form": "death", "subject": "S-001", "on": "2026-05-02", "cause": "disease"})

    assert canonical_bytes(record_json(record)).startswith(b'{"cause":"disease"')
