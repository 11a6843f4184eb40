"""ClinicalTrials.gov's version 2 record, and any other JSON record as text with paths."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocyte.exchange.registry.criteria_list import split_criteria
from protocyte.exchange.registry.json_rows import Scalar
from protocyte.exchange.registry.labels import label_of
from protocyte.exchange.registry.page import Field, Kind, Outcome, Page, Role
from protocyte.exchange.registry.source import Cut, whole

_ROOT = re.compile(r"(?:studies\.0\.|0\.)?protocolSection\.(?P<rest>.+)")
# Module paths of API version 2 (clinicaltrials.gov/data-api/about-api/study-data-structure).
_FIELDS = {
    "identificationModule.nctId": "registry",
    "identificationModule.briefTitle": "title",
    "identificationModule.officialTitle": "official_title",
    "statusModule.overallStatus": "status",
    "sponsorCollaboratorsModule.leadSponsor.name": "sponsor",
    "conditionsModule.conditions.*": "condition",
    "designModule.studyType": "study_type",
    "designModule.phases.*": "phase",
    "designModule.designInfo.allocation": "allocation",
    "designModule.designInfo.interventionModel": "model",
    "designModule.designInfo.primaryPurpose": "purpose",
    "designModule.designInfo.maskingInfo.masking": "masking",
    "designModule.enrollmentInfo.count": "enrollment",
    "armsInterventionsModule.interventions.*.name": "intervention",
    "eligibilityModule.sex": "sex",
    "eligibilityModule.minimumAge": "min_age",
    "eligibilityModule.maximumAge": "max_age",
    "contactsLocationsModule.locations.*.facility": "site",
    "contactsLocationsModule.locations.*.city": "place",
}
_PROSE = (
    "descriptionModule.briefSummary",
    "descriptionModule.detailedDescription",
    "armsInterventionsModule.armGroups.*.description",
    "armsInterventionsModule.armGroups.*.label",
    "armsInterventionsModule.interventions.*.description",
    "designModule.designInfo.interventionModelDescription",
)
_OUTCOME = re.compile(r"outcomesModule\.(?P<role>primary|secondary|other)Outcomes\.(?P<n>\d+)\.(?P<part>\w+)")
_KINDS: dict[str, Kind] = {"inclusion": "inclusion", "exclusion": "exclusion"}
_ROLES: dict[str, Role] = {"primary": "primary", "secondary": "secondary", "other": "exploratory"}


def read_ctgov(scalars: Sequence[Scalar]) -> Page:
    page = Page("ctgov-v2", tuple(row for scalar in scalars for row in scalar.rows))
    outcomes: dict[tuple[str, str], dict[str, tuple[Cut, ...]]] = {}
    for scalar in scalars:
        found = _ROOT.fullmatch(scalar.path)
        rest = found["rest"] if found else ""
        general = re.sub(r"\.\d+(?=\.|$)", ".*", rest)
        cuts = tuple(whole(row) for row in scalar.rows if row.text.strip())
        outcome = _OUTCOME.fullmatch(rest)
        if not cuts:
            continue
        if outcome:
            outcomes.setdefault((outcome["role"], outcome["n"]), {})[outcome["part"]] = cuts
        elif general in _FIELDS:
            page.fields.append(Field(_FIELDS[general], cuts[0], rest))
        elif general in _PROSE:
            page.prose += cuts
        elif general == "eligibilityModule.eligibilityCriteria":
            _criteria(cuts, page)
    page.outcomes = [_outcome(role, parts) for (role, _), parts in outcomes.items() if "measure" in parts]
    return page


def read_any_json(scalars: Sequence[Scalar]) -> Page:
    """A record of a register we do not know: all of it is text, in which plain statements may be found."""
    page = Page("json", tuple(row for scalar in scalars for row in scalar.rows))
    page.prose = [whole(row) for row in page.rows if row.text.strip()]
    return page


def is_ctgov(scalars: Sequence[Scalar]) -> bool:
    return any(_ROOT.fullmatch(scalar.path) for scalar in scalars)


def _outcome(role: str, parts: dict[str, tuple[Cut, ...]]) -> Outcome:
    frame = parts.get("timeFrame")
    description = (*parts["measure"][1:], *parts.get("description", ()))
    return Outcome(_ROLES[role], parts["measure"][0], description, frame[0] if frame else None)


def _criteria(cuts: Sequence[Cut], page: Page) -> None:
    section: Kind | None = None
    gathered: list[Cut] = []
    for cut in cuts:
        label = label_of(cut.text)
        if label is not None and label.name in ("inclusion", "exclusion", "eligibility"):
            page.criteria += split_criteria(gathered, section)
            gathered = []
            section = _KINDS.get(label.name)
            page.headings.append(cut)
        else:
            gathered.append(cut)
    page.criteria += split_criteria(gathered, section)
