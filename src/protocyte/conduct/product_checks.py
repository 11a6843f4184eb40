"""The chain of custody: cells collected, product made and released, before anybody is prepared for it."""

from __future__ import annotations

from datetime import date

from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.course import Course, Trial
from protocyte.records.product import DonorLot, Leukapheresis, LotAllocation, Manufacture, Release


def check_leukapheresis(scene: Scene, record: Leukapheresis) -> Refusal | None:
    if scene.study.product.origin == "allogeneic":
        return refuse("donor_product", form="leukapheresis")
    return _enrolled(scene, record.subject, record.on)


def check_manufacture(scene: Scene, record: Manufacture) -> Refusal | None:
    if scene.study.product.origin == "allogeneic":
        return refuse("donor_product", form="manufacture")
    course = scene.course(record.subject)
    collected = [held.record.on for held in course.all(Leukapheresis) if held.record.adequate]
    if not collected:
        return refuse("no_cells", subject=record.subject)
    other = _made_for_another(scene.trial, record)
    if other is not None:
        return refuse("lot_of_another", lot=record.lot, subject=other)
    return _in_order(record.started, min(collected), "leukapheresis")


def _made_for_another(trial: Trial, record: Manufacture) -> str | None:
    """Cells of one's own bear a lot of one's own: a shared name is how two bags are taken for each other."""
    for course in trial.courses:
        if course.subject != record.subject and any(
            held.record.lot == record.lot for held in course.all(Manufacture)
        ):
            return course.subject
    return None


def check_release(scene: Scene, record: Release) -> Refusal | None:
    """A lot is released once, after a run that made it (autologous) or after its allocation (donor lot)."""
    course = scene.course(record.subject)
    if any(held.record.lot == record.lot for held in course.all(Release)):
        return refuse("lot_decided", lot=record.lot)
    runs = (held.record for held in course.all(Manufacture))
    made = {run.lot: run.finished or run.started for run in runs if run.outcome == "made"}
    allocated = {held.record.lot: held.record.on for held in course.all(LotAllocation)}
    ready = (made | allocated).get(record.lot)
    if ready is None:
        return refuse("lot_unknown", lot=record.lot, subject=record.subject)
    return _in_order(record.on, ready, "manufacture" if record.lot in made else "lot_allocation")


def check_donor_lot(scene: Scene, record: DonorLot) -> Refusal | None:
    if scene.study.product.origin == "autologous":
        return refuse("own_cells", form="donor_lot")
    if any(held.record.lot == record.lot for held in scene.trial.all(DonorLot)):
        return refuse("lot_decided", lot=record.lot)
    return None


def check_allocation(scene: Scene, record: LotAllocation) -> Refusal | None:
    if scene.study.product.origin == "autologous":
        return refuse("own_cells", form="lot_allocation")
    if find_lot(scene.trial, record.lot) is None:
        return refuse("no_lot", lot=record.lot)
    usable = check_lot_usable(scene.trial, record.lot, record.on)
    return usable or _enrolled(scene, record.subject, record.on)


def check_lot_usable(trial: Trial, name: str, on: date) -> Refusal | None:
    """A donor lot may be recalled or expire between its allocation and the infusion."""
    lot = find_lot(trial, name)
    if lot is not None and not lot.released:
        return refuse("lot_not_released", lot=name)
    if lot is not None and lot.expires is not None and lot.expires < on:
        return refuse("lot_expired", lot=name, expires=lot.expires)
    return None


def find_lot(trial: Trial, lot: str) -> DonorLot | None:
    found = [held.record for held in trial.all(DonorLot) if held.record.lot == lot]
    return found[-1] if found else None


def released_lots(course: Course, on: date) -> dict[str, Release]:
    """Lots that may be infused into this subject on `on`."""
    return {
        held.record.lot: held.record
        for held in course.all(Release)
        if held.record.outcome != "rejected" and held.record.on <= on
    }


def _enrolled(scene: Scene, subject: str, on: date) -> Refusal | None:
    enrolled = scene.course(subject).enrolled_on
    if enrolled is None:
        return refuse("not_enrolled", subject=subject)
    return _in_order(on, enrolled, "enrolment")


def _in_order(on: date, after: date, step: str) -> Refusal | None:
    return refuse("out_of_order", on=on, after=after, step=step) if on < after else None
