"""DLTs, scales, stopping rules and periods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from protocyte.base import Problem
from protocyte.study.document import Document
from protocyte.study.model import Study
from protocyte.study.parts import days_of
from protocyte.study.problems import error, warning


def dlt_is_defined(study: Study, document: Document) -> Iterator[Problem]:
    if not study.dlt.criteria:
        yield error(document, "dlt.criteria", "dlt.no_criteria")


def dlt_window_can_guide(study: Study, document: Document) -> Iterator[Problem]:
    """Shorter than two weeks misses late CRS and ICANS; longer than 90 days no escalation can wait."""
    if not 14 <= study.dlt.days <= 90:
        yield warning(document, "dlt.days", "dlt.window", days=study.dlt.days)


def dlt_window_fits_the_dosing(study: Study, document: Document) -> Iterator[Problem]:
    scheme, plan = study.dosing.scheme, study.dlt
    if (scheme == "intra_subject") != (plan.window_from == "each_infusion"):
        yield error(document, "dlt.window_from", "dlt.window_from", scheme=scheme, given=plan.window_from)
    if scheme == "split" and plan.window_to == "first_infusion":
        yield warning(document, "dlt.window_to", "dlt.window_to")


def cytopenia_can_be_judged(study: Study, document: Document) -> Iterator[Problem]:
    """A criterion about day 42 is never reached inside a window of 28 days."""
    for name, criterion in study.dlt.criteria.items():
        if "hematologic_toxicity_at_42" in criterion.when and study.dlt.days < 42:
            path = f"dlt.criteria.{name}.when"
            yield error(document, path, "dlt.after_window", days=study.dlt.days)


def donor_cells_watch_gvhd(study: Study, document: Document) -> Iterator[Problem]:
    if study.product.origin != "allogeneic":
        return
    if not any("gvhd" in criterion.when for criterion in study.dlt.criteria.values()):
        yield warning(document, "dlt.criteria", "dlt.no_gvhd")
    if study.scales.gvhd is None:
        yield warning(document, "scales", "scales.no_gvhd")


def gvhd_has_a_scale(study: Study, document: Document) -> Iterator[Problem]:
    if study.scales.gvhd is not None:
        return
    uses = {
        f"dlt.criteria.{name}.when": "gvhd" in criterion.when
        for name, criterion in study.dlt.criteria.items()
    }
    uses |= {
        f"endpoints.{name}": endpoint.kind == "incidence" and endpoint.of == "gvhd"
        for name, endpoint in study.endpoints.items()
    }
    uses |= {
        f"safety.stopping.{name}": rule.counts == "severe_gvhd"
        for name, rule in study.safety.stopping.items()
    }
    for path, used in uses.items():
        if used:
            yield error(document, path, "scales.gvhd")


_CTCAE = re.compile(r"CTCAE[^\d]{0,12}(\d\.\d+)", re.IGNORECASE)


def scale_is_the_registered_one(study: Study, document: Document) -> Iterator[Problem]:
    """The record names a version and the file grades by another, and no departure says why."""
    if "scales.ae" in study.departs or "scales" in study.departs:
        return
    for path, text in _registered_texts(study).items():
        for version in _CTCAE.findall(text):
            if f"ctcae-{version}" not in (study.scales.ae, f"{study.scales.ae}0"):
                yield error(document, path, "scales.version", named=version, used=study.scales.ae)


def _registered_texts(study: Study) -> dict[str, str]:
    texts = {f"registered.{path}": text for path, text in study.registered.items()}
    return texts | {
        f"endpoints.{name}.registered_text": endpoint.registered_text
        for name, endpoint in study.endpoints.items()
        if endpoint.registered_text
    }


def stopping_is_stated(study: Study, document: Document) -> Iterator[Problem]:
    if not study.safety.stopping:
        yield warning(document, "safety.stopping", "stopping.none")


def stopping_rules_can_fire(study: Study, document: Document) -> Iterator[Problem]:
    for name, rule in study.safety.stopping.items():
        path = f"safety.stopping.{name}"
        if rule.part is not None and rule.part not in document.names("parts"):
            yield error(document, f"{path}.part", "stopping.part", part=rule.part)
        if rule.boundary is None:
            continue
        for field, share in (("rate", rule.boundary.rate), ("level", rule.boundary.level)):
            if not 0 < share.to("1").value < 1:
                yield error(document, f"{path}.boundary.{field}", "quantity.share", given=share)


def periods_follow_each_other(study: Study, document: Document) -> Iterator[Problem]:
    periods = list(study.safety.periods.items())
    for name, period in periods:
        if period.last_day is not None and period.last_day < period.first_day:
            yield error(document, f"safety.periods.{name}", "period.backwards")
    for (before, one), (name, two) in pairwise(sorted(periods, key=lambda item: item[1].first_day)):
        if one.last_day is None or one.last_day >= two.first_day:
            yield error(document, f"safety.periods.{name}", "period.overlap", name=name, before=before)


def dlt_endpoint_reads_the_window(study: Study, document: Document) -> Iterator[Problem]:
    last = study.dlt.days
    if study.dlt.window_to == "last_infusion" and study.dosing.fractions:
        last += study.dosing.fractions[-1].day
    for name, endpoint in study.endpoints.items():
        if endpoint.kind == "incidence" and endpoint.of == "dlt" and days_of(endpoint.until) != last:
            path = f"endpoints.{name}.until"
            yield error(document, path, "dlt.endpoint_window", until=endpoint.until, last=last)


CHECKS = (
    dlt_is_defined,
    dlt_window_can_guide,
    dlt_window_fits_the_dosing,
    cytopenia_can_be_judged,
    donor_cells_watch_gvhd,
    gvhd_has_a_scale,
    scale_is_the_registered_one,
    stopping_is_stated,
    stopping_rules_can_fire,
    periods_follow_each_other,
    dlt_endpoint_reads_the_window,
)
