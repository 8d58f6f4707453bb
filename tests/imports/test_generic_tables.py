"""Tables of any layout by a mapping file: times on the clock, owners, units, refusals."""

# ruff: noqa: E501 - messages are asserted in full, one on a line

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from import_town import importing, read, source
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.imports.energy.generic import IMPORTER
from paes.imports.tables.mapping import read_mapping
from paes.imports.tables.row_times import settled, starts_of
from paes.metering import Quality
from paes.periods import SKIPPED, day_span
from paes.series import QUALITIES, ReadingSeries
from paes.shipped_files import shipped_config
from paes.store import Store

ROME = "Europe/Rome"
POINT = "molo.luce/energy_import_intervals"
HOURS = "scuola.ore/energy_import_intervals"
CURVE: dict[str, Any] = {
    "what": "intervals",
    "interval_s": 900,
    "decimal": ",",
    "time": {"column": "Quando", "format": "%d/%m/%Y %H:%M"},
    "values": [{"column": "kWh", "unit": "kWh", "meter": "molo.luce"}],
}


def mapped(**changes: Any) -> dict[str, Any]:
    return {**CURVE, **changes}


def curve(series: ReadingSeries) -> dict[str, float]:
    times = series.seconds.astype("datetime64[s]").astype(str).tolist()
    return dict(zip(times, series.values.tolist(), strict=True))


def taken(town: SmallInstallation, text: str | bytes, mapping: dict[str, Any], **more: Any) -> Any:
    return read(IMPORTER, town, source("tabella.csv", text), mapping=mapping, **more)


# Times


def test_a_list_of_quarters_is_read_in_local_time(town: SmallInstallation) -> None:
    text = "Quando;kWh\n15/01/2025 00:00;1,25\n15/07/2025 00:15;2\n15/07/2025 00:30;\n"
    batch = taken(town, text, CURVE)
    assert curve(batch.series[POINT]) == {"2025-01-14T23:00:00": 1.25, "2025-07-14T22:15:00": 2.0}
    assert (batch.refused, batch.findings) == ([], [])


@pytest.mark.parametrize("backwards", [False, True])
def test_the_hour_that_comes_twice_is_settled_by_the_order_of_rows(
    town: SmallInstallation, backwards: bool
) -> None:
    times = [
        "01:45",
        "02:00",
        "02:15",
        "02:30",
        "02:45",
        "02:00",
        "02:15",
        "02:30",
        "02:45",
        "03:00",
    ]
    rows = [f"27/10/2024 {t};{n}" for n, t in enumerate(times)]
    text = "Quando;kWh\n" + "\n".join(reversed(rows) if backwards else rows)
    found = taken(town, text, CURVE).series[POINT]
    first = int(datetime(2024, 10, 26, 23, 45, tzinfo=UTC).timestamp())
    assert found.seconds.tolist() == [first + 900 * n for n in range(10)]
    assert found.values.tolist() == [float(n) for n in range(10)]


@pytest.mark.parametrize(
    ("summer", "winter"), [("+02:00", "+1"), ("CEST", "CET"), ("legale", "solare")]
)
def test_an_offset_column_settles_it_in_any_order(
    town: SmallInstallation, summer: str, winter: str
) -> None:
    text = f"Quando;Ora;kWh\n27/10/2024 02:00;{winter};2\n27/10/2024 02:00;{summer};1\n"
    time = {**CURVE["time"], "offset": "Ora"}
    found = taken(town, text, mapped(time=time)).series[POINT]
    assert curve(found) == {"2024-10-27T00:00:00": 1.0, "2024-10-27T01:00:00": 2.0}


def test_an_hour_that_is_there_once_is_told(town: SmallInstallation) -> None:
    batch = taken(town, "Quando;kWh\n27/10/2024 02:00;2\n27/10/2024 03:00;1\n", CURVE)
    assert list(curve(batch.series[POINT])) == ["2024-10-27T00:00:00", "2024-10-27T02:00:00"]
    assert [f.message for f in batch.findings] == [
        "the hour that comes twice is there once (1 rows): taken as summer time, the other one is missing"
    ]


