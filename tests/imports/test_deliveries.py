"""Deliveries of fuel and charging sessions from tables, sound and broken; worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from billed_town import SAMPLES, billed_town, context, sample, source

from paes.accounting.ledger import EnergyLedger
from paes.bills.bill import BilledUnit, billed_span
from paes.bills.deliveries import deliveries_of, session_days_of
from paes.errors import DataError
from paes.imports.batch import Batch
from paes.imports.formats import format_of
from paes.imports.importing import Importing, Wishes
from paes.imports.invoices.deliveries import IMPORTER
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
FOLDER = SAMPLES / "deliveries"
HEAD = "Contatore;Data;Litri;Documento\n"
ROW = "scuola.gasolio;12/01/2024;2.500,5;17\n"
SESSIONS = "Colonnina;Sessione;Inizio ricarica;Fine ricarica;kWh\n"


@pytest.fixture
def town(small) -> Installation:
    return billed_town(small)


@pytest.fixture
def store(tmp_path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "town.sqlite")
    yield opened
    opened.close()


def read(town: Installation, text: str, meter: str | None = None) -> Batch:
    return IMPORTER.read(source("consegne.csv", text), context(town, meter))


def refused(town: Installation, text: str) -> list[tuple[str, str]]:
    return [(r.place, r.message) for r in read(town, text).refused]


def days(batch: Batch) -> list[tuple[date, int, float]]:
    return [(d.day, d.sessions, d.energy_kwh) for d in session_days_of(batch.events)]


def test_deliveries_are_of_a_meter_by_its_id_or_serial_number_and_sums_are_passed_over(town):
    batch = IMPORTER.read(sample("deliveries", "gasolio.csv"), context(town))
    assert (batch.refused, batch.findings) == ([], [])
    first, second, third = deliveries_of(batch.events)
    assert (first.meter, first.document, first.quantity) == ("scuola.gasolio", "DDT 17", 3000.0)
    assert first.at == datetime(2023, 11, 14, 23, tzinfo=UTC)
    assert (second.quantity, second.unit, second.total_eur) == (2500.5, BilledUnit.LITRE, 3600.7)
    assert third.document == "DDT 9"


def test_sessions_are_of_the_local_day_they_began_on_and_each_is_counted_once(town):
    # 18.4 and 22.15 kWh on 5 March, the latter told twice and ended on the 6th; 7 on 8 March
    batch = IMPORTER.read(sample("deliveries", "ricariche.csv"), context(town))
    assert batch.refused == []
    assert days(batch) == [
        (date(2024, 3, 5), 2, 40.55),
        (date(2024, 3, 6), 0, 0.0),
        (date(2024, 3, 7), 0, 0.0),
        (date(2024, 3, 8), 1, 7.0),
    ]
    assert [f.message for f in batch.findings] == [
        "2 days without a session were taken as days of zero kWh"
    ]


def test_a_session_in_utc_is_of_its_local_day(town):
    text = SESSIONS + "molo.ricarica;1;2024-03-05T23:30:00Z;;5\n"
    assert days(read(town, text)) == [(date(2024, 3, 6), 1, 5.0)]


def test_samples_are_recognised_as_deliveries_and_as_nothing_else():
    names = sorted(p.name for p in FOLDER.iterdir())
    assert len(names) >= 2
    for name in names:
        assert format_of(sample("deliveries", name)) is IMPORTER
    assert not IMPORTER.recognises(source("x.csv", "POD;Dal;Al;kWh;Documento\n"))


def test_importing_twice_changes_nothing_and_energy_is_that_of_the_documents(town, store):
    importing = Importing(town, town.city(), store, Wishes("test"))
    for name in ("gasolio.csv", "ricariche.csv"):
        importing.take(FOLDER / name)
    events = store.events()
    for name in ("gasolio.csv", "ricariche.csv"):
        importing.take(FOLDER / name)
    assert store.events() == events
    ledger = EnergyLedger(town, store, lambda: datetime(2025, 1, 1, tzinfo=UTC))
    # 2,500.5 and 1,800 l from the first delivery to the last x 10.0 kWh/l (calorific_values.csv)
    oil = billed_span(date(2023, 11, 15), date(2024, 2, 29), ROME)
    total = ledger.total(town.meter("scuola.gasolio"), oil)
    assert total.measured_kwh == pytest.approx(43_005.0)
    charged = billed_span(date(2024, 3, 5), date(2024, 3, 8), ROME)
    assert ledger.total(town.meter("molo.ricarica"), charged).measured_kwh == pytest.approx(47.55)


def test_deliveries_without_documents_are_told_apart_by_day_vehicle_and_place(town):
    text = "Data;Litri;Targa\n12/01/2024;40;AA1\n12/01/2024;40;AA1\n12/01/2024;40;BB2\n"
    batch = read(town, text, "scuola.gasolio")
    assert [d.document for d in deliveries_of(batch.events)] == [
        "2024-01-12 AA1 1", "2024-01-12 AA1 2", "2024-01-12 BB2 1",
    ]  # fmt: skip
    assert {e.name for e in batch.events} == {
        "delivery.2024-01-12-aa1-1", "delivery.2024-01-12-aa1-2", "delivery.2024-01-12-bb2-1",
    }  # fmt: skip


# -- what can be wrong ------------------------------------------------------------------------

SPOILT = [
    ("scuola.gasolio", "scuola.gasolino",
     ("no meter 'scuola.gasolino'; there is scuola.gasolio, scuola.gas, scuola.main, "
     "scuola.palestra, molo.gas, molo.luci and 2 more")),
    ("scuola.gasolio", "", "no meter; give its id, or name it with --meter"),
    ("scuola.gasolio", "scuola.acqua",
     ("delivery 17 of scuola.acqua is in l, and the meter is accounted in m3; enter it in m3, or "
      "set "
     "the meter's unit")),
    ("12/01/2024", "12/13/2024", ("column 'Data': expected a day such as 31/12/2024, seen "
                                 "'12/13/2024'")),
    ("12/01/2024", "", "no day of the delivery; expected a day such as 31/12/2024"),
    ("2.500,5", "0", "delivery 17: 0 l; expected more than 0, at most 1e12"),
    ("2.500,5", "-3", "delivery 17: -3 l; expected more than 0, at most 1e12"),
    ("2.500,5", "", "no quantity; expected one of kWh, Smc, m3, l, kg"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), SPOILT)
def test_a_delivery_that_is_wrong_says_where_and_what_to_do(town, old, new, message):
    assert ROW.count(old) == 1
    text = HEAD + ROW.replace(old, new) + ROW.replace("17", "18")
    assert refused(town, text) == [("line 2", message)]
    assert [d.document for d in deliveries_of(read(town, text).events)] == ["18"]


def test_a_document_that_is_there_twice_is_taken_once_or_told(town):
    assert len(read(town, HEAD + ROW + ROW).events) == 1
    assert refused(town, HEAD + ROW + ROW.replace("2.500,5", "9")) == [(
        "line 3",
        ("document 17 of scuola.gasolio on 2024-01-12 is there twice with different content; the "
        "first was taken: remove one, or number them"),
    )]  # fmt: skip


GOOD = "molo.ricarica;1;05/03/2024 14:22;05/03/2024 15:40;18,4\n"
LATER = "molo.ricarica;2;07/03/2024 10:00;07/03/2024 11:00;5\n"
SPOILT_SESSIONS = [
    ("18,4", "", ("column 'kWh': expected the energy of a session, seen an empty cell; the "
     "sessions "
                 "of molo.ricarica on 2024-03-05 were not taken")),
    ("18,4", "-1", ("column 'kWh': expected the energy of a session, seen -1; the sessions of "
                   "molo.ricarica on 2024-03-05 were not taken")),
    ("05/03/2024 14:22", "05/03/24", ("column 'Inizio ricarica': expected a day such as "
     "31/12/2024, "
                                     "seen '05/03/24'; days of molo.ricarica without sessions were "
                                     "not taken as zero")),
    ("05/03/2024 15:40", "04/03/2024 15:40", ("the session ends on 2024-03-04, before it began, on "
                                             "2024-03-05; days of molo.ricarica without sessions "
                                             "were not taken as zero")),
    ("05/03/2024 15:40", "05/03/2024 13:40",
     ("the session ends before it began: 05/03/2024 14:22 to 05/03/2024 13:40; days of"
      " molo.ricarica without sessions were not taken as zero")),
    ("molo.ricarica", "molo.luna", ("no meter 'molo.luna'; there is molo.luci, molo.gas, "
                                   "molo.ricarica, scuola.acqua, scuola.gas, scuola.gasolio and 2 "
                                   "more")),
]  # fmt: skip


def test_a_session_in_the_hour_that_comes_twice_may_end_at_an_earlier_clock(town):
    """27 October 2024: 2:50 in summer time to 2:10 in winter time are 20 minutes."""
    rows = "molo.ricarica;1;27/10/2024 02:50;27/10/2024 02:10;3,5\n"
    batch = read(town, SESSIONS + rows)
    assert list(batch.refused) == []
    assert [(day, energy_kwh) for day, _, energy_kwh in days(batch)] == [(date(2024, 10, 27), 3.5)]


@pytest.mark.parametrize(("old", "new", "message"), SPOILT_SESSIONS)
def test_a_session_that_is_wrong_spoils_its_day_and_no_other(town, old, new, message):
    assert GOOD.count(old) == 1
    batch = read(town, SESSIONS + GOOD.replace(old, new) + LATER)
    assert [(r.place, r.message) for r in batch.refused] == [("line 2", message)]
    found = {day: energy_kwh for day, _, energy_kwh in days(batch)}
    assert found[date(2024, 3, 7)] == 5.0
    assert date(2024, 3, 5) not in found


def test_a_session_with_two_contents_spoils_its_day(town):
    text = SESSIONS + GOOD + GOOD.replace("18,4", "19,4") + LATER
    assert refused(town, text) == [(
        "line 3",
        ("session 1 of molo.ricarica is there twice with different content; the sessions of "
        "molo.ricarica on 2024-03-05 were not taken"),
    )]  # fmt: skip
    assert [day for day, _, _ in days(read(town, text))] == [date(2024, 3, 6), date(2024, 3, 7)]


def test_sessions_of_a_meter_of_litres_are_refused(town):
    text = SESSIONS + GOOD.replace("molo.ricarica", "scuola.gasolio")
    ((_, message),) = refused(town, text)
    assert message.startswith("sessions of scuola.gasolio, which is accounted in l; expected kWh;")


def test_a_date_of_another_century_does_not_make_a_century_of_zeros(town):
    with pytest.raises(DataError) as wrong:
        read(town, SESSIONS + GOOD + LATER.replace("2024", "2124"))
    assert str(wrong.value) == (
        "consegne.csv: sessions of molo.ricarica from 2024-03-05 to 2124-03-07 are more than ten "
        "years; a date is wrong"
    )


def test_a_header_that_lacks_something_says_what(town):
    with pytest.raises(DataError) as wrong:
        read(town, "Contatore;Litri\nscuola.gasolio;5\n")
    assert str(wrong.value) == (
        "consegne.csv: no header of a table of deliveries or sessions; missing: a day (data) or "
        "the "
        "begin of a session (inizio)"
    )
