"""`protocyte vocab`: install the official wording of a published scale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from protocyte.app.unusable import unusable
from protocyte.app.wording import told
from protocyte.cli import options, output

app = typer.Typer(help="Vocabularies.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Vocabularies."""


@app.command()
@options.safely
def install(
    scale: Annotated[str, typer.Argument(help="ctcae-4.03, ctcae-5.0 or ctcae-6.0.")],
    file: Annotated[Path, typer.Argument(help="NCI's published table as CSV.")],
    folder: Annotated[Path, typer.Option(help="Where installed wording is kept.")] = Path.home()
    / ".protocyte",
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Read the official wording of a scale; it never changes a grade."""
    from protocyte.vocab.ctcae import VERSIONS, install_official

    words = options.language(language)
    if scale.removeprefix("ctcae-") not in VERSIONS:
        raise unusable("no_scale", name=scale, known=[f"ctcae-{version}" for version in VERSIONS])
    installed = install_official(scale.removeprefix("ctcae-"), file, folder)
    if json:
        output.print_json(installed._asdict() | {"scale": scale, "path": str(installed.path)})
    else:
        output.say(told("installed", words, scale=scale, terms=installed.terms, path=installed.path))
