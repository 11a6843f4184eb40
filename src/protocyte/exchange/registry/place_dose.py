"""The dose ladder and how a dose reaches the subject: once, in fractions, or climbing."""

from __future__ import annotations

import re
from itertools import pairwise

from protocyte.exchange.registry.dose_notation import DoseText, find_doses, spoken
from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.sentences import sentences
from protocyte.exchange.registry.source import Cut
from protocyte.study.document import Tree

# All that may stand between two levels of one list. Other words (`a possible second dose of`) make two statements.
_LINK = re.compile(
    r"(?:[\s,;:、，；：()/±%#\[\]-]|\band\b|\bor\b|\bthen\b|\bto\b|\bfor\b|\bwas\b|\bis\b|\bat\b"
    r"|\b(?:dose|level|group|cohort)s?\b|\bDL-?\d\b|\b\d{1,2}\b|\b(?:one|two|three|four|five|six)\b"
    r"|\bcells?\b|\bkg\b|\bCAR\b|\bSTAR\b|\bT\b|\bCART\b|\bviable\b){0,40}",
    re.IGNORECASE,
)
_TO = re.compile(r"\s*(?:\(±\s*\d+\s*%\)\s*)?(?:to|-|–|~|through)\s*$", re.IGNORECASE)
_SPLIT = re.compile(
    r"\bsplit\b[\s\w\"”]{0,40}?\b(?:infusions?|doses?)\b|\b(?:divided"
    r"|fractionated)\s+(?:doses?|infusions?)\b",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"(?P<share>\d{1,2})\s*%\s*(?:of the (?:total )?dose\s*)?on\s+day\s*(?P<day>\d{1,2})", re.IGNORECASE
)
_CLIMB = re.compile(
    r"\b(?:each|every|the same|same)\s+(?:subject|patient|participant)\b.{0,200}?\b(?:next"
    r"|higher)\s+dose\b|\bintra-?\s?(?:subject|patient)\s+(?:dose[\s-])?escalat\w+",
    re.IGNORECASE,
)
_ESCALATING = re.compile(r"\bdose[\s-]escalat\w+|\bescalat\w+\s+dos\w+", re.IGNORECASE)
_SINGLE = re.compile(r"\b(?:a\s+)?single\s+(?:intravenous\s+|i\.?v\.?\s+)?(?:infusion|dose)\b", re.IGNORECASE)


def place_dose(page: Page, draft: Drafting) -> None:
    _ladder(page, draft)
    _scheme(page, draft)


# --- ladder ---------------------------------------------------------------------------------------


def _ladder(page: Page, draft: Drafting) -> None:
    lists: list[tuple[Cut, list[DoseText]]] = []
    singles: list[tuple[Cut, DoseText]] = []
    for cut in page.texts:
        for group in _groups(cut.text):
            if not any(dose.unit for dose in group):
                continue
            if any(dose.readings for dose in group):
                _ambiguous(cut, group, draft)
            elif _is_range(cut.text, group):
                _range(cut, group, draft)
            elif len(group) > 1:
                lists.append((cut, group))
            else:
                singles.append((cut, group[0]))
    _levels(lists, draft)
    _alone(singles, draft)


def _groups(text: str) -> list[list[DoseText]]:
    """Doses of one statement: near each other, in one sentence, one kind of notation."""
    groups: list[list[DoseText]] = []
    for dose in find_doses(text):
        near = groups and _LINK.fullmatch(text[groups[-1][-1].end : dose.start])
        if near:
            groups[-1].append(dose)
        else:
            groups.append([dose])
    return groups


def _is_range(text: str, group: list[DoseText]) -> bool:
    between = len(group) == 2 and _TO.fullmatch(text[group[0].end : group[1].start])
    return bool(between) or (len(group) == 1 and group[0].high is not None)


def _ambiguous(cut: Cut, group: list[DoseText], draft: Drafting) -> None:
    where = cut.sub((group[0].start, group[-1].end))
    unit = group[-1].unit
    first, second = (
        _joined([dose.readings[way] if dose.readings else spoken(dose.low, "") for dose in group], unit)
        for way in (0, 1)
    )
    draft.note("dose", where.text, where)
    draft.gap("ladder", "dose_two_readings", "error", where, text=where.text[:60], first=first, second=second)
    if _is_range(cut.text, group):
        draft.gap("ladder", "dose_steps", "error", where)


