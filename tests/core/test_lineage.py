"""Figures are what their inputs make of them, to the last digit, from a total to a register read.

The town of ``lineage_town`` by hand, in 2025 (8,760 hours)::

    school 2 kW - columns 0.5 kW = 13,140 kWh, nursery 8,760 kWh    -> 21.9 MWh
    municipal electricity: 100 MWh declared + 21.9                  =  121.9 MWh x 0.3 = 36.57 t
    municipal gas: 90 MWh declared + 8,760 m3 x 9.6 kWh             =  174.096 MWh x 0.2 = 34.8192 t
    lamps: 5 MWh + 12 x 300 kWh = 8.6 MWh x 0.3; transport 30 MWh x 0.3 (its meter lies inside)
    industry: 400 MWh of diesel x 0.25 + 1,000 Sm3 x 9.6 kWh x 0.2
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lineage_town import BORN, HOUR_S, NOW, LineageTown, leaf_below

from paes.accounting.edits import Edit, EditKind
from paes.bills.bill import Bill, BilledUnit, event_of
from paes.errors import DataError
from paes.events import Event
from paes.lineage.figure import Figure, Input
from paes.lineage.formulas import AMOUNT, SUM
from paes.lineage.remaking import agrees, remade
from paes.lineage.spans import parse_span
from paes.lineage.touched import touched_by_row
from paes.lineage.walking import Focus, verify, walk
from paes.periods import Span, from_seconds, to_seconds
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
HOURS_2025 = 8760


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineageTown]:
    """The town as it is described, without a gap."""
    store = SqliteStore(tmp_path_factory.mktemp("plain") / "readings.sqlite")
    town = LineageTown(store)
    town.fill()
    yield town
    store.close()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineageTown]:
    """The town with uneven loads, 3 % lost, long gaps over months and New Year, and edits."""
    store = SqliteStore(tmp_path_factory.mktemp("odd") / "readings.sqlite")
    town = LineageTown(store)
    random = np.random.default_rng(6)
    powers = {
        m: random.gamma(2.0, 0.5, len(town.hours))
        for m in ("school.main", "columns.main", "school.gas", "nursery.load")
    }
    lost = {
        m: np.random.default_rng(i).random(len(town.hours)) < 0.03 for i, m in enumerate(powers)
    }
    gaps = [(8700, 8800), (10_100, 10_180), (12_000, 12_500), (15_000, 15_006)]

    def is_read(meter: str, at: np.ndarray) -> np.ndarray:
        read = ~lost[meter]
        for first, last in gaps:
            read[first:last] = False
        return read

    town.fill(powers, is_read)
    at = [from_seconds(to_seconds(BORN) + h * HOUR_S) for h in (10_000, 10_050, 14_000, 14_030)]
    store.write_events(
        [
            Edit("school.main", EditKind.FACTOR, Span(at[0], at[1]), 2.0, "Rossi",
                 "transformer of 200/5 taken for 100/5", NOW).event,
            Edit("nursery.load", EditKind.IGNORE, Span(at[2], at[3]), None, "Bianchi",
                 "bench test", NOW).event,
        ]
    )  # fmt: skip
    yield town
    store.close()


def value(town: LineageTown, wanted: str) -> float:
    return town.tracer().figure(f"town/{wanted}").value


def test_figures_are_those_of_the_hand_calculation(plain: LineageTown) -> None:
    assert value(plain, "meter/school.main/2025/kwh") == 2 * HOURS_2025
    cell = "inventory/2025/municipal_buildings/electricity"
    assert value(plain, f"{cell}/metered_kwh") == 21_900
    assert value(plain, f"{cell}/mwh") == pytest.approx(121.9)
    assert value(plain, f"{cell}/t") == pytest.approx(36.57)
    assert value(plain, "inventory/2025/municipal_buildings/natural_gas/t") == pytest.approx(
        34.8192
    )
    assert value(plain, "inventory/2025/industry/t") == pytest.approx(101.92)
    assert value(plain, "inventory/2025/t") == pytest.approx(36.57 + 34.8192 + 2.58 + 9 + 101.92)
    # base year: 140 x 0.5 + 90 x 0.2 + 30 x 0.5 + 5 x 0.5 + 101.92 = 207.42 t
    reduction = value(plain, "progress/whole/2025/reduction")
    assert reduction == pytest.approx(1 - 184.8892 / 207.42)
    heads = value(plain, "progress/per-head/2025/reduction")
    assert heads == pytest.approx(1 - (184.8892 / 90) / (207.42 / 100))


def test_a_meter_of_another_site_is_taken_off_with_its_weight(plain: LineageTown) -> None:
    figure = plain.tracer().figure(
        "town/inventory/2025/municipal_buildings/electricity/metered_kwh"
    )
    terms = {one.id.split("/")[2]: (one.weight, one.value) for one in figure.inputs}
    assert terms == {
        "school.main": (1, 17_520), "columns.main": (-1, 4_380), "nursery.load": (1, 8_760),
    }  # fmt: skip
    within = plain.tracer().figure("town/inventory/2025/private_transport/electricity/mwh")
    assert [(one.role, one.value) for one in within.inputs] == [("declared", 30), ("inside", 4_380)]


@pytest.mark.parametrize("which", ["plain", "odd"])
def test_every_figure_is_made_again_to_the_last_bit(
    which: str, request: pytest.FixtureRequest
) -> None:
    tracer = request.getfixturevalue(which).tracer()
    ids = list(tracer.ids())
    assert len(ids) > 100
    made = [tracer.figure(one) for one in ids]
    computed = [figure for figure in made if remade(figure) is not None]
    assert len(computed) > 50
    assert [figure.id for figure in computed if remade(figure) != figure.value] == []


@pytest.mark.parametrize("which", ["plain", "odd"])
def test_everything_below_a_total_agrees_down_to_days_made_of_reads(
    which: str, request: pytest.FixtureRequest
) -> None:
    told: list[str] = []
    checked = verify(
        request.getfixturevalue(which).tracer(), "town/inventory/2025/t", progress=told.append
    )
    # five meters have 365 days each; two of them are not of this kind: a load curve is, bills are
    assert checked.days == 5 * 365
    assert checked.figures == len(told) > 80
    assert checked.wrong == []
    assert checked.equal


def test_intervals_and_reads_make_each_day(odd: LineageTown) -> None:
    tracer, days, seen = odd.tracer(), 0, 0
    for meter in ("school.main", "school.gas", "nursery.load"):
        for day in ("2025-02-14", "2025-03-30", "2025-10-26", "2025-12-31"):
            figure = tracer.figure(f"town/meter/{meter}/{day}/course")
            assert agrees(figure), figure.id
            assert remade(figure) == pytest.approx(figure.value, abs=1e-6)
            days += 1
            for one in figure.inputs:
                interval = tracer.figure(one.id)
                assert interval.value == pytest.approx(one.value, abs=1e-9)
                assert agrees(interval), one.id
                seen += 1
    assert days == 12
    assert seen > 200


def test_a_wrong_sum_would_be_found(plain: LineageTown) -> None:
    figure = plain.tracer().figure(
        "town/inventory/2025/municipal_buildings/electricity/metered_kwh"
    )
    least = math.nextafter(figure.value, 0)
    assert agrees(figure)
    assert not agrees(replace(figure, value=least))
    dropped = replace(figure, inputs=figure.inputs[:-1])
    assert not agrees(dropped)


def test_sums_of_sums_are_rounded_once() -> None:
    # 0.1 + 0.2 + 0.3 is 0.6 in exact arithmetic rounded once, and not (0.1 + 0.2) + 0.3
    inner = (Input("part", "a", 0.1, "t"), Input("part", "b", 0.2, "t"))
    outer = Input("part", "ab", 0.1 + 0.2, "t", addends=tuple(one.value for one in inner))
    whole = Figure("abc", "", 0.6, "t", SUM, (outer, Input("part", "c", 0.3, "t")))
    assert remade(whole) == 0.6
    assert 0.1 + 0.2 + 0.3 != 0.6


def test_the_walk_goes_from_the_total_to_the_reads_of_one_hour(plain: LineageTown) -> None:
    tracer = plain.tracer()
    meter = plain.installation.meter("school.main")
    node = walk(tracer, "town/inventory/2025/t", Focus(1, meter, parse_span("2025-03-14", ROME)))
    opened = [one.figure.id for one in node.all() if one.figure]
    way = [
        "town/inventory/2025/t",
        "town/inventory/2025/municipal_buildings/t",
        "town/inventory/2025/municipal_buildings/electricity/t",
        "town/inventory/2025/municipal_buildings/electricity/mwh",
        "town/inventory/2025/municipal_buildings/electricity/metered_kwh",
        "town/meter/school.main/2025/kwh",
        "town/meter/school.main/2025-03/course",
        "town/meter/school.main/2025-03-14/course",
        "town/meter/school.main/2025-03-13T23:00:00Z..2025-03-14T00:00:00Z/course",
        "town/meter/school.main/2025-03-13T23:00:00Z/reading",
    ]
    assert opened[: len(way)] == way
    reads = [one.figure for one in node.all() if one.figure and one.figure.id.endswith("reading")]
    assert len(reads) == 2 * 24
    # the register shows 1,000 kWh on 1 January 2024; 438 days of 24 hours later 2 kW made 21,024
    assert reads[0].value == 1000 + 2 * 24 * 438
    assert reads[0].note == "quality good"
    (source,) = reads[0].sources
    assert source.text == "energy_import at address 72 (f32), unit 1, device eastron-sdm630"
    assert source.place == "gateway gw (127.0.0.1:502)"


def test_what_a_figure_does_not_rest_on_is_refused(plain: LineageTown) -> None:
    meter = plain.installation.meter("lamps.bills")
    wanted = "town/inventory/2025/municipal_buildings/t"
    with pytest.raises(DataError, match="does not rest on meter lamps"):
        walk(plain.tracer(), wanted, Focus(1, meter))


def test_a_gap_tells_its_amount_by_the_reads_on_both_sides(odd: LineageTown) -> None:
    tracer = odd.tracer()
    year = tracer.figure("town/meter/school.main/2024/kwh")
    across = [one for one in year.inputs if one.role == "estimate"]
    assert across, "the gap over New Year is cut by the year"
    gap = tracer.figure(across[-1].id)
    assert gap.formula is not None
    roles = {one.role: one.value for one in gap.inputs}
    assert gap.value == pytest.approx(roles["end"] - roles["start"])
    assert agrees(gap)
    assert across[-1].value < gap.value  # its part before New Year


def test_an_estimate_tells_method_and_band_and_an_edit_its_author(odd: LineageTown) -> None:
    tracer = odd.tracer()
    year = tracer.figure("town/meter/nursery.load/2025/kwh")
    estimates = [tracer.figure(one.id) for one in year.inputs if one.role == "estimate"]
    assert estimates
    assert all(figure.sources and figure.bounds for figure in estimates)
    assert {one.role for figure in estimates for one in figure.inputs} == {"inside"}
    kinds = {source.kind for figure in estimates for source in figure.sources}
    assert "estimate" in kinds
    day = odd.tracer().figure("town/meter/school.main/2025-02-21/course")
    told = [s for one in day.inputs for s in tracer.figure(one.id).sources if s.kind == "person"]
    assert told[0].text == "edit factor 2: transformer of 200/5 taken for 100/5"
    assert told[0].place == "Rossi, 2026-02-01T00:00:00Z"


def test_a_declared_amount_tells_its_conversion_file_and_line(plain: LineageTown) -> None:
    figure = plain.tracer().figure("town/declared/2023/industry/natural_gas/mwh")
    assert figure.value == pytest.approx(9.6)
    declaration, conversion = figure.sources
    assert declaration.place == "industry.csv:23"
    assert conversion.text.startswith("1000 Sm3 x 9.6 kWh/Sm3")


def test_an_amount_tells_its_bill_and_the_file_that_brought_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "readings.sqlite")
    town = LineageTown(store)
    town.fill()
    may = parse_span("2025-05", ROME)
    bill = Bill("lamps.bills", may.start, may.end, 300.0, BilledUnit.KWH, "2025/17",
                supplier="Luce SpA")  # fmt: skip
    facts: dict[str, str | float] = {"file": "may.csv", "sha256": "ab" * 32, "author": "Rossi"}
    trail = Event(town.point("lamps.bills"), "import.bills.abababababab", may.start, may.end,
                  "may.csv: 1 new", facts)  # fmt: skip
    store.write_events([event_of(bill), trail])
    tracer = town.tracer()
    month = tracer.figure("town/meter/lamps.bills/2025-05/kwh")
    assert month.value == 300
    catch_up = tracer.figure("town/meter/lamps.bills/2025-05/catch_up")
    (gap,) = (tracer.figure(one.id) for one in catch_up.inputs)
    assert (gap.value, gap.formula) == (300, AMOUNT)
    read = tracer.figure(gap.inputs[0].id)
    assert [(one.kind, one.text, one.place) for one in read.sources] == [
        ("file", "may.csv, imported by Rossi", "ab" * 32),
        ("bill", "invoice 2025/17: 300 kWh", "Luce SpA, 2025-05"),
    ]
    store.close()


def test_a_read_that_is_not_there_names_its_neighbours(plain: LineageTown) -> None:
    with pytest.raises(DataError) as caught:
        plain.tracer().figure("town/meter/school.main/2025-03-14T09:15:00Z/reading")
    assert "nearest: 2025-03-14T09:00:00Z, 2025-03-14T10:00:00Z" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("town/inventory/2025/municipal_building/t", "there is town/inventory/2025/municipal_bu"),
        ("town/inventory/2024/t", "no inventory of 2024; there is 2023, 2025"),
        ("town/inventory/2025/industry/diesel/tonnes", "there is town/inventory/2025/industry"),
        ("town/progress/whole/2025/reductio", "there is town/progress/whole/2025/reduction"),
        ("town/progress/hole/2025/reduction", "has no target 'hole'; there is whole, per-head"),
        ("town/declared/2024/industry/diesel/mwh", "there is town/declared/2023/industry/diesel"),
        ("town/meter/school.mains/2025/kwh", "no meter 'school.mains'; there is"),
        ("town/meter/school.main/2025/mwh", "'mwh' is none of kwh, m3"),
        ("town/action/led/t", "no figure town/action/led/t; there is none"),
        ("town/supply/2025/lpe_mwh", "no figure town/supply/2025/lpe_mwh"),
        ("other/inventory/2025/t", "this is town"),
    ],
)  # fmt: skip
def test_a_wrong_id_names_what_is_near(plain: LineageTown, wanted: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        plain.tracer().figure(wanted)
    assert told in str(caught.value)


def test_another_method_is_another_figure(plain: LineageTown) -> None:
    tracer = plain.tracer()
    frozen = tracer.figure("town/inventory/2025/public_lighting/t?electricity=frozen")
    assert frozen.value == pytest.approx(8.6 * 0.5)
    assert frozen.id.endswith("?electricity=frozen")
    assert all("?electricity=frozen" in one.id for one in frozen.inputs)
    assert frozen.method["electricity_factor"] == "frozen"


def test_figures_of_a_declared_row_are_those_that_change_with_it(plain: LineageTown) -> None:
    wanted = "town/declared/2023/industry/diesel/mwh"
    found = touched_by_row(plain.tracer(), wanted)
    city = plain.installation.city()
    changed = tuple(
        row.model_copy(update={"mwh": 500.0}) if row.carrier == "diesel" else row
        for row in city.declared
    )
    # carried to 2025, so that both years change
    other = LineageTown(plain.store)
    other.installation = replace(
        plain.installation, cities={"town": replace(city, declared=changed)}
    )
    before, after = _values(plain.tracer()), _values(other.tracer())
    differing = {one for one in before if before[one] != after[one]}
    assert "town/inventory/2025/industry/diesel/t" in differing
    assert "town/inventory/2025/industry/natural_gas/t" not in differing
    assert differing | {wanted} <= set(found)
    untouched = "town/inventory/2025/municipal_buildings/t"
    assert untouched not in found


def _values(tracer) -> dict[str, float]:
    return {one: tracer.figure(one).value for one in tracer.ids()}


def test_every_way_down_ends_at_a_named_source(odd: LineageTown) -> None:
    tracer, leaves = odd.tracer(), []
    ids = list(tracer.ids())
    for seed in range(60):
        leaves.append(leaf_below(tracer, ids, np.random.default_rng(seed)))
    assert [figure.id for figure in leaves if not figure.sources] == []
    unknown = {f.id.split("/")[2] for f in leaves if f.sources[0].kind == "unknown"}
    assert unknown <= {"lamps.bills", "nursery.load"}  # the test wrote these without a file
    kinds = {source.kind for figure in leaves for source in figure.sources}
    assert {"register", "declaration", "table"} <= kinds
