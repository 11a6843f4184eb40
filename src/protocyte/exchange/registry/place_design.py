"""Title, registry number, phase, size, status, sponsor and the other things a register asks everybody."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import LONGEST, Drafting
from protocyte.exchange.registry.page import Field, Page

REGISTRY_ID = re.compile(
    r"\b(?:NCT\d{8}|ChiCTR[-\w]{6,20}|CTR\d{8}|ISRCTN\d{8}|\d{4}-\d{6}-\d{2}(?:-\d{2})?)\b"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# The first line of a page that lost its head: an item of a list, a flag with a place, the heading of a table.
_NO_TITLE = re.compile(r"-\s|[\U0001F1E6-\U0001F1FF]|\S+$|[^,]+, [^,]+, \w+$")
_PHASE = re.compile(
    r"\b(?P<early>early[\s_]+)?phase[\s_]*(?P<one>\d|I{1,3}V?)(?P<part>[ab])?\b"
    r"(?:\s*(?:/|-|\||and)\s*(?:phase[\s_]*)?(?P<two>\d|I{1,3}V?)[ab]?\b)?",
    re.IGNORECASE,
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_ASIDE = (
    "sponsor",
    "status",
    "sex",
    "study_type",
    "allocation",
    "purpose",
    "masking",
    "model",
    "official_title",
)
_CENTRES = re.compile(r"\b(?:single|one|multi|two|three)[\s-]?cent(?:er|re)s?\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\bopen(?:[\s-]?label(?:l?ed)?)?\b(?=[,\s]*(?:label|single|non"
    r"|clinical|phase|prospective|study|trial))|\bopen[\s-]label(?:l?ed)?\b",
    re.IGNORECASE,
)
_ARMS = re.compile(r"\bsingle[\s-]arm\b", re.IGNORECASE)


def place_design(page: Page, draft: Drafting) -> None:
    _title(page, draft)
    _registry(page, draft)
    _phase(page, draft)
    _size(page, draft)
    for item in page.all(*_ASIDE):
        draft.note(item.name, item.value.text, item.value)
    for cut in page.prose:
        for name, pattern in (("centres", _CENTRES), ("open_label", _OPEN), ("arms", _ARMS)):
            if found := pattern.search(cut.text):
                draft.note(name, found.group().lower(), cut.sub(found.span()))


def labelled(item: Field) -> dict[str, str]:
    """How a field's provenance is spoken: by the page's label where it has one."""
    return {"how": "field", "label": item.label} if item.label else {"how": "stated"}


def _title(page: Page, draft: Drafting) -> None:
    item = page.first("title") or page.first("official_title")
    if item is not None and len(item.value.text) <= LONGEST and not _NO_TITLE.match(item.value.text):
        language = "zh" if _CHINESE.search(item.value.text) else "en"
        draft.put(f"title.{language}", item.value.text, item.value, **labelled(item))


def _registry(page: Page, draft: Drafting) -> None:
    item = page.first("registry")
    if item is not None and REGISTRY_ID.fullmatch(item.value.text.strip()):
        draft.put("registry", item.value.text.strip(), item.value, **labelled(item))
        return
    found = [(cut, match) for cut in page.prose for match in REGISTRY_ID.finditer(cut.text)]
    if len({match.group() for _, match in found}) == 1:
        cut, match = found[0]
        draft.put("registry", match.group(), cut.sub(match.span()))


def _phase(page: Page, draft: Drafting) -> None:
    fields = [item for item in page.all("phase") if item.value.text.lower() not in ("na", "n/a")]
    places = [item.value for item in fields] or page.texts
    found = [(cut, match) for cut in places for match in _PHASE.finditer(cut.text.replace("_", " "))]
    found += [
        (cut, match)
        for cut in places
        for match in re.finditer(r"^(?P<early>EARLY_)?PHASE(?P<one>\d)$", cut.text)
    ]
    readings = {_read_phase(match.groupdict()) for _, match in found}
    if len(fields) > 1:  # a list of phases, as registers hold 1/2
        readings = {"/".join(sorted(readings))}
    if len(readings) > 1:
        draft.gap("phase", "phase_several", "error", found[0][0], readings=", ".join(sorted(readings)))
    for reading in readings:
        cuts = [cut.sub(match.span()) for cut, match in found]
        if reading in ("1", "1/2", "early 1") and len(readings) == 1:
            draft.put("phase", reading, cuts, **(labelled(fields[0]) if fields else {}))
        else:
            draft.note("phase", reading, cuts)
            if len(readings) == 1:
                draft.gap("phase", "phase_outside", "error", cuts[0], phase=reading)


def _read_phase(parts: dict[str, str | None]) -> str:
    one = _digit(parts["one"])
    two = _digit(parts.get("two"))
    return f"{'early ' if parts['early'] else ''}{one}{'/' + two if two else ''}"


def _digit(text: str | None) -> str:
    return _ROMAN.get(text.lower(), text) if text else ""


def _size(page: Page, draft: Drafting) -> None:
    item = page.first("enrollment")
    if item is None:
        return
    found = re.fullmatch(
        r"(\d{1,6})(?:\.0)?(?:\s*\(?(?:estimated|actual|anticipated|subjects|participants|patients)\)?)?",
        item.value.text,
        re.IGNORECASE,
    )
    if found and 1 <= int(found.group(1)) <= 100_000:
        draft.put("planned_subjects", str(int(found.group(1))), item.value, **labelled(item))
    else:
        draft.note("enrollment", item.value.text, item.value)
        draft.gap("planned_subjects", "size_unread", "error", item.value, text=item.value.text[:40])