def _joined(numbers: list[str], unit: str) -> str:
    return f"{' - '.join(numbers)} {unit}".strip()


def _range(cut: Cut, group: list[DoseText], draft: Drafting) -> None:
    where = cut.sub((group[0].start, group[-1].end))
    unit = group[-1].unit
    top = group[-1].high or group[-1].low
    low, high = spoken(group[0].low, unit), spoken(top, unit)
    draft.note("dose_range", f"{low} to {high}", where)
    draft.gap("ladder", "dose_range", "error", where, low=low, high=high)


def _levels(lists: list[tuple[Cut, list[DoseText]]], draft: Drafting) -> None:
    """One list, or the same list again, is the ladder; two different ones are for a person to settle."""
    values = {tuple(dose.low for dose in group) for _, group in lists}
    rising = all(low < high for one in values for low, high in pairwise(one))
    units = {dose.unit for _, group in lists for dose in group if dose.unit}
    plain = all(dose.high is None for _, group in lists for dose in group)
    if not lists:
        return
    if len(values) == 1 and rising and plain and len(units) == 1:
        unit = units.pop()
        for cut, group in lists:
            for number, dose in enumerate(group, start=1):
                where = cut.sub((dose.start, dose.end))
                draft.put(f"ladder.DL{number}", spoken(dose.low, unit), where, mark="ladder", how="levels")
        return
    for cut, group in lists:
        where = cut.sub((group[0].start, group[-1].end))
        draft.note("dose", where.text, where)
    draft.gap("ladder", "ladder_unclear", "error", lists[0][0])


def _alone(singles: list[tuple[Cut, DoseText]], draft: Drafting) -> None:
    """A single dose may be a start, a limit or the only level: which, only a person can say."""
    ladder = draft.tree.get("ladder")
    levels = set(ladder.values()) if isinstance(ladder, dict) else set()
    found: dict[str, Cut] = {}
    for cut, dose in singles:
        where = cut.sub((dose.start, dose.end))
        value = spoken(dose.low, dose.unit)
        draft.note("dose", value, where)
        if value not in levels:
            found.setdefault(value, where)
    first = next(iter(found.values()), None)
    if len(found) == 1 and not levels:
        draft.gap("ladder", "dose_single", "error", first, dose=next(iter(found)))
    elif found:
        draft.gap("ladder", "doses_named", "error", first, doses=", ".join(found))


# --- scheme ---------------------------------------------------------------------------------------


def _scheme(page: Page, draft: Drafting) -> None:
    found: dict[str, Cut] = {}
    for cut in page.texts:
        for scheme, pattern in (("split", _SPLIT), ("intra_subject", _CLIMB), ("single", _SINGLE)):
            if match := pattern.search(cut.text):
                found.setdefault(scheme, cut.sub(match.span()))
    if "split" in found or "intra_subject" in found:
        found.pop("single", None)
    if len(found) > 1:
        for scheme, cut in found.items():
            draft.note("scheme", scheme, cut)
        draft.gap(
            "dosing.scheme", "scheme_several", "error", next(iter(found.values())), schemes=", ".join(found)
        )
        return
    for scheme, cut in found.items():
        draft.put("dosing.scheme", scheme, cut)
        if scheme == "split":
            _fractions(page, cut, draft)
        elif scheme == "intra_subject":
            draft.gap("dosing.climb", "climb", "error", cut)


def _fractions(page: Page, split: Cut, draft: Drafting) -> None:
    for cut in page.texts:
        matches = list(_FRACTION.finditer(cut.text))
        if sum(int(match["share"]) for match in matches) == 100:
            value: list[Tree] = [{"day": match["day"], "share": f"{match['share']} %"} for match in matches]
            draft.put("dosing.fractions", value, cut.sub((matches[0].start(), matches[-1].end())))
            return
    draft.gap("dosing.fractions", "fractions", "error", split)
    near = next(
        (
            one
            for one in sentences([Cut(split.row, 0, len(split.row.text))])
            if one.start <= split.start < one.end
        ),
        split,
    )
    if _ESCALATING.search(near.text):
        draft.gap("dosing.scheme", "split_or_climb", "warning", split)
