"""The reader: cells and messages as text in one language, the same in every format."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from markupsafe import Markup, escape

from protocyte.analysis.tables import Cell, Chance, Estimate, Number, Phrase, Rate, Rung, Share, Spread
from protocyte.base import Language, Message, Quantity, render
from protocyte.study.parts import Words

NOT_ESTIMABLE = "NE"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Reader:
    """Says things in `language`. Codes, terms and what people wrote into the ledger are left as they are."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def say(self, name: str, **params: object) -> str:
        """A sentence of this room's catalogue."""
        return render(Message.of(f"reports.{name}", **params), self.language)

    def text(self, cell: Cell) -> str:
        """A cell as plain text: what it says, and in brackets what stands beside it."""
        said, aside = self.parts(cell)
        return f"{said} ({aside})" if aside else said

    def html(self, cell: Cell) -> Markup:
        """The same text, what stands beside it set smaller. Everything is escaped."""
        said, aside = self.parts(cell)
        if not aside:
            return escape(said)
        return Markup("{} <small>({})</small>").format(said, aside)

    def parts(self, cell: Cell) -> tuple[str, str]:
        """What a cell says, and what belongs in brackets behind it."""
        match cell:
            case None:
                return "", ""
            case Words():
                return cell.in_(self.language), ""
            case Message():
                return render(cell, self.language), ""
            case Phrase(message, words):
                own = {name: one.in_(self.language) for name, one in words}
                return render(Message.of(message.key, **message.params, **own), self.language), ""
            case Quantity():
                return f"{_exact(cell)}" + ("" if cell.unit == "1" else f" {cell.unit}"), ""
            case Rung(label, dose):
                return f"{label}: {self.text(dose)}", ""
            case Share(count, of):
                return str(count), f"{percent(count, of)} %" if of and count else ""
            case Rate(count, of, lower, upper):
                if not of or lower is None or upper is None:
                    return f"{count}/{of}", ""
                return f"{count}/{of} = {percent(count, of)} %", f"{fixed(100 * lower)}–{fixed(100 * upper)}"
            case Estimate():
                return self._estimate(cell)
            case Spread():
                return _spread(cell)
            case Chance(value):
                return f"{fixed(100 * value, 1)} %", ""
            case Number(value, digits):
                return fixed(value, digits), ""
            case date():
                return cell.isoformat(), ""
            case _:
                return str(cell), ""

    def short(self, cell: Cell) -> tuple[str, str]:
        """As `parts`, where there is room for one number: a rate without its count."""
        if isinstance(cell, Rate) and cell.of:
            said, aside = self.parts(cell)
            return said.partition(" = ")[2], aside
        return self.parts(cell)

    @staticmethod
    def _estimate(cell: Estimate) -> tuple[str, str]:
        def said(value: float | None) -> str:
            if value is None:
                return NOT_ESTIMABLE
            return fixed(100 * value if cell.percent else value, cell.digits)

        if cell.value is None and cell.lower is None and cell.upper is None:
            return NOT_ESTIMABLE, ""
        unit = " %" if cell.percent and cell.value is not None else ""
        return said(cell.value) + unit, f"{said(cell.lower)}–{said(cell.upper)}"


def _spread(cell: Spread) -> tuple[str, str]:
    if cell.middle is None or cell.least is None or cell.most is None:
        return "–", ""
    if cell.cv_percent is None and cell.digits == 0 and cell.most < 10_000:
        middle = fixed(cell.middle, 1).removesuffix(".0")
        return middle, f"{fixed(cell.least)}–{fixed(cell.most)}"
    about = f"{significant(cell.least)}–{significant(cell.most)}"
    cv = f"CV {fixed(cell.cv_percent)} %; " if cell.cv_percent is not None else ""
    return significant(cell.middle), f"{cv}{about}"


def fixed(value: float | Decimal, digits: int = 0) -> str:
    """Rounded half up, as a person does and as SAS does; Python's own formatting makes 12.5 a 12."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def percent(count: int, of: int) -> str:
    """Whole per cent; with a decimal where some would else read as nobody, or nearly all as everybody."""
    share = 100 * Decimal(count) / Decimal(of)
    whole = fixed(share)
    if whole in ("0", "100") and 0 < count < of:
        return {"0.0": "< 0.1", "100.0": "> 99.9"}.get(fine := fixed(share, 1), fine)
    return whole


def significant(value: float, digits: int = 2) -> str:
    """Two digits that count; large and small numbers as a power of ten."""
    if value == 0:
        return "0"
    power = int(f"{value:.{digits - 1}e}".partition("e")[2])  # of the rounded value: 9.99 is 10, not 10.0
    if -3 <= power < 4:
        return f"{value:.{max(digits - 1 - power, 0)}f}"
    return f"{value / 10**power:.{digits - 1}f} × {power_of_ten(power)}"


def power_of_ten(power: int) -> str:
    """`10⁵`; 1 and 10 as they are."""
    if power in (0, 1):
        return str(10**power)
    return "10" + str(power).translate(_RAISED)


def _exact(quantity: Quantity) -> str:
    """`1 × 10⁶` for 1e6, no digit lost; numbers below 100,000 as they are."""
    value = quantity.value.normalize()
    if abs(value) < 100_000:
        return str(quantity).partition(" ")[0]
    power = value.adjusted()
    return f"{value.scaleb(-power):f} × {power_of_ten(power)}"
