"""Courses from short text, so that a test reads like a chart.

    course("D-8 marrow 40; D0 infusion; D28 marrow 2 anc 1.2 plt 110")

Days count from the first infusion (D0 = 2 March 2026). Statements are separated by `;` or line ends. A
marrow brings its own blood draw and extramedullary assessment on its day: without blasts in blood and
without disease elsewhere, unless `pb` and `emd` say so; counts are drawn only where they are named. `?`
leaves a value out: `pb ?`, `emd ?`, `cells ?`, `mrd ?`; `marrow ?` is one without a blast count.

    consent · enrol [part] · apheresis · made · making_failed · released · rejected · ld · bridging D-20
    infusion [level] · review · visit NAME · contact · died [cause] · lost · withdrew · completed · quit REASON
    marrow BLASTS [visit V] [anc N] [plt N] [hb N] [wbc N] [mono N] [pb N] [emd yes|no] [auer] [cells N]
           [cellularity N] [mrd neg|pos] · labs anc N plt N pb N · emd yes|no · call CR [visit]
    relapse [kind] · transplant · therapy [kind] · red_cells · platelets · gcsf
    ae TERM GRADE [to DAY] [DAY GRADE] [related|unrelated] [serious] · qpcr VALUE · flow VALUE · marrow_qpcr VALUE
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from protocyte.base import Json
from protocyte.derive.course import Course, Held
from protocyte.records import parse_record

D0 = date(2026, 3, 2)
_COUNTS = {
    "anc": ("anc", "10^9/L"),
    "plt": ("platelets", "10^9/L"),
    "hb": ("hemoglobin", "g/L"),
    "wbc": ("wbc", "10^9/L"),
    "mono": ("monocytes", "10^9/L"),
    "pb": ("blood_blasts", "%"),
}


def day(number: int) -> date:
    return D0 + timedelta(days=number)


def course(text: str, subject: str = "S1", zero: date = D0) -> Course:
    """The course that `text` tells. Record ids are the form and a number: `marrow-1`."""
    records: list[dict[str, Json]] = []
    for statement in re.split(r"[;\n]", text):
        if statement.strip():
            records += _records(statement.split(), zero)
    return held_course(records, subject)


def held_course(records: list[dict[str, Json]], subject: str = "S1") -> Course:
    """A course of records given as the ledger holds them."""
    counted: dict[str, int] = {}
    held = []
    for seq, record in enumerate(records, start=1):
        form = str(record["form"])
        counted[form] = counted.get(form, 0) + 1
        signed = form == "judgement" and record.get("signed") is not False  # a chart's judgements are signed
        told = {name: value for name, value in record.items() if name != "signed"} | {"subject": subject}
        held.append(Held(f"{form}-{counted[form]}", parse_record(told), seq, signed=signed))
    return Course(subject, tuple(held), len(held))


def record_maps(text: str, subject: str = "S1", zero: date = D0) -> list[dict[str, Json]]:
    """The same records as the ledger would hold them, for tests that write one."""
    return [
        record | {"subject": subject, "version": 1}
        for statement in re.split(r"[;\n]", text)
        if statement.strip()
        for record in _records(statement.split(), zero)
    ]


def _records(words: list[str], zero: date) -> list[dict[str, Json]]:
    on = zero + timedelta(days=int(words[0].removeprefix("D")))
    name, rest = words[1], words[2:]
    if name == "marrow":
        return _marrow(on, rest)
    if name == "labs":
        return [_labs(on, _pairs(rest))]
    make = _PLAIN.get(name)
    if make is None:
        raise ValueError(f"courses.py does not know {name!r}")
    made = make(on, rest, zero)
    return [
        made if "course" in made or "started" in made or "conditioning" in made else {"on": f"{on}"} | made
    ]


def _marrow(on: date, rest: list[str]) -> list[dict[str, Json]]:
    given = _pairs([word for word in rest[1:] if word != "auer"])
    marrow: dict[str, Json] = {"form": "marrow", "on": f"{on}", "auer_rods": "auer" in rest}
    if rest[0] != "?":
        marrow["blasts"] = f"{rest[0]} %"
    if given.get("cells", "500") != "?":
        marrow["cells_counted"] = int(given.get("cells", "500"))
    if "cellularity" in given:
        marrow["cellularity"] = f"{given['cellularity']} %"
    if given.get("mrd", "?") != "?":
        marrow["mrd"] = {"neg": "negative", "pos": "positive"}[given["mrd"]]
    if "visit" in given:
        marrow["visit"] = given["visit"]
    records: list[dict[str, Json]] = [marrow]
    counts = {name: value for name, value in given.items() if name in _COUNTS}
    if counts.setdefault("pb", "0") == "?":
        del counts["pb"]
    if counts:
        records.append(_labs(on, counts))
    if given.get("emd", "no") != "?":
        records.append({"form": "extramedullary", "on": f"{on}", "present": given.get("emd") == "yes"})
    return records


def _labs(on: date, given: dict[str, str]) -> dict[str, Json]:
    results: list[Json] = []
    for name, value in given.items():
        test, unit = _COUNTS[name]
        results.append({"test": test} | ({} if value == "?" else {"value": f"{value} {unit}"}))
    return {"form": "labs", "on": f"{on}", "results": results}


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _ae(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    steps: list[Json] = [{"on": f"{on}", "grade": int(rest[1])}]
    record: dict[str, Json] = {
        "form": "adverse_event",
        "term": rest[0],
        "scale": "ctcae-5.0",
        "outcome": "not_recovered",
        "attribution": {"product": "unrelated" if "unrelated" in rest else "possible"},
        "serious": ["hospitalisation"] if "serious" in rest else [],
    }
    for index, word in enumerate(rest[2:], start=2):
        if re.fullmatch(r"D-?\d+", word):
            other = zero + timedelta(days=int(word[1:]))
            if rest[index - 1] == "to":
                record |= {"ended": f"{other}", "outcome": "recovered"}
            else:
                steps.append({"on": f"{other}", "grade": int(rest[index + 1])})
    return record | {"course": steps}


def _sample(matrix: str, assay: str):
    unit = "copies/ug" if assay == "qpcr" else "%"

    def make(on: date, rest: list[str], zero: date) -> dict[str, Json]:
        value = rest[0] if len(rest) > 1 else f"{rest[0]} {unit}"
        return {
            "form": "kinetics_sample",
            "analyte": "car",
            "matrix": matrix,
            "assay": assay,
            "value": " ".join([rest[0], *rest[1:]]) if len(rest) > 1 else value,
        }

    return make


def _infusion(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    level = int(rest[0]) if rest else 1
    dose = f"{level}e6 cells/kg"
    return {
        "form": "infusion",
        "dose_level": level,
        "lot": "L1",
        "planned": dose,
        "manufactured": dose,
        "infused": dose,
        "weight": "60 kg",
        "weight_on": f"{on}",
    }


def _left(reason: str, of: str = "study"):
    return lambda on, rest, zero: {"form": "discontinuation", "of": of, "reason": reason}


def _quit(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    return {"form": "discontinuation", "of": "treatment", "reason": rest[0]}


def _release(outcome: str):
    return lambda on, rest, zero: {
        "form": "release",
        "lot": "L1",
        "outcome": outcome,
        "dose": "1e6 cells/kg",
    }


def _manufacture(outcome: str):
    return lambda on, rest, zero: {
        "form": "manufacture",
        "lot": "L1",
        "started": f"{on - timedelta(days=10)}",
        "finished": f"{on}",
        "outcome": outcome,
    }


def _bridging(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    ended = zero + timedelta(days=int(rest[0][1:])) if rest else on
    return {"form": "bridging", "therapy": "hydroxyurea", "started": f"{on}", "ended": f"{ended}"}


def _gcsf(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    return {
        "form": "medication",
        "medicine": "filgrastim",
        "kind": "growth_factor",
        "given_for": "cytopenia",
        "started": f"{on}",
        "ended": f"{on}",
    }


def _call(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    return {
        "form": "response_call",
        "response": rest[0],
        "visit": rest[1] if len(rest) > 1 else "unscheduled",
    }


def _disease(on: date, rest: list[str], zero: date) -> dict[str, Json]:
    return {"form": "disease", "diagnosis": rest[0]}


_PLAIN = {
    "consent": lambda on, rest, zero: {"form": "consent", "document_version": "1"},
    "disease": _disease,
    "enrol": lambda on, rest, zero: {"form": "enrolment", "part": rest[0] if rest else "escalation"},
    "screen_failure": lambda on, rest, zero: {"form": "screen_failure", "reason": "not eligible"},
    "apheresis": lambda on, rest, zero: {"form": "leukapheresis", "adequate": True},
    "made": _manufacture("made"),
    "making_failed": _manufacture("failed"),
    "released": _release("released"),
    "rejected": _release("rejected"),
    "ld": lambda on, rest, zero: {"form": "lymphodepletion", "agents": [{"agent": "fludarabine"}]},
    "bridging": _bridging,
    "infusion": _infusion,
    "review": lambda on, rest, zero: {"form": "ae_log_review"},
    "visit": lambda on, rest, zero: {"form": "visit", "visit": rest[0]},
    "missed": lambda on, rest, zero: {"form": "missed_visit", "visit": rest[0], "reason": "travel"},
    "contact": lambda on, rest, zero: {"form": "contact"},
    "died": lambda on, rest, zero: {"form": "death", "cause": rest[0] if rest else "disease"},
    "lost": _left("lost_to_follow_up"),
    "withdrew": _left("withdrawal_of_consent"),
    "completed": _left("completed"),
    "quit": _quit,
    "emd": lambda on, rest, zero: {"form": "extramedullary", "present": rest[0] == "yes"},
    "call": _call,
    "relapse": lambda on, rest, zero: {"form": "relapse", "kind": rest[0] if rest else "hematologic"},
    "transplant": lambda on, rest, zero: {"form": "transplant", "conditioning": f"{on}"},
    "therapy": lambda on, rest, zero: {
        "form": "new_therapy",
        "therapy": "azacitidine",
        "kind": rest[0] if rest else "anti_leukemic",
    },
    "red_cells": lambda on, rest, zero: {"form": "transfusion", "product": "red_cells"},
    "platelets": lambda on, rest, zero: {"form": "transfusion", "product": "platelets"},
    "gcsf": _gcsf,
    "ae": _ae,
    "qpcr": _sample("blood", "qpcr"),
    "flow": _sample("blood", "flow"),
    "marrow_qpcr": _sample("marrow", "qpcr"),
}
