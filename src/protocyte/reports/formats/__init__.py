"""One document in four formats, all from the same cells, and the same bytes for the same document.

HTML needs nothing but the package itself. RTF, DOCX and PDF need the libraries of `protocyte[formats]`;
they are imported only when their format is asked for.
"""

from __future__ import annotations

import importlib
from typing import cast

from protocyte.base import InputError, Message
from protocyte.reports.document import Document
from protocyte.reports.formats.plain import plain

FORMATS = ("html", "rtf", "docx", "pdf")


def lay_out(document: Document, format: str) -> bytes:
    """The document as a file of `format`, one of `FORMATS`.

    `InputError` where the format is unknown, its library is not installed, or there is no font for the
    Chinese of a PDF or of a picture.
    """
    if format not in FORMATS:
        raise InputError(f"{format!r} is not a format; a document is laid out as {', '.join(FORMATS)}")
    try:
        module = importlib.import_module(f"{__name__}.{format}")
        return cast(bytes, module.lay_out(plain(document)))
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "protocyte":
            raise
        needed = Message.of("reports.no_library", format=format.upper(), library=missing.name or "")
        raise InputError(needed) from missing
