"""Does exposure follow the dose, and do response and toxicity follow exposure? Exploratory, unadjusted.

The power model takes log exposure to be linear in log dose (Smith et al., Pharm Res 2000;17:1278): a slope of
1 is proportionality. Outcomes are set against log10 Cmax, so that a ratio is that of a tenfold exposure; by
Firth's methods, for in a few subjects exposure easily separates the outcomes. Survival is asked only of those
alive at a landmark, by what their cells had reached up to it (DOMAIN 29).
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, log10

import numpy as np

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused
from protocyte.analysis.kinetics.parameters import (
    Seen,
    kinetic_assays,
    last_dose_note,
    main_profiles,
    planned_profiles,
    response_class,
)
from protocyte.analysis.safety.crs_icans import worst_grade
from protocyte.analysis.tables import Cell, Column, Estimate, ResultTable, Row, number, phrase, say, text
from protocyte.base import InputError, Message
from protocyte.base.quantity import UnitError
from protocyte.derive.events import last_known_alive

LEVEL, LIMITS = 0.90, 0.95  # of the slope; of the ratios
LEAST_SUBJECTS, LEAST_DOSES = 3, 2
FARTHEST = 10_000.0  # a ratio beyond it, or below its inverse, is not printed
LANDMARK = 28  # days: most profiles have peaked, and response is read for the first time


def exposure_response_table(cut: Cut) -> tuple[ResultTable, ...]:
    """Dose and exposure; exposure and outcomes."""
    return _dose_table(cut), _outcome_table(cut)


# --- dose and exposure --------------------------------------------------------------------------------------


def dose_of(cut: Cut, seen: Seen) -> float | None:
    """The dose that went in, in the ladder's unit; None where it measures something else or is zero."""
    if seen.profile.dose is None:
        return None
    try:
        given = float(seen.profile.dose.to(cut.study.dose_of(1).unit).value)
    except UnitError:
        return None
    return given if given > 0 else None


EXPOSURES: dict[str, Callable[[Seen], float | None]] = {
    "cmax": lambda seen: seen.profile.cmax,
    "auc28": lambda seen: seen.profile.area_to(28).value,
}


def _dose_table(cut: Cut) -> ResultTable:
    rows = []
    for name, plan in kinetic_assays(cut).items():
        profiles = [seen for seen in planned_profiles(cut, name) if seen.profile.sampled]
        if not profiles:
            continue
        for key, take in EXPOSURES.items():
            pairs = [
                (dose, value)
                for seen in profiles
                if (dose := dose_of(cut, seen)) is not None and (value := take(seen)) is not None
            ]
            subjects = len({seen.course.subject for seen in profiles if take(seen) is not None})
            levels = len({seen.profile.level for seen in profiles if take(seen) is not None})
            counts = (len(pairs), len(profiles) - len(pairs), levels)
            cells = (say(f"kin_{key}", unit=plan.unit), *counts, slope(pairs, subjects, levels))
            rows.append(Row(cells, group=phrase("assay", title=plan.title, unit=plan.unit)))
    columns = (
        *text("kin_exposure"), *number("kin_profiles_used", "kin_profiles_without", "kin_levels"),
        Column(say("kin_slope", level=round(100 * LEVEL)), "number"),
    )  # fmt: skip
    climbing = (say("note_kin_power_climb"),) if cut.study.dosing.climb is not None else ()
    notes = (say("note_kin_power"), *climbing, say("note_kin_exploratory"))
    return ResultTable(
        "dose_exposure",
        say("title_dose_exposure"),
        columns,
        tuple(rows),
        all_infused(cut),
        notes,
        say("no_samples"),
    )


def slope(pairs: list[tuple[float, float]], subjects: int, levels: int) -> Estimate | Message:
    """Least squares of log exposure on log dose with t limits; or why there is none."""
    from scipy.special import stdtrit

    if subjects < LEAST_SUBJECTS or len(pairs) < LEAST_SUBJECTS:
        return say("kin_too_few", n=min(subjects, len(pairs)), least=LEAST_SUBJECTS)
    if levels < LEAST_DOSES or len({dose for dose, _ in pairs}) < LEAST_DOSES:
        return say("kin_one_dose")
    x, y = (np.array([log(pair[k]) for pair in pairs]) for k in (0, 1))
    around = x - x.mean()
    spread = float(around @ around)
    found = float(around @ y) / spread
    rest = y - y.mean() - found * around
    error = float(np.sqrt(rest @ rest / (len(pairs) - 2) / spread))
    half = float(stdtrit(len(pairs) - 2, 0.5 + LEVEL / 2)) * error
    return Estimate(found, found - half, found + half, digits=2)


# --- exposure and outcomes ----------------------------------------------------------------------------------


