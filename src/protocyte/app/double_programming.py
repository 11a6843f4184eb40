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
from typing import Any

from protocyte.app.second_path import EVERYBODY, MONTH, Numbers, recount
from protocyte.app.wording import told
from protocyte.base import Language, Message
from protocyte.derive.course import Trial

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
    ours, second = reported(trial, as_of), recount(trial.casebook, trial.study, as_of)
    paired = sorted(ours.keys() & second.keys())
    checks = [_check(key, ours[key], second[key], SECOND, TOLERANCE) for key in paired]
    unpaired = tuple(" ".join(key) for key in sorted(ours.keys() ^ second.keys()))
    by_r = _ask_r(trial, as_of, ours)
    checks += [_check(key, ours[key], value, "R", R_TOLERANCE) for key, value in sorted((by_r or {}).items())]
    return Verification(tuple(checks), unpaired, by_r is not None)


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
    from protocyte.analysis.adverse_events import overview
    from protocyte.analysis.ae_tables import deaths_summary
    from protocyte.analysis.cut import Cut
    from protocyte.analysis.disposition import derive_flow
    from protocyte.analysis.toxicity_summary import crs_table, icans_table

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
    }
    for output, (table, rows) in tables.items():
        found |= _cells(output, table, rows)
    return found | _survival(cut) | _kinetics(cut)


def _cells(output: str, table: Any, rows: tuple[str, ...]) -> Numbers:
    from protocyte.analysis.tables import numbers_of

    found: Numbers = {}
    for row in table.rows:
        name = row.cells[0].key.partition(".")[2] if isinstance(row.cells[0], Message) else ""
        if name not in rows:
            continue
        for column, cell in zip(table.columns[1:], row.cells[1:], strict=True):
            label = str(column.head.params.get("level", EVERYBODY))
            kept = ("count",) if output == "deaths_summary" else ("count", "of", "lower", "upper")
            numbers = {key: value for key, value in numbers_of(cell).items() if key in kept}
            found |= {(output, name, label, key): value for key, value in numbers.items()}
    return found


def _survival(cut: Any) -> Numbers:
    from protocyte.analysis.survival import quantile, timed_subjects, times_of
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
shares <- read.csv(file.path(folder, "shares.csv"), colClasses = c("character", "character", "character"))
for (i in seq_len(nrow(shares))) {
  limits <- binom.test(as.integer(shares$count[i]), as.integer(shares$of[i]))$conf.int
  cat(sprintf("%s,lower,%.15g\\n%s,upper,%.15g\\n", shares$key[i], limits[1], shares$key[i], limits[2]))
}
times <- read.csv(file.path(folder, "times.csv"))
for (name in unique(times$key)) {
  here <- times[times$key == name, ]
  fit <- survfit(Surv(days, died) ~ 1, data = here, conf.type = "log-log")
  cat(sprintf("%s,median,%.15g\\n", name, quantile(fit, 0.5)$quantile))
}
"""


def _ask_r(trial: Trial, as_of: date, ours: Numbers) -> Numbers | None:
    """Limits by `binom.test` and medians by `survfit`; None where R is not installed or cannot answer."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with TemporaryDirectory() as place:
        folder = Path(place)
        keys = _write_for_r(folder, trial, as_of, ours)
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


def _write_for_r(folder: Path, trial: Trial, as_of: date, ours: Numbers) -> dict[str, tuple[str, str, str]]:
    """Keys are numbers in the files: labels may hold anything."""
    from protocyte.analysis.cut import Cut
    from protocyte.analysis.survival import timed_subjects

    keys: dict[str, tuple[str, str, str]] = {}
    shares, times = [["key", "count", "of"]], [["key", "days", "died"]]
    for (output, row, group, name), count in sorted(ours.items()):
        of = ours.get((output, row, group, "of"))
        if name == "count" and of and (output, row, group, "lower") in ours:
            key = f"s{len(keys)}"
            keys[key] = (output, row, group)
            shares.append([key, str(int(count or 0)), str(int(of))])
    cut = Cut(trial, as_of)
    for name, endpoint in _death_endpoints(cut.study):
        key = f"t{len(keys)}"
        keys[key] = ("survival", name, EVERYBODY)
        times += [
            [key, str(one.days), str(int(one.status == "event"))]
            for one in timed_subjects(cut, endpoint.operational)
        ]
    for file, lines in (("shares.csv", shares), ("times.csv", times)):
        with (folder / file).open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows(lines)
    return keys


def _answers(printed: str, keys: dict[str, tuple[str, str, str]]) -> Numbers:
    found: Numbers = {}
    for key, name, text in csv.reader(io.StringIO(printed)):
        value = None if text in ("NA", "NaN") else float(text)
        if name == "median" and value is not None:
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
