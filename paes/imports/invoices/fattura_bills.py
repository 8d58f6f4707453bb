"""What the lines of an electronic invoice say of bills: whose, from when to when, how much.

::

    lines ─ supply point of each ─ those that tell what was used ─ days in common: one bill
              (fattura_points)            (fattura_lines)            └ and money of those days

The specification leaves it to suppliers where a POD stands and how a line is worded; the words are
data (``bill_words.yaml``). What cannot be told is refused with what was seen, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from paes.bills.bill import Bill, BilledUnit, BillKind, billed_span
from paes.errors import DataError
from paes.imports.invoices.bill_batch import BillGathering, gross_value, meter_of
from paes.imports.invoices.bill_words import BillWords, has_word, number_after
from paes.imports.invoices.fattura_lines import (
    Charge,
    Group,
    charges_of,
    groups_of,
    is_use,
    may_be_use,
    share_money,
)
from paes.imports.invoices.fattura_points import Point, points_of_lines
from paes.imports.invoices.fattura_xml import Invoice, Line
from paes.imports.tables.cells import parse_number
from paes.metering import Finding
from paes.meters import Meter

ROUNDED = 1.0
"""Bands are rounded to whole kWh each: their sum may miss a total by this much."""


def gather(place: str, invoice: Invoice, words: BillWords, bills: BillGathering) -> None:
    """Add the bills of one document; what is not understood is refused at its place."""
    where = f"{place} ({invoice.number})"
    kind = words.document_types.get(invoice.type)
    if kind is None:
        known = ", ".join(words.document_types)
        bills.refuse(where, f"type {invoice.type or 'missing'} is no bill; expected one of {known}")
        return
    points, homeless = points_of_lines(invoice, words, bills.context)
    if bills.context.meter and not points:
        points, homeless = {None: list(invoice.lines)}, []
    if not points:
        bills.refuse(
            where,
            "no POD and no PDR was found in its lines, references and causes; name the meter with "
            "--meter, or add how this supplier writes it to supply_points in bill_words.yaml",
        )
        return
    _tell_homeless(where, homeless, words, bills)
    made: list[Bill] = []
    for point, lines in points.items():
        try:
            meter = _meter(point, bills)
            made += _bills(invoice, kind, meter, lines, words, bills)
        except DataError as err:
            bills.refuse(where, str(err))
    alone = made[0] if len(made) == 1 and len(points) == 1 and not homeless else None
    for bill in made:
        whole = invoice.total_eur if bill is alone else None
        try:
            bills.add(where, _with_total(bill, whole))
        except DataError as err:
            bills.refuse(where, str(err))


def _meter(point: Point | None, bills: BillGathering) -> Meter:
    if point is None:
        return meter_of(bills.context, None, None)
    return meter_of(bills.context, point.pod, point.pdr)


def _bills(
    invoice: Invoice,
    kind: BillKind,
    meter: Meter,
    lines: Sequence[Line],
    words: BillWords,
    bills: BillGathering,
) -> list[Bill]:
    """The bills of one supply point; DataError if no line tells what was used, or when."""
    charges = charges_of(lines, words)
    if not charges:
        raise DataError(_nothing_used(meter, lines, words))
    uncounted = [line for line in lines if may_be_use(line, words)]
    bills.findings += [_not_counted(invoice, meter, line) for line in uncounted]
    groups = groups_of(charges)
    share_money(groups, lines)
    return [_bill(invoice, kind, meter, group, words, bills) for group in groups]


def _bill(
    invoice: Invoice,
    kind: BillKind,
    meter: Meter,
    group: Group,
    words: BillWords,
    bills: BillGathering,
) -> Bill:
    unit, used, deducted, bands = _quantities(invoice, meter, group, bills)
    if kind is not BillKind.CREDIT:
        kind = _kind(invoice, kind, group, words)
    if not used and deducted:
        kind, used, deducted = BillKind.CREDIT, deducted, 0.0
    elif kind is BillKind.CREDIT:
        used, deducted = abs(used - deducted), 0.0
    tz = bills.context.installation.time_zone(meter.id)
    span = billed_span(group.first, group.last, tz)
    figures = {name: _figure(name, group, words) for name in words.figures}
    linked = [r.document for r in invoice.references if r.kind == "DatiFattureCollegate"]
    net_eur = sum(line.net_eur for line in group.lines)
    vat_eur = sum(line.net_eur * line.vat_fraction for line in group.lines)
    return Bill(
        meter=meter.id,
        start=span.start,
        end=span.end,
        quantity=used,
        unit=unit,
        document=invoice.number,
        kind=kind,
        issued=invoice.issued,
        supplier=invoice.supplier,
        net_eur=round(net_eur, 2),
        vat_eur=round(vat_eur, 2),
        total_eur=round(net_eur + vat_eur, 2),
        bands_kwh=bands,
        deducted=deducted,
        register_from=figures.get("register_from"),
        register_to=figures.get("register_to"),
        pcs_mj_per_sm3=gross_value(figures.get("pcs"), meter, bills.context, group.first.year),
        coefficient_c=figures.get("coefficient_c"),
        cancels=linked[0] if kind is BillKind.CREDIT and len(set(linked)) == 1 else "",
    )


def _quantities(
    invoice: Invoice, meter: Meter, group: Group, bills: BillGathering
) -> tuple[BilledUnit, float, float, dict[str, float]]:
    """The unit, what was used, what is deducted of it (both positive), and what was used by band.

    The same quantity in the same band and days is one that is priced twice, by its parts.
    """
    units = {c.unit for c in group.charges}
    if len(units) > 1:
        told = ", ".join(sorted(units))
        raise DataError(f"quantities in {told} for the same days; enter the bill in a table")
    counted: dict[tuple[object, ...], Charge] = {}
    for charge in group.charges:
        key = (charge.band, charge.first, charge.last, charge.quantity)
        if key in counted:
            bills.findings.append(_repeated(invoice, meter, counted[key], charge))
        counted.setdefault(key, charge)
    positive = [c for c in counted.values() if c.quantity > 0]
    deducted = -sum(c.quantity for c in counted.values() if c.quantity < 0)
    bands = {
        band: sum(c.quantity for c in positive if c.band == band)
        for band in sorted({c.band for c in positive if c.band})
    }
    whole = sum(c.quantity for c in positive if c.band is None)
    in_bands = sum(bands.values())
    used = in_bands if not whole or abs(whole - in_bands) <= ROUNDED * len(bands) else whole
    return units.pop(), used, deducted, bands


def _kind(invoice: Invoice, kind: BillKind, group: Group, words: BillWords) -> BillKind:
    """On what the quantity rests: as its lines say, else the document's causes."""
    used = " ".join(c.line.words for c in group.charges if c.quantity > 0)
    for text in (used, " ".join(invoice.causes)):
        told = words.kind_in(text)
        if told in (BillKind.ADJUSTMENT, BillKind.ESTIMATED, BillKind.ACTUAL):
            return told
    return kind


