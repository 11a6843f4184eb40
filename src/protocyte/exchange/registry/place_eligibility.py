"""Eligibility criteria kept as text, with a rule proposed only where the whole criterion is one."""

from __future__ import annotations

from protocyte.exchange.registry.criteria_list import words_of
from protocyte.exchange.registry.criterion_doubts import doubts_of
from protocyte.exchange.registry.criterion_rules import limits_in, rule_of
from protocyte.exchange.registry.drafting import LONGEST, Drafting
from protocyte.exchange.registry.page import CriterionText, Page


def place_eligibility(page: Page, draft: Drafting) -> None:
    counts = {"inclusion": 0, "exclusion": 0, "criterion": 0}
    for criterion in page.criteria:
        kind = criterion.kind or "criterion"
        counts[kind] += 1
        _criterion(criterion, f"eligibility.{kind}-{counts[kind]:02d}", draft)
    _kinds(page, draft)
    _topics(page, draft)
    _registered_ages(page, draft)


def _criterion(criterion: CriterionText, path: str, draft: Drafting) -> None:
    text = words_of(criterion)
    if not text or len(text) > LONGEST:
        draft.note("criterion", text[:LONGEST], criterion.cuts)
        return
    if criterion.kind:
        draft.put(f"{path}.kind", criterion.kind, criterion.cuts[0], mark=path, how="criterion")
    draft.put(f"{path}.text.en", text, criterion.cuts, mark=path, how="criterion")
    found = doubts_of(text)
    for doubt in found:
        draft.gap(f"{path}.rule", doubt.key, doubt.severity, criterion.cuts[0], **doubt.params)
    rule = None if found else rule_of(text)
    if rule and criterion.kind == "inclusion":
        draft.put(f"{path}.rule", rule, criterion.cuts, mark=path)
        return
    for name, limit in limits_in(text):
        draft.note(f"limits.{name}", limit, criterion.cuts)


def _kinds(page: Page, draft: Drafting) -> None:
    if any(criterion.assumed for criterion in page.criteria):
        draft.gap("eligibility", "criteria_by_order", "warning", page.criteria[0].cuts[0])
    if any(criterion.kind is None for criterion in page.criteria):
        draft.gap("eligibility", "criteria_kind", "error", page.criteria[0].cuts[0])


def _topics(page: Page, draft: Drafting) -> None:
    """One topic excluded by two criteria with two different windows."""
    from protocyte.exchange.registry.criterion_doubts import TOPICS, windows_in

    for topic, pattern in TOPICS:
        found = [
            (criterion, frozenset(windows_in(words_of(criterion))))
            for criterion in page.criteria
            if criterion.kind == "exclusion" and pattern.search(criterion.text)
        ]
        windows = sorted({window for _, one in found for window in one})
        if len(found) > 1 and len({one for _, one in found}) > 1 and windows:
            draft.gap(
                "eligibility",
                "topic_twice",
                "warning",
                found[-1][0].cuts[0],
                topic=topic,
                windows=", ".join(windows),
            )


def _registered_ages(page: Page, draft: Drafting) -> None:
    """Age limits a register keeps in fields of their own."""
    for item in page.all("min_age", "max_age", "age"):
        draft.note(item.name, item.value.text, item.value)
        rule = rule_of(
            item.value.text
            if item.name == "age"
            else f"age {'≥' if item.name == 'min_age' else '≤'} {item.value.text}"
        )
        if rule:
            slug = item.name.replace("_", "-")
            draft.put(
                f"eligibility.{slug}.kind",
                "inclusion",
                item.value,
                mark=f"eligibility.{slug}",
                how="field",
                label=item.label,
            )
            draft.put(
                f"eligibility.{slug}.text.en",
                f"{item.name.replace('_', ' ')}: {item.value.text}",
                item.value,
                mark=f"eligibility.{slug}",
            )
            draft.put(f"eligibility.{slug}.rule", rule, item.value, mark=f"eligibility.{slug}")
