"""Double programming: the report's key numbers beside those of a second path, and of R where R is installed."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from protocyte.app.second_path import EVERYBODY, MONTH, Numbers, recount
from protocyte.app.wording import told
from protocyte.base import Language, Message, render
from protocyte.derive.course import Trial

if TYPE_CHECKING:
    from protocyte.app.decided import Decided

SECOND = "second path"
TOLERANCE = 1e-9  # relative; counts must be equal
R_TOLERANCE = 1e-6  # R prints what it tells us with fewer digits


@dataclass(frozen=True)
class Check:
    """One number of the report and what another program makes of it. `by` names that program."""

    output: str
    row: str
    group: str
    statistic: str
    reported: float | None
    recomputed: float | None
    by: str
    agrees: bool

    @property
    def difference(self) -> float | None:
        if self.reported is None or self.recomputed is None:
            return None
        return self.reported - self.recomputed


@dataclass(frozen=True)
class Verification:
    """`r` says whether R took part; `unpaired` are numbers only one of the two programs has."""

    checks: tuple[Check, ...]
    unpaired: tuple[str, ...]
    r: bool

    @property
    def agrees(self) -> bool:
        return not self.unpaired and all(check.agrees for check in self.checks)


def verify_report(trial: Trial, as_of: date) -> Verification:
    """Compare every key number. A number that only one path has is a disagreement too."""
    from protocyte.analysis.cut import Cut
    from protocyte.app.decided import decided

    given = decided(Cut(trial, as_of))
    ours, second = reported(trial, as_of), recount(trial.casebook, trial.study, as_of, given)
    paired = sorted(ours.keys() & second.keys())
    checks = [_check(key, ours[key], second[key], SECOND, TOLERANCE) for key in paired]
    unpaired = tuple(" ".join(key) for key in sorted(ours.keys() ^ second.keys()) if not _only_r(key))
    by_r = _ask_r(given, ours)
    checks += [_check(key, ours[key], value, "R", R_TOLERANCE) for key, value in sorted((by_r or {}).items())]
    return Verification(tuple(checks), unpaired, by_r is not None)


def _only_r(key: tuple[str, str, str, str]) -> bool:
    """Limits of curves: the second program has none, R has."""
    return key[0] == "time_to_event" and key[3] in ("lower", "upper")


def _check(
    key: tuple[str, str, str, str], one: float | None, other: float | None, by: str, within: float
) -> Check:
    return Check(*key, one, other, by, _near(one, other, within))


def _near(one: float | None, other: float | None, within: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= within * max(1.0, abs(one), abs(other))


# --- what the report says -----------------------------------------------------------------------------------


def reported(trial: Trial, as_of: date) -> Numbers:
    """The same numbers, read from the cells of the report's own tables."""
    from protocyte.analysis.baseline.disposition import derive_flow
    from protocyte.analysis.cut import Cut
    from protocyte.analysis.escalation.dlt import dlt_summary_table
    from protocyte.analysis.safety.adverse_events import overview
    from protocyte.analysis.safety.deaths import deaths_summary
    from protocyte.analysis.safety.toxicity_summary import crs_table, icans_table

    cut = Cut(trial, as_of)
    flow = derive_flow(cut)
    found: Numbers = {
        ("flow", name, EVERYBODY, "count"): flow.count(name) for name in ("screened", "enrolled", "infused")
    }
    tables = {
        "ae_overview": (overview(cut), ("ae_any", "ae_grade_3", "ae_grade_5", "ae_related", "ae_serious")),
        "crs": (crs_table(cut), ("any_grade", "grade_3_or_more")),
        "icans": (icans_table(cut), ("any_grade", "grade_3_or_more")),
        "deaths_summary": (deaths_summary(cut), ("all_deaths", "died_to_30", "died_to_90", "died_later")),
        "dlt_summary": (dlt_summary_table(cut), ("tox_dlt_share",)),
    }
    for output, (table, rows) in tables.items():
        found |= _cells(output, table, rows)
    return found | _responses(cut) | _times(cut) | _survival(cut) | _kinetics(cut)


def _cells(output: str, table: Any, rows: tuple[str, ...]) -> Numbers:
    from protocyte.analysis.tables import numbers_of

    found: Numbers = {}
    for row in table.rows:
        name = _name(row.cells[0])
        if name not in rows:
            continue
        for column, cell in zip(table.columns[1:], row.cells[1:], strict=True):
            label = _label(column)
            kept = ("count",) if output == "deaths_summary" else ("count", "of", "lower", "upper")
            numbers = {key: value for key, value in numbers_of(cell).items() if key in kept}
            found |= {(output, name, label, key): value for key, value in numbers.items()}
    return found