def _figure(name: str, group: Group, words: BillWords) -> float | None:
    """A figure that notes or texts of the lines give; None if they give none, or several."""
    named = words.figures[name]  # type: ignore[index]
    found = set()
    for line in group.lines:
        for note in line.notes:
            if has_word(note.kind, named):
                value = note.number if note.number is not None else _read(note.text)
                found |= {value} if value is not None else set()
        told = number_after(line.text, named)
        found |= {value} if told and (value := _read(told)) is not None else set()
    return found.pop() if len(found) == 1 else None


def _read(text: str) -> float | None:
    plain = re.search(r"\d[\d.,]*", text)
    try:
        return parse_number(plain.group().rstrip(".,"), "") if plain else None
    except DataError:
        return None


def _with_total(bill: Bill, total_eur: float | None) -> Bill:
    """The document's own total, where it is all of this bill's."""
    return bill if total_eur is None else replace(bill, total_eur=abs(total_eur))


def _tell_homeless(
    where: str, lines: Sequence[Line], words: BillWords, bills: BillGathering
) -> None:
    """Lines of no supply point: what they tell of use is refused, their money is told."""
    for line in lines:
        if is_use(line, words):
            bills.refuse(
                f"{where}, line {line.number}",
                f"{line.quantity:.10g} {line.unit} ({line.text}) of which supply point? The line "
                "names none of several; enter the bill in a table",
            )
    net_eur = sum(line.net_eur for line in lines if not is_use(line, words))
    if net_eur:
        message = f"{where}: {net_eur:.2f} EUR (net) of its lines belong to no supply point"
        number = {"net_eur": round(net_eur, 2)}
        bills.findings.append(Finding("bill.money_without_point", where, message, None, number))


def _nothing_used(meter: Meter, lines: Sequence[Line], words: BillWords) -> str:
    seen = list(
        dict.fromkeys(
            f"{line.text!r} ({line.quantity:.10g} {line.unit})"
            for line in lines
            if may_be_use(line, words) or (line.quantity and words.unit_called(line.unit))
        )
    )
    told = f"; seen {', '.join(seen[:4])}" if seen else ""
    return (
        f"no line tells what {meter.id} used{told}; add how this supplier calls it to lines: "
        "energy in bill_words.yaml, or enter the bill in a table"
    )


def _not_counted(invoice: Invoice, meter: Meter, line: Line) -> Finding:
    return Finding(
        "bill.line_not_counted",
        meter.id,
        f"document {invoice.number}, line {line.number}: {line.text!r}, {line.quantity:.10g}"
        f" {line.unit or 'of no unit'}, was not counted: nothing tells whether it was used; if it"
        " was, add its words or its unit to bill_words.yaml, or enter the bill in a table",
        None,
        {"quantity": line.quantity or 0.0},
    )


def _repeated(invoice: Invoice, meter: Meter, first: Charge, again: Charge) -> Finding:
    return Finding(
        "bill.line_repeated",
        meter.id,
        f"document {invoice.number}: lines {first.line.number} and {again.line.number} have the "
        f"same {again.quantity:.10g} {again.unit} and days; they were counted once, as one "
        "quantity with two prices",
        None,
        {"quantity": again.quantity},
    )
