"""docs/reference/outputs.md lists the catalogue as it is, and the catalogue holds what the reference catalogue asks.

Where the page differs, `python tests/docs/test_outputs_page.py` writes its table anew.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parents[1]))

from protocyte.analysis.catalogue import CATALOGUE, INTERIM, entries
from protocyte.base import Message, render
from protocyte.base.message import catalogue
from reference_folder import reference_file

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "outputs.md"
SDTM_CODE = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "src/protocyte/exchange/sdtm").glob("*.py")
)
# The reference numbers its figures as tables are numbered and does not number its listings.
LISTINGS = {
    "demographics": "list_demography",
    "disposition": "list_disposition",
    "product release": "list_product",
    "LD/infusion": "list_exposure",
    "DLT": "list_dlt",
    "AE": "list_ae",
    "SAE/deaths narratives index": "list_serious",
    "CRS/ICANS episodes with daily grades and treatment": "list_crs_icans",
    "response by visit with marrow/blood/EMD/MRD components": "list_response",
    "kinetics concentrations with BLQ flags": "list_concentrations",
    "kinetics parameters with lambda_z points used": "list_kinetics_parameters",
    "ADA": "list_ada",
    "labs grade>=3": "list_labs",
    "conmed for CRS": "list_crs_medication",
    "protocol deviations": "list_deviations",
    "RCL/VCN/secondary malignancy": "list_late_effects",
}


def table() -> str:
    rows = ["| number | output | id | interim |", "|---|---|---|---|"]
    for entry in entries("full"):
        title = render(Message.of(f"analysis.output_{entry.id}"), "en")
        early = "yes" if entry.id in INTERIM else ""
        rows.append(f"| {entry.kind.capitalize()} {entry.number} | {title} | `{entry.id}` | {early} |")
    return "\n".join(rows)


def told(page: str) -> str:
    found = re.search(r"<!-- catalogue -->\n(.*?)\n?<!-- end -->", page, re.DOTALL)
    assert found is not None
    return found[1].strip()


def test_the_page_lists_the_catalogue_as_it_is() -> None:
    assert told(PAGE.read_text(encoding="utf-8")) == table()


def test_no_number_and_no_id_of_a_kind_is_given_twice() -> None:
    numbers = [(entry.kind, entry.number) for entry in CATALOGUE]
    ids = [entry.id for entry in CATALOGUE]

    assert len(set(numbers)) == len(numbers)
    assert len(set(ids)) == len(ids)
    assert set(ids) >= INTERIM


def test_the_page_lists_every_rule_about_data_sets() -> None:
    sentences = list(catalogue("exchange"))
    rules = {one.removeprefix("sdtm_") for one in sentences if one.startswith("sdtm_")}
    used = {name for name in rules if f'"{name}"' in SDTM_CODE}
    listed = set(re.findall(r"^\| `sdtm\.(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert len(listed) > 20
    assert listed <= used
    named = set(re.findall(r'(?:sdtm_problem|problem)\(\s*"(\w+)"', SDTM_CODE))
    assert named - {"more"} <= listed


@pytest.mark.reference
def test_every_table_figure_and_listing_of_the_reference_catalogue_is_there() -> None:
    asked = YAML(typ="safe").load(reference_file("tlf/cart_tlf_catalogue.yaml").read_text(encoding="utf-8"))
    have = {(entry.kind, entry.number) for entry in CATALOGUE}
    ids = {entry.id for entry in CATALOGUE}
    print(
        f"{len(asked['tables'])} tables, {len(asked['figures'])} figures, {len(asked['listings'])} listings"
    )

    assert [one["id"] for one in asked["tables"] if ("table", one["id"].removeprefix("T")) not in have] == []
    assert [
        one["id"] for one in asked["figures"] if ("figure", one["id"].removeprefix("F")) not in have
    ] == []
    assert [name for name in asked["listings"] if LISTINGS.get(name) not in ids] == []


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    old = re.search(r"<!-- catalogue -->\n.*?<!-- end -->", text, re.DOTALL)
    assert old is not None
    PAGE.write_text(text.replace(old[0], f"<!-- catalogue -->\n{table()}\n<!-- end -->"), encoding="utf-8")
