"""Bills that a town keeps in a table (CSV, XLSX, XLS, ODS): one row a document and supply point.

::

    POD;Dal;Al;kWh;F1;F2;F3;EUR;Documento;Data fattura;Fornitore;Stimato
    IT001E12345678;01/01/2024;31/01/2024;1.234,5;600;300;334,5;310,22;2024/17;12/02/2024;Luce SpA;no

Columns are told by their headers, Italian or English, in any order. Needed: a supply point (POD,
PDR or the id of a meter), the first and the last day (which is included), a quantity in one of
kWh, Smc, m3, l and kg, and the document's number. A quantity that is missing is the sum of the
bands. A credit note is marked in the column of the kind, and its quantity is what it takes back;
a bill that was entered by mistake is withdrawn by importing it once more with the kind ``void``.
"""

from __future__ import annotations

from dataclasses import replace

from paes.bills.bill import BANDS, Bill, BilledUnit, BillKind, billed_span
from paes.errors import DataError, PaesError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.declared.declared_batch import mapping_of
from paes.imports.invoices.bill_batch import BillGathering, gross_value, meter_of, units_with
from paes.imports.invoices.bill_columns import (
    Row,
    TableMapping,
    findings_of,
    missing_columns,
    tables_in,
)
from paes.imports.invoices.bill_words import BillWords, bill_words, plain_text
from paes.metering import Finding
from paes.meters import Meter
from paes.shipped_files import shipped_config

QUANTITIES = {
    "kwh": BilledUnit.KWH,
    "smc": BilledUnit.SMC,
    "m3": BilledUnit.M3,
    "l": BilledUnit.LITRE,
    "kg": BilledUnit.KG,
}
_PERIOD = ({"start"}, {"end"}, {*QUANTITIES, *BANDS}, {"document"})
_SUPPLY = {"pod", "pdr", "meter"}
_NEEDED = (
    ("a supply point (POD, PDR or meter)", _SUPPLY),
    ("the first day (from, dal)", {"start"}),
    ("the last day (to, al)", {"end"}),
    ("a quantity (kWh, Smc, m3, l, kg)", {*QUANTITIES, *BANDS}),
    ("the document's number", {"document"}),
)
_MONEY = ("net_eur", "vat_eur", "total_eur")
_FIGURES = ("register_from", "register_to", "pcs", "coefficient_c", "deducted")
_NUMBERS = {*QUANTITIES, *BANDS, *_MONEY, *_FIGURES}
CENT_EUR = 0.02
"""Net, VAT and total may differ by the rounding of each."""
ROUNDED_KWH = 1.5
"""Three bands that were rounded to whole kWh each."""


class BillsTable:
    """See ``paes.imports.batch.Importer``."""

    name = "bills-table"
    summary = "Bills in a table: POD or PDR, period, kWh or Smc, EUR (CSV, XLSX, XLS, ODS)."

    def recognises(self, file: SourceFile) -> bool:
        """True if a sheet has a header with supply point, period, quantity and document."""
        try:
            words = bill_words(shipped_config())
            return bool(tables_in(file, words, (_SUPPLY, *_PERIOD), _NUMBERS)[0])
        except PaesError:
            return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """The bills, with each row that was refused; DataError if no sheet has such a header."""
        words = bill_words(context.installation.root)
        required = _PERIOD if context.meter else (_SUPPLY, *_PERIOD)
        tables, without = tables_in(file, words, required, _NUMBERS)
        if not tables:
            needed = _NEEDED[1:] if context.meter else _NEEDED
            raise DataError(
                f"{file.name}: no header of a table of bills; missing: "
                f"{missing_columns(file, words, needed)}"
            )
        bills = BillGathering(context, findings=findings_of(file, tables, without))
        decimal = mapping_of(context, TableMapping).decimal
        for table in (replace(table, decimal=decimal) for table in tables):
            bills.refused += table.refusals()
            for row in table.rows():
                if row.is_total(words, ("start", "end", "document", *_SUPPLY)):
                    continue
                try:
                    bills.add(row.place, _bill(row, context, words, bills.findings))
                except DataError as err:
                    bills.refuse(row.place, str(err))
        return bills.batch()


