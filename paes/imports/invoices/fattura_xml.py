"""An Italian electronic invoice (FatturaPA, 1.0 to 1.2.x) as documents and lines; no meaning yet.

Element names are those of the public specification (Agenzia delle Entrate, "Specifiche tecniche
fatturazione elettronica", tracciato FatturaPA): a file has one header and one or more bodies, a
body is one document. Numbers have a decimal point, days are ISO.

A file with a DOCTYPE is refused before anything of it is read: no invoice has one, and entities
are how an XML file makes a reader fill its memory or open other files.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from xml.parsers import expat

from paes.errors import DataError

LARGEST = 50_000_000
"""The exchange system takes files of 5 MB; attachments and envelopes make them larger."""


_NUMBER = re.compile(r"[-+]?[0-9]{1,12}(\.[0-9]{1,8})?")
"""Amounts and quantities as in the schema (Amount8DecimalType, QuantitaType, RateType of version
1.2), with one decimal or none allowed as well, which suppliers write."""


@dataclass(frozen=True)
class Note:
    """``AltriDatiGestionali`` or ``CodiceArticolo``: a kind, and a text or a number."""

    kind: str
    text: str
    number: float | None = None


@dataclass(frozen=True)
class Line:
    """One ``DettaglioLinee``; both days are included."""

    number: int
    text: str
    quantity: float | None
    unit: str
    first: date | None
    last: date | None
    net_eur: float
    vat_fraction: float
    notes: tuple[Note, ...]

    @property
    def words(self) -> str:
        """All that it says in words."""
        return " ".join([self.text, *(f"{n.kind} {n.text}" for n in self.notes)])


@dataclass(frozen=True)
class Reference:
    """Another document (contract, order, invoice) that lines, or all of them (none named), cite."""

    kind: str
    document: str
    codes: tuple[str, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Invoice:
    """One ``FatturaElettronicaBody`` with who sent it."""

    type: str
    number: str
    issued: date
    supplier: str
    causes: tuple[str, ...]
    total_eur: float | None
    references: tuple[Reference, ...]
    lines: tuple[Line, ...]


def read_invoices(name: str, data: bytes) -> list[Invoice]:
    """Every document of the file ``name``; DataError if it is no such invoice."""
    root = _parsed(name, data)
    kind = _local(root.tag)
    if kind == "FatturaElettronicaSemplificata":
        raise DataError(
            f"{name}: a simplified invoice, which has no quantities; enter it in a table"
        )
    if kind != "FatturaElettronica":
        raise DataError(f"{name}: not an invoice but <{kind}>; expected <FatturaElettronica>")
    header = _child(root, "FatturaElettronicaHeader")
    supplier = _supplier(header) if header is not None else ""
    bodies = list(_children(root, "FatturaElettronicaBody"))
    if not bodies:
        raise DataError(f"{name}: an invoice without a document (FatturaElettronicaBody)")
    return [_invoice(f"{name}, document {i}", b, supplier) for i, b in enumerate(bodies, start=1)]


def _parsed(name: str, data: bytes) -> ET.Element:
    if len(data) > LARGEST:
        raise DataError(f"{name}: {len(data) / 1e6:.0f} MB is too large for an invoice")
    try:
        _refuse_entities(name, data)
        return ET.fromstring(data)
    except expat.ExpatError as err:
        raise DataError(f"{name}: not sound XML: {err}; get the file anew") from err
    except (ET.ParseError, LookupError, ValueError) as err:
        raise DataError(f"{name}: not XML that can be read: {err}; get the file anew") from err


def _refuse_entities(name: str, data: bytes) -> None:
    def refuse(*_: object) -> None:
        raise DataError(f"{name}: holds a DOCTYPE, which no invoice has; it was not read further")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.Parse(data, True)


def _invoice(where: str, body: ET.Element, supplier: str) -> Invoice:
    general = _required(where, body, "DatiGenerali")
    document = _required(where, general, "DatiGeneraliDocumento")
    number = _text(document, "Numero")
    if not number:
        raise DataError(f"{where}: it has no number (DatiGeneraliDocumento/Numero)")
    where = f"{where} ({number})"
    issued = _day(where, document, "Data")
    if issued is None:
        raise DataError(f"{where}: it has no date (DatiGeneraliDocumento/Data)")
    return Invoice(
        type=_text(document, "TipoDocumento"),
        number=number,
        issued=issued,
        supplier=supplier,
        causes=tuple(_said(cause) for cause in _children(document, "Causale")),
        total_eur=_number(where, document, "ImportoTotaleDocumento"),
        references=tuple(_references(general)),
        lines=tuple(_lines(where, body)),
    )


def _lines(where: str, body: ET.Element) -> Iterator[Line]:
    goods = _required(where, body, "DatiBeniServizi")
    for place, element in enumerate(_children(goods, "DettaglioLinee"), start=1):
        number = _number(where, element, "NumeroLinea")
        line = int(number) if number is not None else place
        at = f"{where}, line {line}"
        net_eur = _number(at, element, "PrezzoTotale")
        yield Line(
            number=line,
            text=_text(element, "Descrizione"),
            quantity=_number(at, element, "Quantita"),
            unit=_text(element, "UnitaMisura"),
            first=_day(at, element, "DataInizioPeriodo"),
            last=_day(at, element, "DataFinePeriodo"),
            net_eur=net_eur or 0.0,
            vat_fraction=_vat_fraction(at, element),
            notes=tuple(_notes(at, element)),
        )


def _notes(where: str, line: ET.Element) -> Iterator[Note]:
    for code in _children(line, "CodiceArticolo"):
        yield Note(_text(code, "CodiceTipo"), _text(code, "CodiceValore"))
    for other in _children(line, "AltriDatiGestionali"):
        number = _number(where, other, "RiferimentoNumero")
        yield Note(_text(other, "TipoDato"), _text(other, "RiferimentoTesto"), number)


def _references(general: ET.Element) -> Iterator[Reference]:
    kinds = ("DatiOrdineAcquisto", "DatiContratto", "DatiConvenzione", "DatiRicezione")
    for kind in (*kinds, "DatiFattureCollegate"):
        for element in _children(general, kind):
            numbers = [_said(n) for n in _children(element, "RiferimentoNumeroLinea")]
            codes = (_text(element, n) for n in ("CodiceCommessaConvenzione", "NumItem"))
            yield Reference(
                kind=kind,
                document=_text(element, "IdDocumento"),
                codes=tuple(code for code in codes if code),
                lines=tuple(int(n) for n in numbers if n.isdecimal()),
            )


def _supplier(header: ET.Element) -> str:
    person = header
    for name in ("CedentePrestatore", "DatiAnagrafici", "Anagrafica"):
        found = _child(person, name)
        if found is None:
            return ""
        person = found
    named = [_text(person, "Nome"), _text(person, "Cognome")]
    return _text(person, "Denominazione") or " ".join(filter(None, named))


def _number(where: str, parent: ET.Element, name: str) -> float | None:
    text = _text(parent, name)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise DataError(f"{where}: {name}: expected a number such as 1234.56, seen {text[:60]!r}")
    return float(text)


def _vat_fraction(where: str, line: ET.Element) -> float:
    percent = _number(where, line, "AliquotaIVA") or 0.0
    if not 0 <= percent <= 100:
        raise DataError(f"{where}: AliquotaIVA: expected 0 to 100, seen {percent:g}")
    return percent / 100.0


def _day(where: str, parent: ET.Element, name: str) -> date | None:
    text = _text(parent, name)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as err:
        raise DataError(
            f"{where}: {name}: expected a day such as 2024-12-31, seen {text[:60]!r}"
        ) from err


def _required(where: str, parent: ET.Element, name: str) -> ET.Element:
    found = _child(parent, name)
    if found is None:
        raise DataError(f"{where}: <{name}> is missing; this is no whole invoice")
    return found


def _child(parent: ET.Element, name: str) -> ET.Element | None:
    return next(_children(parent, name), None)


def _children(parent: ET.Element, name: str) -> Iterator[ET.Element]:
    return (child for child in parent if _local(child.tag) == name)


def _text(parent: ET.Element, name: str) -> str:
    found = _child(parent, name)
    return _said(found) if found is not None else ""


def _said(element: ET.Element) -> str:
    return " ".join((element.text or "").split())


def _local(tag: object) -> str:
    """The name without its namespace; comments have none."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
