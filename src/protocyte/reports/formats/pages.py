"""Where a new page begins: every output has its own, a part begins with its first output."""

from __future__ import annotations

from protocyte.reports.document import Document, Heading


def starts_page(document: Document, place: int) -> bool:
    """Whether the heading at this place among the blocks begins a page."""
    heading = document.blocks[place]
    if not isinstance(heading, Heading) or heading.level > 2:
        return False
    before = document.blocks[place - 1] if place else None
    return heading.level == 1 or not (isinstance(before, Heading) and before.level == 1)
