"""Response criteria, endpoints, kinetics and analysis sets: what the trial will say, as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from protocyte.base import Frozen, Quantity
from protocyte.study.parts import Day, Duration, Label, RuleText, Sentence, Slug, Words, wrong

# --- response -----------------------------------------------------------------------------------


class CriteriaSet(Frozen):
    """Categories best first: the first whose rule is met is the response.

    Their order is that of `order`, or of their names where it is not given (CR, CRh, CRi, MLFS, PR happen to
    stand so): the fields of a map have none.

    `adequate` must hold for an assessment to be evaluable; without it every marrow counts (which the
    literal texts of two records do, and why a companion stands beside them).
    """

    title: Words
    categories: dict[Label, RuleText]
    order: tuple[Label, ...] = ()
    otherwise: Label
    adequate: RuleText | None = None

    @model_validator(mode="after")
    def _best_first(self) -> CriteriaSet:
        order = self.order or tuple(sorted(self.categories))
        if sorted(order) != sorted(self.categories):
            raise wrong("response.order")
        # The one assignment to a frozen value, before anybody has seen it.
        object.__setattr__(self, "categories", {label: self.categories[label] for label in order})
        return self


class ResponsePlan(Frozen):
    """`primary` names the criteria a disease is judged by; `companions` those computed beside it."""

    criteria: dict[Slug, CriteriaSet]
    primary: dict[Slug, Slug]  # disease id -> a key of `criteria` or a shipped set such as aml-eln2022
    companions: dict[Slug, tuple[Slug, ...]] = {}
    responses: tuple[Label, ...]  # categories that count as a response, in this study's own set
    remissions: tuple[Label, ...]  # categories that count as a remission, for RFS, CIR and relapse
    counts_within: Duration  # of the marrow, for blood counts to be paired with it
    relapse: RuleText
    stops_at: tuple[Literal["relapse", "transplant", "new_therapy"], ...]


# --- endpoints ----------------------------------------------------------------------------------


def _clock(value: Any) -> Any:
    """Nobody is randomised in a study of one arm, yet records count survival from there."""
    if isinstance(value, str) and value.lower().startswith(("randomi", "randomly")):
        raise wrong("endpoint.randomisation", given=value)
    return value


def _event(value: Any) -> Any:
    """Some records list the last follow-up as an event; there a subject is censored."""
    if isinstance(value, str) and ("follow" in value or "censor" in value):
        raise wrong("endpoint.follow_up_is_no_event", given=value)
    return value


Origin = Annotated[
    Literal["consent", "enrolment", "lymphodepletion", "infusion", "response", "remission"],
    BeforeValidator(_clock),
]
_Event = Literal[
    "death",
    "relapse",
    "progression",
    "refractory",
    "transplant",
    "new_therapy",
    "donor_lymphocytes",
    "reinfusion",
]
EventName = Annotated[_Event, BeforeValidator(_event)]
Strategy = Literal["treatment_policy", "censor", "event", "competing"]
Intercurrent = Literal["transplant", "new_therapy", "donor_lymphocytes", "reinfusion", "maintenance"]


class TimeToEvent(Frozen):
    """An endpoint that can be computed: from `origin` to the first of `events`.

    `intercurrent` says what each intercurrent event does; one not named follows treatment policy. A
    registry's time frame is a landmark (`landmarks`), not a censoring rule. `refractory_by` is the time
    after the origin by which a remission must have come; `failure_on` dates the failure if it did not.
    """

    origin: Origin
    events: tuple[EventName, ...]
    competing: tuple[EventName, ...] = ()
    intercurrent: dict[Intercurrent, Strategy] = {}
    censor: Literal["last_known_alive", "last_assessment"]
    population: Slug
    landmarks: tuple[Duration, ...] = ()
    refractory_by: Duration | None = None
    failure_on: Literal["day_1", "date_of_refractoriness"] | None = None

    @model_validator(mode="after")
    def _clocks_can_run(self) -> TimeToEvent:
        if not self.events:
            raise wrong("endpoint.no_event")
        both = set(self.events) & set(self.competing)
        if both:
            raise wrong("endpoint.event_and_competing", event=sorted(both)[0])
        if "refractory" in self.events and (self.refractory_by is None or self.failure_on is None):
            raise wrong("endpoint.refractory")
        return self


class _Endpoint(Frozen):
    title: Words
    role: Literal["primary", "secondary", "exploratory"]
    registered_text: Sentence | None = None  # what the source means, in our words


class TimeToEventEndpoint(_Endpoint):
    """`operational` is computed; `companion` stands beside it where the registered reading misleads."""

    kind: Literal["time_to_event"]
    operational: TimeToEvent
    companion: TimeToEvent | None = None


class ResponseEndpoint(_Endpoint):
    """A rate with its denominators: best response by `by`, and status at each of `at` (with `window`)."""

    kind: Literal["response_rate"]
    responses: tuple[Label, ...]
    by: Duration | None = None
    at: tuple[Duration, ...] = ()
    window: Duration | None = None
    population: Slug

    @model_validator(mode="after")
    def _has_a_time(self) -> ResponseEndpoint:
        if self.by is None and not self.at:
            raise wrong("endpoint.no_time")
        if self.at and self.window is None:
            raise wrong("endpoint.no_window")
        return self


class IncidenceEndpoint(_Endpoint):
    """Subjects with at least one such event within `until` of the first infusion."""

    kind: Literal["incidence"]
    of: Literal["dlt", "ae", "sae", "related_ae", "crs", "icans", "gvhd", "second_malignancy", "ada"]
    until: Duration
    population: Slug


class KineticsEndpoint(_Endpoint):
    kind: Literal["kinetics"]
    assays: tuple[Slug, ...]
    until: Duration
    population: Slug


Endpoint = Annotated[
    TimeToEventEndpoint | ResponseEndpoint | IncidenceEndpoint | KineticsEndpoint, Field(discriminator="kind")
]

# --- kinetics, analysis sets, schedule ------------------------------------------------------------


class KineticsAssay(Frozen):
    """One analyte in one matrix by one assay; two assays are never mixed in one number."""

    title: Words
    analyte: Slug
    role: Literal["kinetics", "pharmacodynamics", "immunogenicity"]
    matrix: Literal["blood", "marrow", "csf"]
    assay: Literal["qpcr", "ddpcr", "flow", "immunoassay"]
    unit: Sentence
    lloq: Quantity
    lod: Quantity | None = None
    days: tuple[Day, ...]  # nominal days after the first infusion


class AnalysisSet(Frozen):
    title: Words
    members: Literal[
        "screened",
        "enrolled",
        "lymphodepleted",
        "infused",
        "dlt_evaluable",
        "efficacy_evaluable",
        "responders",
    ]


class VisitPlan(Frozen):
    """`day` counts from the anchor; `window` is how many days early and late the visit may be."""

    anchor: Literal["consent", "enrolment", "infusion"]
    day: Day
    window: tuple[Day, Day]
    needs: tuple[Slug, ...]

    @model_validator(mode="after")
    def _window_is_a_window(self) -> VisitPlan:
        if self.window[0] < 0 or self.window[1] < 0:
            raise wrong("schedule.window")
        return self