def test_solar_time_all_the_year_has_no_clock_changes(town: SmallInstallation) -> None:
    time = {**CURVE["time"], "zone": "UTC+1"}
    text = "Quando;kWh\n31/03/2024 02:00;1\n27/10/2024 02:00;2\n"
    found = taken(town, text, mapped(time=time)).series[POINT]
    assert list(curve(found)) == ["2024-03-31T01:00:00", "2024-10-27T01:00:00"]


@pytest.mark.parametrize("style", ["before", "after"])
@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2024, 10, 27), date(2024, 6, 1)])
def test_ends_of_intervals_are_read_whichever_clock_showed_them(day: date, style: str) -> None:
    """An interval that ends as the clocks change ends at 02:00 on one clock, at 03:00 on the other."""
    span = day_span(day, ROME)
    starts = [span.start + timedelta(hours=n) for n in range(round(span.seconds / 3600))]
    hour = timedelta(hours=1)
    shown = []
    for at in starts:
        local = at.astimezone(ZoneInfo(ROME)).replace(tzinfo=None)
        end = (at + hour).astimezone(ZoneInfo(ROME)).replace(tzinfo=None)
        shown.append(local + hour if style == "before" else end)
    wall = np.array([int(t.replace(tzinfo=UTC).timestamp()) for t in shown], np.int64)
    assert starts_of(wall, 3600, ROME).tolist() == [int(at.timestamp()) for at in starts]


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    count=st.integers(1, 60),
    near=st.sampled_from(
        [None, datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 10, 26, 20, tzinfo=UTC)]
    ),
)
def test_local_times_in_order_come_back_as_the_instants_they_were(
    start: datetime, count: int, near: datetime | None
) -> None:
    """zoneinfo shows instants on the clock; unless the table cuts the hour that comes twice."""
    first_s = int((near or start.replace(tzinfo=UTC)).timestamp()) // 1800 * 1800
    instants = first_s + 1800 * np.arange(count + 20)
    shown = [
        datetime.fromtimestamp(s, ZoneInfo(ROME)).replace(tzinfo=UTC) for s in instants.tolist()
    ]
    wall = np.array([int(t.timestamp()) for t in shown], np.int64)
    found = settled(wall, ROME)
    whole = {w for w in wall.tolist() if wall.tolist().count(w) == 2}
    cut = [w in (wall[0], wall[-1]) or w not in whole for w in wall.tolist()]
    sure = [a == b or c for a, b, c in zip(found.tolist(), instants.tolist(), cut, strict=True)]
    assert all(sure)
    assert SKIPPED not in found.tolist()


def test_date_and_hour_apart_with_hours_that_end(town: SmallInstallation) -> None:
    mapping = mapped(
        interval_s=3600,
        time={"date": "Giorno", "clock": "Ora", "marks": "end"},
        values=[{"column": "Wh", "unit": "Wh", "meter": "scuola.ore"}],
    )
    text = "Giorno;Ora;Wh\n01/03/2025;1;1.500,5\n01/03/2025;24;250\n"
    found = taken(town, text, mapping).series[HOURS]
    assert curve(found) == {"2025-02-28T23:00:00": 1.5005, "2025-03-01T22:00:00": 0.25}


def test_a_workbook_brings_times_and_numbers_of_its_own(town: SmallInstallation) -> None:
    book = openpyxl.Workbook()
    notes = book.active
    assert notes is not None
    notes.append(["Curva del molo"])
    sheet = book.create_sheet("Dati")
    sheet.append(["fornitura"])
    sheet.append(["Giorno", "ora", "Valore"])
    sheet.append([date(2025, 3, 1), clock(0, 15), 1.25])
    sheet.append([datetime(2025, 3, 1), timedelta(hours=24), 2])  # noqa: DTZ001
    data = io.BytesIO()
    book.save(data)
    mapping = mapped(
        sheet="dati",
        time={"date": "giorno", "clock": "ORA"},
        values=[{"column": "valore", "unit": "kWh", "meter": "molo.luce"}],
    )
    found = taken(town, data.getvalue(), mapping).series[POINT]
    assert curve(found) == {"2025-02-28T23:15:00": 1.25, "2025-03-01T23:00:00": 2.0}


