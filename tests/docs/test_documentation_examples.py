"""Every fenced example of the README and the documentation is tried, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs_pages import PAGES, ROOT, Try, blocks, examples, matches


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_of_the_page_do_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    tried = Try(tmp_path)

    for block in blocks(page):
        tried.run(block)

    print(f"{page.relative_to(ROOT)}: {tried.ran} examples")


def test_the_trying_itself_can_fail() -> None:
    assert matches("a ... c", "a b c")
    assert matches("first\n...\nlast", "first\nx\ny\nlast  \n")
    assert not matches("a c", "a b c")
    assert not matches("a", "a\nb")


def test_a_console_block_is_commands_with_what_they_print(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ protocyte one \\\n    two\nout\n$ protocyte three\n```\n")

    (block,) = blocks(page)

    assert list(examples(block)) == [("protocyte one two", "out"), ("protocyte three", "")]
