"""From outputs to a document: every cell is worded here, once, for all formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from markupsafe import Markup

from protocyte.analysis.catalogue import OutputSet, by_part
from protocyte.analysis.output import Output
from protocyte.analysis.synopsis import Statement
from protocyte.analysis.tables import Footing, ResultTable
from protocyte.base import Language
from protocyte.reports.document import Block, Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.figures.catalogue import panels
from protocyte.reports.words import Reader
from protocyte.study.model import Study

_WITHOUT_PARTS = ("safety-review", "sdtm")
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def assemble(
    of: OutputSet,
    study: Study | None,
    language: Language,
    progress: Callable[[str], None] = lambda name: None,
) -> Document:
    """The set as a document in one language. `progress` hears of each output before it is laid out.

    `study` gives the title and the words of figures; tables of another system's data come without one.
    """
    reader = Reader(language)
    blocks: list[Block] = [*_front(of, reader), *_synopsis(of.synopsis, reader)]
    for part, outputs in by_part(of.outputs):
        if of.name not in _WITHOUT_PARTS:
            blocks.append(
                Heading(reader.say(f"part_{part.replace('.', '_')}", number=part), 1, f"part-{part}")
            )
        for output in outputs:
            progress(output.id)
            blocks += _output(output, of, study, reader)
    footing = of.footing
    return Document(
        title=study.title.in_(language) if study else of.footing.trial,
        subtitle=reader.say(f"set_{of.name.replace('-', '_')}", cohort=of.cohort or "–"),
        footer=_told("document_footer", footing, reader, short=True),
        language=language,
        blocks=tuple(blocks),
    )  # fmt: skip


def _front(of: OutputSet, reader: Reader) -> Iterator[Block]:
    yield Paragraph(_told("document_standing", of.footing, reader))
    for notice in of.notices:
        yield Paragraph(reader.text(notice), "strong")
    yield Paragraph(reader.say("claims"), "note")


def _told(name: str, footing: Footing, reader: Reader, short: bool = False) -> str:
    """A sentence on what a document stands on; data sets have no ledger, so theirs are others."""
    head = footing.head[:16] if short else footing.head
    return reader.say(
        name if footing.study else f"sdtm_{name}", trial=footing.trial, as_of=footing.as_of, seq=footing.seq,
        head=head, study=footing.study, version=footing.version, digest=footing.digest,
    )  # fmt: skip


def _synopsis(statements: tuple[Statement, ...], reader: Reader) -> Iterator[Block]:
    """What the protocol says, each statement with where it comes from."""
    if not statements:
        return
    yield Heading(reader.say("section_synopsis"), 1, "synopsis")
    rows = tuple(
        (reader.text(one.label), "\n".join(reader.text(line) for line in one.lines), _source(one, reader))
        for one in statements
    )
    heads = (reader.say("statement"), reader.say("protocol_says"), reader.say("source"))
    yield Grid("synopsis", heads, ("text", "text", "text"), rows)


def _source(statement: Statement, reader: Reader) -> str:
    marks = [statement.source, *statement.exceptions]
    told = (f"{reader.say(f'mark_{one.mark}')} {one.why}".strip() for one in marks if one.mark != "unstated")
    return "\n".join(dict.fromkeys(told))


def _output(output: Output, of: OutputSet, study: Study | None, reader: Reader) -> Iterator[Block]:
    named = (
        output.number
        if of.name in _WITHOUT_PARTS
        else reader.say(f"kind_{output.kind}", number=output.number)
    )
    yield Heading(f"{named}  {reader.text(output.title)}", 2, f"{output.kind}-{output.number}")
    if output.is_empty and not output.tables:
        yield Paragraph(reader.say("nothing_to_show"))
    for table in output.tables:
        yield from _table(table, reader)
    if output.drawing is not None and study is not None:
        for number, panel in enumerate(panels(output.id, output.drawing, study, reader), start=1):
            yield picture(f"{output.id}-{number}", panel.svg, panel.caption or reader.text(output.title))
    yield Paragraph(_told("output_footing", of.footing, reader, short=True), "note")


def _table(table: ResultTable, reader: Reader) -> Iterator[Block]:
    yield Heading(reader.text(table.title), 3, f"table-{table.id}")
    yield Paragraph(reader.text(table.population))
    if table.rows:
        yield grid(table, reader)
    elif table.empty is not None:
        yield Paragraph(reader.text(table.empty))
    for note in table.notes:
        yield Paragraph(reader.text(note), "note")


def grid(table: ResultTable, reader: Reader) -> Grid:
    """A table's cells as text; neighbouring rows or columns of one group share its heading."""
    spans: tuple[tuple[str, int], ...] = ()
    if any(column.group is not None for column in table.columns):
        runs = groupby(table.columns, key=lambda column: column.group)
        spans = tuple((reader.text(group), len(list(columns))) for group, columns in runs)
    groups, last = [], None
    for place, row in enumerate(table.rows):
        if row.group != last and row.group is not None:
            groups.append((place, reader.text(row.group)))
        last = row.group
    return Grid(
        table.id,
        tuple(reader.text(column.head) for column in table.columns),
        tuple(column.kind for column in table.columns),
        tuple(tuple(reader.text(cell) for cell in row.cells) for row in table.rows),
        spans,
        tuple(groups),
        tuple(place for place, row in enumerate(table.rows) if row.strong),
    )


def picture(id: str, svg: Markup, label: str) -> Picture:
    """`ValueError` for a drawing that does not say its size: all of ours do."""
    size = _SIZE.search(svg)
    if size is None:
        raise ValueError("a drawing without a viewBox")
    return Picture(id, svg, float(size[1]), float(size[2]), label)
