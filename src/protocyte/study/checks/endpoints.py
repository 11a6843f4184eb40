"""Endpoints: what they name exists, their clocks can run, and no two of them are one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocyte.base import Problem
from protocyte.study.checks.response import categories_of
from protocyte.study.checks.schedule import has_visit
from protocyte.study.document import Document
from protocyte.study.efficacy import TimeToEvent
from protocyte.study.model import Study
from protocyte.study.parts import days_of
from protocyte.study.problems import error, warning


def some_endpoint_is_primary(study: Study, document: Document) -> Iterator[Problem]:
    # Asked of the file: an endpoint that still lacks a field has its role all the same.
    written = document.tree.get("endpoints")
    if not isinstance(written, dict):
        return
    roles = [one.get("role") for one in written.values() if isinstance(one, dict)]
    if "primary" not in roles:
        yield warning(document, "endpoints", "endpoint.no_primary")


def populations_exist(study: Study, document: Document) -> Iterator[Problem]:
    known = document.names("analysis_sets")
    named = {f"endpoints.{name}.{field}": clock.population for name, field, clock in clocks(study)}
    named |= {
        f"endpoints.{name}": endpoint.population
        for name, endpoint in study.endpoints.items()
        if endpoint.kind != "time_to_event"
    }
    for path, population in named.items():
        if population not in known:
            yield error(
                document, f"{path}.population", "endpoint.population", name=population, known=sorted(known)
            )


def responses_exist(study: Study, document: Document) -> Iterator[Problem]:
    known = categories_of(study)
    for name, endpoint in study.endpoints.items():
        if endpoint.kind != "response_rate" or known is None:
            continue
        for index, label in enumerate(endpoint.responses):
            if label not in known:
                path = f"endpoints.{name}.responses.{index}"
                yield error(document, path, "response.category", label=label, known=sorted(known))


def assays_exist(study: Study, document: Document) -> Iterator[Problem]:
    known = document.names("kinetics")
    for name, endpoint in study.endpoints.items():
        if endpoint.kind != "kinetics":
            continue
        for index, assay in enumerate(endpoint.assays):
            if assay not in known:
                path = f"endpoints.{name}.assays.{index}"
                yield error(document, path, "endpoint.assay", name=assay, known=sorted(known))


def read_times_have_visits(study: Study, document: Document) -> Iterator[Problem]:
    """Status at week 8 needs a marrow planned around week 8."""
    for name, endpoint in study.endpoints.items():
        if endpoint.kind != "response_rate":
            continue
        for index, time in enumerate(endpoint.at):
            if not has_visit(study, days_of(time), "marrow"):
                yield error(document, f"endpoints.{name}.at.{index}", "endpoint.no_visit", time=time)


def strategies_do_not_contradict(study: Study, document: Document) -> Iterator[Problem]:
    for name, field, clock in clocks(study):
        for event, strategy in clock.intercurrent.items():
            as_event = event in clock.events and strategy != "event"
            as_competing = event in clock.competing and strategy != "competing"
            if as_event or as_competing:
                path = f"endpoints.{name}.{field}.intercurrent.{event}"
                yield error(document, path, "endpoint.strategy", event=event, strategy=strategy)


def transplant_has_a_strategy(study: Study, document: Document) -> Iterator[Problem]:
    for name, field, clock in clocks(study):
        named = {*clock.intercurrent, *clock.events, *clock.competing}
        if "transplant" not in named:
            yield warning(document, f"endpoints.{name}.{field}", "endpoint.no_transplant")


_RANDOM = re.compile(r"\brandomi[sz]", re.IGNORECASE)


def randomisation_is_a_departure(study: Study, document: Document) -> Iterator[Problem]:
    """A record that counts from randomisation is not followed; the study file must say so."""
    for name, endpoint in study.endpoints.items():
        path = f"endpoints.{name}"
        said = any(f"{departure}.".startswith(f"{path}.") for departure in study.departs)
        if endpoint.registered_text and _RANDOM.search(endpoint.registered_text) and not said:
            yield error(document, f"{path}.registered_text", "endpoint.departure")


_DURATION = re.compile(r"\bduration of", re.IGNORECASE)


def durations_start_at_the_response(study: Study, document: Document) -> Iterator[Problem]:
    for name, endpoint in study.endpoints.items():
        if endpoint.kind != "time_to_event" or not _DURATION.search(endpoint.title.en):
            continue
        starts = [clock.origin for clock in (endpoint.operational, endpoint.companion) if clock]
        if not {"response", "remission"} & set(starts):
            path = f"endpoints.{name}.operational.origin"
            yield warning(document, path, "endpoint.duration", origin=endpoint.operational.origin)


def relapse_alone_has_competitors(study: Study, document: Document) -> Iterator[Problem]:
    """Who dies cannot relapse: censoring the dead overstates relapse."""
    for name, field, clock in clocks(study):
        if "death" not in (*clock.events, *clock.competing):
            path = f"endpoints.{name}.{field}.events"
            yield warning(document, path, "endpoint.no_competing")


def responders_only_after_response(study: Study, document: Document) -> Iterator[Problem]:
    for name, field, clock in clocks(study):
        population = study.analysis_sets.get(clock.population)
        if population is None:
            continue
        late = clock.origin in ("response", "remission")
        if late and population.members != "responders":
            path = f"endpoints.{name}.{field}.population"
            yield warning(document, path, "endpoint.not_responders", origin=clock.origin)


def endpoints_differ(study: Study, document: Document) -> Iterator[Problem]:
    """DOR and PFS with one clock and one list of events are one variable under two names."""
    seen: dict[object, str] = {}
    for name in document.names("endpoints"):
        endpoint = study.endpoints.get(name)
        if endpoint is None or endpoint.kind != "time_to_event":
            continue
        clock = endpoint.operational
        key = (clock.origin, frozenset(clock.events), frozenset(clock.competing), clock.censor)
        first = seen.setdefault(key, name)
        if first != name:
            yield warning(document, f"endpoints.{name}.operational", "endpoint.twin", name=name, first=first)


def follow_up_reaches_landmarks(study: Study, document: Document) -> Iterator[Problem]:
    until = study.follow_up.until
    for name, field, clock in clocks(study):
        for index, landmark in enumerate(clock.landmarks):
            if days_of(landmark) > days_of(until):
                path = f"endpoints.{name}.{field}.landmarks.{index}"
                yield warning(document, path, "endpoint.landmark", landmark=landmark, until=until)


def sampling_reaches_the_end(study: Study, document: Document) -> Iterator[Problem]:
    for name, endpoint in study.endpoints.items():
        if endpoint.kind != "kinetics":
            continue
        known = [study.kinetics[assay] for assay in endpoint.assays if assay in study.kinetics]
        last = max((day for assay in known for day in assay.days), default=None)
        if last is not None and last < days_of(endpoint.until) - 14:
            path = f"endpoints.{name}.until"
            yield warning(document, path, "endpoint.sampling", until=endpoint.until, last=last)


def clocks(study: Study) -> Iterator[tuple[str, str, TimeToEvent]]:
    """Every time-to-event definition with its endpoint's name and the field it stands in."""
    for name, endpoint in study.endpoints.items():
        if endpoint.kind == "time_to_event":
            yield name, "operational", endpoint.operational
            if endpoint.companion is not None:
                yield name, "companion", endpoint.companion


CHECKS = (
    some_endpoint_is_primary,
    populations_exist,
    responses_exist,
    assays_exist,
    read_times_have_visits,
    strategies_do_not_contradict,
    transplant_has_a_strategy,
    randomisation_is_a_departure,
    durations_start_at_the_response,
    relapse_alone_has_competitors,
    responders_only_after_response,
    endpoints_differ,
    follow_up_reaches_landmarks,
    sampling_reaches_the_end,
)