# Owners, units, kinds


def test_several_meters_stand_side_by_side(town: SmallInstallation) -> None:
    values = [
        {"column": "a", "unit": "kWh", "meter": "molo.luce"},
        {"column": "b", "unit": "MWh", "meter": "molo.cessione"},
        {"column": "c", "unit": "kWh", "meter": "scuola.main"},
    ]
    batch = taken(town, "Quando;a;b;c\n15/01/2025 00:00;1;2;3\n", mapped(values=values))
    assert {p: s.values.tolist() for p, s in batch.series.items()} == {
        POINT: [1.0],
        "molo.cessione/energy_export_intervals": [2000.0],
        "scuola.main/energy_import_intervals": [3.0],
    }
    assert [(f.name, f.subject) for f in batch.findings] == [
        ("import.beside", "scuola.main/energy_import_intervals")
    ]


def test_a_column_says_whose_register_it_is(town: SmallInstallation) -> None:
    mapping: dict[str, Any] = {
        "what": "counter",
        "time": {"column": "Data"},
        "meter_column": "POD",
        "values": [{"column": "Lettura", "unit": "kWh"}],
        "quality": {"column": "Tipo", "estimated": ["stimata"], "absent": ["-"]},
    }
    text = (
        "POD;Data;Lettura;Tipo\n"
        "it001e 1111 2222;2025-01-31T08:00:00+01:00;12345;Effettiva\n"
        "IT001E11112222;2025-02-28T00:00;12400,5;STIMATA\n"
        "scuola.contatore;31/03/2025 10:00;12500;-\n"
        "IT001E12345678;31/03/2025 10:00;7;\n"
    )
    batch = taken(town, text, mapping)
    found = batch.series["scuola.contatore/energy_import"]
    assert curve(found) == {"2025-01-31T07:00:00": 12345.0, "2025-02-27T23:00:00": 12400.5}
    assert [QUALITIES[c] for c in found.codes] == [Quality.GOOD, Quality.SUBSTITUTED]
    assert list(batch.series) == list(batch.series)
    assert batch.series["scuola.main/energy_import_counter"].values.tolist() == [7.0]


def test_amounts_become_documents_that_are_settled(
    town: SmallInstallation, file_store: Store, tmp_path: Path
) -> None:
    """January 100 Smc and February 80: accounted from midnight to midnight in Rome."""
    path = tmp_path / "gas.csv"
    path.write_text(
        "PDR;Dal;Al;Consumo;Doc\n00881111222233;01/01/2025;31/01/2025;100;A1\n"
        "0088 1111 2222 33;01/02/2025;28/02/2025;80,5;A2\n"
    )
    mapping: dict[str, Any] = {
        "what": "amounts",
        "decimal": ",",
        "time": {"column": "Dal", "end": "Al", "format": "%d/%m/%Y"},
        "meter_column": "PDR",
        "values": [{"column": "Consumo", "unit": "Smc"}],
        "document": "Doc",
    }
    report = importing(town, file_store, mapping=mapping).take(path)
    assert (report.new_events, report.refused) == (2, ())
    found = file_store.read("scuola.metano/volume_amounts")
    assert curve(found) == {
        "2024-12-31T23:00:00": 100.0, "2025-01-31T23:00:00": 80.5, "2025-02-28T23:00:00": 0.0,
    }  # fmt: skip
    assert QUALITIES[found.codes[-1]] is Quality.NOT_AVAILABLE


