"""Who may record what. Least privilege: a role not named may not; queries are open to every reader."""

from __future__ import annotations

from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import ROLES, Role, Scene

_SITE: tuple[Role, ...] = ("investigator", "coordinator")
_MEDICAL: tuple[Role, ...] = ("investigator",)

# Forms not listed here may be recorded by the site.
PERMITTED: dict[str, tuple[Role, ...]] = {
    "judgement": _MEDICAL,
    "gate_review": _MEDICAL,
    "infusion": _MEDICAL,
    "fraction_withheld": _MEDICAL,
    "response_call": _MEDICAL,
    "dlt_proposal": ("investigator", "committee", "monitor"),
    "donor_lot": ("manufacturing",),
    "manufacture": ("manufacturing",),
    "release": ("manufacturing",),
    "lot_allocation": ("manufacturing", "coordinator", "investigator"),
    "cohort": ("committee", "data_manager"),
    "assignment": ("investigator", "coordinator", "committee"),
    "dlt_adjudication": ("committee",),
    "dose_decision": ("committee",),
    "hold": ("committee", "investigator", "system"),
    "hold_lift": ("committee",),
    "query": ROLES,
    "query_answer": ("investigator", "coordinator", "data_manager", "manufacturing"),
    "lock": ("data_manager",),
    "unlock": ("data_manager",),
    "study_adopted": ("data_manager", "system"),
}

# To take a record back can be more than to write it: who voids a hold has lifted it, who voids a query has
# answered it.
CHANGED_BY: dict[str, tuple[Role, ...]] = {
    "hold": PERMITTED["hold_lift"],
    "query": ("monitor", "data_manager"),
    "dlt_proposal": ("committee",),
}


def permitted(form: str) -> tuple[Role, ...]:
    return PERMITTED.get(form, _SITE)


def check_permission(scene: Scene, form: str, *, changing: bool = False) -> Refusal | None:
    if scene.role not in ROLES:
        return refuse("unknown_role", role=scene.role, roles=ROLES)
    roles = permitted(form)
    if changing:
        roles = CHANGED_BY.get(form, roles)
    return None if scene.role in roles else refuse("role", role=scene.role, form=form, roles=roles)
