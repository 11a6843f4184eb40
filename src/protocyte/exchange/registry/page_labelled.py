"""Pages that label their values: label and value on two lines, with dashes, or in a site's own layout."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocyte.exchange.registry.criteria_list import split_criteria
from protocyte.exchange.registry.labels import (
    FURNITURE,
    PHASE_LINE,
    STATUS_WORDS,
    Label,
    inline_label,
    label_of,
)
from protocyte.exchange.registry.outcome_rows import TIME_FRAME_LINE, by_table, by_time_frame_lines
from protocyte.exchange.registry.page import Field, Kind, Page, Role
from protocyte.exchange.registry.page_paragraphs import is_title
from protocyte.exchange.registry.source import Cut, Row, whole

# What stands before a place is its site only if it is the name of a house; it may be an outcome or a title.
_INSTITUTION = re.compile(
    r"hospital|universit|institut|cent(?:er|re)|clinic|medical|college|academy|foundation|research|health|院|中心",
    re.IGNORECASE,
)
_STATUS = re.compile("|".join(re.escape(word) for word in STATUS_WORDS), re.IGNORECASE)
_NAME = r"[A-Z][^\d,.;:()|]{1,39}"
PLACE = re.compile(rf"\W{{0,8}}(?P<place>{_NAME}, {_NAME}, {_NAME})")
_ROLES: dict[str, Role] = {"primary": "primary", "secondary": "secondary", "other": "exploratory"}
_KINDS: dict[str, Kind] = {"inclusion": "inclusion", "exclusion": "exclusion"}


def read_labelled(rows: Sequence[Row], shape: str) -> Page:
    """Walks the lines once; `_sections` gathers them under the label they follow."""
    page = Page(shape, tuple(rows))
    loose: list[Cut] = []
    for name, cuts in _sections(rows, page):
        if name in _KINDS:
            page.criteria += split_criteria(cuts, _KINDS[name])
        elif name == "eligibility":
            page.criteria += split_criteria(cuts, None)
        elif name in _ROLES and not any(TIME_FRAME_LINE.match(cut.text) for cut in cuts):
            outcomes, headers = by_table(cuts, _ROLES[name])
            page.outcomes += outcomes
            page.headings += headers
        elif name in _ROLES:
            _time_frames(cuts, page, _ROLES[name])
        elif name == "locations":
            _locations(cuts, page)
        elif name == "before":
            _before_labels(cuts, page, loose)
        elif name in ("condition", "intervention"):
            page.fields += [Field(name, cut, name) for cut in cuts]
        elif name in ("summary", "description", "arm"):
            _prose(name, cuts, page)
        else:
            loose += cuts
    _loose(loose, page)
    return page


def _sections(rows: Sequence[Row], page: Page) -> list[tuple[str, list[Cut]]]:
    """Lines under their labels; single values are taken at once, what follows them is `loose`."""
    sections: list[tuple[str, list[Cut]]] = [("before", [])]
    waiting: tuple[Label, Cut] | None = None
    block = "loose"  # where lines go that follow a single value
    for row in rows:
        cut = whole(row)
        if not cut.text:
            continue
        if FURNITURE.fullmatch(cut.text):
            page.headings.append(cut)
            continue
        label = label_of(cut.text)
        if label is not None and waiting is None:
            page.headings.append(cut)
            if label.name in ("eligibility", "design"):
                block = "eligibility" if label.name == "eligibility" else "loose"
            if label.follows == "value":
                waiting = (label, cut)
            else:
                sections.append((label.name if label.name != "design" else "loose", []))
            continue
        if waiting is not None:
            page.fields.append(Field(waiting[0].name, _undashed(cut), _undashed(waiting[1]).text))
            waiting = None
            sections.append((block, []))
            continue
        inline = inline_label(cut.text)
        if inline is not None and inline[0].follows == "value":
            value = cut.sub((inline[1], len(cut.text)))
            page.fields.append(Field(inline[0].name, value, inline[0].name))
            page.headings.append(cut.sub((0, inline[1])))
            continue
        sections[-1][1].append(cut)
    return sections


def _undashed(cut: Cut) -> Cut:
    return cut.sub((1, len(cut.text))) if cut.text.startswith("- ") else cut


def _before_labels(cuts: Sequence[Cut], page: Page, loose: list[Cut]) -> None:
    titled = False
    for cut in cuts:
        if PHASE_LINE.fullmatch(cut.text):
            page.fields.append(Field("phase", cut))
        elif _STATUS.fullmatch(cut.text):
            page.fields.append(Field("status", cut))
        elif not titled and is_title(cut.text) and not any(TIME_FRAME_LINE.match(c.text) for c in cuts):
            page.fields.append(Field("title", cut))
            titled = True
        else:
            loose.append(cut)


def _prose(name: str, cuts: Sequence[Cut], page: Page) -> None:
    if name == "arm":
        page.fields += [Field("arm", cut, name) for cut in cuts]
    else:
        page.prose += [_undashed(cut) for cut in cuts]


def _locations(cuts: Sequence[Cut], page: Page) -> None:
    """Sites with their places. A site stands before its place: where all do, what follows the last is no site."""
    named: list[Cut] = []
    paired = True
    for cut in cuts:
        found = PLACE.fullmatch(cut.text)
        if found:
            page.fields.append(Field("place", cut.sub(found.span("place")), "locations"))
            page.fields += [Field("site", one, "locations") for one in named]
            paired, named = paired and len(named) == 1, []
        elif any(character.isalpha() for character in cut.text):
            named.append(cut)
        else:
            page.headings.append(cut)  # a flag
    if paired and page.all("place"):
        page.prose += named
    else:
        page.fields += [Field("site", one, "locations") for one in named]


def _loose(cuts: Sequence[Cut], page: Page) -> None:
    """Lines under no label: a place tells the line before it is the site; the rest ends in time frames."""
    rest: list[Cut] = []
    for cut in cuts:
        status = _STATUS.match(cut.text)
        place = PLACE.fullmatch(cut.text)
        if place and len(cut.text) <= 100:
            page.fields.append(Field("place", cut.sub(place.span("place"))))
            if rest and is_title(rest[-1].text) and _INSTITUTION.search(rest[-1].text):
                page.fields.append(Field("site", rest.pop()))
            page.prose += rest
            rest = []
        elif status and (status.end() == len(cut.text) or cut.text[status.end()].isupper()):
            # A status word printed without a blank before the first outcome's name.
            page.fields.append(Field("status", cut.sub(status.span())))
            page.prose += rest
            rest = [cut.sub((status.end(), len(cut.text)))] if status.end() < len(cut.text) else []
        else:
            rest.append(cut)
    _time_frames(rest, page, None)


def _time_frames(cuts: Sequence[Cut], page: Page, role: Role | None) -> None:
    blocks: list[list[Cut]] = []
    block: list[Cut] = []
    for cut in cuts:
        block.append(cut)
        if found := TIME_FRAME_LINE.match(cut.text):
            page.headings.append(cut.sub(found.span()))
            if not blocks and role is None:
                block = _first_block(block, page)
            blocks.append(block)
            block = []
    page.outcomes += by_time_frame_lines(blocks, role)
    page.prose += block


def _first_block(block: list[Cut], page: Page) -> list[Cut]:
    """Running text may stand before the first outcome: only the last short lines can be its name."""
    last_sentence = max((i for i, cut in enumerate(block[:-2]) if not is_title(cut.text)), default=-1)
    page.prose += block[: last_sentence + 1]
    return block[last_sentence + 1 :]