def _bill(row: Row, context: Context, words: BillWords, findings: list[Finding]) -> Bill:
    meter = _meter(row, context)
    installation = context.installation
    first, last = row.required_day("start", "first day"), row.required_day("end", "last day")
    span = billed_span(first, last, installation.time_zone(meter.id))
    kind = _kind(row, words)
    unit, quantity = _quantity(row)
    if quantity < 0:
        if kind is not BillKind.CREDIT:
            raise DataError(
                f"{quantity:.10g} {unit} on a bill that is no credit note; mark it as one in the "
                "column of the kind (nota di credito), or give what was deducted in a column"
            )
        quantity = -quantity
    net_eur, vat_eur, total_eur = (row.number(name) for name in _MONEY)
    if total_eur is None and net_eur is not None and vat_eur is not None:
        total_eur = round(net_eur + vat_eur, 2)
    bill = Bill(
        meter=meter.id,
        start=span.start,
        end=span.end,
        quantity=quantity,
        unit=unit,
        document=row.text("document"),
        kind=kind,
        issued=row.day("issued"),
        supplier=row.text("supplier"),
        net_eur=net_eur,
        vat_eur=vat_eur,
        total_eur=total_eur,
        bands_kwh={band: value for band in BANDS if (value := row.number(band)) is not None},
        deducted=abs(row.number("deducted") or 0.0),
        register_from=row.number("register_from"),
        register_to=row.number("register_to"),
        pcs_mj_per_sm3=gross_value(row.number("pcs"), meter, context, first.year),
        coefficient_c=row.number("coefficient_c"),
        cancels=row.text("cancels"),
    )
    _look_at_money(bill, row.place, findings)
    _look_at_bands(bill, row.place, findings)
    return bill


def _meter(row: Row, context: Context) -> Meter:
    named = row.text("meter")
    if named:
        return context.installation.meter(named)
    return meter_of(context, row.text("pod"), row.text("pdr"))


def _quantity(row: Row) -> tuple[BilledUnit, float]:
    """The quantity as billed; without one the sum of the bands, if all three are there."""
    bands = [row.number(band) for band in BANDS]
    given = [(unit, row.number(name)) for name, unit in QUANTITIES.items()]
    known = [band for band in bands if band is not None]
    if all(value is None for _, value in given) and len(known) == len(BANDS):
        return BilledUnit.KWH, sum(known)
    return units_with(given)


def _kind(row: Row, words: BillWords) -> BillKind:
    """On what the quantity rests, as the columns for it say."""
    told, mark = row.text("kind"), plain_text(row.text("estimated"))
    kind = words.kind_in(told) if told else None
    if told and kind is None:
        raise DataError(
            f"{row.called('kind')}: expected one of {', '.join(BillKind)} or their Italian words "
            f"(effettiva, stimata, conguaglio, nota di credito, annullata), seen {told!r}"
        )
    if not mark or kind in (BillKind.CREDIT, BillKind.ADJUSTMENT):
        return kind or BillKind.INVOICE
    if mark in map(plain_text, words.is_estimated):
        return BillKind.ESTIMATED
    if mark in map(plain_text, words.is_read):
        return BillKind.ACTUAL
    raise DataError(f"{row.called('estimated')}: expected yes or no (sì, no), seen {mark!r}")


def _look_at_money(bill: Bill, place: str, findings: list[Finding]) -> None:
    """A finding if net, VAT and total do not add up."""
    if bill.net_eur is None or bill.vat_eur is None or bill.total_eur is None:
        return
    off_eur = bill.total_eur - bill.net_eur - bill.vat_eur
    if abs(off_eur) > CENT_EUR:
        findings.append(
            Finding(
                "bill.money_differs",
                bill.meter,
                f"{place}: document {bill.document}: net and VAT are "
                f"{bill.net_eur + bill.vat_eur:.2f} EUR, and the total is {bill.total_eur:.2f}",
                bill.start,
                {"difference_eur": round(off_eur, 2)},
            )
        )


def _look_at_bands(bill: Bill, place: str, findings: list[Finding]) -> None:
    """A finding if all three bands are there and do not add up to the quantity."""
    in_bands_kwh = sum(bill.bands_kwh.values())
    if len(bill.bands_kwh) < len(BANDS) or abs(in_bands_kwh - bill.quantity) <= ROUNDED_KWH:
        return
    findings.append(
        Finding(
            "bill.bands_differ",
            bill.meter,
            f"{place}: document {bill.document}: F1, F2 and F3 are {in_bands_kwh:.10g} kWh"
            f" together, and the quantity is {bill.quantity:.10g}",
            bill.start,
            {"difference_kwh": round(bill.quantity - in_bands_kwh, 3)},
        )
    )


IMPORTER = BillsTable()
