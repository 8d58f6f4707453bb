"""Bills in tables: both languages, workbooks, and a message for each thing that can be wrong.

The samples hold what is asserted here; broken files are the sample with one thing spoilt.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import openpyxl
import pytest
from billed_town import SAMPLES, billed_town, context, sample, source

from paes.bills.bill import Bill, BilledUnit, BillKind, bills_of
from paes.errors import DataError
from paes.imports.batch import Batch
from paes.imports.formats import format_of
from paes.imports.importing import Importing, Wishes
from paes.imports.invoices.bills_table import IMPORTER
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

HEAD = "POD;Dal;Al;kWh;Documento\n"
ROW = "IT001E87654321;01/01/2024;31/01/2024;1.234,5;17\n"


@pytest.fixture
def town(small) -> Installation:
    return billed_town(small)


@pytest.fixture
def store(tmp_path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "town.sqlite")
    yield opened
    opened.close()


def read(town: Installation, text: str | bytes, meter: str | None = None) -> Batch:
    return IMPORTER.read(source("bollette.csv", text), context(town, meter))


def refused(town: Installation, text: str, meter: str | None = None) -> list[tuple[str, str]]:
    return [(r.place, r.message) for r in read(town, text, meter).refused]


def bills(batch: Batch) -> list[Bill]:
    return bills_of(batch.events)


def test_the_italian_sample_is_read_with_decimals_days_bands_and_money(town):
    batch = IMPORTER.read(sample("bills_table", "bollette.csv"), context(town))
    assert (batch.refused, batch.findings) == ([], [])
    january, february, gas = bills(batch)
    assert january == Bill(
        meter="molo.luci",
        start=datetime(2023, 12, 31, 23, tzinfo=UTC),
        end=datetime(2024, 1, 31, 23, tzinfo=UTC),
        quantity=1234.5,
        unit=BilledUnit.KWH,
        document="2024/17",
        kind=BillKind.ACTUAL,
        issued=date(2024, 2, 12),
        supplier="Luce SpA",
        net_eur=254.28,
        vat_eur=55.94,
        total_eur=310.22,
        bands_kwh={"f1": 600.0, "f2": 300.0, "f3": 334.5},
    )
    assert (february.document, february.kind) == ("2024/31", BillKind.ESTIMATED)
    assert (gas.meter, gas.quantity, gas.unit) == ("scuola.gas", 2500.0, BilledUnit.SMC)
    assert gas.pcs_mj_per_sm3 == 38.52  # 0.03852 GJ/Smc


def test_the_english_sample_names_meters_and_marks_its_credit_note(town):
    batch = IMPORTER.read(sample("bills_table", "bills.csv"), context(town))
    by_document = {bill.document: bill for bill in bills(batch)}
    assert by_document["M/1"].coefficient_c == 1.0213
    assert by_document["M/2"].kind is BillKind.CREDIT
    assert (by_document["W-1"].meter, by_document["W-1"].kind) == (
        "scuola.acqua", BillKind.ESTIMATED,
    )  # fmt: skip
    assert [f.message for f in batch.findings] == [
        "columns with other headers were passed over: 'cost centre'"
    ]


def test_a_workbook_says_the_same_as_its_csv(town):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Bollette"
    sheet.append(["POD", "Dal", "Al", "kWh", "Documento", "Data fattura"])
    days = [date(2024, 1, 1), date(2024, 1, 31)]
    sheet.append(["IT001E87654321", *days, 1234.5, 17, date(2024, 2, 12)])
    book.create_sheet("Note").append(["niente di utile"])
    out = io.BytesIO()
    book.save(out)
    batch = IMPORTER.read(source("bollette.xlsx", out.getvalue()), context(town))
    (bill,) = bills(batch)
    assert (bill.document, bill.quantity, bill.issued) == ("17", 1234.5, date(2024, 2, 12))
    assert [f.message for f in batch.findings] == [
        "sheet 'Note' has no header that is known; it was passed over"
    ]


def test_samples_are_recognised_as_bills_and_as_nothing_else():
    names = sorted(p.name for p in (SAMPLES / "bills_table").iterdir())
    assert len(names) >= 2
    for name in names:
        assert format_of(sample("bills_table", name)) is IMPORTER
    assert not IMPORTER.recognises(source("x.pdf", b"%PDF-1.7"))
    assert not IMPORTER.recognises(source("x.csv", "Giorno;00:00-00:15\n01/01/2024;0,1\n"))


def test_importing_twice_changes_nothing(town, store):
    importing = Importing(town, town.city(), store, Wishes("test"))
    path = SAMPLES / "bills_table" / "bollette.csv"
    importing.take(path)
    events, series = store.events(), store.read("molo.luci/energy_import_amounts")
    assert len(store.events(name="bill.")) == 3
    importing.take(path)
    assert store.events() == events
    assert (store.read("molo.luci/energy_import_amounts").values == series.values).all()


def test_a_bill_that_claims_days_of_a_known_one_is_refused_with_both(town, store, tmp_path):
    importing = Importing(town, town.city(), store, Wishes("test"))
    importing.take(SAMPLES / "bills_table" / "bollette.csv")
    late = tmp_path / "late.csv"
    late.write_text(HEAD + "IT001E87654321;15/01/2024;15/02/2024;1000;99\n")
    report = importing.take(late)
    assert [r.message.partition(" of molo.luci ")[0] for r in report.refused] == [
        "bill 99 (2024-01-15 to 2024-02-15) and actual bill 2024/17 (2024-01-01 to 2024-01-31)"
    ]
    assert len(store.events(name="bill.")) == 3


def test_the_meter_that_is_named_stands_for_a_supply_point_that_is_missing(town):
    text = "Dal;Al;mc;Documento\n01/01/2024;31/03/2024;85;9\n"
    (bill,) = bills(read(town, text, "scuola.acqua"))
    assert (bill.meter, bill.quantity) == ("scuola.acqua", 85.0)


def test_zeros_that_a_spreadsheet_dropped_from_a_pdr_are_put_back(town):
    text = "PDR;Dal;Al;Smc;Documento\n881234567891;01/01/2024;31/01/2024;1200;9\n"
    (bill,) = bills(read(town, text))
    assert (bill.meter, bill.quantity) == ("scuola.gas", 1200.0)


def test_the_sum_of_the_bands_stands_for_a_quantity_that_is_missing(town):
    text = "POD;Dal;Al;F1;F2;F3;Documento\nIT001E87654321;01/01/2024;31/01/2024;600;300;334,5;9\n"
    (bill,) = bills(read(town, text))
    assert bill.quantity == 1234.5


def test_words_of_the_installation_add_to_the_shipped_ones(town, small):
    (small.root / "bill_words.yaml").write_text(
        "schema: bill-words/1\ncolumns:\n  document: [protocollo]\n", encoding="utf-8"
    )
    (bill,) = bills(read(town, (HEAD + ROW).replace("Documento", "Protocollo")))
    assert bill.document == "17"


def test_a_bill_entered_by_mistake_is_withdrawn_by_importing_it_as_void(town, store, tmp_path):
    importing = Importing(town, town.city(), store, Wishes("test"))
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(HEAD + ROW, encoding="utf-8")
    importing.take(wrong)
    assert store.read("molo.luci/energy_import_amounts").values.tolist() == [1234.5, 0.0]
    void = (HEAD + ROW).replace("Documento\n", "Documento;Tipo\n").replace("17\n", "17;annullata\n")
    wrong.write_text(void, encoding="utf-8")
    importing.take(wrong)
    assert store.read("molo.luci/energy_import_amounts").values.tolist() == [0.0, 0.0]
    assert [e.facts["kind"] for e in store.events(name="bill.")] == ["void"]


# -- what can be wrong ------------------------------------------------------------------------

SPOILT = [
    (
        "IT001E87654321",
        "IT001E87654312",
        (
            "POD IT001E87654312 is of no meter; nearest is IT001E87654321 of molo.luci: a typing "
            "error?"
        ),
    ),
    (
        "IT001E87654321",
        "IT001E8765432",
        (
            "POD 'IT001E8765432' is not well-formed; expected IT, 3 digits, E and 8 characters, "
            "such as "
            "IT001E12345678"
        ),
    ),
    (
        "IT001E87654321",
        "00881234567819",
        (
            "PDR 00881234567819 is of no meter; nearest is 00881234567891 of scuola.gas: a typing "
            "error?"
        ),
    ),
    (
        "01/01/2024",
        "32/01/2024",
        "column 'Dal': expected a day such as 31/12/2024, seen '32/01/2024'",
    ),
    ("01/01/2024", "", "no first day; expected a day such as 31/12/2024"),
    ("31/01/2024", "31/12/2023", "the period ends on 2023-12-31, before its first day, 2024-01-01"),
    ("1.234,5", "molti", "column 'kWh': expected a number with a decimal comma, seen 'molti'"),
    ("1.234,5", "", "no quantity; expected one of kWh, Smc, m3, l, kg"),
    (
        "1.234,5",
        "-1.234,5",
        (
            "-1234.5 kWh on a bill that is no credit note; mark it as one in the column of the "
            "kind (nota "
            "di credito), or give what was deducted in a column"
        ),
    ),
    (";17", ";", "a bill without a document number cannot be told from others"),
]


@pytest.mark.parametrize(("old", "new", "message"), SPOILT)
def test_a_row_that_is_wrong_says_where_and_what_to_do(town, old, new, message):
    assert ROW.count(old) == 1
    other = ROW.replace("17", "18").replace("/01/2024", "/03/2024").replace("1.234,5", "7,5")
    text = HEAD + ROW.replace(old, new) + other
    assert refused(town, text) == [("line 2", message)]
    assert [b.document for b in bills(read(town, text))] == ["18"]


MORE = [
    (
        "POD;Dal;Al;kWh;Smc;Documento\nIT001E87654321;01/01/2024;31/01/2024;1;2;17\n",
        "several quantities (1 kWh and 2 Smc); expected one: leave the others empty",
    ),
    (
        "POD;Dal;Al;Smc;Documento\nIT001E87654321;01/01/2024;31/01/2024;1200;17\n",
        "bill 17 of molo.luci is in Smc, and the meter is accounted in kWh; enter it in kWh",
    ),
    (
        "PDR;Dal;Al;kWh;Documento\n00881234567891;01/01/2024;31/01/2024;27000;17\n",
        (
            "bill 17 of scuola.gas is in kWh, and the meter is accounted in m3; enter it in Smc "
            "or m3; "
            "kWh of gas are of the gross calorific value, 11 % above the net one"
        ),
    ),
    (
        "PDR;Dal;Al;Smc;Documento;PCS\n00881234567891;01/01/2024;31/01/2024;2500;17;35,2\n",
        (
            "gross calorific value (PCS) of 35.2 MJ/Sm3 looks like a net one (PCI); usual is "
            "9.79 kWh/Sm3 "
            "(35.24 MJ) net, usual is 10.82 kWh/Sm3 (38.94 MJ) gross: give it as net"
        ),
    ),
    (
        "POD;Dal;Al;kWh;Documento;PCS\nIT001E87654321;01/01/2024;31/01/2024;2500;17;38,5\n",
        "a gross calorific value (PCS) for molo.luci, which is no gas meter",
    ),
    (
        "POD;Dal;Al;kWh;Documento;Stimato\nIT001E87654321;01/01/2024;31/01/2024;2500;17;forse\n",
        "column 'Stimato': expected yes or no (sì, no), seen 'forse'",
    ),
    (
        "POD;Dal;Al;kWh;Documento;Tipo\nIT001E87654321;01/01/2024;31/01/2024;2500;17;boh\n",
        (
            "column 'Tipo': expected one of invoice, actual, estimated, adjustment, credit, "
            "void or their Italian words (effettiva, stimata, conguaglio, nota di credito, "
            "annullata), seen 'boh'"
        ),
    ),
    (
        "Contatore;Dal;Al;kWh;Documento\nmolo.buio;01/01/2024;31/01/2024;2500;17\n",
        (
            "no meter 'molo.buio'; there is molo.luci, molo.gas, molo.ricarica, scuola.acqua, "
            "scuola.gas, "
            "scuola.gasolio and 2 more"
        ),
    ),
    (
        "POD;Dal;Al;kWh;Documento\nIT001E87654321;01/01/2024;31/01/2024;1.234;17\n",
        "column 'kWh': 1.234 may be 1234 or 1,234; say which sign is the decimal one",
    ),
]


@pytest.mark.parametrize(("text", "message"), MORE)
def test_a_bill_that_does_not_fit_its_meter_says_so(town, text, message):
    assert refused(town, text) == [("line 2", message)]


def test_one_number_with_two_contents_is_refused_and_neither_is_taken(town):
    text = HEAD + ROW + ROW.replace("1.234,5", "999")
    assert refused(town, text) == [
        (
            "line 3",
            (
                "document 17 of molo.luci is there twice with different content (1234.5 kWh at "
                "line 2, 999 "
                "kWh here); neither was taken: leave only the right one"
            ),
        )
    ]
    assert bills(read(town, text)) == []
    assert len(bills(read(town, HEAD + ROW + ROW))) == 1


def test_money_that_does_not_add_up_is_told(town):
    text = "POD;Dal;Al;kWh;Documento;Imponibile;IVA;Totale\n" + ROW.strip() + ";100;22;123\n"
    assert [f.message for f in read(town, text).findings] == [
        "line 2: document 17: net and VAT are 122.00 EUR, and the total is 123.00"
    ]


def test_a_header_that_lacks_something_says_what(town):
    with pytest.raises(DataError) as wrong:
        read(town, "POD;Dal;kWh\nIT001E87654321;01/01/2024;5\n")
    assert str(wrong.value) == (
        "bollette.csv: no header of a table of bills; missing: the last day (to, al), the "
        "document's number"
    )


def test_two_columns_for_one_thing_are_refused(town):
    with pytest.raises(DataError) as wrong:
        read(town, "POD;Dal;Al;kWh;Consumo kWh;Documento\n")
    assert str(wrong.value) == (
        "line 1, column 5: 'Consumo kWh' means the same as 'kWh'; expected one such column: rename "
        "or remove one"
    )


def test_bands_that_are_not_the_quantity_are_told(town):
    text = f"{HEAD.strip()};F1;F2;F3\n{ROW.strip()};600;300;%s\n"
    assert read(town, text % "334,5").findings == []
    (finding,) = read(town, text % "1.234").findings
    assert finding.message == (
        "line 2: document 17: F1, F2 and F3 are 2134 kWh together, and the quantity is 1234.5"
    )


def test_a_row_that_slipped_and_one_above_the_header_are_refused(town):
    assert refused(town, HEAD + "IT001E87654321;;01/01/2024;31/01/2024;900;18\n" + ROW) == [
        (
            "line 2",
            (
                "6 cells under 5 titles: a separator too many moves the others to wrong columns;"
                " expected one cell a title"
            ),
        )
    ]
    assert refused(town, ROW + HEAD + ROW.replace("17", "18")) == [
        ("line 1", "a row of values above that of the titles; expected all of them below it")
    ]


def test_a_cell_with_a_book_in_it_makes_no_message_of_many_lines(town):
    book = '"x\ny' + "z" * 5000 + '"'
    ((_, message),) = refused(town, HEAD + ROW.replace("IT001E87654321", book))
    assert "\n" not in message
    assert len(message) < 600