def _outcome_table(cut: Cut) -> ResultTable:
    rows: list[Row] = []
    for name, plan in kinetic_assays(cut).items():
        profiles = main_profiles(cut, name)
        if not profiles:
            continue
        heading = phrase("assay", title=plan.title, unit=plan.unit)
        for outcome, known in _OUTCOMES.items():
            pairs = [(known(cut, seen), seen.profile.cmax) for seen in profiles]
            rows.append(Row((say(f"kin_outcome_{outcome}"), *_odds(pairs)), group=heading))
        rows.append(Row((say("kin_outcome_death", day=LANDMARK), *_hazard(cut, profiles)), group=heading))
    columns = (
        *text("kin_outcome"), *number("kin_subjects_used", "kin_subjects_without", "kin_events"),
        *text("kin_measure"), Column(say("kin_ratio_of", level=round(100 * LIMITS)), "number"),
    )  # fmt: skip
    notes = (
        say("note_kin_firth", most=f"{FARTHEST:g}"),
        say("note_kin_outcomes", responses=" + ".join(cut.study.response.responses)),
        say("note_kin_from_landmark", day=LANDMARK),
        *last_dose_note(cut),
        say("note_kin_exploratory"),
    )
    return ResultTable(
        "exposure_response", say("title_exposure_response"), columns, tuple(rows), all_infused(cut), notes,
        say("no_samples"),
    )  # fmt: skip


def _response(cut: Cut, seen: Seen) -> bool | None:
    """Whoever could not be judged is no responder, as in the response rate."""
    return response_class(cut, seen.course) == "responder"


def _severe(cut: Cut, seen: Seen) -> bool | None:
    worst = worst_grade(cut, seen.course, "crs")
    return None if worst is None else worst >= 2


_OUTCOMES: dict[str, Callable[[Cut, Seen], bool | None]] = {"response": _response, "crs": _severe}


def _odds(pairs: list[tuple[bool | None, float | None]]) -> tuple[Cell, ...]:
    used = [(outcome, log10(cmax)) for outcome, cmax in pairs if outcome is not None and cmax is not None]
    events = sum(outcome for outcome, _ in used)
    counts: tuple[Cell, ...] = (len(used), len(pairs) - len(used), events, say("kin_odds_ratio"))
    reason = _why_not(len(used), events, {x for _, x in used})
    if reason is not None:
        return (*counts, reason)
    from protocyte.stats.firth_logistic import firth_logistic

    fit = firth_logistic([outcome for outcome, _ in used], [x for _, x in used], level=LIMITS)
    log_odds = (float(fit.coef[1]), float(fit.lower[1]), float(fit.upper[1]))
    return (*counts, _ratio(*(_finite(exp(min(value, 700.0))) for value in log_odds)))


def _hazard(cut: Cut, profiles: list[Seen]) -> tuple[Cell, ...]:
    """Death after the landmark by the highest value up to it, among those followed past it."""
    times, died, exposures = [], [], []
    for seen in profiles:
        start, last = seen.profile.start, last_known_alive(cut.study, seen.course)
        end = seen.course.died_on or (last.on if last else start)
        reached = [
            float(point.value)
            for point, day in zip(seen.profile.used, seen.profile.days, strict=True)
            if day <= LANDMARK and point.state == "quantified" and point.value
        ]
        if (end - start).days > LANDMARK and reached:
            times.append((end - start).days - LANDMARK)
            died.append(seen.course.died_on is not None)
            exposures.append(log10(max(reached)))
    counts: tuple[Cell, ...] = (len(times), len(profiles) - len(times), sum(died), say("kin_hazard_ratio"))
    reason = _why_not(len(times), sum(died), set(exposures), need_both=False)
    if reason is not None:
        return (*counts, reason)
    from protocyte.stats.firth import firth_cox

    try:
        fit = firth_cox(times, died, np.array(exposures)[:, None], level=LIMITS)
    except InputError:
        return (*counts, say("kin_no_fit"))
    return (
        *counts,
        _ratio(*map(_finite, (exp(float(fit.coef[0])), float(fit.lower[0]), float(fit.upper[0])))),
    )


def _why_not(n: int, events: int, exposures: set[float], need_both: bool = True) -> Message | None:
    if n < LEAST_SUBJECTS:
        return say("kin_too_few", n=n, least=LEAST_SUBJECTS)
    if events == 0:
        return say("kin_no_event")
    if need_both and events == n:
        return say("kin_all_event")
    return say("kin_same_exposure") if len(exposures) < 2 else None


def _finite(ratio: float) -> float | None:
    """None for a limit so far out that it says no more than that there is none."""
    return ratio if 1 / FARTHEST < ratio < FARTHEST else None


def _ratio(value: float | None, lower: float | None, upper: float | None) -> Estimate:
    return Estimate(value, lower, upper, digits=2)
