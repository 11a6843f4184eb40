"""The tables made from SDTM hold what the ADaM data sets of the same study hold, counted here from their rows.

The ADaM files were derived by admiral's templates from the same SDTM files (CDISC pilot study), without any
code of ours. Nothing below reads a flag our tables made: each number is counted anew from ADSL, ADAE, ADEX,
ADVS and ADLB.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from statistics import fmean, median, stdev

import pytest

from protocyte.analysis.tables import Cell, Estimate, Number, ResultTable, Share
from protocyte.app.sdtm_report import sdtm_outputs
from protocyte.base import Message, render
from reference_folder import reference_file

pytestmark = pytest.mark.reference

Line = dict[str, str]
TOTAL = "Total"
RELATED = ("POSSIBLE", "PROBABLE")


@cache
def adam(name: str) -> tuple[Line, ...]:
    path = reference_file(f"adam/{name}")
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="")
        if name.endswith("gz")
        else path.open(encoding="utf-8", newline="") as file
    ):
        return tuple(csv.DictReader(file))


@cache
def made() -> dict[str, ResultTable]:
    outputs = sdtm_outputs(reference_file("sdtm/dm.csv").parent)
    assert outputs.problems == ()
    return {table.id: table for table in outputs.tables}


def told(cell: Cell) -> str:
    return render(cell) if isinstance(cell, Message) else "" if cell is None else str(cell)


def arm_of(head: Cell) -> str:
    """`Placebo` of `Placebo (N = 86)`."""
    return told(head).partition(" (N = ")[0]


def grid(id: str) -> dict[tuple[str, str, str], Cell]:
    """Cells of a table by block, row and arm."""
    table = made()[id]
    return {
        (told(row.group), told(row.cells[0]), arm_of(column.head)): cell
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells[1:], strict=True)
    }


def pairs(id: str) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """Subjects, of how many, and events by block, row and arm."""
    table = made()[id]
    found = {}
    for row in table.rows:
        for at in range(1, len(row.cells), 2):
            share, events = row.cells[at], row.cells[at + 1]
            if isinstance(share, Share) and isinstance(events, int):
                key = told(row.group), told(row.cells[0]), arm_of(table.columns[at].group)
                found[key] = (share.count, share.of, events)
    return found


def by_arm(lines: Iterable[Line], arm: str) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line[arm]].append(line)
        groups[TOTAL].append(line)
    return groups


def assigned() -> dict[str, list[Line]]:
    return by_arm([one for one in adam("adsl.csv") if one["TRT01P"] != "Screen Failure"], "TRT01P")


def treated() -> dict[str, list[Line]]:
    return by_arm([one for one in adam("adsl.csv") if one["SAFFL"] == "Y"], "TRT01A")


def emergent() -> dict[str, list[Line]]:
    events = by_arm([one for one in adam("adae.csv.gz") if one["TRTEMFL"] == "Y"], "TRT01A")
    return {arm: events.get(arm, []) for arm in treated()}


def people(lines: Iterable[Line]) -> int:
    return len({line["USUBJID"] for line in lines})


def hinges(values: list[float]) -> tuple[float, float]:
    """First and third quartile: position 1 + (n - 1) p, between neighbours in proportion."""
    ordered = sorted(values)

    def at(p: float) -> float:
        whole, rest = divmod((len(ordered) - 1) * p, 1)
        low = ordered[int(whole)]
        return low + rest * (ordered[min(int(whole) + 1, len(ordered) - 1)] - low)

    return at(0.25), at(0.75)


def assert_measured(table: str, block: str, groups: dict[str, list[float]], of: dict[str, int]) -> int:
    """All statistics of a block against the values themselves."""
    cells = grid(table)
    compared = 0
    for arm, values in groups.items():
        want = [fmean(values), stdev(values), median(values), *hinges(values), min(values), max(values)]
        mean, sd, middle, least, most = (
            cells[block, name, arm] for name in ("Mean", "SD", "Median (Q1–Q3)", "Minimum", "Maximum")
        )
        assert isinstance(mean, Number)
        assert isinstance(sd, Number)
        assert isinstance(middle, Estimate)
        assert isinstance(least, Number)
        assert isinstance(most, Number)
        got = [mean.value, sd.value, middle.value, middle.lower, middle.upper, least.value, most.value]
        assert got == pytest.approx(want, rel=1e-12, abs=1e-9), (block, arm)
        assert cells[block, "n", arm] == len(values)
        missing = cells.get((block, "Not recorded", arm))
        assert of[arm] - len(values) == (missing.count if isinstance(missing, Share) else 0)
        compared += len(got) + 2
    return compared


# --- subjects -----------------------------------------------------------------------------------------------


def test_disposition_equals_adsl() -> None:
    cells, groups = grid("sdtm_disposition"), assigned()
    everybody = adam("adsl.csv")
    failed = [one for one in everybody if one["TRT01P"] == "Screen Failure"]

    assert cells["", "Screened", TOTAL] == len(everybody)
    assert cells["", "Screen failures", TOTAL] == Share(len(failed), len(everybody))
    tests: dict[str, Callable[[Line], bool]] = {
        "Assigned to an arm": lambda one: one["RANDDT"] != "",
        "Treated": lambda one: one["SAFFL"] == "Y",
        "Completed the study": lambda one: one["EOSSTT"] == "COMPLETED",
        "Discontinued": lambda one: one["EOSSTT"] == "DISCONTINUED",
        "Died": lambda one: one["DTHFL"] == "Y",
    }
    compared = 2
    for name, test in tests.items():
        for arm, members in groups.items():
            assert cells["", name, arm] == Share(sum(map(test, members)), len(members)), (name, arm)
            compared += 1
    print(f"disposition: {compared} counts of {len(everybody)} subjects equal ADSL")


def test_reasons_for_discontinuing_are_those_recorded_and_add_up_to_adsl() -> None:
    """This ADSL holds no reason (DCSREAS): the reasons are counted from DS, their subjects and sums held to ADSL."""
    cells, groups = grid("sdtm_disposition"), assigned()
    path = reference_file("sdtm/ds.csv")
    with path.open(encoding="utf-8", newline="") as file:
        reasons = {
            one["USUBJID"]: one["DSDECOD"]
            for one in csv.DictReader(file)
            if one["DSCAT"] == "DISPOSITION EVENT"
        }
    compared = 0
    for arm, members in groups.items():
        left = [one for one in members if one["EOSSTT"] == "DISCONTINUED"]
        counts = Counter(reasons[one["USUBJID"]] for one in left)
        block = {row: cell for (group, row, column), cell in cells.items() if group and column == arm}
        assert {
            row: cell.count for row, cell in block.items() if isinstance(cell, Share) and cell.count
        } == counts
        assert all(isinstance(cell, Share) and cell.of == len(members) for cell in block.values())
        assert counts.total() == len(left)
        compared += len(block)
    print(f"reasons: {compared} counts equal DS among those ADSL calls discontinued")


def test_deaths_by_arm_equal_the_causes_of_adsl() -> None:
    cells = pairs("sdtm_ae_overview")
    for arm, members in treated().items():
        fatal = [one for one in members if one["DTHDOM"] == "AE"]
        assert cells["", "Leading to death", arm][0] == len(fatal)
    print(f"deaths: {sum(one['DTHFL'] == 'Y' for one in adam('adsl.csv'))} of ADSL")


def test_the_safety_population_of_each_arm_is_that_of_adsl() -> None:
    for id in ("sdtm_exposure", "sdtm_ae_by_severity"):
        heads = [told(column.head) for column in made()[id].columns[1:]]
        assert set(heads) == {f"{arm} (N = {len(members)})" for arm, members in treated().items()}
    print(f"safety population: {len(treated()[TOTAL])} subjects of {len(treated()) - 1} arms")


def test_age_statistics_equal_those_of_adsl() -> None:
    groups = assigned()
    ages = {arm: [float(one["AGE"]) for one in members] for arm, members in groups.items()}
    of = {arm: len(members) for arm, members in groups.items()}
    compared = assert_measured("sdtm_demography", "Age (years)", ages, of)
    print(f"age: {compared} statistics of {len(ages)} columns equal ADSL")


def test_categories_of_demography_equal_those_of_adsl() -> None:
    cells, compared = grid("sdtm_demography"), 0
    blocks = {
        "Age group (years)": "AGEGR1", "Sex": "SEX", "Race": "RACE", "Ethnicity": "ETHNIC", "Country": "COUNTRY",
    }  # fmt: skip
    for block, variable in blocks.items():
        for arm, members in assigned().items():
            counts = Counter(one[variable] or "Not recorded" for one in members)
            got = {row: cell for (name, row, column), cell in cells.items() if (name, column) == (block, arm)}
            assert {
                row: cell.count for row, cell in got.items() if isinstance(cell, Share) and cell.count
            } == counts
            compared += len(got)
    print(f"demography: {compared} counts of {len(blocks)} variables equal ADSL")


def test_baseline_weight_height_and_body_mass_index_equal_advs() -> None:
    groups, compared = assigned(), 0
    blocks = {
        "Weight at baseline (kg)": "WEIGHT",
        "Height at baseline (cm)": "HEIGHT",
        "Body mass index at baseline (kg/m²)": "BMI",
    }
    of = {arm: len(members) for arm, members in groups.items()}
    for block, code in blocks.items():
        base = [one for one in adam("advs.csv.gz") if one["PARAMCD"] == code and one["ABLFL"] == "Y"]
        values = {arm: [float(one["AVAL"]) for one in lines] for arm, lines in by_arm(base, "TRT01P").items()}
        compared += assert_measured("sdtm_demography", block, values, of)
    print(f"vital signs: {compared} statistics equal ADVS")


# --- exposure -----------------------------------------------------------------------------------------------


def test_durations_of_treatment_equal_adsl() -> None:
    groups = treated()
    days = {arm: [float(one["TRTDURD"]) for one in lines if one["TRTDURD"]] for arm, lines in groups.items()}
    of = {arm: len(lines) for arm, lines in groups.items()}
    compared = assert_measured("sdtm_exposure", "Duration of treatment (days)", days, of)
    print(f"duration: {compared} statistics, {len(days[TOTAL])} subjects of ADSL")


def test_exposure_totals_equal_adex_where_the_template_left_the_doses_alone(tmp_path: Path) -> None:
    """admiral's template for ADEX invents dose adjustments to show their derivation: it writes EXADJ and other
    doses into a few records that SDTM has as planned. Their subjects are left out here, and counted."""
    rows = adam("adex.csv.gz")
    invented = {one["USUBJID"] for one in rows if one["EXADJ"]}
    kept = {one["USUBJID"] for one in rows} - invented
    for domain in ("dm", "ds", "ex"):
        _subset(reference_file(f"sdtm/{domain}.csv"), tmp_path / f"{domain}.csv", kept)
    exposure = {table.id: table for table in sdtm_outputs(tmp_path).tables}["sdtm_exposure"]
    cells = {
        (told(row.group), told(row.cells[0]), arm_of(column.head)): cell
        for row in exposure.rows
        for column, cell in zip(exposure.columns[1:], row.cells[1:], strict=True)
    }
    blocks = {
        "Duration of treatment (days)": ("TDURD",),
        "Cumulative dose (mg)": ("TDOSE",),
        "Average daily dose (mg/day)": ("AVDDSE",),
    }
    compared = 0
    for block, (code,) in blocks.items():
        overall = [one for one in rows if one["PARAMCD"] == code and one["USUBJID"] in kept]
        assert people(overall) == len(overall) == len(kept)
        for arm, lines in by_arm(overall, "TRT01A").items():
            values = [float(one["AVAL"]) for one in lines]
            mean, least, most = (cells[block, name, arm] for name in ("Mean", "Minimum", "Maximum"))
            assert isinstance(mean, Number)
            assert isinstance(least, Number)
            assert isinstance(most, Number)
            assert cells[block, "n", arm] == len(values)
            assert mean.value * len(values) == pytest.approx(sum(values), rel=1e-12)
            assert [least.value, most.value] == pytest.approx([min(values), max(values)])
            compared += 4
    given = Counter(one["USUBJID"] for one in rows if one["PARAMCD"] == "DOSE" and one["USUBJID"] in kept)
    records = cells["Dosing records per subject", "Mean", TOTAL]
    assert isinstance(records, Number)
    assert records.value * len(kept) == pytest.approx(given.total())
    print(
        f"exposure: {compared + 1} statistics of {len(kept)} subjects equal ADEX; "
        f"{len(invented)} subjects with doses the template invented left out"
    )


def _subset(source: Path, target: Path, subjects: set[str]) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(line for line in lines if line["USUBJID"] in subjects)


# --- events -------------------------------------------------------------------------------------------------


def test_every_event_is_emergent_exactly_where_adae_says_so() -> None:
    from protocyte.exchange.sdtm.read import read_folder
    from protocyte.exchange.sdtm.subjects import subjects_of

    subjects, _ = subjects_of(read_folder(reference_file("sdtm/dm.csv").parent)[0])
    ours = {(one.id, event.sequence): one.emergent(event) for one in subjects for event in one.events}
    theirs = {(one["USUBJID"], one["AESEQ"]): one["TRTEMFL"] == "Y" for one in adam("adae.csv.gz")}

    assert ours == theirs
    print(f"events: {len(theirs)} judged as ADAE judges them, {sum(theirs.values())} emergent")


def test_events_by_body_system_and_term_equal_adae() -> None:
    cells, groups, safe = pairs("sdtm_ae_by_term"), emergent(), treated()
    wanted = {}
    keys = {(one["AEBODSYS"], one["AEDECOD"]) for one in groups[TOTAL]}
    for arm, events in groups.items():
        of = len(safe[arm])
        wanted["", "Any event", arm] = (people(events), of, len(events))
        for body in {body for body, _ in keys}:
            found = [one for one in events if one["AEBODSYS"] == body]
            wanted["", body, arm] = (people(found), of, len(found))
        for body, term in keys:
            found = [one for one in events if (one["AEBODSYS"], one["AEDECOD"]) == (body, term)]
            wanted[body, term, arm] = (people(found), of, len(found))

    assert cells == wanted
    print(f"by term: {len(keys)} terms, {2 * len(wanted)} counts of subjects and events equal ADAE")


def test_terms_stand_in_decreasing_frequency() -> None:
    rows = made()["sdtm_ae_by_term"].rows
    at = -2  # subjects in total
    classes = [
        row.cells[at].count for row in rows[1:] if row.group is None and isinstance(row.cells[at], Share)
    ]
    assert classes == sorted(classes, reverse=True)
    for body in {row.group for row in rows if row.group is not None}:
        terms = [
            row.cells[at].count for row in rows if row.group == body and isinstance(row.cells[at], Share)
        ]
        assert terms == sorted(terms, reverse=True)


def test_the_overview_of_events_equals_adae() -> None:
    cells, compared = pairs("sdtm_ae_overview"), 0
    tests: dict[str, Callable[[Line], bool]] = {
        "Any event": lambda one: True,
        "Serious": lambda one: one["AESER"] == "Y",
        "Related to treatment": lambda one: one["AREL"] in RELATED,
        "Severe or worse": lambda one: one["ASEV"] == "SEVERE",
        "Leading to death": lambda one: one["AESDTH"] == "Y",
        "Relation not recorded or not understood": lambda one: one["AREL"] == "",
    }
    for arm, events in emergent().items():
        for name, test in tests.items():
            found = [one for one in events if test(one)]
            assert cells["", name, arm] == (people(found), len(treated()[arm]), len(found)), (name, arm)
            compared += 2
    assert not any(one["AEACN"] for one in adam("adae.csv.gz"))
    withdrawn = [row for row in made()["sdtm_ae_overview"].rows if "withdrawal" in told(row.cells[0])]
    assert {told(cell) for row in withdrawn for cell in row.cells[1:]} == {"Not recorded"}
    print(f"overview: {compared} counts equal ADAE")


def test_events_by_maximum_severity_equal_adae() -> None:
    cells, compared = grid("sdtm_ae_by_severity"), 0
    bodies = {one["AEBODSYS"] for one in emergent()[TOTAL]}
    for arm, events in emergent().items():
        for block in ("Any event", *bodies):
            worst: dict[str, int] = {}
            for one in events:
                if block in ("Any event", one["AEBODSYS"]):
                    worst[one["USUBJID"]] = max(worst.get(one["USUBJID"], 0), int(one["ASEVN"]))
            for rank, name in enumerate(("Mild", "Moderate", "Severe"), start=1):
                count = list(worst.values()).count(rank)
                assert cells[block, name, arm] == Share(count, len(treated()[arm])), (block, name, arm)
                compared += 1
    first = Counter(one["ASEV"] for one in emergent()[TOTAL] if one["AOCCIFL"] == "Y")
    total = {name.upper(): cells["Any event", name, TOTAL] for name in ("Mild", "Moderate", "Severe")}
    assert {name: cell.count for name, cell in total.items() if isinstance(cell, Share)} == first
    assert compared == len(cells)
    print(f"severity: {compared} counts equal ADAE, the totals also its AOCCIFL")


# --- laboratory ---------------------------------------------------------------------------------------------


def test_laboratory_shifts_equal_adlb() -> None:
    """ADLB's own rows only (DTYPE empty): its maxima, minima and calculated counts are derived a second time."""
    measured = [one for one in adam("adlb.csv.gz") if not one["DTYPE"]]
    after = [one for one in measured if one["ONTRTFL"] == "Y" and one["ANRIND"]]
    base: dict[tuple[str, str], str] = {}
    for one in measured:
        base[one["USUBJID"], one["LBTESTCD"]] = one["BNRIND"]
    reached: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in after:
        reached[one["TRT01A"], one["USUBJID"], one["LBTESTCD"]].add(one["ANRIND"])
    wanted: Counter[tuple[str, str, str, str]] = Counter()
    for (arm, subject, test), found in reached.items():
        worst = "Low and high" if {"LOW", "HIGH"} <= found else _worst(found)
        for column in (arm, TOTAL):
            wanted[test, column, base[subject, test].capitalize() or "No classified baseline", worst] += 1

    table = made()["sdtm_lab_shifts"]
    got: Counter[tuple[str, str, str, str]] = Counter()
    sums: Counter[tuple[str, str]] = Counter()
    for row in table.rows:
        test, arm, before, n = (
            told(row.group).partition(":")[0],
            arm_of(row.cells[0]),
            told(row.cells[1]),
            row.cells[2],
        )
        shares = [cell for cell in row.cells[3:] if isinstance(cell, Share)]
        for column, share in zip(table.columns[3:], shares, strict=False):
            if share.count:
                got[test, arm, before, told(column.head)] = share.count
        assert isinstance(n, int)
        sums[test, arm] += n
        assert not shares or n == sum(share.count for share in shares)

    assert got == wanted
    present = by_arm({one["USUBJID"]: one for one in measured}.values(), "TRT01A")
    assert all(sums[test, arm] == len(present[arm]) for test, arm in sums), "everybody stands in one row"
    tests = {test for test, *_ in wanted}
    print(f"laboratory: {len(wanted)} shifts of {len(tests)} tests, {len(after)} results equal ADLB")


def _worst(found: set[str]) -> str:
    return next(name.capitalize() for name in ("LOW", "HIGH", "NORMAL") if name in found)


def test_what_the_laboratory_table_leaves_out_is_said() -> None:
    measured = [one for one in adam("adlb.csv.gz") if not one["DTYPE"]]
    ranged = {one["LBTESTCD"] for one in measured if one["ANRIND"]}
    others = sorted({one["LBTESTCD"] for one in measured} - ranged)
    differing = [
        one for one in measured if one["ANRIND"] and one["LBNRIND"] and one["ANRIND"] != one["LBNRIND"]
    ]
    notes = " ".join(render(note) for note in made()["sdtm_lab_shifts"].notes)

    assert f"not in this table: {', '.join(others)}." in notes
    assert f"For {len(differing)} results" in notes
    print(f"laboratory: {len(others)} tests without limits, {len(differing)} indicators differ, all said")
