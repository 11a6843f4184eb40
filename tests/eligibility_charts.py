"""Subjects at screening from short text: the one who meets everything (`trials.fit`), changed as told.

told("cd7", "lab alt 100 U/L uln 40 U/L; hist thrombosis past 2025-07")

lab|exam TEST VALUE [uln LIMIT]   a newer result, `?` blank    nolab|noexam TEST    never done
hist CONDITION STATUS [LAST]      one more answer              nohist CONDITION     nobody asked
birth DATE [AGE] · sex · fertile yes|no|? · antigen yes|no|? · disease FIELD=VALUE ... (`?` blank)
therapy KIND LAST [HALF-LIFE] · judged CRITERION yes|no · unjudged CRITERION
consent WHO [ASSENT] · no FORM              several names of one kind may be joined by commas
"""

from __future__ import annotations

from typing import Any

from trials import day, fit, loaded

STUDIES = {"cd7": "cd7-cart", "cd123": "cd123-cart"}


def told(study: str, text: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = [
        {"form": "consent", "on": str(day(-40)), "document_version": "1"},
        *({"form": form, "on": str(day(-39))} | fields for form, fields in fit(loaded(STUDIES[study]).study)),
    ]
    for number, statement in enumerate(filter(None, map(str.strip, text.split(";")))):
        name, *words = statement.split()
        records = _CHANGE[name](records, words, number)
    return records


def _newer(form: str):
    def change(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
        test, *rest = words
        value, _, limit = " ".join(rest).partition(" uln ")
        result: dict[str, Any] = {"test": test}
        if limit:
            result["upper_limit"] = limit
        if value != "?":
            result["finding" if value[0].isalpha() else "value"] = value
        return [*records, {"form": form, "on": str(day(-37)), "results": [result]}]

    return change


def _never(form: str):
    def change(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
        return [
            record | {"results": [one for one in record["results"] if one["test"] not in words[0].split(",")]}
            if record["form"] == form
            else record
            for record in records
        ]

    return change


def _with(form: str, **fields: Any):
    def change(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in (record | fields).items() if value is not None}
            if record["form"] == form
            else record
            for record in records
        ]

    return change


_DISEASE = {
    "inductions": "induction_courses_without_remission",
    "refractory": "refractory_to_last_line",
    "remission": "first_remission_duration",
    "lines": "prior_lines",
}


def _disease(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
    fields: dict[str, Any] = {}
    for word in words:
        name, text = word.split("=")
        value = int(text) if text.isdigit() else text.replace("_", " ")
        fields[_DISEASE.get(name, name)] = _YES.get(text, value)
    return _with("disease", **fields)(records)


def _history(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
    answer = {"form": "history", "on": str(day(-38)), "status": words[1]}
    answer |= {"last": words[2]} if len(words) > 2 else {}
    return [*records, *(answer | {"condition": condition} for condition in words[0].split(","))]


def _therapy(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
    record = {"form": "prior_therapy", "therapy": f"T{number}", "kind": words[0], "last_dose": words[1]}
    return [*records, record | ({"half_life": " ".join(words[2:])} if len(words) > 2 else {})]


def _judged(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
    form = {"form": "judgement", "on": str(day(-38)), "criterion": words[0], "met": words[1] == "yes"}
    return [*records, form | {"reason": "seen"}]


def _without(form: str, field: str):
    def change(records: list[dict[str, Any]], words: list[str], number: int) -> list[dict[str, Any]]:
        names = words[0].split(",")
        return [record for record in records if record["form"] != form or record[field] not in names]

    return change


_YES = {"yes": True, "no": False, "?": None}
_CHANGE: dict[str, Any] = {
    "lab": _newer("labs"),
    "exam": _newer("examination"),
    "nolab": _never("labs"),
    "noexam": _never("examination"),
    "hist": _history,
    "nohist": _without("history", "condition"),
    "unjudged": _without("judgement", "criterion"),
    "judged": _judged,
    "disease": _disease,
    "therapy": _therapy,
    "no": lambda rs, w, n: [record for record in rs if record["form"] != w[0]],
    "birth": lambda rs, w, n: _with("demographics", birth=w[0], age=int(w[1]) if len(w) > 1 else None)(rs),
    "sex": lambda rs, w, n: _with("demographics", sex=w[0])(rs),
    "fertile": lambda rs, w, n: _with("demographics", childbearing_potential=_YES[w[0]])(rs),
    "antigen": lambda rs, w, n: _with("antigen", positive=_YES[w[0]])(rs),
    "consent": lambda rs, w, n: _with("consent", given_by=w[0], assent=_YES[w[1]] if len(w) > 1 else None)(
        rs
    ),
}
