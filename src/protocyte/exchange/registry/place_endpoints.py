"""Registered outcomes as endpoints: what they are, when they are read, and what is wrong with their words."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.endpoint_clock import read_clock
from protocyte.exchange.registry.endpoint_names import Named, endpoints_named, relatedness
from protocyte.exchange.registry.imported import shortened
from protocyte.exchange.registry.page import Outcome, Page
from protocyte.exchange.registry.place_kinetics import place_assays
from protocyte.exchange.registry.source import Cut
from protocyte.exchange.registry.time_frames import days_in, parse_time_frame
from protocyte.study.document import Tree

_TOKENS = re.compile(r"\b(?:CRMRD-?|CRh|CRi|CR|MLFS|PR|nCR|sCR)\b")
_LONGEST_DLT_WINDOW = 90.0  # days; a dose decision cannot wait longer (DOMAIN: windows of 28 days)


def place_endpoints(page: Page, draft: Drafting) -> None:
    for outcome in page.outcomes:
        description = " ".join(cut.text for cut in outcome.description)
        named = endpoints_named(outcome.measure.text, description)
        if not named:
            draft.note("outcome", shortened(outcome.measure.text), outcome.cuts)
            draft.gap(
                "endpoints",
                "outcome_unknown",
                "warning",
                outcome.measure,
                text=shortened(outcome.measure.text),
            )
        for one in named:
            _endpoint(one, outcome, description, draft)
        _shared_words(outcome, description, draft)


def _shared_words(outcome: Outcome, description: str, draft: Drafting) -> None:
    if re.search(r"\bNCCN\b|National Comprehensive Cancer Network", description):
        draft.note("response_criteria", "NCCN", outcome.description)
        draft.gap("response.criteria", "criteria_version", "error", outcome.measure, name="NCCN")


def _endpoint(one: Named, outcome: Outcome, description: str, draft: Drafting) -> None:
    slug = _free(one.name.slug, draft)
    path = f"endpoints.{slug}"
    words = outcome.measure.text if one.name.pattern.search(outcome.measure.text) else one.text
    draft.put(f"{path}.title.en", shortened(words, 300), outcome.measure, mark=path, how="outcome")
    if outcome.role:
        draft.put(f"{path}.role", outcome.role, outcome.measure, mark=path)
    text = description or outcome.measure.text
    draft.put(f"{path}.registered_text", shortened(text), outcome.description or outcome.measure, mark=path)
    draft.put(f"{path}.kind", one.name.kind, outcome.measure, mark=path)
    frames = _frames(path, outcome, draft)
    if one.name.kind == "time_to_event":
        _time_to_event(one, path, outcome, description, frames, draft)
    elif one.name.kind == "response_rate":
        _response_rate(one, path, outcome, description, frames, draft)
    elif one.name.kind == "incidence":
        _incidence(one, path, outcome, description, frames, draft)
    else:
        _until(path, outcome, frames, draft)
        place_assays(path, outcome, draft)


def _free(slug: str, draft: Drafting) -> str:
    number, free = 2, slug
    while draft.has(f"endpoints.{free}"):
        free = f"{slug}-{number}"
        number += 1
    return free


def _frames(path: str, outcome: Outcome, draft: Drafting) -> tuple[str, ...]:
    if outcome.time_frame is None:
        draft.gap(path, "time_frame_missing", "warning", outcome.measure)
        return ()
    frames = parse_time_frame(outcome.time_frame.text)
    draft.note(f"time_frame.{path}", ", ".join(frames) or outcome.time_frame.text, outcome.time_frame)
    if not frames:
        draft.gap(path, "time_frame_unread", "warning", outcome.time_frame, text=outcome.time_frame.text[:60])
    return frames


def _frame(outcome: Outcome) -> Cut:
    assert outcome.time_frame is not None
    return outcome.time_frame


def _until(path: str, outcome: Outcome, frames: tuple[str, ...], draft: Drafting) -> None:
    if len(frames) == 1:
        draft.put(f"{path}.until", frames[0], _frame(outcome), mark=path)
    elif frames:
        draft.gap(f"{path}.until", "time_frames_several", "warning", _frame(outcome), times=", ".join(frames))


def _time_to_event(
    one: Named, path: str, outcome: Outcome, description: str, frames: tuple[str, ...], draft: Drafting
) -> None:
    clock = read_clock(description)
    where = outcome.description or (outcome.measure,)
    if clock.origin:
        draft.put(f"{path}.operational.origin", clock.origin, where, mark=path)
    if clock.events:
        draft.put(f"{path}.operational.events", list[Tree](clock.events), where, mark=path)
    if frames:
        # A registry's time frame says until when it is looked at: a landmark, not a censoring rule.
        draft.put(f"{path}.operational.landmarks", list[Tree](frames), _frame(outcome), mark=path)
    for doubt in clock.doubts:
        draft.gap(f"{path}.operational", doubt, "warning", where[0])
    if not clock.origin and not clock.events:
        draft.gap(f"{path}.operational", "endpoint_name_only", "error", where[0])
    if one.name.slug == "dor" and clock.origin == "infusion":
        draft.gap(f"{path}.companion", "dor_from_infusion", "warning", where[0])
    if one.name.slug == "cir":
        draft.gap(f"{path}.operational.competing", "competing", "warning", where[0])
    if "refractory" in clock.events:
        draft.gap(f"{path}.operational.refractory_by", "refractory_by", "error", where[0])


def _response_rate(
    one: Named, path: str, outcome: Outcome, description: str, frames: tuple[str, ...], draft: Drafting
) -> None:
    first = re.split(r"\.\s|\.$", description, maxsplit=1)[0]
    tokens = ["CR"] if one.name.slug == "cr" else list(dict.fromkeys(_TOKENS.findall(first)))
    if tokens:
        where = outcome.measure if one.name.slug == "cr" else outcome.description
        draft.put(f"{path}.responses", list[Tree](tokens), where, mark=path)
        if one.name.slug == "orr" and not draft.has("response.responses"):
            draft.put("response.responses", list[Tree](tokens), outcome.description)
    if len(frames) == 1 and not re.match(r"\s*at\b", _frame(outcome).text, re.IGNORECASE):
        draft.put(f"{path}.by", frames[0], _frame(outcome), mark=path)
    elif frames:
        draft.put(f"{path}.at", list[Tree](frames), _frame(outcome), mark=path)
        draft.gap(f"{path}.window", "response_window", "error", _frame(outcome))


def _incidence(
    one: Named, path: str, outcome: Outcome, description: str, frames: tuple[str, ...], draft: Drafting
) -> None:
    of = one.name.slug.replace("-", "_")
    if of == "ae":
        of = relatedness(outcome.measure.text, description)
    if of == "unclear":
        draft.gap(f"{path}.of", "related_or_all", "error", outcome.measure)
    else:
        draft.put(f"{path}.of", of, outcome.measure, mark=path)
    _until(path, outcome, frames, draft)
    if of == "dlt":
        _dlt(outcome, description, frames, draft)


def _dlt(outcome: Outcome, description: str, frames: tuple[str, ...], draft: Drafting) -> None:
    """The DLT window and definition, as far as its outcome says them."""
    own = re.search(r"dose[\s-]limiting|\bDLT", outcome.measure.text, re.IGNORECASE)
    if len(frames) == 1 and days_in(frames[0]) <= _LONGEST_DLT_WINDOW:
        frame = _frame(outcome)
        draft.put("dlt.days", str(round(days_in(frames[0]))), frame)
        if "infusion" in frame.text.lower():
            draft.put("dlt.window_from", "first_infusion", frame)
    elif frames:
        draft.gap("dlt.days", "dlt_window", "error", outcome.time_frame, frame=", ".join(frames))
    if own and description:
        draft.put("dlt.criteria.registered.label.en", description, outcome.description)
        if re.search(r"\band/or\b.*(?:≥|>=|grade)", description, re.IGNORECASE):
            draft.gap("dlt.criteria.registered.when", "dlt_grade_applies", "error", outcome.description[0])
        draft.gap("dlt.criteria.registered.when", "dlt_rule", "error", outcome.description[0])
    else:
        draft.gap("dlt.criteria", "dlt_definition", "error", outcome.measure)
