"""How long subjects are followed, and in which time zone."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from protocyte.base import Problem
from protocyte.study.document import Document
from protocyte.study.model import Study
from protocyte.study.parts import days_of
from protocyte.study.problems import error, warning

# Regulators ask fifteen years after integrating vectors (FDA, Long Term Follow-Up After Administration of
# Human Gene Therapy Products, 2020; China's technical guideline of 2021 likewise).
LONG_TERM_YEARS = 15


def gene_modified_cells_are_followed(study: Study, document: Document) -> Iterator[Problem]:
    plan = study.follow_up
    longest = max(days_of(plan.until), days_of(plan.long_term) if plan.long_term else 0)
    if longest < round(LONG_TERM_YEARS * 365.25):
        yield warning(document, "follow_up", "follow_up.short", years=LONG_TERM_YEARS)


def contacts_come_within_follow_up(study: Study, document: Document) -> Iterator[Problem]:
    plan = study.follow_up
    if not 0 < days_of(plan.contact_every) <= days_of(plan.until):
        path = "follow_up.contact_every"
        yield error(document, path, "follow_up.contacts", every=plan.contact_every, until=plan.until)


def sites_have_a_zone(study: Study, document: Document) -> Iterator[Problem]:
    if not study.sites:
        yield error(document, "sites", "sites.empty")
    for name, site in study.sites.items():
        if not _is_zone(site.zone):
            yield error(document, f"sites.{name}.zone", "sites.zone", zone=site.zone)


def _is_zone(name: str) -> bool:
    """Known to the system's time zone data; `ValueError` and `OSError` are how odd names fail."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


CHECKS = (gene_modified_cells_are_followed, contacts_come_within_follow_up, sites_have_a_zone)
