"""The site holds every page, and the README names only what is there."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML

from docs_pages import PAGES, ROOT

SITE = YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def pages(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in pages(part)]


def test_every_page_is_in_the_navigation_once() -> None:
    docs = ROOT / "docs"

    assert sorted(pages(SITE["nav"])) == sorted(str(path.relative_to(docs)) for path in docs.rglob("*.md"))


def test_the_site_loads_nothing_from_elsewhere() -> None:
    assert SITE["theme"]["font"] is False
    assert not re.search(r"https?://", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pictures = [
        link for page in PAGES for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text("utf-8"))
    ]
    assert [link for link in pictures if "://" in link] == []


def test_the_readme_names_targets_and_files_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README, flags=re.M))
    links = re.findall(r"\]\(([^):]+)\)", README)

    assert {"demo", "test"} <= targets <= set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    assert [link for link in links if not (ROOT / link).exists()] == []
