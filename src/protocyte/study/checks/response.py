"""Response criteria: every disease has some, and they leave no value nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.base import Problem
from protocyte.rules.nodes import Amount, Compare, Name
from protocyte.study.checks.leaves import leaves_of
from protocyte.study.document import Document
from protocyte.study.efficacy import CriteriaSet
from protocyte.study.model import Study
from protocyte.study.problems import error, warning

# Sets that ship with Protocyte (`vocab`), by the ids a study names them by.
SHIPPED = frozenset({"aml-iwg2003", "aml-eln2017", "aml-eln2022", "aml-nccn", "all-nccn", "cmml-mdsmpn2015"})


def diseases_have_criteria(study: Study, document: Document) -> Iterator[Problem]:
    for disease in study.diseases:
        if disease not in study.response.primary:
            yield error(document, "response.primary", "response.no_primary", disease=disease)
    for block in ("primary", "companions"):
        for disease in getattr(study.response, block):
            if disease not in study.diseases:
                path = f"response.{block}.{disease}"
                yield error(document, path, "response.disease", disease=disease, known=tuple(study.diseases))


def criteria_exist(study: Study, document: Document) -> Iterator[Problem]:
    own = document.names("response.criteria")
    named = {f"response.primary.{disease}": name for disease, name in study.response.primary.items()}
    named |= {
        f"response.companions.{disease}.{index}": name
        for disease, names in study.response.companions.items()
        for index, name in enumerate(names)
    }
    for path, name in named.items():
        if name not in own and name not in SHIPPED:
            yield error(document, path, "response.criteria", name=name, known=sorted({*own, *SHIPPED}))


def own_criteria_have_own_names(study: Study, document: Document) -> Iterator[Problem]:
    for name in study.response.criteria:
        if name in SHIPPED:
            yield error(document, f"response.criteria.{name}", "response.shipped", name=name)


def responses_are_categories(study: Study, document: Document) -> Iterator[Problem]:
    known = categories_of(study)
    if known is None:
        return
    for block in ("responses", "remissions"):
        for index, label in enumerate(getattr(study.response, block)):
            if label not in known:
                path = f"response.{block}.{index}"
                yield error(document, path, "response.category", label=label, known=sorted(known))


def remissions_are_responses(study: Study, document: Document) -> Iterator[Problem]:
    strange = [label for label in study.response.remissions if label not in study.response.responses]
    if strange:
        yield warning(document, "response.remissions", "response.remissions", labels=strange)


def some_category_counts(study: Study, document: Document) -> Iterator[Problem]:
    for block in ("responses", "remissions"):
        if not getattr(study.response, block):
            yield error(document, f"response.{block}", "response.empty")


def categories_stand_in_their_order(study: Study, document: Document) -> Iterator[Problem]:
    """A file read from the top would otherwise mean another order than the one that is used."""
    for name, criteria in study.response.criteria.items():
        path = f"response.criteria.{name}"
        listed = document.names(f"{path}.categories")
        if not criteria.order and list(listed) != sorted(listed):
            yield error(document, f"{path}.categories", "response.order")


def boundaries_leave_no_gap(study: Study, document: Document) -> Iterator[Problem]:
    """`> 1.0` for CR beside `< 1.0` for CRi leaves a count of exactly 1.0 in neither."""
    for name, criteria in study.response.criteria.items():
        gaps = tuple(_gaps(criteria))
        if gaps:
            path = f"response.criteria.{name}.categories"
            yield warning(document, path, "response.equality_gap", name=name, gaps=gaps)


def _gaps(criteria: CriteriaSet) -> Iterator[str]:
    signs: dict[str, set[str]] = {}
    for text in criteria.categories.values():
        for leaf in leaves_of(text):
            if isinstance(leaf, Compare) and isinstance(leaf.left, Name) and isinstance(leaf.right, Amount):
                key = f"{leaf.left.name} = {leaf.right.quantity}"
                signs.setdefault(key, set()).add(leaf.op)
    return (key for key, ops in signs.items() if ops == {"<", ">"})


def marrows_must_be_adequate(study: Study, document: Document) -> Iterator[Problem]:
    """A set without an adequacy clause calls an empty marrow a response; something must stand beside it."""
    for disease, name in study.response.primary.items():
        primary = study.response.criteria.get(name)
        if primary is None or primary.adequate is not None:
            continue
        beside = study.response.companions.get(disease, ())
        judged = [one for one in beside if one in SHIPPED or _is_adequate(study.response.criteria.get(one))]
        if not judged:
            path = f"response.criteria.{name}"
            yield warning(document, path, "response.no_adequacy", name=name, disease=disease)


def _is_adequate(criteria: CriteriaSet | None) -> bool:
    return criteria is not None and criteria.adequate is not None


def categories_of(study: Study) -> set[str] | None:
    """Categories of the primary sets; None where a shipped one has them in `vocab`."""
    own = study.response.criteria
    known: set[str] = set()
    for name in study.response.primary.values():
        if name not in own:
            return None
        known |= {*own[name].categories, own[name].otherwise}
    return known


CHECKS = (
    diseases_have_criteria,
    criteria_exist,
    own_criteria_have_own_names,
    responses_are_categories,
    remissions_are_responses,
    some_category_counts,
    categories_stand_in_their_order,
    boundaries_leave_no_gap,
    marrows_must_be_adequate,
)
