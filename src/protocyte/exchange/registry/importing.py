"""The import itself: recognise the page, place what can be placed, list the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

from protocyte.base import Problem
from protocyte.exchange.registry.budget import within_budget
from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.imported import Imported, left_over
from protocyte.exchange.registry.needs import study_gaps
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.place_design import place_design
from protocyte.exchange.registry.place_disease import place_disease
from protocyte.exchange.registry.place_dose import place_dose
from protocyte.exchange.registry.place_eligibility import place_eligibility
from protocyte.exchange.registry.place_endpoints import place_endpoints
from protocyte.exchange.registry.place_kinetics import place_mentions
from protocyte.exchange.registry.place_lymphodepletion import place_lymphodepletion
from protocyte.exchange.registry.place_parts import place_parts
from protocyte.exchange.registry.place_product import place_product
from protocyte.exchange.registry.place_remarks import place_remarks
from protocyte.exchange.registry.place_response import place_response, relapse_words
from protocyte.exchange.registry.place_scales import place_scales
from protocyte.exchange.registry.place_sites import place_sites
from protocyte.exchange.registry.recognise import read_page
from protocyte.study.document import Tree

# The order matters only where one reads what another placed: parts name levels, remarks compare with outcomes.
PLACERS: tuple[Callable[[Page, Drafting], None], ...] = (
    place_design,
    place_sites,
    place_disease,
    place_product,
    place_dose,
    place_lymphodepletion,
    place_parts,
    place_scales,
    place_eligibility,
    place_endpoints,
    place_response,
    relapse_words,
    place_mentions,
    place_remarks,
)


def import_record(data: bytes, file: str) -> Imported | tuple[Problem, ...]:
    """A draft study from the bytes of a registry record, or why they cannot be read. Never raises for input."""
    page = read_page(data, file)
    if isinstance(page, Problem):
        return (page,)
    draft = Drafting()
    within_budget(page, draft)
    for place in PLACERS:
        place(page, draft)
    for heading in page.headings:
        draft.note("label", heading.text, heading)
    facts = sorted(draft.facts, key=lambda fact: (fact.row, fact.start, fact.path))
    tree: dict[str, Tree] = {"study": _slug(draft.tree), "version": "draft", **draft.tree}
    tree["registered"] = draft.registered
    gaps = (*study_gaps(tree), *draft.gaps)
    return Imported(file, page.shape, tree, tuple(facts), gaps, left_over(page.rows, facts), page.rows)


def _slug(tree: dict[str, Tree]) -> str:
    """A name for the draft: the registry number, else the product; it is the file's own, not a fact."""
    product = tree.get("product")
    name = product.get("name") if isinstance(product, dict) else None
    for given in (tree.get("registry"), name):
        slug = re.sub(r"[^a-z0-9]+", "-", str(given or "").lower()).strip("-")[:60].strip("-")
        if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
            return slug
    return "imported-record"