def _responses(cut: Any) -> Numbers:
    """The block of all infused, which comes first in its table: every category, and the study's own rate."""
    from protocyte.analysis.efficacy.response_summary import categories, response_summary_table
    from protocyte.analysis.tables import numbers_of

    table = response_summary_table(cut)
    found: Numbers = {}
    labels = [_label(column) for column in table.columns[1:]]
    wanted = {*categories(cut), "resp_orr"}
    for row in table.rows:
        if row.group != table.rows[0].group:
            break
        name = _name(row.cells[0])
        if name in wanted:
            for label, cell in zip(labels, row.cells[1:], strict=True):
                found |= {("response", name, label, key): value for key, value in numbers_of(cell).items()}
    return found


def _times(cut: Any) -> Numbers:
    """Every endpoint's counts, medians and landmarks, in both definitions."""
    from protocyte.analysis.efficacy.time_to_event import time_to_event_table
    from protocyte.analysis.tables import Estimate, Share
    from protocyte.app.decided import landmark_name, reading_name

    found: Numbers = {}
    for row in time_to_event_table(cut).rows:
        for which, cell in zip(("operational", "companion"), row.cells[1:], strict=True):
            name, told = reading_name(row.group.en, which), _name(row.cells[0])  # type: ignore[union-attr]
            at = "time_to_event", name, EVERYBODY
            match told, cell:
                case "n", int():
                    found[(*at, "n")] = cell
                case "events", Share(count, _):
                    found[(*at, "events")] = count
                case "median_months", Estimate(value, lower, upper):
                    found |= {(*at, "median"): value, (*at, "lower"): lower, (*at, "upper"): upper}
                case (("tte_event_free_at" | "tte_incidence_at"), Estimate(value, lower, upper)):
                    when = row.cells[0].params["when"]  # type: ignore[union-attr]
                    mark = landmark_name(name, render(when) if isinstance(when, Message) else str(when))
                    place = "time_to_event", mark, EVERYBODY
                    limits = {(*place, "lower"): lower, (*place, "upper"): upper}
                    found |= {(*place, "value"): value} | (limits if told == "tte_event_free_at" else {})
    return found


def _name(cell: Any) -> str:
    return cell.key.partition(".")[2] if isinstance(cell, Message) else str(cell)


def _label(column: Any) -> str:
    """The level a column is of; "" for everybody."""
    if isinstance(column.head, Message):
        return str(column.head.params.get("level", EVERYBODY))
    return str(column.head)


def _survival(cut: Any) -> Numbers:
    from protocyte.analysis.efficacy.survival import quantile, timed_subjects, times_of
    from protocyte.stats.kaplan_meier import kaplan_meier

    found: Numbers = {}
    for name, endpoint in _death_endpoints(cut.study):
        timed = timed_subjects(cut, endpoint.operational)
        if timed:
            median = quantile(kaplan_meier(*times_of(timed)), 0.5).value
            numbers = {
                "n": len(timed),
                "events": sum(one.status == "event" for one in timed),
                "median": median,
            }
            found |= {("survival", name, EVERYBODY, key): value for key, value in numbers.items()}
    return found


def _death_endpoints(study: Any) -> list[tuple[str, Any]]:
    """Those both programs can time from forms alone: death only, from a day that a form has."""
    from protocyte.study.efficacy import TimeToEventEndpoint

    return [
        (name, one)
        for name, one in study.endpoints.items()
        if isinstance(one, TimeToEventEndpoint)
        and one.operational.events == ("death",)
        and not one.operational.competing
        and one.operational.origin in ("infusion", "enrolment", "consent")
        and all(how == "treatment_policy" for how in one.operational.intercurrent.values())
    ]


def _kinetics(cut: Any) -> Numbers:
    from protocyte.analysis.groups import infused_by_level
    from protocyte.derive.kinetics import peak, series
    from protocyte.stats.summaries import geometric_summary

    found: Numbers = {}
    for name in cut.study.kinetics:
        for label, members in infused_by_level(cut).items():
            peaks = [top for one in members if (top := peak(series(cut.study, one, name))) is not None]
            values = [float(top.cmax) for top in peaks]
            found["kinetics", f"cmax {name}", label, "n"] = len(values)
            found["kinetics", f"cmax {name}", label, "middle"] = (
                geometric_summary(values).mean if values else None
            )
    return found


# --- R --------------------------------------------------------------------------------------------------------

