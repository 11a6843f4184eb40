"""The dose decision: what the design advises as of a day, and what the committee makes of it."""

from __future__ import annotations

from datetime import date

from protocyte import __version__
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.escalation import derive_escalation, dose_decisions
from protocyte.designs import Advice
from protocyte.records.oversight import AdviceGiven, DoseDecision
from protocyte.vocab.ctcae import vocabulary_hash

# What a committee's word means beside the design's: `recommend` takes up a completed escalation.
_AGREES = {
    "recommend": "complete",
    "escalate": "escalate",
    "stay": "stay",
    "de_escalate": "de_escalate",
    "stop": "stop",
}


def decide_dose(
    scene: Scene,
    *,
    part: str,
    on: date,
    action: str,
    dose_level: int | None,
    reason: str,
    cohort: str | None = None,
) -> DoseDecision | Refusal:
    """A decision record with the advice, the cut-off and the versions that replaying it needs.

    Refused: on a part without a design, a level off the ladder, a day on which the design advised other than
    it does today, an escalation or recommendation while a DLT proposal of the part is open, and a deviation
    from the advice that gives no reason.
    """
    study = scene.trial.study_on(on)
    if part not in study.parts or study.parts[part].design is None:
        return refuse(
            "no_design", part=part, parts=tuple(p for p, plan in study.parts.items() if plan.design)
        )
    if on > scene.today:
        return refuse("future", on=on, today=scene.today)
    if dose_level is not None and not 1 <= dose_level <= len(study.ladder):
        return refuse("no_level", level=dose_level, levels=len(study.ladder))
    if action != "stop" and dose_level is None:
        return refuse("decision_level", action=action)
    standing = derive_escalation(scene.trial, part, on)
    today = derive_escalation(scene.trial, part, scene.today).advice
    if (standing.advice.action, standing.advice.level) != (today.action, today.level):
        return refuse("advice_moved", on=on, then=standing.advice.action, today=today.action)
    if standing.open_proposals and action in ("escalate", "recommend"):
        return refuse("open_proposals", proposals=standing.open_proposals)
    deviates = deviates_from(standing.advice, action, dose_level)
    if deviates and not reason.strip():
        advised = standing.advice
        return refuse("deviation_reason", advised=advised.action, level=advised.level or "-")
    return DoseDecision(
        number=len(dose_decisions(scene.trial)) + 1,
        on=on,
        part=part,
        cohort=cohort,
        advice=AdviceGiven(
            action=standing.advice.action,
            level=standing.advice.level,
            reason=standing.advice.reason,
            evidence=standing.advice.evidence,
        ),
        action=action,
        dose_level=dose_level,
        deviates=deviates,
        reason=reason,
        cut_off=scene.trial.casebook.seq,
        study_digest=scene.trial.digest_on(on),
        software=__version__,
        vocabulary=vocabulary_hash(),
    )


def deviates_from(advice: Advice, action: str, dose_level: int | None) -> bool:
    return _AGREES.get(action) != advice.action or (action != "stop" and dose_level != advice.level)