def test_a_gauge_is_kept_under_its_point(town: SmallInstallation) -> None:
    value = {"column": "T", "unit": "degC", "point": "scuola.aula/temperature"}
    mapping = {"what": "gauge", "time": {"column": "at", "zone": "UTC"}, "values": [value]}
    batch = taken(town, "at,T\n2025-01-01 00:00:00,-3.5\n", mapping)
    assert curve(batch.series["scuola.aula/temperature"]) == {"2025-01-01T00:00:00": -3.5}


def test_columns_without_titles_are_named_by_their_numbers(town: SmallInstallation) -> None:
    mapping = mapped(
        header_row=0,
        time={"column": "#1"},
        values=[{"column": "#3", "unit": "kWh", "meter": "molo.luce"}],
    )
    found = taken(town, "15/01/2025 00:00;x;1,5\n", mapping).series[POINT]
    assert curve(found) == {"2025-01-14T23:00:00": 1.5}


# What is refused


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("31/03/2024 02:15;1", "this time never was in Europe/Rome: the clocks skip it"),
        ("2025-01-15 00:00;1", "line 3, column 1: expected a time such as '%d/%m/%Y %H:%M' writes it, seen '2025-01-15 00:00'"),
        ("15/01/2025 25:00;1", "line 3, column 1: expected a time such as '%d/%m/%Y %H:%M' writes it, seen '15/01/2025 25:00'"),
        ("15/01/2025 00:15;1,5x", "line 3, column 2: expected a number with a decimal comma, seen '1,5x'"),
        (";1", "line 3, column 1: expected a time such as '%d/%m/%Y %H:%M' writes it, seen an empty cell"),
        ("14/01/2025 00:00;2", "the time of line 2 again, with another value of molo.luce/energy_import_intervals; expected each time once (an offset: column may tell hours that come twice apart)"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_understood_is_refused_with_its_place(
    town: SmallInstallation, row: str, message: str
) -> None:
    batch = taken(town, f"Quando;kWh\n14/01/2025 00:00;1\n{row}\n16/01/2025 24:00;3\n", CURVE)
    assert [(r.place, r.message) for r in batch.refused] == [("line 3", message)]
    assert curve(batch.series[POINT]) == {"2025-01-13T23:00:00": 1.0, "2025-01-16T23:00:00": 3.0}


@pytest.mark.parametrize(
    ("changes", "text", "message"),
    [
        ({}, "Quando;MWh\n1;1\n", "tabella.csv: no row has all titles of the mapping file; 'kWh' not found"),
        ({}, "Quando;kWh;kWh\n1;1\n", "tabella.csv: line 1: column 'kWh' is there twice; name it by its number, e.g. #3; there is 'Quando', 'kWh', 'kWh'"),
        ({"header_row": 9}, "Quando;kWh\n", "tabella.csv: header_row 9, but there are 2 rows"),
        ({}, "Quando;kWh\n", "tabella.csv: no row of values in the table"),
        ({"header_row": 0, "time": {"column": "#7"}, "values": [{"column": "#1", "unit": "kWh"}]},
         "a;b\n", "tabella.csv: column #7, but the table has 2"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_the_mapping_is_refused_whole(
    town: SmallInstallation, changes: Any, text: str, message: str
) -> None:
    if "header_row 9" in message:
        text += "x;y\n"
    with pytest.raises(DataError) as error:
        taken(town, text, mapped(**changes))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"unit": "kWh", "meter": "molo.lux"}, "no meter 'molo.lux'; there is molo.luce, molo.gas, molo.cessione, scuola.contatore, scuola.main, scuola.metano and 2 more"),
        ({"unit": "m3", "meter": "molo.luce"}, "unit m3: meter molo.luce is accounted in kWh; expected that, or a unit that can be converted to it"),
        ({"unit": "kWh", "meter": "scuola.ore"}, "meter scuola.ore has intervals of 3600 s (interval_s in meters.yaml), the file of 900 s"),
        ({"unit": "kWh"}, "nothing says of which meter 'kWh' is: meter: or meter_column: in the mapping file, or --meter"),
    ],
)  # fmt: skip
def test_values_of_nobody_are_refused_by_row(
    town: SmallInstallation, value: dict[str, str], message: str
) -> None:
    mapping = mapped(values=[{"column": "kWh", **value}])
    batch = taken(town, "Quando;kWh\n15/01/2025 00:00;1\n", mapping)
    assert [(r.place, r.message) for r in batch.refused] == [("line 2", message)]