_SCRIPT = """
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(folder, name), colClasses = c(key = "character"))
say <- function(key, name, value) cat(sprintf("%s,%s,%.15g\\n", key, name, value))
shares <- read("shares.csv")
for (i in seq_len(nrow(shares))) {
  limits <- binom.test(shares$count[i], shares$of[i])$conf.int
  say(shares$key[i], "lower", limits[1])
  say(shares$key[i], "upper", limits[2])
}
times <- read("times.csv")
landmarks <- read("landmarks.csv")
for (name in unique(times$key)) {
  here <- times[times$key == name, ]
  marks <- landmarks[landmarks$key == name & landmarks$day <= max(here$days), ]
  if (here$contested[1] == 1) {
    fit <- survfit(Surv(days, factor(status, 0:2)) ~ 1, data = here)
    for (k in seq_len(nrow(marks)))
      say(marks$mark[k], "value", summary(fit, times = marks$day[k])$pstate[1, 2])
    next
  }
  fit <- survfit(Surv(days, status) ~ 1, data = here, conf.type = "log-log")
  # What print(survfit) shows, as the report does; quantile() reads a curve that ends at a half otherwise.
  middle <- summary(fit)$table
  say(name, "median", middle["median"])
  say(name, "lower", middle["0.95LCL"])
  say(name, "upper", middle["0.95UCL"])
  for (k in seq_len(nrow(marks))) {
    found <- summary(fit, times = marks$day[k])
    say(marks$mark[k], "value", found$surv)
    if (found$surv > 0 && found$surv < 1) {
      say(marks$mark[k], "lower", found$lower)
      say(marks$mark[k], "upper", found$upper)
    }
  }
}
"""


def _ask_r(given: Decided, ours: Numbers) -> Numbers | None:
    """Exact limits by `binom.test`; medians, their limits and landmarks by `survfit`, where events compete its
    multi-state form. None where R is not installed or cannot answer."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with TemporaryDirectory() as place:
        folder = Path(place)
        keys = _write_for_r(folder, given, ours)
        script = folder / "verify.R"
        script.write_text(_SCRIPT, encoding="utf-8")
        ran = subprocess.run(  # noqa: S603 -- our own script, and a program of that name from the path
            [program, "--vanilla", str(script), str(folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    if ran.returncode != 0:
        return None
    return _answers(ran.stdout, keys)


def _write_for_r(folder: Path, given: Decided, ours: Numbers) -> dict[str, tuple[str, str, str]]:
    """Keys are numbers in the files: labels may hold anything."""
    from protocyte.app.decided import landmark_name

    keys: dict[str, tuple[str, str, str]] = {}
    shares, times = [["key", "count", "of"]], [["key", "days", "status", "contested"]]
    landmarks = [["key", "mark", "day"]]
    for (output, row, group, name), count in sorted(ours.items()):
        of = ours.get((output, row, group, "of"))
        if name == "count" and of and (output, row, group, "lower") in ours:
            key = f"s{len(keys)}"
            keys[key] = (output, row, group)
            shares.append([key, str(int(count or 0)), str(int(of))])
    for name, timed in given.times.items():
        key = f"t{len(keys)}"
        keys[key] = ("time_to_event", name, EVERYBODY)
        times += [[key, str(day), str(status), str(int(timed.contested))] for day, status in timed.times]
        for when, day in timed.landmarks.items():
            mark = f"m{len(keys)}"
            keys[mark] = ("time_to_event", landmark_name(name, when), EVERYBODY)
            landmarks.append([key, mark, str(day)])
    for file, lines in (("shares.csv", shares), ("times.csv", times), ("landmarks.csv", landmarks)):
        with (folder / file).open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows(lines)
    return keys


def _answers(printed: str, keys: dict[str, tuple[str, str, str]]) -> Numbers:
    found: Numbers = {}
    for key, name, text in csv.reader(io.StringIO(printed)):
        value = None if text in ("NA", "NaN") else float(text)
        if key.startswith("t") and value is not None:
            value /= MONTH
        found[(*keys[key], name)] = value
    return found


# --- telling --------------------------------------------------------------------------------------------------


def as_json(found: Verification) -> dict[str, Any]:
    return {
        "agrees": found.agrees,
        "compared": len(found.checks),
        "r": found.r,
        "unpaired": list(found.unpaired),
        "checks": [asdict(check) | {"difference": check.difference} for check in found.checks],
    }


def as_lines(found: Verification, language: Language) -> list[str]:
    """Every disagreement as a line of the difference table; then how many agreed, output by output."""
    lines = [_line(check, language) for check in found.checks if not check.agrees]
    lines += [told("verify_unpaired", language, number=one) for one in found.unpaired]
    for (by, output), checks in groupby(found.checks, key=lambda check: (check.by, check.output)):
        here = list(checks)
        good = sum(check.agrees for check in here)
        said = _program(by, language)
        lines.append(told("verify_output", language, output=output, by=said, agree=good, of=len(here)))
    if not found.r:
        lines.append(told("verify_no_r", language))
    lines.append(told("verify_agrees" if found.agrees else "verify_differs", language, n=len(found.checks)))
    return lines


def _line(check: Check, language: Language) -> str:
    where = " / ".join(part for part in (check.output, check.row, check.group, check.statistic) if part)
    numbers = {"reported": check.reported, "recomputed": check.recomputed, "difference": check.difference}
    shown = {name: "–" if value is None else repr(value) for name, value in numbers.items()}
    return told("verify_difference", language, where=where, by=_program(check.by, language), **shown)


def _program(by: str, language: Language) -> str:
    return told("verify_second_path", language) if by == SECOND else by
