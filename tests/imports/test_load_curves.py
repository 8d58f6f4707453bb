"""Load curves of e-distribuzione: labels, whose and of what they are, and both clock changes.

The samples have (q mod 7) / 4 kWh in the quarter q of every day: 70.75 kWh a day of 96 quarters
(13 x 5.25 + 2.5), 2.5 kWh from two to three o'clock.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from import_town import CURVE_POD, SAMPLES, read, source
from small_installation import SmallInstallation

from paes.errors import DataError
from paes.imports.energy.curve_days import CurveRow, Instants, curve_day
from paes.imports.energy.load_curves import IMPORTER
from paes.periods import day_span, wall_instants
from paes.series import ReadingSeries

CURVES = SAMPLES / "load_curves"
MARCH = (CURVES / "ExportData_marzo.csv").read_text()
OCTOBER = (CURVES / "ExportData_ottobre.csv").read_text()
NAME = f"{CURVE_POD}/attiva prelevata/ExportData_marzo.csv"
POINT = "molo.luce/energy_import_intervals"
VALUES = [(q % 7) / 4 for q in range(96)]
LABELS = [f"{q // 4:02d}:{q % 4 * 15:02d}" for q in range(96)]
ROME = "Europe/Rome"


def curve(series: ReadingSeries) -> dict[str, float]:
    """Values by their times, as ISO text of UTC."""
    times = series.seconds.astype("datetime64[s]").astype(str).tolist()
    return dict(zip(times, series.values.tolist(), strict=True))


def table(labels: Sequence[str], *rows: tuple[str, Sequence[object]]) -> str:
    lines = ["Giorno;" + ";".join(labels)]
    lines += [
        f"{day};" + ";".join(str(v).replace(".", ",") for v in values) for day, values in rows
    ]
    return "\n".join(lines) + "\n"


# Clock changes


def test_the_two_rows_of_march_become_a_day_of_92_quarters(town: SmallInstallation) -> None:
    batch = read(IMPORTER, town, source(NAME, MARCH))
    found = curve(batch.series[POINT])
    assert len(found) == 96 + 96 + 92
    assert sum(found.values()) == pytest.approx(70.75 * 3 - 2.5)
    assert found["2024-03-31T00:45:00"] == VALUES[7]  # 01:45 in Rome
    assert found["2024-03-31T01:00:00"] == VALUES[12]  # 03:00, for 02:00 was skipped
    assert found["2024-03-31T21:45:00"] == VALUES[95]
    assert (batch.refused, batch.findings) == ([], [])


def test_the_two_rows_of_october_become_a_day_of_100_quarters(town: SmallInstallation) -> None:
    batch = read(IMPORTER, town, source(NAME, OCTOBER))
    found = curve(batch.series[POINT])
    assert len(found) == 96 + 100 + 96
    assert sum(found.values()) == pytest.approx(70.75 * 3 + 2.5)
    assert found["2024-10-27T00:00:00"] == found["2024-10-27T01:00:00"] == VALUES[8]
    assert found["2024-10-27T02:00:00"] == VALUES[12]


def test_rows_of_october_in_the_wrong_order_are_told_apart_by_their_early_hours(
    town: SmallInstallation,
) -> None:
    lines = OCTOBER.splitlines()
    lines[2], lines[3] = lines[3], lines[2]
    swapped = read(IMPORTER, town, source(NAME, "\n".join(lines))).series[POINT]
    assert curve(swapped) == curve(read(IMPORTER, town, source(NAME, OCTOBER)).series[POINT])


def test_a_hundred_columns_are_the_quarters_as_they_passed(town: SmallInstallation) -> None:
    passed = [n / 4 for n in range(100)]
    text = table(
        [str(n) for n in range(1, 101)],
        ("26/10/2024", [*VALUES, "", "", "", ""]),
        ("27/10/2024", passed),
    )
    found = curve(read(IMPORTER, town, source(NAME, text)).series[POINT])
    assert len(found) == 196
    assert found["2024-10-26T22:00:00"] == 0.0
    assert found["2024-10-27T22:45:00"] == 99 / 4


def test_a_hundred_columns_with_the_hour_from_two_to_three_twice(town: SmallInstallation) -> None:
    labels = [*LABELS[:12], *LABELS[8:12], *LABELS[12:]]
    text = table(labels, ("27/10/2024", [n / 4 for n in range(100)]))
    found = curve(read(IMPORTER, town, source(NAME, text)).series[POINT])
    assert [found[f"2024-10-27T0{h}:00:00"] for h in range(3)] == [2.0, 3.0, 4.0]


def test_a_row_of_march_that_goes_on_without_a_hole(town: SmallInstallation) -> None:
    text = table(LABELS, ("31/03/2024", [n / 4 for n in range(92)] + [""] * 4))
    found = curve(read(IMPORTER, town, source(NAME, text)).series[POINT])
    assert found["2024-03-31T01:00:00"] == 2.0
    assert found["2024-03-31T21:45:00"] == 91 / 4


def test_a_day_of_25_hours_with_96_quarters_lacks_an_hour_and_says_so(
    town: SmallInstallation,
) -> None:
    batch = read(IMPORTER, town, source(NAME, table(LABELS, ("27/10/2024", VALUES))))
    found = curve(batch.series[POINT])
    assert "2024-10-27T00:00:00" in found
    assert "2024-10-27T01:00:00" not in found
    assert [f.message for f in batch.findings] == [
        (
            "27/10/2024 had 25 hours and the file has 24: the hour from 2 to 3 was taken as that of"
            " summer time, the other one is missing"
        )
    ]


days = st.dates(date(2018, 1, 1), date(2030, 12, 31))
changes = st.sampled_from(
    [date(y, m, d) for y, m, d in [(2023, 3, 26), (2023, 10, 29), (2024, 3, 31), (2024, 10, 27)]]
)


@given(day=days | changes, values=st.lists(st.integers(0, 40), min_size=100, max_size=100))
def test_a_curve_that_was_cut_into_rows_comes_back_whole(day: date, values: list[int]) -> None:
    """The truth by quarters as they passed, put on the clock by zoneinfo, cut where it jumps."""
    span = day_span(day, ROME)
    starts = [span.start + timedelta(minutes=15 * n) for n in range(int(span.seconds) // 900)]
    rows: list[np.ndarray] = [np.full(96, np.nan)]
    before = None
    for at, value in zip(starts, values, strict=False):
        local = at.astimezone(ZoneInfo(ROME))
        if before is not None and local.utcoffset() != before:
            rows.append(np.full(96, np.nan))
        before = local.utcoffset()
        rows[-1][local.hour * 4 + local.minute // 15] = value / 4
    nothing = np.full(4, np.nan)
    given_rows = [CurveRow(f"line {n}", row, nothing, nothing) for n, row in enumerate(rows, 2)]
    wall = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    first, last = wall_instants(wall + 900 * np.arange(96), ROME)
    seconds, found = curve_day(given_rows, Instants(first, last))
    assert seconds.tolist() == [int(at.timestamp()) for at in starts]
    assert found.tolist() == [v / 4 for v in values[: len(starts)]]


# Labels of columns


def variants() -> dict[str, list[str]]:
    ends = [*LABELS[1:], "24:00"]
    return {
        "spans": [f"{a}-{b}" for a, b in zip(LABELS, ends, strict=True)],
        "spans with blanks": [
            f"{a} - {b}" for a, b in zip(LABELS, [*LABELS[1:], "00:00"], strict=True)
        ],
        "starts": LABELS,
        "starts with seconds": [f"{a}:00" for a in LABELS],
        "starts with points": [a.replace(":", ".") for a in LABELS],
        "ends": ends,
        "ends up to midnight": [*LABELS[1:], "00:00"],
        "numbers from 1": [str(n) for n in range(1, 97)],
        "numbers from 0": [str(n) for n in range(96)],
        "numbered": [f"Q{n}" for n in range(1, 97)],
    }


@pytest.mark.parametrize("kind", variants())
def test_labels_of_any_form_are_read(town: SmallInstallation, kind: str) -> None:
    text = table(variants()[kind], ("15/01/2024", VALUES))
    found = curve(read(IMPORTER, town, source(NAME, text)).series[POINT])
    assert found["2024-01-14T23:00:00"] == VALUES[0]
    assert found["2024-01-15T05:30:00"] == VALUES[26]
    assert found["2024-01-15T22:45:00"] == VALUES[95]


def test_columns_in_any_order_and_others_between_them(town: SmallInstallation) -> None:
    labels = ["POD", *reversed(LABELS), "Totale"]
    text = table(labels, ("15/01/2024", [CURVE_POD, *reversed(VALUES), 70.75]))
    found = curve(read(IMPORTER, town, source("curva prelievo.csv", text)).series[POINT])
    assert found["2024-01-15T05:30:00"] == VALUES[26]
    assert sum(found.values()) == pytest.approx(70.75)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda t: t.replace(";05:15-05:30", ";Nota"),
            (
                "ExportData_marzo.csv: line 1: expected 96 columns of quarter hours, seen"
                " 95; 05:15 is"
                " missing"
            ),
        ),
        (
            lambda t: t.replace(";05:15-05:30", ";05:00-05:15").replace(
                "23:45-24:00", "23:45-24:00"
            ),
            (
                "ExportData_marzo.csv: line 1: expected 96 columns of quarter hours, seen"
                " 96; 05:15 is"
                " missing"
            ),
        ),
        (
            lambda t: t.replace(";05:15-05:30", ";05:20-05:35"),
            "ExportData_marzo.csv: line 1: column '05:20-05:35' begins no quarter hour",
        ),
        (
            lambda t: t.replace("Giorno;", "Giorno;Potenza kW ;"),
            (
                "ExportData_marzo.csv: in kW: mean powers; expected energies in kWh (a mapping file"
                " can say how to read others: --map)"
            ),
        ),
        (lambda t: t.splitlines()[0], "ExportData_marzo.csv: no day of a load curve in it"),
    ],
)
def test_a_table_that_is_no_curve_is_refused_whole(town, spoil, message) -> None:  # type: ignore[no-untyped-def]
    text = spoil(MARCH)
    assert text != MARCH
    with pytest.raises(DataError) as error:
        read(IMPORTER, town, source(NAME, text))
    assert str(error.value) == message


# Cells and days that are refused


@pytest.mark.parametrize(
    ("spoil", "place", "message", "left"),
    [
        (
            lambda t: t.replace("29/03/2024;0,00;0,25", "29/03/2024;0,00;n.d."),
            "line 2, column 3",
            "expected a number with a decimal comma, seen 'n.d.'",
            283,
        ),
        (
            lambda t: t.replace("29/03/2024;0,00;0,25", "29/03/2024;0,00;-0,25"),
            "line 2, column 3",
            "-0.25 kWh in a quarter hour; expected 0 or more",
            283,
        ),
        (
            lambda t: t.replace("29/03/2024", "31/02/2024"),
            "line 2",
            "expected a day such as 31/12/2024, seen '31/02/2024'",
            188,
        ),
        (
            lambda t: t.replace("30/03/2024;0,00", "29/03/2024;9,00"),
            "line 2",
            "29/03/2024: the same day with different values on 2 rows (line 2, line 3)",
            92,
        ),
        (
            lambda t: t.replace("31/03/2024" + ";" * 13, "31/03/2024;;;;;3,5" + ";" * 8, 1),
            "line 4",
            "31/03/2024: line 4 and line 5 both have a value at 01:00, which was once on that day",
            192,
        ),
        (
            lambda t: t.replace(
                "31/03/2024" + ";" * 13, "31/03/2024" + ";" * 9 + "3,5" + ";" * 4, 1
            ),
            "line 4",
            (
                "31/03/2024: line 4 and line 5: values between 02:00 and 03:00, which the clocks"
                " skipped on that day"
            ),
            192,
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place_and_the_rest_is_taken(
    town, spoil, place, message, left
) -> None:  # type: ignore[no-untyped-def]
    text = spoil(MARCH)
    assert text != MARCH
    batch = read(IMPORTER, town, source(NAME, text))
    assert [(r.place, r.message) for r in batch.refused] == [(place, message)]
    assert len(batch.series[POINT]) == left


def test_empty_cells_are_absent_and_zero_is_zero(town: SmallInstallation) -> None:
    values: list[object] = ["", 0, *VALUES[2:]]
    found = curve(
        read(IMPORTER, town, source(NAME, table(LABELS, ("15/01/2024", values)))).series[POINT]
    )
    assert "2024-01-14T23:00:00" not in found
    assert found["2024-01-14T23:15:00"] == 0.0
    assert len(found) == 95


def test_rows_that_are_there_twice_with_the_same_values_count_once(town: SmallInstallation) -> None:
    batch = read(IMPORTER, town, source(NAME, MARCH + MARCH.splitlines()[1] + "\n"))
    assert len(batch.series[POINT]) == 284
    assert batch.refused == []


# Whose it is, and of what


@pytest.mark.parametrize(
    ("name", "point"),
    [
        (f"{CURVE_POD}_attiva_prelevata.csv", POINT),
        ("it001e87654321 A+.csv", POINT),
        (f"{CURVE_POD}/2024/attiva immessa/ExportData_marzo.csv",
         "molo.cessione/energy_export_intervals"),
        (f"{CURVE_POD} 1.8.0.csv", POINT),
        (f"{CURVE_POD} 2.8.0.csv", "molo.cessione/energy_export_intervals"),
        (f"{CURVE_POD}/reattiva induttiva prelevata/marzo.csv",
         "molo.luce/reactive_energy_inductive_import_intervals"),
        (f"{CURVE_POD}/reattiva capacitiva immessa/marzo.csv",
         "molo.luce/reactive_energy_capacitive_export_intervals"),
        ("IT001E12345678 prelievo.csv", "scuola.main/energy_import_intervals"),
        ("IT001E12345678X prelievo.csv", "scuola.main/energy_import_intervals"),
    ],
)  # fmt: skip
def test_the_point_follows_from_names(town: SmallInstallation, name: str, point: str) -> None:
    assert list(read(IMPORTER, town, source(name, MARCH)).series) == [point]


def test_a_curve_of_a_meter_that_is_read_is_kept_beside_its_register(
    town: SmallInstallation,
) -> None:
    batch = read(IMPORTER, town, source("IT001E12345678 prelievo.csv", MARCH))
    assert [f.message for f in batch.findings] == [
        "kept beside the register of the meter, for comparison: the meter is not accounted by it"
    ]


def test_what_stands_above_the_header_says_more_than_a_name(town: SmallInstallation) -> None:
    above = f"POD: IT 001 E 8765 4321\nEnergia Attiva Immessa [Wh]\n\n{MARCH}"
    above = above.replace("IT 001 E 8765 4321", CURVE_POD)
    batch = read(IMPORTER, town, source("prelievo.csv", above))
    (point,) = batch.series
    assert point == "molo.cessione/energy_export_intervals"
    assert batch.series[point].values.sum() == pytest.approx((70.75 * 3 - 2.5) / 1000)


def test_a_curve_that_says_no_energy_is_taken_as_withdrawn_and_says_so(
    town: SmallInstallation,
) -> None:
    batch = read(IMPORTER, town, source("curva.csv", MARCH), meter="molo.luce")
    assert list(batch.series) == [POINT]
    assert [(f.name, f.subject) for f in batch.findings] == [
        ("load_curve.direction_assumed", "molo.luce")
    ]


@pytest.mark.parametrize(
    ("name", "meter", "message"),
    [
        (
            "curva.csv",
            None,
            (
                "curva.csv: nothing says whose curve it is; put the POD into the name of the"
                " file or"
                " of its folder, or name the meter with --meter"
            ),
        ),
        (
            "IT001E87654312 prelievo.csv",
            None,
            (
                "IT001E87654312 prelievo.csv: POD IT001E87654312 is of no meter; nearest is"
                " IT001E87654321 of molo.cessione, molo.luce: a typing error?"
            ),
        ),
        (
            "IT001E99998888 prelievo.csv",
            None,
            (
                "IT001E99998888 prelievo.csv: POD IT001E99998888 is of no meter; expected"
                " the POD of a"
                " meter in meters.yaml"
            ),
        ),
        (
            "IT001E8765432 prelievo.csv",
            None,
            (
                "IT001E8765432 prelievo.csv: POD 'IT001E8765432' is not well-formed; expected IT, 3"
                " digits, E and 8 characters, such as IT001E12345678"
            ),
        ),
        (
            "IT001E12345678 immessa.csv",
            None,
            (
                "IT001E12345678 immessa.csv: POD IT001E12345678 has no meter that measures"
                " feed_in; it"
                " has scuola.main (withdrawal): add one to imported_meters in meters.yaml"
            ),
        ),
        (
            "immessa.csv",
            "molo.luce",
            "immessa.csv: energy fed in, but meter molo.luce measures withdrawal",
        ),
        (
            "IT001E12345678 prelievo.csv",
            "molo.luce",
            (
                "IT001E12345678 prelievo.csv: meter molo.luce has POD IT001E87654321, the"
                " file is of"
                " IT001E12345678; IT001E12345678 is of scuola.main (withdrawal)"
            ),
        ),
        (
            "prelievo.csv",
            "scuola.ore",
            (
                "meter scuola.ore has intervals of 3600 s (interval_s in meters.yaml), the file of"
                " 900 s"
            ),
        ),
        (
            "reattiva.csv",
            "molo.luce",
            (
                "'reattiva': reactive energy; expected 'induttiva' or 'capacitiva', and"
                " 'prelevata' or"
                " 'immessa'"
            ),
        ),
    ],
)
def test_a_curve_of_nobody_or_of_somebody_else_is_refused(town, name, meter, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError) as error:
        read(IMPORTER, town, source(name, MARCH), meter=meter)
    assert str(error.value) == message


# Recognising


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (MARCH, True),
        ("\n\nPOD;x\n" + OCTOBER, True),
        (MARCH.replace(";", ","), True),
        ("Giorno;kWh\n01/01/2024;3\n", False),
        ("", False),
        ("<xml/>", False),
        ("PK\x03\x04 no archive", False),
    ],
)
def test_only_a_curve_is_recognised(text: str, is_one: bool) -> None:
    assert IMPORTER.recognises(source("x.csv", text)) is is_one


def test_a_file_of_windows_is_read_like_one_of_today(
    town: SmallInstallation, tmp_path: Path
) -> None:
    text = "Città di Porto\n" + MARCH
    shutil.copy(CURVES / "ExportData_marzo.csv", tmp_path / "x.csv")
    old = read(IMPORTER, town, source(NAME, text.encode("cp1252").replace(b"\n", b"\r\n")))
    new = read(IMPORTER, town, source(NAME, text.encode("utf-8-sig")))
    assert curve(old.series[POINT]) == curve(new.series[POINT])


def test_a_gap_is_no_zero_because_the_other_row_of_october_is_filled_with_zeros(
    town: SmallInstallation,
) -> None:
    """13:15 on the 27th stands on the second row; the first has 0 there, for it ends at 3."""
    lines = OCTOBER.splitlines()
    cells = lines[3].split(";")
    assert cells[54] == "1,00"  # the 54th quarter, from 13:15
    lines[3] = ";".join([*cells[:54], "", *cells[55:]])
    whole = curve(read(IMPORTER, town, source(NAME, OCTOBER)).series[POINT])
    found = curve(read(IMPORTER, town, source(NAME, "\n".join(lines) + "\n")).series[POINT])
    assert set(whole) - set(found) == {"2024-10-27T12:15:00"}
    assert found == {at: value for at, value in whole.items() if at in found}


@pytest.mark.parametrize("cell", ["1_000", "\u0663", "\uff11\uff12"])
def test_what_only_a_program_takes_for_a_number_is_refused(
    town: SmallInstallation, cell: str
) -> None:
    batch = read(IMPORTER, town, source(NAME, MARCH.replace(";1,25;", f";{cell};", 1)))
    (refusal,) = batch.refused
    assert refusal.message == f"expected a number with a decimal comma, seen {cell!r}"


def test_a_row_that_slipped_and_one_above_the_titles_are_refused(town: SmallInstallation) -> None:
    """A separator too many moves a day by a quarter; sorting a sheet may move its titles."""
    head, first, *rest = MARCH.splitlines()
    slipped = first.replace(";", ";;", 1)
    batch = read(IMPORTER, town, source(NAME, "\n".join([head, slipped, *rest]) + "\n"))
    assert [r.place for r in batch.refused] == ["line 2"]
    batch = read(IMPORTER, town, source(NAME, "\n".join([first, head, *rest]) + "\n"))
    assert [(r.place, r.message) for r in batch.refused] == [
        ("line 1", "a row of values above that of the titles; expected all of them below it")
    ]


def test_energy_that_no_supply_point_has_is_refused(town: SmallInstallation) -> None:
    """1.234 in place of 1,234 is a thousand times as much, and may be; a date or 1e308 is not."""
    for cell, shown in (("1e308", "1e+308"), ("99999999999", "1e+11")):
        batch = read(IMPORTER, town, source(NAME, MARCH.replace(";1,25;", f";{cell};", 1)))
        (refusal,) = batch.refused
        assert refusal.message == f"{shown} kWh in a quarter hour; expected at most 1e+06"


def test_a_row_that_lacks_cells_is_told(town: SmallInstallation) -> None:
    """Nobody can see whether cells at its end were left out, or one in the middle."""
    lines = MARCH.splitlines()
    lines[1] = lines[1].replace(";0,25;", ";", 1)
    batch = read(IMPORTER, town, source(NAME, "\n".join(lines) + "\n"))
    (finding,) = [f for f in batch.findings if f.name == "load_curve.row_short"]
    assert finding.message.startswith("line 2: 96 cells under 97 titles: what is not there")
