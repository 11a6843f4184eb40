"""A later version of the protocol: adopted with its effective date, never in place of an earlier one."""

from __future__ import annotations

from protocyte.conduct.permissions import check_permission
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.ledger import StudyAdopted
from protocyte.study.load import Loaded


def adopt_version(scene: Scene, loaded: Loaded) -> tuple[StudyAdopted] | Refusal:
    """The event that puts an amended protocol in force from its effective date on.

    Refused for another study, a version that is adopted already, and a date before that of the version in
    force: what was decided under one protocol is never judged by another afterwards.
    """
    refused = check_permission(scene, "study_adopted")
    if refused is not None:
        return refused
    latest = scene.trial.study
    study = loaded.study
    if study.study != latest.study:
        return refuse("other_study", study=study.study, trial=latest.study)
    if study.version in {earlier.version for _, earlier, _ in scene.trial.studies}:
        return refuse("version_known", version=study.version)
    if study.effective < latest.effective:
        return refuse("effective_early", effective=study.effective, latest=latest.effective)
    trial = scene.trial.casebook.trial
    assert trial is not None, "a trial has at least the entry that adopted its study"
    event = StudyAdopted(
        trial=trial, study=loaded.document.tree, digest=loaded.digest, effective=str(study.effective)
    )
    return (event,)
