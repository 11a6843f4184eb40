"""Time-to-event tables and figures: counted again from charts by hand, and from the records of virtual trials."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import date
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from cuts import charted_cut, nobody, virtual_cut
from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.incidence import incidence_curves, incidence_table, relapse_definition
from protocyte.analysis.efficacy.occupancy import occupancy
from protocyte.analysis.efficacy.sensitivity import VARIANTS, sensitivity_table, variants
from protocyte.analysis.efficacy.survival import Curve, km_curves, time_to_event_endpoints, timed_subjects
from protocyte.analysis.efficacy.swimmer import swimmer
from protocyte.analysis.efficacy.time_to_event import time_to_event_table
from protocyte.analysis.tables import Cell, Estimate, Number, ResultTable, Share, statistics
from protocyte.app.studies import open_study, shelf
from protocyte.base import Message, render
from protocyte.derive.course import Course
from protocyte.derive.response import assessments
from protocyte.records.efficacy import Marrow, Relapse
from protocyte.records.enrolment import Discontinuation
from protocyte.records.follow_up import Death, NewTherapy, Transplant
from protocyte.reports.figures.incidence import incidence_chart, incidence_figure
from protocyte.reports.figures.km_curves import km_chart, km_curves_figure
from protocyte.reports.figures.occupancy import occupancy_chart, occupancy_figure
from protocyte.reports.words import Reader
from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.gray import gray_test
from protocyte.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier, survival_at
from protocyte.stats.quantiles import km_quantiles
from protocyte.study.load import Loaded
from protocyte.study.model import Study
from small_study import small_study

MONTH = 30.4375
STUDIES = sorted(shelf())
SEED = 11  # one with which somebody responds in each of the five
EN, ZH = Reader("en"), Reader("zh")

# --- trials to count -------------------------------------------------------------------------------------

BEFORE = "D-40 consent; D-30 enrol; D-8 marrow 40; D-5 ld;"
CR = "marrow 2 anc 1.2 plt 110"
CHARTS = {
    "A": f"{BEFORE} D0 infusion 1; D28 {CR}; D100 relapse; D200 died",
    "B": f"{BEFORE} D0 infusion 1; D28 {CR}; D60 transplant; D180 {CR}; D400 contact",
    "C": f"{BEFORE} D0 infusion 1; D28 marrow 40; D90 died",
    "D": f"{BEFORE} D0 infusion 2; D28 {CR}; D150 died",
    "E": f"{BEFORE} D0 infusion 2; D28 {CR}; D120 {CR}; D130 lost",
    "F": f"{BEFORE} D0 infusion 2; D28 {CR}; D70 relapse; D300 contact",
    "G": f"{BEFORE} D-2 withdrew",
}
OS = {"origin": "infusion", "events": ["death"], "censor": "last_known_alive", "population": "infused"}
RFS = {
    "origin": "remission", "events": ["relapse", "death"], "censor": "last_assessment",
    "population": "responders", "landmarks": ["5 mo"],
}  # fmt: skip
DOR = RFS | {"events": ["relapse"], "competing": ["death"]}


def _endpoint(
    name: str, operational: dict[str, Any], companion: dict[str, Any] | None = None
) -> dict[str, Any]:
    made = {"kind": "time_to_event", "title": {"en": name, "zh": name}, "role": "secondary"}
    return made | {"operational": operational} | ({"companion": companion} if companion else {})


STUDY = small_study(
    {
        "endpoints": {
            "os": _endpoint("OS", OS, OS | {"origin": "enrolment", "population": "enrolled"}),
            "rfs": _endpoint("RFS", RFS),
            "dor": _endpoint("DOR", DOR),
        }
    }
)


def cut_of(charts: dict[str, str], study: Study = STUDY, as_of: int = 730) -> Cut:
    return charted_cut(charts, study, as_of)


@cache
def by_hand() -> Cut:
    return cut_of(CHARTS)


virtual = partial(virtual_cut, seed=SEED, most_subjects=9)


def cells(table: ResultTable, group: str, label: str) -> tuple[Cell, ...]:
    """The cells of the row so called, of the endpoint or group so called."""
    found = [
        row.cells[1:] for row in table.rows if EN.text(row.group) == group and EN.text(row.cells[0]) == label
    ]
    assert len(found) == 1, [EN.text(r.cells[0]) for r in table.rows if EN.text(r.group) == group]
    return found[0]


def labels(table: ResultTable, group: str) -> list[str]:
    return [EN.text(row.cells[0]) for row in table.rows if EN.text(row.group) == group]


def near(cell: Cell, value: Any, lower: Any, upper: Any) -> None:
    assert isinstance(cell, Estimate)
    for given, wanted in ((cell.value, value), (cell.lower, lower), (cell.upper, upper)):
        missing = wanted is None or np.isnan(wanted)
        assert (given is None) if missing else given == pytest.approx(float(wanted), abs=1e-12)


def shares(cells: tuple[Cell, ...]) -> list[tuple[int, int] | None]:
    return [(cell.count, cell.of) if isinstance(cell, Share) else None for cell in cells]


# --- time to event, counted by hand ----------------------------------------------------------------------

# From the infusion (end - start + 1): A died, B lives, C died, D died, E and F were last seen alive.
OS_DAYS, OS_DIED = [201, 401, 91, 151, 121, 301], [1, 0, 1, 1, 0, 0]
# From the remission on day 28: A and F relapsed, D died in remission, B and E were last assessed.
RFS_DAYS, RFS_CAUSE = [73, 153, 123, 93, 43], [1, 0, 2, 0, 1]


def test_counts_by_type_and_reason_are_those_of_the_charts() -> None:
    table = time_to_event_table(by_hand())

    assert cells(table, "OS", "N") == (6, 7)
    assert shares(cells(table, "OS", "Events")) == [(3, 6), (3, 7)]
    assert shares(cells(table, "OS", "event: death")) == [(3, 6), (3, 7)]
    alive = "censored: no event, at the last day known alive"
    assert shares(cells(table, "OS", alive)) == [(3, 6), (4, 7)]  # G withdrew before the infusion
    assert shares(cells(table, "OS", "of the censored: still followed")) == [(2, 6), (2, 7)]
    assert shares(cells(table, "OS", "of the censored: left the study, lost to follow-up")) == [
        (1, 6),
        (1, 7),
    ]
    withdrew = "of the censored: left the study, withdrawal of consent"
    assert shares(cells(table, "OS", withdrew)) == [(0, 6), (1, 7)]
    assert shares(cells(table, "RFS", "event: relapse")) == [(2, 5), None]
    assert shares(cells(table, "RFS", "event: death")) == [(1, 5), None]
    assert shares(cells(table, "DOR", "competing: death")) == [(1, 5), None]
    assert "event: death" not in labels(table, "DOR")


def test_quartiles_and_estimates_are_those_of_kaplan_and_meier_by_hand() -> None:
    table = time_to_event_table(by_hand())

    # S falls to 5/6 on day 91, to 5/6 * 3/4 on 151, to 5/6 * 3/4 * 2/3 on 201, and rests.
    curve = kaplan_meier(np.array(OS_DAYS) / MONTH, OS_DIED)
    assert list(curve.survival) == pytest.approx([5 / 6, 5 / 6, 5 / 8, 5 / 12, 5 / 12, 5 / 12])
    for prob, label in ((0.25, "First quartile"), (0.5, "Median"), (0.75, "Third quartile")):
        found = km_quantiles(curve, (prob,))
        words = "Median months (95 % limits)" if prob == 0.5 else f"{label}, months (95 % limits)"
        near(cells(table, "OS", words)[0], found.value[0], found.lower[0], found.upper[0])
    assert EN.text(cells(table, "OS", "Median months (95 % limits)")[0]).startswith("6.6 (")  # day 201
    assert EN.text(cells(table, "OS", "First quartile, months (95 % limits)")[0]).startswith("5.0 (")  # 151
    for months, wanted in ((3, 5 / 6), (6, 5 / 8), (12, 5 / 12)):
        cell = cells(table, "OS", f"Event-free at {months} months (95 % limits)")[0]
        seen = survival_at(curve, [months])
        near(cell, wanted, seen.lower[0], seen.upper[0])
    assert cells(table, "OS", "Event-free at 24 months (95 % limits)")[0] == Estimate(
        None, digits=0, percent=True
    )


def test_follow_up_is_the_reverse_curve_and_times_run_from_the_shortest_to_the_longest() -> None:
    table = time_to_event_table(by_hand())

    back = reverse_kaplan_meier(np.array(OS_DAYS) / MONTH, OS_DIED)
    found = km_quantiles(back, (0.5,))
    near(
        cells(table, "OS", "Median follow-up, months (95 % limits)")[0],
        301 / MONTH, found.lower[0], found.upper[0],
    )  # fmt: skip
    assert cells(table, "OS", "Shortest time observed, months")[0] == Number(91 / MONTH)
    assert cells(table, "OS", "Longest time observed, months")[0] == Number(401 / MONTH)


def test_where_events_compete_there_is_an_incidence_and_no_quartile() -> None:
    table = time_to_event_table(by_hand())

    assert not [one for one in labels(table, "DOR") if "quartile" in one or "Median months" in one]
    assert not [one for one in labels(table, "DOR") if one.startswith("Event-free")]
    curve = aalen_johansen(np.array(RFS_DAYS) / MONTH, RFS_CAUSE)
    seen = incidence_at(curve, [152 / MONTH])  # its own landmark: 5 months are 152 days
    cell = cells(table, "DOR", "Cumulative incidence by 5 months (95 % limits)")[0]
    near(cell, 2 / 5, seen.lower[0], seen.upper[0])


def test_until_somebody_has_had_the_event_no_limits_are_claimed() -> None:
    early = cells(time_to_event_table(by_hand()), "OS", "Event-free at 3 months (95 % limits)")[1]

    assert early == Estimate(1.0, None, None, 0, percent=True)
    assert EN.text(early) == "100 % (NE–NE)"
    late = time_to_event_table(cut_of({"A": f"{BEFORE} D0 infusion; D120 died"}))  # before anything is seen
    assert EN.text(cells(late, "OS", "Event-free at 3 months (95 % limits)")[0]) == "100 % (NE–NE)"


def test_a_failure_dated_day_1_says_when_it_was_a_death() -> None:
    text = {"origin": "infusion", "events": ["refractory", "relapse", "death"], "censor": "last_assessment"}
    more = {"population": "infused", "refractory_by": "100 d", "failure_on": "day_1"}
    study = small_study({"endpoints": {"efs": _endpoint("EFS", text | more)}})
    table = time_to_event_table(cut_of(CHARTS, study))

    assert shares(cells(table, "EFS", "event: refractory disease"))[0] == (1, 6)
    assert shares(cells(table, "EFS", "of these, died before the landmark"))[0] == (1, 6)  # C


# --- other readings --------------------------------------------------------------------------------------


def test_other_readings_are_the_same_definition_with_one_thing_changed() -> None:
    rfs, os = (STUDY.endpoints[name].operational for name in ("rfs", "os"))  # type: ignore[union-attr]

    found = variants(STUDY, os)
    assert tuple(found) == VARIANTS
    assert found["transplant_censored"].intercurrent == {"transplant": "censor"}
    assert found["transplant_competing"].intercurrent == {"transplant": "competing"}
    assert (found["from_enrolment"].origin, found["from_enrolment"].population) == ("enrolment", "enrolled")
    assert found["from_infusion"] == os
    assert tuple(variants(STUDY, rfs)) == VARIANTS[:4]  # a remission does not begin at the infusion
    itself = rfs.model_copy(update={"events": ("relapse", "transplant")})
    assert tuple(variants(STUDY, itself)) == VARIANTS[:1]
    rival = rfs.model_copy(update={"competing": ("transplant",)})
    assert variants(STUDY, rival)["transplant_ignored"].competing == ()


def test_a_transplant_ignored_censored_and_competing_counts_as_by_hand() -> None:
    """B was last assessed on the day of the remission before conditioning began on day 60."""
    table = sensitivity_table(by_hand())

    assert shares(cells(table, "RFS", "Transplanted after the clock started"))[:4] == [(1, 5)] * 4
    assert shares(cells(table, "RFS", "Events")) == [(3, 5)] * 4 + [None, None]
    assert shares(cells(table, "RFS", "Competing")) == [None, None, None, (1, 5), None, None]
    assert shares(cells(table, "RFS", "Censored"))[:4] == [(2, 5), (2, 5), (2, 5), (1, 5)]
    incidence = cells(table, "RFS", "Cumulative incidence by 5 months (95 % limits)")
    values = [cell.value for cell in incidence[:4] if isinstance(cell, Estimate)]
    # Censored: 1 - 3/4 * 2/3 * 0; competing: 1/5 + 1/5 + 2/5 of the five.
    assert values == pytest.approx([0.7, 0.7, 1.0, 0.8])
    free = cells(table, "RFS", "Event-free at 5 months (95 % limits)")[0]
    assert isinstance(free, Estimate)
    assert free.lower and free.upper  # noqa: PT018
    near(incidence[0], 0.7, 1 - free.upper, 1 - free.lower)
    medians = cells(table, "RFS", "Median months (95 % limits)")
    assert [getattr(cell, "value", None) for cell in medians[:3]] == pytest.approx(
        [123 / MONTH, 123 / MONTH, 98 / MONTH]  # censored: S rests on 1/2 from day 73 to day 123
    )
    assert medians[3] is None


def test_counted_from_enrolment_everybody_enrolled_is_counted() -> None:
    table = sensitivity_table(by_hand())

    assert cells(table, "OS", "N") == (6, 6, 6, 6, 7, 6)
    assert cells(table, "RFS", "N") == (5, 5, 5, 5, None, None)
    assert [EN.text(column.group) for column in table.columns[2:]] == ["Transplant"] * 3 + [
        "Clock starts at"
    ] * 2


# --- relapse and death in remission ----------------------------------------------------------------------


def test_relapse_and_death_in_remission_are_those_of_aalen_and_johansen_by_hand() -> None:
    table, _ = incidence_table(by_hand())
    death = "Death in remission (non-relapse mortality)"

    assert [EN.text(column.head) for column in table.columns[1:]] == [
        "DL1 (n = 2)",
        "DL2 (n = 3)",
        "All (n = 5)",
    ]
    assert shares(cells(table, "Relapse", "Events")) == [(1, 2), (1, 3), (2, 5)]
    assert shares(cells(table, death, "Events")) == [(0, 2), (1, 3), (1, 5)]
    assert shares(cells(table, death, "Competing")) == [(1, 2), (1, 3), (2, 5)]
    for group, of in (("Relapse", 1), (death, 2)):
        curve = aalen_johansen(np.array(RFS_DAYS) / MONTH, RFS_CAUSE, of)
        seen = incidence_at(curve, [3])
        cell = cells(table, group, "Cumulative incidence by 3 months (95 % limits)")[2]
        near(cell, seen.incidence[0], seen.lower[0], seen.upper[0])
    assert cells(table, "Relapse", "Cumulative incidence by 6 months (95 % limits)")[2] == Estimate(
        None, digits=0, percent=True
    )


def test_levels_are_compared_by_gray_only_where_two_of_them_have_events() -> None:
    table, _ = incidence_table(by_hand())

    wanted = gray_test(np.array(RFS_DAYS) / MONTH, RFS_CAUSE, [1, 1, 2, 2, 2]).p
    [*_, cell] = cells(table, "Relapse", "Gray's test across dose levels, p")
    assert isinstance(cell, Number)
    assert cell.value == pytest.approx(wanted)
    death = "Death in remission (non-relapse mortality)"
    assert not [one for one in labels(table, death) if "Gray" in one]
    said = [render(note) for note in table.notes]
    assert f"{death}: dose levels not compared, as 1 of them had such an event and two are needed." in said


def test_a_relapse_and_a_death_of_one_day_are_one_event() -> None:
    """Counted twice, the two incidences could add up to more than everybody."""
    charts = {"A": f"{BEFORE} D0 infusion; D28 {CR}; D100 relapse; D100 died"}
    data = incidence_curves(cut_of(charts))

    assert data is not None
    assert {curve.cause: curve.events for curve in data.curves} == {"relapse": 1, "death": 0}


LATER = {
    # Relapse (r), death (d) or last assessment (c) on this day, and the day of the transplant if any.
    "A": ("r", 60, None), "B": ("r", 100, None), "C": ("r", 190, 50), "D": ("r", 150, None), "E": ("r", 90, 70),
    "F": ("c", 300, 80), "G": ("d", 200, 90), "H": ("c", 250, None), "I": ("r", 220, 210), "J": ("r", 80, 120),
}  # fmt: skip


def later() -> Cut:
    ends = {"r": "relapse", "d": "died", "c": CR}
    charts = {
        subject: f"{BEFORE} D0 infusion 1; D28 {CR}; D{on} {ends[what]}"
        + (f"; D{transplant} transplant" if transplant else "")
        for subject, (what, on, transplant) in LATER.items()
    }
    return cut_of(charts)


def test_transplanted_and_not_are_told_apart_at_the_landmark_and_counted_from_there() -> None:
    """Three months are 91 days from the remission on day 28: who was still counted on day 119."""
    _, table = incidence_table(later())
    group = "Counted from the landmark, 3 months after the remission"

    assert shares(cells(table, "In the remission, before relapse or death", "Transplanted"))[2] == (
        5,
        10,
    )  # J only after the relapse
    assert cells(table, group, "N") == (3, 3, 6)  # C, F, G against D, H, I; I was transplanted too late
    assert shares(cells(table, group, "Relapse")) == [(1, 3), (2, 3), (3, 6)]
    assert shares(cells(table, group, "Death in remission (non-relapse mortality)")) == [
        (1, 3),
        (0, 3),
        (1, 6),
    ]


def test_the_hazard_after_a_transplant_counts_each_subject_before_it_and_after_it() -> None:
    from protocyte.stats.cox import cox

    _, table = incidence_table(later())
    spells = []
    for what, on, transplant in LATER.values():
        end, change = on - 27, transplant - 27 if transplant and transplant < on else None
        if change:
            spells.append((0, change, 0, 0))
        spells.append((change or 0, end, int(what == "r"), int(change is not None)))
    start, stop, event, after = (np.array(column) for column in zip(*spells, strict=True))
    fit = cox(stop, event, after[:, None], start=start)

    group = "Hazard after the transplant against before it (transplant as time-dependent)"
    near(cells(table, group, "Relapse")[2], fit.hazard_ratio[0], fit.lower[0], fit.upper[0])
    # Seven relapses are enough, one death is not.
    assert EN.text(cells(table, group, "Death in remission (non-relapse mortality)")[2]) == (
        "not estimated (events: 1)"
    )


def test_the_studys_own_incidence_of_relapse_is_used_where_it_counts_from_remission() -> None:
    own = open_study("cll1-cart")
    assert isinstance(own, Loaded)

    assert relapse_definition(own.study) is own.study.endpoints["cir"].operational  # type: ignore[union-attr]
    other = open_study("cd7-cart")  # operational from the infusion, companion from remission
    assert isinstance(other, Loaded)
    assert relapse_definition(other.study) is other.study.endpoints["cir"].companion  # type: ignore[union-attr]
    stopped = DOR | {"intercurrent": {"transplant": "censor"}}  # nothing could be seen after a transplant
    usual = relapse_definition(small_study({"endpoints": {"cir": _endpoint("CIR", stopped)}}))
    assert usual is not None
    assert (usual.population, usual.censor, usual.intercurrent) == ("responders", "last_assessment", {})


# --- states over time ------------------------------------------------------------------------------------


def test_everybody_is_in_one_state_on_each_day() -> None:
    data = occupancy(by_hand())
    assert data is not None

    def on(number: int) -> dict[str, int]:
        return {state: count for state, count in data.on(number).items() if count}

    assert on(0) == {"before": 6}
    assert on(28) == {"CR": 5, "NR": 1}
    assert on(60)["other_therapy"] == 1  # B's transplant
    assert on(120)["CR"] == 2  # D and E
    assert on(121) == {"CR": 1, "other_therapy": 1, "relapsed": 2, "dead": 1, "unfollowed": 1}
    assert on(200) == {"other_therapy": 1, "relapsed": 1, "dead": 3, "unfollowed": 1}
    assert on(400) == {"other_therapy": 1, "dead": 3, "unfollowed": 2}
    assert data.last == 400


def test_what_is_found_on_the_last_day_somebody_is_seen_counts_on_that_day() -> None:
    data = occupancy(cut_of({"A": f"{BEFORE} D0 infusion; D28 {CR}"}))
    assert data is not None
    assert (data.on(27), data.on(28)) == ({"CR": 0, "before": 1}, {"CR": 1, "before": 0})


def test_a_relapse_after_a_transplant_shows_and_a_transplant_after_a_relapse_ends_it() -> None:
    first = f"{BEFORE} D0 infusion; D28 {CR}; D60 transplant; D100 relapse; D300 contact"
    last = f"{BEFORE} D0 infusion; D28 {CR}; D60 relapse; D100 transplant; D300 contact"

    for chart, days in (
        (first, {"CR": 50, "other_therapy": 80, "relapsed": 150}),
        (last, {"relapsed": 80, "other_therapy": 150}),
    ):
        data = occupancy(cut_of({"A": chart}))
        assert data is not None
        for state, number in days.items():
            assert data.on(number)[state] == 1


def test_a_response_after_a_transplant_is_not_the_products_even_where_the_study_counts_it() -> None:
    chart = f"{BEFORE} D0 infusion; D28 {CR}; D60 transplant; D90 {CR}; D300 contact"
    data = occupancy(cut_of({"A": chart}, small_study({"response.stops_at": ["relapse"]})))
    assert data is not None
    assert data.on(100) == {"before": 0, "CR": 0, "other_therapy": 1}


# --- virtual trials of the five studies, counted again from their records --------------------------------


def died_or_last_seen(one: Course, origin: date) -> tuple[int, int]:
    """Days from `origin` and whether the subject died; else to the last record of seeing him."""
    deaths = [held.record.on for held in one.all(Death)]
    if deaths:
        return (deaths[-1] - origin).days + 1, 1
    seen = [held.record.on for held in one.held if type(held.record).__name__ in _SEEN]
    seen += [
        h.record.on
        for h in one.all(Discontinuation)
        if h.record.reason in ("completed", "withdrawal_of_consent")
    ]
    return max((max(seen) - origin).days + 1, 1), 0


_SEEN = {
    "Consent", "Leukapheresis", "Lymphodepletion", "Infusion", "Labs", "Marrow", "Extramedullary", "Visit",
    "Contact", "KineticsSample", "AntiDrugAntibody", "CrsAssessment", "IcansAssessment", "Examination",
    "GvhdAssessment", "Relapse", "NewTherapy", "Transfusion", "SecondMalignancy",
}  # fmt: skip


@pytest.mark.parametrize("study", STUDIES)
def test_overall_survival_is_that_of_the_days_recounted_from_the_records(study: str) -> None:
    cut = virtual(study)
    table = time_to_event_table(cut)
    title = cut.study.endpoints["os"].title.en
    for place, which in enumerate(("operational", "companion")):
        definition = getattr(cut.study.endpoints["os"], which)
        origins = [
            getattr(one, f"{'infused' if definition.origin == 'infusion' else 'enrolled'}_on")
            for one in cut.courses
        ]
        found = [died_or_last_seen(one, on) for one, on in zip(cut.courses, origins, strict=True) if on]
        days, died = (np.array(column) for column in zip(*found, strict=True))

        assert cells(table, title, "N")[place] == len(days)
        assert shares(cells(table, title, "Events"))[place] == (int(died.sum()), len(days))
        curve = kaplan_meier(days / MONTH, died)
        median = km_quantiles(curve, (0.5,))
        near(
            cells(table, title, "Median months (95 % limits)")[place],
            median.value[0], median.lower[0], median.upper[0],
        )  # fmt: skip
        at_6 = cells(table, title, "Event-free at 6 months (95 % limits)")[place]
        seen = survival_at(curve, [183 / MONTH])
        none_yet = seen.survival[0] == 1
        near(at_6, seen.survival[0], None if none_yet else seen.lower[0], None if none_yet else seen.upper[0])
        assert cells(table, title, "Longest time observed, months")[place] == Number(int(days.max()) / MONTH)


def in_remission(cut: Cut, one: Course) -> tuple[int, int] | None:
    """Days from the first marrow below 5 % with blood to match, and how they ended: by the records alone."""
    low = [held.record.on for held in one.all(Marrow) if _low(one, held.record)]
    if not low:
        return None
    relapses = [h.record.on for h in one.all(Relapse) if h.record.kind in ("hematologic", "extramedullary")]
    ends = [(on, 1) for on in relapses if on >= low[0]] + [(h.record.on, 2) for h in one.all(Death)]
    on, how = min(ends) if ends else (max(h.record.on for h in one.all(Marrow)), 0)
    return (on - low[0]).days + 1, how


def _low(one: Course, marrow: Marrow) -> bool:
    after = one.infused_on is not None and marrow.on > one.infused_on
    return after and marrow.blasts is not None and marrow.blasts.value < 5


@pytest.mark.parametrize("study", STUDIES)
def test_relapse_and_death_in_remission_are_those_recounted_from_the_records(study: str) -> None:
    cut = virtual(study)
    data = incidence_curves(cut)
    found = [one for one in (in_remission(cut, course) for course in cut.infused) if one]
    days, causes = (np.array(column) for column in zip(*found, strict=True))

    assert data is not None
    assert data.n == len(days)
    for of, curve in enumerate(data.curves, start=1):
        wanted = aalen_johansen(days / MONTH, causes, of)
        assert curve.events == int((causes == of).sum())
        assert list(curve.months) == pytest.approx(list(wanted.times))
        assert list(curve.incidence) == pytest.approx(list(wanted.incidence))
    assert data.at_risk == tuple(int((days / MONTH >= tick).sum()) for tick in data.ticks)


@pytest.mark.parametrize("study", STUDIES)
def test_parts_add_up_to_their_whole_in_every_table(study: str) -> None:
    cut = virtual(study)
    table = time_to_event_table(cut)

    for title in {EN.text(row.group) for row in table.rows}:
        rows = {EN.text(r.cells[0]): shares(r.cells[1:]) for r in table.rows if EN.text(r.group) == title}
        for place in (0, 1):

            def count(start: str, rows: Any = rows, place: int = place) -> int:
                return sum(r[place][0] for name, r in rows.items() if name.startswith(start) and r[place])

            assert count("event: ") == count("Events")
            assert count("competing: ") == count("Competing")
            assert count("censored") == count("Censored") == count("of the censored: ")
            n = next(
                r.cells[1:][place]
                for r in table.rows
                if EN.text(r.group) == title and EN.text(r.cells[0]) == "N"
            )
            assert (n or 0) == count("Events") + count("Competing") + count("Censored")


@pytest.mark.parametrize("study", STUDIES)
def test_relapse_death_and_still_in_remission_are_everybody(study: str) -> None:
    data = incidence_curves(virtual(study))
    assert data is not None

    relapse, death = data.curves
    definition = relapse_definition(virtual(study).study)
    assert definition is not None
    timed = timed_subjects(virtual(study), definition)
    curve = kaplan_meier([one.days / MONTH for one in timed], [one.status != "censored" for one in timed])
    whole = np.array(relapse.incidence) + np.array(death.incidence) + curve.survival
    assert whole == pytest.approx(np.ones(len(curve.times)))


def first_state(cut: Cut, one: Course) -> int:
    """The day of whatever came first: a judged marrow, a relapse, another treatment, the end."""
    days = [found.day for found in assessments(cut.study, one) if found.evaluable]
    dated = [h.record.on for form in (Relapse, NewTherapy, Death) for h in one.all(form)]
    dated += [held.record.conditioning for held in one.all(Transplant)]
    return min([*days, *(day for on in dated if (day := one.day(on)) is not None)], default=10_000)


@pytest.mark.parametrize("study", STUDIES)
def test_the_states_of_each_day_are_those_of_the_lanes(study: str) -> None:
    cut = virtual(study)
    data = occupancy(cut)
    assert data is not None

    lanes = {lane.subject: lane for lane in swimmer(cut)}
    seen = {one: lanes[one.subject].last for one in cut.infused}
    assert [sum(column) for column in zip(*data.counts, strict=True)] == [len(lanes)] * len(data.days)
    for number in range(data.last + 1):
        found = data.on(number)
        dead = sum(
            1
            for one in cut.infused
            if one.died_on and one.infused_on and (one.died_on - one.infused_on).days <= number
        )
        assert found.get("dead", 0) == dead
        waiting = sum(1 for one, last in seen.items() if number <= last and number < first_state(cut, one))
        assert found.get("before", 0) == waiting
        gone = sum(1 for one, last in seen.items() if number > last and one.died_on is None)
        assert found.get("unfollowed", 0) == gone
    for place, state in enumerate(data.states):
        assert data.at_ticks[place] == tuple(data.on(round(tick * MONTH))[state] for tick in data.ticks)


# --- figures ---------------------------------------------------------------------------------------------


def texts(svg: str) -> list[tuple[float, float, str]]:
    """Every text of a drawing with its place."""
    found = re.findall(
        r'<text[^>]*transform="translate\(([-\d.]+),([-\d.]+)\)[^"]*"[^>]*>([^<]*)</text>', svg
    )
    return [(float(x), float(y), words) for x, y, words in found]


def row_at(svg: str, y: float) -> list[str]:
    """The numbers of one line of a drawing, from the left."""
    here = [
        (x, words) for x, height, words in texts(svg) if abs(height - y) < 6 and re.fullmatch(r"\d+", words)
    ]
    return [words for x, words in sorted(here) if x > -10]


def rows_of_counts(svg: str, wanted: tuple[int, ...]) -> bool:
    """Whether the drawing has these numbers side by side somewhere below its axis."""
    heights = {height for _, height, _ in texts(svg)}
    return any(row_at(svg, height) == [str(one) for one in wanted] for height in heights)


@pytest.mark.parametrize("study", STUDIES)
def test_every_endpoint_without_competing_events_has_a_curve(study: str) -> None:
    cut = virtual(study)
    curves = km_curves(cut)
    assert curves is not None

    free = {
        endpoint.title.en
        for endpoint in time_to_event_endpoints(cut)
        if not endpoint.operational.competing or (endpoint.companion and not endpoint.companion.competing)
    }
    assert {curve.title.en for curve in curves} == free
    for curve in curves:
        assert all(0 <= share <= 1 for share in curve.survival)
        assert curve.at_risk[0] == curve.n
        assert curve.events_by[0] == 0 or min(curve.months) == 0


@pytest.mark.parametrize("language", [EN, ZH])
def test_the_numbers_below_a_curve_are_those_still_followed_and_the_events_so_far(language: Reader) -> None:
    cut = virtual("lilrb4-start")
    curves = km_curves(cut)
    assert curves is not None

    panels = km_curves_figure(curves, cut.study, language)
    assert len(panels) == len(curves)
    for curve, panel in zip(curves, panels, strict=True):
        assert rows_of_counts(panel, curve.at_risk)
        assert rows_of_counts(panel, curve.events_by)
        words = [one for _, _, one in texts(panel)]
        assert {"0.00", "0.25", "0.50", "0.75", "1.00"} <= set(words)
        assert any(curve.title.in_(language.language) in one for one in words)
        assert language.say("km_axis") in words
        months = [one.days / MONTH for one in timed_subjects(cut, _definition(cut, curve))]
        assert curve.at_risk == tuple(sum(month >= tick for month in months) for tick in curve.ticks)


def _definition(cut: Cut, curve: Curve) -> Any:
    endpoint = next(one for one in time_to_event_endpoints(cut) if one.title == curve.title)
    return endpoint.operational if curve.definition.key == "analysis.operational" else endpoint.companion


def test_who_is_followed_to_the_very_day_of_a_tick_is_at_risk_there() -> None:
    """487 days are 16 months exactly, the only whole number of months that days can be before the third year."""
    ended = {"A": f"{BEFORE} D0 infusion; D486 died", "B": f"{BEFORE} D0 infusion; D486 contact"}
    curves = km_curves(cut_of(ended))
    risks = incidence_curves(cut_of({"C": f"{BEFORE} D0 infusion; D28 {CR}; D514 {CR}"}))
    assert curves and risks  # noqa: PT018

    os = next(curve for curve in curves if curve.title.en == "OS")
    assert (os.ticks[-1], os.at_risk[-1], os.events_by[-1]) == (16, 2, 1)
    assert (risks.ticks[-1], risks.at_risk[-1]) == (16, 1)


@pytest.mark.parametrize("language", [EN, ZH])
def test_the_curves_of_relapse_and_death_stand_on_their_counts(language: Reader) -> None:
    cut = virtual("cd7-cart")
    data = incidence_curves(cut)
    assert data is not None

    [panel] = incidence_figure(data, cut.study, language)
    assert rows_of_counts(panel, data.at_risk)
    for curve in data.curves:
        assert rows_of_counts(panel, curve.events_by)
        assert any(language.say(f"inc_{curve.cause}_long") in words for _, _, words in texts(panel))
    assert "stroke-dasharray" in panel  # told apart without colour
    assert {"0.00", "1.00", language.say("inc_axis")} <= {words for _, _, words in texts(panel)}


@pytest.mark.parametrize("language", [EN, ZH])
def test_the_states_are_numbered_and_their_counts_stand_below(language: Reader) -> None:
    cut = by_hand()
    data = occupancy(cut)
    assert data is not None

    [panel] = occupancy_figure(data, cut.study, language)
    words = [one for _, _, one in texts(panel)]
    for place, counts in enumerate(data.at_ticks):
        assert rows_of_counts(panel, counts)
        assert words.count(str(place + 1)) >= 1
    assert language.say("occ_unfollowed") in words
    assert language.say("occ_axis", n=6) in words


@pytest.mark.parametrize("study", ["cd7-cart", "lstcar019"])
def test_every_drawing_is_valid(study: str) -> None:
    cut = virtual(study)
    curves, risks, states = km_curves(cut), incidence_curves(cut), occupancy(cut)
    assert curves and risks and states  # noqa: PT018

    km_chart(curves[0], EN).to_dict()
    incidence_chart(risks, EN).to_dict()
    occupancy_chart(states, cut.study.response.responses, EN).to_dict()


@pytest.mark.parametrize("study", STUDIES)
def test_every_drawing_keeps_within_the_page(study: str) -> None:
    for svg in drawn(study):
        width = re.search(r'viewBox="0 0 ([\d.]+) ', svg)
        assert width
        assert float(width[1]) <= 940


def test_the_same_trial_gives_the_same_drawings() -> None:
    assert drawn("lilrb4-start") == _drawn(virtual("lilrb4-start"), ZH)


@cache
def drawn(study: str) -> tuple[str, ...]:
    """For a Chinese reader: his words are the widest."""
    return _drawn(virtual(study), ZH)


def _drawn(cut: Cut, reader: Reader) -> tuple[str, ...]:
    """Every panel there is to draw."""
    curves, risks, states = km_curves(cut), incidence_curves(cut), occupancy(cut)
    return (
        *(km_curves_figure(curves, cut.study, reader) if curves else ()),
        *(incidence_figure(risks, cut.study, reader) if risks else ()),
        *(occupancy_figure(states, cut.study, reader) if states else ()),
    )


# --- words -----------------------------------------------------------------------------------------------

_NAMES = re.compile(
    r"Kaplan|Meier|Brookmeyer|Crowley|Aalen|Johansen|Gray|Firth|Cox|log-log|N = |CR[hi]?|MLFS|PR|NE|NR|SD|PD|DL\d"
)


def leftovers(words: str) -> list[str]:
    return re.findall(r"[A-Za-z]{2,}", _NAMES.sub("", words))


@pytest.mark.parametrize("study", STUDIES)
def test_nothing_is_left_in_english_for_a_chinese_reader(study: str) -> None:
    cut = virtual(study)
    tables = (time_to_event_table(cut), sensitivity_table(cut), *incidence_table(cut))
    said = [ZH.text(one) for table in tables for one in _texts(table)]
    said += [words for svg in drawn(study) for _, _, words in texts(svg)]

    assert len(said) > 100
    assert {word for words in said for word in leftovers(words)} == set()


def _texts(table: ResultTable) -> list[Cell]:
    heads = [cell for column in table.columns for cell in (column.head, column.group)]
    rows = [cell for row in table.rows for cell in (row.group, *row.cells)]
    return [table.title, table.population, *table.notes, *heads, *rows]


def test_every_output_of_the_slice_has_its_title() -> None:
    for name in ("time_to_event", "incidence", "km_curves", "incidence_curves", "occupancy"):
        for language in ("en", "zh"):
            assert render(Message.of(f"analysis.output_{name}"), language)  # type: ignore[arg-type]


# --- few, none, all the same -----------------------------------------------------------------------------

FEW = {
    "infused today": {"A": f"{BEFORE} D0 infusion"},
    "died the same day": {"A": f"{BEFORE} D0 infusion; D0 died"},
    "all died the same day": dict.fromkeys("ABC", f"{BEFORE} D0 infusion; D0 died"),
    "enrolled only": {"A": "D-40 consent; D-30 enrol"},
    "consented only": {"A": "D-40 consent"},
    "all censored": dict.fromkeys("ABC", f"{BEFORE} D0 infusion; D28 {CR}; D90 {CR}"),
    "one relapse": {"A": f"{BEFORE} D0 infusion; D28 {CR}; D29 relapse"},
    "relapse and remission of one day": {"A": f"{BEFORE} D0 infusion; D28 {CR}; D28 relapse"},
    "transplanted at once": {"A": f"{BEFORE} D0 infusion; D28 {CR}; D28 transplant; D60 died"},
    "long followed": {"A": f"{BEFORE} D0 infusion; D28 {CR}; D5000 contact"},
    "nobody": {},
} | {f"only {name}": {name: text} for name, text in CHARTS.items()}


@pytest.mark.parametrize("charts", FEW.values(), ids=FEW.keys())
def test_few_subjects_give_tables_and_figures_no_number_that_is_none(charts: dict[str, str]) -> None:
    cut = cut_of(charts, as_of=6000)
    tables = (time_to_event_table(cut), sensitivity_table(cut), *incidence_table(cut))

    for table in tables:
        assert table.rows or table.empty
        for one in statistics(table):
            assert one.value is None or np.isfinite(one.value)
        for reader in (EN, ZH):
            said = " ".join(reader.text(cell) for cell in _texts(table))
            assert not re.search(r"\b(nan|None|inf)\b", said)
    curves, risks, states = km_curves(cut), incidence_curves(cut), occupancy(cut)
    assert (states is not None) == bool(cut.infused)
    for data in (*(curves or ()), *([risks] if risks else []), *([states] if states else [])):
        json.dumps(asdict(data), default=str, allow_nan=False)


@pytest.mark.parametrize("name", ["infused today", "all died the same day", "one relapse", "long followed"])
def test_few_subjects_are_drawn_without_a_place_that_is_none(name: str) -> None:
    svgs = _drawn(cut_of(FEW[name], as_of=6000), EN)

    assert svgs
    for svg in svgs:
        assert not re.search(r"nan|undefined|Infinity|null", svg, flags=re.IGNORECASE)


def test_with_everybody_censored_nothing_is_estimated_that_nobody_had() -> None:
    table = time_to_event_table(cut_of(FEW["all censored"]))

    assert shares(cells(table, "OS", "Events"))[0] == (0, 3)
    assert EN.text(cells(table, "OS", "Median months (95 % limits)")[0]) == "NE"
    assert EN.text(cells(table, "OS", "Event-free at 12 months (95 % limits)")[0]) == "NE"
    assert EN.text(cells(table, "RFS", "Event-free at 3 months (95 % limits)")[0]) == "NE"  # last seen day 63


@pytest.mark.parametrize("study", STUDIES)
def test_a_trial_without_subjects_says_so(study: str) -> None:
    cut = nobody(study)
    tables = (time_to_event_table(cut), sensitivity_table(cut), *incidence_table(cut))

    assert [table.rows for table in tables] == [()] * 4
    assert all(
        EN.text(table.empty).startswith(("Nobody can be counted", "Nobody has reached")) for table in tables
    )
    assert (km_curves(cut), incidence_curves(cut), occupancy(cut)) == (None, None, None)


def test_an_endpoint_nobody_counts_for_yet_has_an_empty_panel_that_says_so() -> None:
    cut = cut_of({"C": CHARTS["C"]})
    curves = km_curves(cut)
    assert curves is not None

    said = {
        curve.title.en: [words for _, _, words in texts(panel)]
        for curve, panel in zip(curves, km_curves_figure(curves, cut.study, EN), strict=True)
    }
    assert EN.say("nobody_counted") in said["RFS"]
    assert EN.say("nobody_counted") not in said["OS"]


def test_a_study_without_time_to_event_endpoints_says_so() -> None:
    cut = cut_of(CHARTS, small_study())

    for table in (time_to_event_table(cut), sensitivity_table(cut)):
        assert table.rows == ()
        assert EN.text(table.empty) == "The study has no time-to-event endpoint."
    assert km_curves(cut) is None
    assert incidence_curves(cut) is not None  # relapse and death in remission need no endpoint
