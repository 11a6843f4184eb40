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
    return _enrolled(scene, record.subject)


def check_manufacture(scene: Scene, record: Manufacture) -> Refusal | None:
    if scene.study.product.origin == "allogeneic":
        return refuse("donor_product", form="manufacture")
    course = scene.course(record.subject)
    if not any(held.record.adequate for held in course.all(Leukapheresis)):
        return refuse("no_cells", subject=record.subject)
    return None


def check_release(scene: Scene, record: Release) -> Refusal | None:
    """A lot is released once, after a run that made it (autologous) or after its allocation (donor lot)."""
    course = scene.course(record.subject)
    if any(held.record.lot == record.lot for held in course.all(Release)):
        return refuse("lot_decided", lot=record.lot)
    made = {held.record.lot for held in course.all(Manufacture) if held.record.outcome == "made"}
    allocated = {held.record.lot for held in course.all(LotAllocation)}
    if record.lot not in made | allocated:
        return refuse("lot_unknown", lot=record.lot, subject=record.subject)
    return None


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
    return check_lot_usable(scene.trial, record.lot, record.on) or _enrolled(scene, record.subject)


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


def _enrolled(scene: Scene, subject: str) -> Refusal | None:
    return None if scene.course(subject).enrolled_on else refuse("not_enrolled", subject=subject)
