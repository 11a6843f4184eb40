"""Adverse events, CRS, ICANS and GvHD assessments, and the committee's work on DLTs."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import ClassVar, Literal

from protocyte.base import Frozen, Measured
from protocyte.records.record import Code, DatedRecord, Grade, RecordId, SubjectRecord, Text

Relation = Literal["unrelated", "unlikely", "possible", "probable", "related"]


class GradeChange(Frozen):
    on: date
    grade: Grade


class Attribution(Frozen):
    """To each agent by itself; an event can be due to several."""

    product: Relation
    lymphodepletion: Relation | None = None
    apheresis: Relation | None = None
    disease: Relation | None = None
    other: Relation | None = None


class AdverseEvent(SubjectRecord):
    """One event with its course: the grade reached on each day it changed, then its end.

    Seriousness is not severity: `serious` lists regulatory criteria, `course` the grades of `scale`.
    """

    FORM_TITLE: ClassVar = ("Adverse event", "不良事件")
    form: Literal["adverse_event"] = "adverse_event"
    term: Code
    code: Code | None = None
    category: Code | None = None  # system organ class
    scale: Code
    course: tuple[GradeChange, ...]
    ended: date | None = None
    outcome: Literal[
        "recovered", "recovering", "not_recovered", "recovered_with_sequelae", "fatal", "unknown"
    ]
    serious: tuple[
        Literal["death", "life_threatening", "hospitalisation", "disability", "congenital", "important"], ...
    ] = ()
    attribution: Attribution
    expected: bool | None = None
    special_interest: Code | None = None
    aware: datetime | None = None

    @property
    def onset(self) -> date:
        return min(change.on for change in self.course)

    @property
    def maximum_grade(self) -> int:
        return max(change.grade for change in self.course)


class AeLogReview(DatedRecord):
    """The adverse-event log was reviewed and is complete up to `on`: only now is silence 'none'."""

    FORM_TITLE: ClassVar = ("Adverse event log reviewed", "不良事件记录核对")
    form: Literal["ae_log_review"] = "ae_log_review"


class CrsAssessment(DatedRecord):
    """The components of ASTCT 2019 CRS grading, and the investigator's own grade beside them."""

    FORM_TITLE: ClassVar = ("CRS assessment", "细胞因子释放综合征评估")
    form: Literal["crs_assessment"] = "crs_assessment"
    at: time | None = None
    temperature: Measured | None = None
    antipyretic_or_anticytokine_given: bool | None = None
    hypotension: bool | None = None
    vasopressors: int | None = None  # without vasopressin
    vasopressin: bool | None = None
    oxygen: (
        Literal[
            "none",
            "low_flow_nc_or_blowby",
            "high_flow_nc",
            "facemask",
            "nonrebreather",
            "venturi",
            "cpap",
            "bipap",
            "intubated_mech_vent",
        ]
        | None
    ) = None
    oxygen_reason: Literal["hypoxia", "airway_protection_neuro", "other"] | None = None
    attributable: bool = True  # false: another cause explains the findings
    fatal: bool = False
    investigator_grade: Grade | None = None


class IcansAssessment(DatedRecord):
    """The components of ASTCT 2019 ICANS grading (ICE from 12 years, CAPD below)."""

    FORM_TITLE: ClassVar = ("ICANS assessment", "免疫效应细胞相关神经毒性评估")
    form: Literal["icans_assessment"] = "icans_assessment"
    at: time | None = None
    ice_score: int | None = None
    capd: int | None = None
    consciousness: (
        Literal[
            "alert",
            "awakens_spontaneously",
            "awakens_to_voice",
            "awakens_only_to_tactile",
            "unarousable_or_vigorous_repetitive_stimuli_or_coma",
        ]
        | None
    ) = None
    seizure: (
        Literal[
            "none",
            "any_clinical_resolving_rapidly_or_nonconvulsive_eeg_resolving_with_intervention",
            "prolonged_gt_5min_or_repetitive_without_return_to_baseline",
        ]
        | None
    ) = None
    motor: Literal["none", "deep_focal_weakness_hemi_or_paraparesis"] | None = None
    icp_edema: (
        Literal[
            "none",
            "focal_local_edema_on_imaging",
            "diffuse_edema_or_posturing_or_CN_VI_palsy_or_papilledema_or_cushing_triad",
        ]
        | None
    ) = None
    attributable: bool = True
    fatal: bool = False
    investigator_grade: Grade | None = None


class GvhdAssessment(DatedRecord):
    """Acute graft-versus-host disease by organ stage (MAGIC)."""

    FORM_TITLE: ClassVar = ("Acute GvHD assessment", "急性移植物抗宿主病评估")
    form: Literal["gvhd_assessment"] = "gvhd_assessment"
    skin: int | None = None
    liver: int | None = None
    upper_gi: int | None = None
    lower_gi: int | None = None
    biopsy: bool | None = None
    investigator_grade: Grade | None = None


class DltProposal(DatedRecord):
    """Somebody proposes a DLT that the rules did not. Rule-made proposals are derived, not recorded."""

    FORM_TITLE: ClassVar = ("DLT proposal", "剂量限制性毒性提议")
    form: Literal["dlt_proposal"] = "dlt_proposal"
    source: RecordId | None = None
    reason: Text


class DltAdjudication(DatedRecord):
    """The committee's word on one proposal; `source` is the proposal's key (see `derive.dlt`)."""

    FORM_TITLE: ClassVar = ("DLT adjudication", "剂量限制性毒性裁定")
    form: Literal["dlt_adjudication"] = "dlt_adjudication"
    source: RecordId
    dlt: bool
    reason: Text
