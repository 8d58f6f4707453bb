"""Electronic invoices: samples by the public specification, envelopes, and what can be wrong.

``luce.xml.p7m`` was signed with OpenSSL (`cms -sign -nodetach`), ``luce-ber.xml.p7m`` with its
streaming form, whose lengths are indefinite as in the files of many signing programs.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date

import pytest
from billed_town import SAMPLES, billed_town, context, sample, source

from paes.bills.bill import Bill, BilledUnit, BillKind, bills_of, first_day, last_day
from paes.errors import DataError
from paes.imports.batch import Batch
from paes.imports.formats import format_of
from paes.imports.importing import Importing, Wishes
from paes.imports.invoices.fattura_pa import IMPORTER
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
FOLDER = SAMPLES / "fattura_pa"
LUCE = (FOLDER / "luce.xml").read_text(encoding="utf-8")


@pytest.fixture
def town(small) -> Installation:
    return billed_town(small)


@pytest.fixture
def store(tmp_path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "town.sqlite")
    yield opened
    opened.close()


def read(town: Installation, text: str | bytes, meter: str | None = None) -> Batch:
    return IMPORTER.read(source("luce.xml", text), context(town, meter))


def bills(batch: Batch) -> list[Bill]:
    return bills_of(batch.events)


def spoilt(old: str, new: str, times: int | None = 1) -> str:
    """The sample with ``new`` for ``old``, which it holds so many times (None: any)."""
    assert LUCE.count(old) == times or (times is None and old in LUCE)
    return LUCE.replace(old, new)


def test_what_was_used_is_told_from_networks_losses_and_taxes(town):
    # 600 + 300 + 334.5 kWh in three bands; five other lines have kWh as the base of a charge
    batch = IMPORTER.read(sample("fattura_pa", "luce.xml"), context(town))
    assert (batch.refused, batch.findings) == ([], [])
    (bill,) = bills(batch)
    assert (bill.meter, bill.document, bill.issued) == ("molo.luci", "2024/17", date(2024, 2, 12))
    assert (bill.quantity, bill.unit, bill.kind) == (1234.5, BilledUnit.KWH, BillKind.ACTUAL)
    assert bill.bands_kwh == {"f1": 600.0, "f2": 300.0, "f3": 334.5}
    assert (first_day(bill, ROME), last_day(bill, ROME)) == (date(2024, 1, 1), date(2024, 1, 31))
    assert (bill.net_eur, bill.vat_eur, bill.total_eur) == (255.87, 56.29, 312.16)
    assert bill.supplier == "Luce SpA"


def test_a_gas_invoice_keeps_smc_and_shows_the_gross_value(town):
    (bill,) = bills(IMPORTER.read(sample("fattura_pa", "gas.xml"), context(town)))
    assert (bill.meter, bill.quantity, bill.unit) == ("scuola.gas", 2500.0, BilledUnit.SMC)
    assert (bill.pcs_mj_per_sm3, bill.coefficient_c) == (38.52, 1.02)
    assert (bill.register_from, bill.register_to) == (40120.0, 42570.98)
    assert (bill.kind, bill.total_eur) == (BillKind.ESTIMATED, 2213.69)


def test_an_adjustment_and_an_advance_in_one_document_are_two_bills(town):
    batch = IMPORTER.read(sample("fattura_pa", "conguaglio.xml"), context(town))
    settled, advance = bills(batch)
    assert (settled.kind, settled.quantity, settled.deducted) == (
        BillKind.ADJUSTMENT, 2100.0, 900.0,
    )  # fmt: skip
    assert last_day(settled, ROME) == date(2024, 2, 29)
    assert (advance.kind, advance.quantity, advance.deducted) == (BillKind.ESTIMATED, 700.0, 0.0)
    # 231 - 99; 77 + 12 of March + 0.01 without days: all lines are somebody's
    assert (settled.net_eur, advance.net_eur) == (132.0, 89.01)


def test_a_credit_note_names_what_it_takes_back(town):
    (bill,) = bills(IMPORTER.read(sample("fattura_pa", "nota-di-credito.xml"), context(town)))
    assert (bill.kind, bill.quantity, bill.cancels) == (BillKind.CREDIT, 1234.5, "2024/17")


def test_a_file_of_two_documents_and_two_supply_points(town):
    batch = IMPORTER.read(sample("fattura_pa", "due-documenti.xml"), context(town))
    found = {(b.meter, b.document): (b.quantity, b.net_eur) for b in bills(batch)}
    assert found == {
        ("scuola.main", "A/1"): (400.0, 40.0),
        ("molo.luci", "A/1"): (300.0, 30.0),
        ("scuola.main", "A/2"): (380.0, 41.8),  # 38 of energy, 3.80 for a green part of it
    }
    assert [f.message for f in batch.findings] == [
        "document 1 (A/1): 2.00 EUR (net) of its lines belong to no supply point",
        (
            "document A/2: lines 1 and 2 have the same 380 kWh and days; they were counted once, "
            "as one "
            "quantity with two prices"
        ),
    ]


@pytest.mark.parametrize("name", ["luce.xml.p7m", "luce-ber.xml.p7m"])
def test_a_signed_envelope_is_opened_and_its_signature_not_verified(town, name):
    batch = IMPORTER.read(sample("fattura_pa", name), context(town))
    plain = IMPORTER.read(sample("fattura_pa", "luce.xml"), context(town))
    assert batch.events == plain.events
    assert [f.message for f in batch.findings] == [
        "the invoice is signed; the signature was not verified"
    ]


def test_an_envelope_may_come_as_text(town):
    der = (FOLDER / "luce.xml.p7m").read_bytes()
    text = base64.encodebytes(der)
    pem = b"-----BEGIN PKCS7-----\n" + text + b"-----END PKCS7-----\n"
    for form in (text, pem):
        assert IMPORTER.recognises(source("luce.xml.p7m", form))
        assert len(read(town, form).events) == 1


def test_every_sample_is_recognised_as_an_invoice_and_as_nothing_else():
    names = sorted(p.name for p in FOLDER.iterdir())
    assert len(names) >= 7
    for name in names:
        assert format_of(sample("fattura_pa", name)) is IMPORTER
    for data in (b"", b"<html/>", b"POD;kWh\n", b"0\x82\x01", b"MII", b"-----BEGIN X-----"):
        assert not IMPORTER.recognises(source("x", data))


def test_importing_twice_changes_nothing(town, store):
    importing = Importing(town, town.city(), store, Wishes("test"))
    for name in ("luce.xml", "conguaglio.xml", "nota-di-credito.xml", "gas.xml"):
        importing.take(FOLDER / name)
    events = store.events()
    assert len([e for e in events if e.name.startswith("bill.")]) == 5
    points = ("molo.luci/energy_import_amounts", "scuola.gas/volume_amounts")
    before = [store.read(point).values.tolist() for point in points]
    assert before[0] == [2100.0, 0.0, 0.0, 0.0]  # March is an estimate, and no reading
    for name in ("luce.xml", "conguaglio.xml", "nota-di-credito.xml", "gas.xml"):
        importing.take(FOLDER / name)
    assert store.events() == events
    assert [store.read(point).values.tolist() for point in points] == before


# -- where a supply point may stand -----------------------------------------------------------

NOTE = (
    "<AltriDatiGestionali><TipoDato>Pod/Pdr</TipoDato>"
    "<RiferimentoTesto>IT001E87654321</RiferimentoTesto></AltriDatiGestionali>"
)
GENERAL = "    </DatiGenerali>"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (GENERAL, "<DatiContratto><IdDocumento>it001e87654321</IdDocumento></DatiContratto>"),
        (GENERAL, ("<DatiOrdineAcquisto><RiferimentoNumeroLinea>1</RiferimentoNumeroLinea>"
                  "<IdDocumento>7</IdDocumento><CodiceCommessaConvenzione>POD IT001E87654321"
                  "</CodiceCommessaConvenzione></DatiOrdineAcquisto>")),
        ("      </DatiGeneraliDocumento>", "<Causale>Fornitura POD: IT001E87654321</Causale>"),
    ],
)  # fmt: skip
def test_a_supply_point_may_stand_in_references_and_causes(town, place, text):
    bare = spoilt(NOTE, "", None)
    assert bare.count(place) == 1
    (bill,) = bills(read(town, bare.replace(place, text + place)))
    assert (bill.meter, bill.quantity) == ("molo.luci", 1234.5)


def test_the_meter_that_is_named_stands_for_a_supply_point_that_is_missing(town):
    assert len(bills(read(town, spoilt(NOTE, "", None), "molo.luci"))) == 1


def test_days_may_stand_in_the_text_of_a_line(town):
    text = spoilt("<DataInizioPeriodo>2024-01-01</DataInizioPeriodo>", "", None)
    text = text.replace("<DataFinePeriodo>2024-01-31</DataFinePeriodo>", "")
    text = text.replace("fascia F1 -", "fascia F1 dal 01/01/2024 al 31/01/2024 -")
    (bill,) = bills(read(town, text))
    assert (first_day(bill, ROME), last_day(bill, ROME)) == (date(2024, 1, 1), date(2024, 1, 31))


def test_a_supplier_of_other_words_is_taught_by_the_installation(town, small):
    text = LUCE
    for band in ("F1", "F2", "F3"):
        told = f"Spesa energia attiva - fascia {band} - consumi effettivi"
        text = text.replace(told, f"Voltaggio {band[1]}a parte")
    assert bills(read(town, text)) == []
    (small.root / "bill_words.yaml").write_text(
        "schema: bill-words/1\nlines:\n  energy: [voltaggio]\n", encoding="utf-8"
    )
    (bill,) = bills(read(town, text))
    assert (bill.quantity, bill.bands_kwh) == (1234.5, {})


# -- what can be wrong ------------------------------------------------------------------------

DOCUMENT = "document 1 (2024/17)"
WRONG_LINES = [
    ("IT001E87654321", "IT001E87654312", None,
     (DOCUMENT, ("POD IT001E87654312 is of no meter; nearest is IT001E87654321 of molo.luci: a "
                "typing error?"))),
    ("IT001E87654321", "IT001E876543", None,
     (DOCUMENT, ("POD 'IT001E876543' is not well-formed; expected IT, 3 digits, E and 8 "
                 "characters, "
                "such as IT001E12345678"))),
    (NOTE, "", None,
     (DOCUMENT, ("no POD and no PDR was found in its lines, references and causes; name the meter "
                "with --meter, or add how this supplier writes it to supply_points in "
                "bill_words.yaml"))),
    ("<TipoDocumento>TD01", "<TipoDocumento>TD17", 1,
     (DOCUMENT, "type TD17 is no bill; expected one of TD01, TD04, TD05, TD24, TD25, TD26")),
    ("kWh</UnitaMisura>", "pezzi</UnitaMisura>", None,
     (DOCUMENT, ("no line tells what molo.luci used; seen "
                 "'Spesa energia attiva - fascia F1 - consumi effettivi' (600 pezzi), "
                 "'Spesa energia attiva - fascia F2 - consumi effettivi' (300 pezzi), "
                 "'Spesa energia attiva - fascia F3 - consumi effettivi' (334.5 pezzi); "
                 "add how this supplier calls it to lines: energy in bill_words.yaml, "
                 "or enter the bill in a table"))),
    ("Spesa energia attiva - fascia ", "Importo ", None,
     (DOCUMENT, None)),
    ("kWh</UnitaMisura>", "SMC</UnitaMisura>", None,
     (DOCUMENT, ("bill 2024/17 of molo.luci is in Smc, and the meter is accounted in kWh; enter it "
                "in kWh"))),
    ("2024-01-31</DataFine", "2023-01-31</DataFine", None,
     (DOCUMENT, "line 1: the period ends on 2023-01-31, before its first day, 2024-01-01")),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "times", "expected"), WRONG_LINES)
def test_an_invoice_that_cannot_be_understood_says_what_was_seen(town, old, new, times, expected):
    batch = read(town, spoilt(old, new, times))
    place, message = expected
    if message is None:  # F1 to F3 alone still tell what was used
        assert bills(batch)[0].quantity == 1234.5
        return
    assert bills(batch) == []
    assert [(r.place, r.message) for r in batch.refused] == [(place, message)]


def test_lines_without_days_are_refused(town):
    text = spoilt("<DataInizioPeriodo>2024-01-01</DataInizioPeriodo>", "", None)
    assert [r.message for r in read(town, text).refused] == [
        (
            "line 1 (Spesa energia attiva - fascia F1 - consumi effettivi): no period "
            "(DataInizioPeriodo, DataFinePeriodo); enter the bill in a table"
        )
    ]


def test_lines_of_which_of_two_supply_points_are_refused_each(town):
    two = (FOLDER / "due-documenti.xml").read_text(encoding="utf-8")
    line = "<Descrizione>Imposta di bollo</Descrizione>"
    assert two.count(line) == 1
    two = two.replace(
        line,
        "<Descrizione>Energia varia</Descrizione><Quantita>5.00</Quantita>"
        "<UnitaMisura>kWh</UnitaMisura><DataInizioPeriodo>2024-01-01</DataInizioPeriodo>"
        "<DataFinePeriodo>2024-01-31</DataFinePeriodo>",
    )
    assert [(r.place, r.message) for r in read(town, two).refused] == [
        (
            "document 1 (A/1), line 3",
            (
                "5 kWh (Energia varia) of which supply point? The line names none of several; "
                "enter the "
                "bill in a table"
            ),
        )
    ]


ENTITIES = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]>'
WRONG_FILES = [
    (LUCE[:2000], "luce.xml: not sound XML: "),
    (LUCE.replace("?>", f"?>{ENTITIES}", 1),
     "luce.xml: holds a DOCTYPE, which no invoice has; it was not read further"),
    ("<fattura/>", "luce.xml: not an invoice but <fattura>; expected <FatturaElettronica>"),
    ("<FatturaElettronicaSemplificata/>",
     "luce.xml: a simplified invoice, which has no quantities; enter it in a table"),
    ("<FatturaElettronica/>",
     "luce.xml: an invoice without a document (FatturaElettronicaBody)"),
    (LUCE.replace("<Numero>2024/17</Numero>", ""),
     "luce.xml, document 1: it has no number (DatiGeneraliDocumento/Numero)"),
    (LUCE.replace("<Data>2024-02-12</Data>", "<Data>12/02/2024</Data>"),
     "luce.xml, document 1 (2024/17): Data: expected a day such as 2024-12-31, seen '12/02/2024'"),
    (LUCE.replace("<Quantita>300.00", "<Quantita>300,00"),
     ("luce.xml, document 1 (2024/17), line 2: Quantita: expected a number such as 1234.56, seen "
     "'300,00'")),
    (LUCE.replace("DatiBeniServizi", "DatiAltri"),
     "luce.xml, document 1 (2024/17): <DatiBeniServizi> is missing; this is no whole invoice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG_FILES)
def test_a_file_that_is_no_whole_invoice_says_so(town, text, message):
    with pytest.raises(DataError) as wrong:
        read(town, text)
    said = str(wrong.value)
    assert said == message or (message.endswith("XML: ") and said.startswith(message))


def test_a_damaged_envelope_says_so(town):
    der = (FOLDER / "luce.xml.p7m").read_bytes()
    for data in (der[:300], b"\x30\x03\x02\x01\x05", b"MII!!!!"):
        with pytest.raises(DataError) as wrong:
            read(town, data)
        assert str(wrong.value) == (
            "luce.xml: a signed envelope that is damaged; get the file anew"
        )


def test_a_signature_without_its_invoice_says_so(town):
    from asn1crypto import cms

    detached = cms.ContentInfo.load((FOLDER / "luce.xml.p7m").read_bytes())
    detached["content"]["encap_content_info"] = {"content_type": "data"}
    with pytest.raises(DataError) as wrong:
        read(town, detached.dump(force=True))
    assert str(wrong.value) == (
        "luce.xml: a signature without the invoice; import the .xml that it signs"
    )


def test_a_band_in_other_words_or_in_an_unknown_unit_is_told(town):
    """934.5 of 1234.5 kWh would be accounted, and nobody would know of the second band."""
    luce = sample("fattura_pa", "luce.xml").data.decode()
    line = "Spesa energia attiva - fascia F2 - consumi effettivi"
    assert line in luce
    batch = read(town, luce.replace(line, "Corrispettivo serale"))
    assert [f.name for f in batch.findings] == ["bill.line_not_counted"]
    assert "'Corrispettivo serale', 300 kWh, was not counted" in batch.findings[0].message
    head, _, rest = luce.partition(line)
    batch = read(town, head + line + rest.replace("kWh", "quanti", 1))
    assert "300 quanti, was not counted" in batch.findings[0].message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<AliquotaIVA>22.00", "<AliquotaIVA>-5.00", "AliquotaIVA: expected 0 to 100, seen -5"),
        (
            "<AliquotaIVA>22.00",
            "<AliquotaIVA>1e308",
            "AliquotaIVA: expected a number such as 1234.56, seen '1e308'",
        ),
    ],
)
def test_numbers_are_those_of_the_schema(town, old, new, told):
    """Amount8DecimalType, QuantitaType and RateType of the agency's schema 1.2."""
    with pytest.raises(DataError, match=told):
        read(town, spoilt(old, new, 9))


def test_a_coefficient_that_lost_its_point_is_refused(town):
    gas = sample("fattura_pa", "gas.xml").data.decode()
    assert "1.020000" in gas
    (refusal,) = read(town, gas.replace("1.020000", "10200.00")).refused
    assert refusal.message == ("bill G-5: coefficient C 10200; expected 0.5 to 20 (Smc = mc x C)")