def test_a_gauge_of_a_place_that_is_not_there_is_refused(town: SmallInstallation) -> None:
    value = {"column": "T", "unit": "degC", "point": "scuoal.aula/temperature"}
    mapping = {"what": "gauge", "time": {"column": "at"}, "values": [value]}
    batch = taken(town, "at;T\n2025-01-01 00:00;1\n", mapping)
    assert [r.message for r in batch.refused] == [
        "point scuoal.aula/temperature: there is no site and no city 'scuoal'"
    ]


def test_without_a_mapping_the_format_says_what_it_needs(town: SmallInstallation) -> None:
    with pytest.raises(DataError) as error:
        read(IMPORTER, town, source("x.csv", "a;b\n"))
    assert str(error.value) == "x.csv: the generic format needs a mapping file: --map FILE"


# The mapping file

YAML = yaml.safe_dump(CURVE, sort_keys=False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("what: intervals", "what: interval", ":1: what: expected 'intervals', 'counter', 'amounts' or 'gauge', seen 'interval'"),
        ("unit: kWh", "unit: kwh", ":9: values[0].unit: unknown unit 'kwh'; expected one of: "),
        ("  column: Quando\n", "", ":4: time: expected column: (date and time in one), or date: with clock:"),
        ("decimal: ','", "decimal: ';'", ":3: decimal: expected ',' or '.', seen ';'"),
        ("interval_s: 900", "interval_s: 901", ":2: interval_s: expected 300, 600, 900, 1800 or 3600, seen 901"),
        ("interval_s: 900\n", "", "interval_s belongs to what: intervals, and to nothing else"),
        ("what: intervals", "what: counter", ":2: interval_s: interval_s belongs to what: intervals, and to nothing else"),
        ("column: Quando", "column: Quando\n  zone: Europe/Roma", ":6: time.zone: unknown time zone 'Europe/Roma'; expected a name such as 'Europe/Rome'"),
        ("column: Quando", "colum: Quando", ":5: time.colum: unknown key"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_names_file_line_and_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mappa.yaml"
    assert YAML.count(old) == 1
    path.write_text(YAML.replace(old, new))
    with pytest.raises(ConfigError) as error:
        read_mapping(path)
    assert str(path) in error.value.problems[0]
    assert message in error.value.problems[0]


def test_the_shipped_samples_are_valid_and_name_real_meters() -> None:
    paths = sorted((shipped_config() / "import_mappings").glob("*.yaml"))
    assert len(paths) >= 5
    installation = load_installation(shipped_config())
    for path in paths:
        mapping = read_mapping(path)
        meters = [v["meter"] for v in mapping["values"] if v["meter"]]
        points = [v["point"] for v in mapping["values"] if v["point"]]
        assert all(meter in installation.meters for meter in meters), path.name
        assert all(point.split(".")[0] in installation.sites for point in points), path.name


def test_negative_energy_is_refused(town: SmallInstallation) -> None:
    """What goes the other way has a meter of its own."""
    batch = taken(town, "Quando;kWh\n15/03/2025 00:00;-5\n15/03/2025 00:15;1,5\n", CURVE)
    assert [(r.place, r.message) for r in batch.refused] == [
        ("line 2", "line 2, column 2: -5 kWh; expected 0 or more")
    ]
    assert batch.series[POINT].values.tolist() == [1.5]
