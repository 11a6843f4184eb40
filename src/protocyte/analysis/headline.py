"""What a reader looks for first: a handful of numbers, and what must be known before they are used."""

from __future__ import annotations

from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import response_rate
from protocyte.analysis.efficacy.survival import Curve
from protocyte.analysis.escalation.dlt import dlt_statuses
from protocyte.analysis.escalation.history import decisions
from protocyte.analysis.escalation.oversight import open_holds, open_queries
from protocyte.analysis.safety.crs_icans import count_at_least
from protocyte.analysis.tables import Cell, Share, say
from protocyte.base import Message
from protocyte.derive.escalation import recommended_level


@dataclass(frozen=True)
class Tile:
    label: Message
    value: Cell
    note: Cell = None


def tiles(cut: Cut, survival: Curve | None) -> tuple[Tile, ...]:
    statuses = dlt_statuses(cut)
    dlts = sum(status.status == "dlt" for status in statuses)
    evaluable = sum(status.evaluable is True for status in statuses)
    rate = response_rate(cut)
    died = sum(course.died_on is not None for course in cut.enrolled)
    found = [
        Tile(say("tile_infused"), len(cut.infused), say("tile_of_enrolled", n=len(cut.enrolled))),
        Tile(
            say("tile_dlts"),
            Share(dlts, evaluable),
            say("tile_windows" if cut.study.dosing.climb else "tile_evaluable", n=evaluable),
        ),
        _recommended(cut),
        Tile(say("tile_severe"), _severe(cut), say("tile_severe_note", n=len(cut.infused))),
        Tile(say("tile_orr"), rate, say("tile_orr_note", hits=rate.count, of=rate.of)),
        Tile(say("tile_died"), Share(died, len(cut.enrolled)), say("tile_died_note")),
    ]
    if survival is not None:
        found.append(Tile(say("tile_median"), survival.median, say("tile_follow_up", n=survival.n)))
    return tuple(found)


def _recommended(cut: Cut) -> Tile:
    level = recommended_level(cut.trial)
    signed = [one for one in decisions(cut) if one.action == "recommend" and one.signed_by]
    if level is None or not signed:
        return Tile(say("tile_recommended"), say("not_yet"), say("tile_no_decision"))
    return Tile(say("tile_recommended"), cut.study.label_of(level), cut.study.dose_of(level))


def _severe(cut: Cut) -> Message:
    """CRS and ICANS of grade 3 or more, counted as their own tables count them."""
    return say("severe_both", crs=count_at_least(cut, "crs", 3), icans=count_at_least(cut, "icans", 3))


def notices(cut: Cut) -> tuple[Message, ...]:
    """What a number of this report must not be quoted without."""
    found = []
    if not cut.trial.casebook.locked:
        found.append(say("notice_open"))
    held, asked = open_holds(cut), open_queries(cut)
    if held:
        found.append(say("notice_holds", n=held))
    found += [say("notice_lapsed", number=one.number) for one in decisions(cut) if one.lapsed]
    found += [say("notice_unsigned", number=one.number) for one in decisions(cut) if not one.signed_by]
    unsettled = sum(status.status in ("pending", "unknown") for status in dlt_statuses(cut))
    if unsettled:
        found.append(say("notice_pending", n=unsettled))
    if asked:
        found.append(say("notice_queries", n=asked))
    return tuple(found)
