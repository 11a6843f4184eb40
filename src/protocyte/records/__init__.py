"""Clinical forms: one frozen model a form at one occasion."""

from protocyte.records.forms import FORMS, parse_record, record_adapter, record_json, subject_of
from protocyte.records.record import DatedRecord, Record, SubjectRecord, TrialRecord

__all__ = [
    "FORMS",
    "DatedRecord",
    "Record",
    "SubjectRecord",
    "TrialRecord",
    "parse_record",
    "record_adapter",
    "record_json",
    "subject_of",
]
