"""The studies that ship with Protocyte, and finding one by id or by file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from protocyte.base import InputError

# `protocyte/studies` is a link to the folder `studies` of the source tree; wheels hold the files themselves.
_FOLDER = "studies"


def shelf() -> list[tuple[str, Path]]:
    """The shipped studies, as (id, file), in the order of their ids. A file is named for its study."""
    folder = Path(str(resources.files("protocyte").joinpath(_FOLDER)))
    return sorted((path.stem, path) for path in folder.glob("*.yaml"))


def find_study(name_or_path: str) -> Path:
    """The file of a shipped study's id, or the file of that name. Raises `InputError` for neither.

    What ends like a study file is one, there or not: reading it says what is wrong with it.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return path
    shipped = dict(shelf())
    if name_or_path in shipped:
        return shipped[name_or_path]
    raise InputError(f"{name_or_path} is neither a file nor one of the shipped studies: {', '.join(shipped)}")
