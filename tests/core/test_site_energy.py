"""Energy by site: trees, shares and formulas over real readings in a real store.

Every meter runs at a constant power that is given, from 1 January 2025 in Rome; expected amounts
are hours times kilowatts, counted by hand. Meters are rated 10 kW, so 12 kW bound what they miss.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.accounting.term_sums import Tabled, summed
from paes.meter_trees.tree import MeterTree, Term
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Carrier, Measures, Sector
from paes.meters import FieldMeter, Meter, Replacement
from paes.periods import By, Span, day_span, year_span
from paes.store.sqlite import SqliteStore
from tests.core.tree_town import SECTORS, meter, town, virtual

ROME = "Europe/Rome"
BORN = datetime(2024, 12, 31, 23, tzinfo=UTC)
NOW = datetime(2025, 12, 31, 23, tzinfo=UTC)
JUNE = Span(datetime(2025, 5, 31, 22, tzinfo=UTC), datetime(2025, 6, 30, 22, tzinfo=UTC))
MARCH = Span(datetime(2025, 2, 28, 23, tzinfo=UTC), datetime(2025, 3, 31, 22, tzinfo=UTC))
IN_JUNE, IN_MARCH = 720.0, 743.0  # hours; the clocks of Rome skip one in March
KWH, IN = Carrier.ELECTRICITY, Measures.WITHDRAWAL


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def write(
    store: SqliteStore, of: str, power_kw: float, span: Span = JUNE, without: Span | None = None
) -> None:
    """A register that grows by ``power_kw`` since BORN, read every quarter of an hour."""
    begin, end = int(span.start.timestamp()), int(span.end.timestamp())
    t = np.arange(begin, end + 1, 900, dtype=np.int64)
    if without:
        t = t[(t <= without.start.timestamp()) | (t >= without.end.timestamp())]
    store.write_series(f"{of}/energy_import", t, (t - BORN.timestamp()) / 3600 * power_kw)


def energy(store: SqliteStore, *of: Meter | VirtualMeter, now: datetime = NOW) -> SiteEnergy:
    return SiteEnergy(EnergyLedger(town(*of), store, lambda: now))


def kwh(of: SiteEnergy, *sites: str, span: Span = JUNE) -> float:
    total = of.total(sites, KWH, IN, span)
    assert total is not None
    assert total.missing_high_kwh == 0
    return total.kwh


def test_columns_in_a_school_take_from_it_and_follow_their_own_sector(store):
    of = energy(store, meter("school.main"), meter("columns.main", parent="school.main"))
    write(store, "school.main", 5.0)
    write(store, "columns.main", 2.0)
    assert kwh(of, "school") == pytest.approx(3 * IN_JUNE)
    assert kwh(of, "columns") == pytest.approx(2 * IN_JUNE)
    assert kwh(of, *SECTORS) == pytest.approx(5 * IN_JUNE)
    cells = of.cells(of.installation.city(), JUNE)
    assert {cell[0]: total.kwh for cell, total in cells.items()} == {
        Sector.MUNICIPAL_BUILDINGS: pytest.approx(3 * IN_JUNE),
        Sector.PRIVATE_TRANSPORT: pytest.approx(2 * IN_JUNE),
    }
    frames = of.by_site(SECTORS, IN, JUNE, By.DAY)
    assert {key[0]: len(frame) for key, frame in frames.items()} == {"columns": 30, "school": 30}
    assert frames["school", KWH]["measured_kwh"].tolist() == [pytest.approx(72.0)] * 30
    assert (frames["school", KWH]["covered_s"] == 86400).all()


def test_an_exchange_in_the_middle_of_the_month_is_right_on_both_sides_of_the_tree(store):
    """Both devices are exchanged at noon on 15 June; the new registers begin at 7 kWh."""
    noon = datetime(2025, 6, 15, 10, tzinfo=UTC)
    at_noon = (noon - BORN).total_seconds() / 3600
    powers = {"school.main": 5.0, "columns.main": 2.0}
    meters = []
    for name, power in powers.items():
        swap = Replacement(at=noon, new_serial="2", last_reading=power * at_noon, first_reading=7.0)
        parent = {} if name == "school.main" else {"parent": "school.main"}
        meters.append(meter(name, replacements=(swap,), **parent))
        write(store, name, power, Span(JUNE.start, noon - timedelta(minutes=15)))
        t = np.arange(int(noon.timestamp()), int(JUNE.end.timestamp()) + 1, 900)
        values = 7.0 + (t - noon.timestamp()) / 3600 * power
        store.write_series(f"{name}/energy_import", t, values)
    of = energy(store, *meters)
    assert kwh(of, "school") == pytest.approx(3 * IN_JUNE)
    assert kwh(of, "columns") == pytest.approx(2 * IN_JUNE)
    assert kwh(of, *SECTORS) == pytest.approx(5 * IN_JUNE)
    day = day_span(date(2025, 6, 15), ROME)
    assert kwh(of, "school", span=day) == pytest.approx(3 * 24)


def test_a_part_that_is_metered_from_the_middle_of_a_month_on(store):
    """Before its meter, the columns' energy is the school's: nobody knows it apart."""
    part = meter("columns.main", parent="school.main", valid_from=date(2025, 6, 16))
    of = energy(store, meter("school.main"), part)
    write(store, "school.main", 5.0)
    write(store, "columns.main", 2.0)
    assert kwh(of, "school") == pytest.approx(5 * 360 + 3 * 360)
    frame = of.sites(["school"], KWH, IN, JUNE, By.MONTH)
    assert frame["measured_kwh"].iloc[0] == pytest.approx(5 * 360 + 3 * 360)
    assert frame["covered_s"].iloc[0] == frame["span_s"].iloc[0] == 30 * 86400


@pytest.mark.parametrize("by", list(By))
def test_a_key_that_changes_in_the_middle_of_a_month_and_at_a_clock_change(store, by):
    """From 30 March, a day of 23 hours, the nursery has 40 %, and the columns their own."""
    main = meter(
        "school.main", shares=[{"from": "2025-03-30", "sites": {"school": 0.6, "nursery": 0.4}}]
    )
    of = energy(store, main, meter("columns.main", parent="school.main"))
    write(store, "school.main", 5.0, MARCH)
    write(store, "columns.main", 2.0, MARCH)
    shared, alone = 47.0, IN_MARCH - 47.0  # hours: 23 of the 30th and 24 of the 31st
    expected = {
        "school": 3 * alone + 0.6 * 3 * shared,
        "nursery": 0.4 * 3 * shared,
        "columns": 2 * IN_MARCH,
    }
    for site, amount in expected.items():
        assert kwh(of, site, span=MARCH) == pytest.approx(amount), site
        frame = of.sites([site], KWH, IN, MARCH, by)
        assert frame["measured_kwh"].sum() == pytest.approx(amount), site
        assert by is By.YEAR or frame["missing_high_kwh"].sum() == 0
    assert kwh(of, *SECTORS, span=MARCH) == pytest.approx(5 * IN_MARCH)
    year = of.sites(["school"], KWH, IN, year_span(2025, ROME), By.YEAR)
    assert len(year) == 1


def test_a_month_asked_with_a_key_leaves_the_kept_month_whole(store):
    """The rows that are kept are the meter's own, whoever asks first."""
    main = meter("school.main", shares=[{"from": "2025-06-11", "sites": {"nursery": 1}}])
    of = energy(store, main)
    write(store, "school.main", 5.0)
    for _ in range(2):
        frame = of.sites(["nursery"], KWH, IN, JUNE, By.MONTH)
        assert frame["measured_kwh"].iloc[0] == pytest.approx(5 * 20 * 24)
        whole = of.ledger.meter(main, JUNE, By.MONTH)
        assert whole["measured"].iloc[0] == pytest.approx(5 * IN_JUNE)


FIRST_DAY = Span(JUNE.start, JUNE.start + timedelta(days=1))


def test_what_a_part_misses_is_no_saving_and_no_use_of_its_whole(store):
    """The columns are not read from noon on for good: 12 kW x 12 h may have gone to them."""
    noon = FIRST_DAY.start + timedelta(hours=12)
    of = energy(
        store, meter("school.main"), meter("columns.main", parent="school.main"), now=FIRST_DAY.end
    )
    write(store, "school.main", 5.0)
    write(store, "columns.main", 2.0, Span(FIRST_DAY.start, noon))
    school = of.total(["school"], KWH, IN, FIRST_DAY)
    columns = of.total(["columns"], KWH, IN, FIRST_DAY)
    both = of.total(SECTORS, KWH, IN, FIRST_DAY)
    assert both.low_kwh == both.high_kwh == pytest.approx(120)
    assert columns.low_kwh <= 48 <= columns.high_kwh
    assert school.low_kwh <= 72 <= school.high_kwh
    assert school.low_kwh == pytest.approx(max(0, 120 - columns.high_kwh))
    assert school.high_kwh == pytest.approx(120 - columns.low_kwh)
    assert school.covered_s == pytest.approx(12 * 3600)
    assert school.kwh + columns.kwh == pytest.approx(both.kwh)


def test_what_the_whole_misses_is_no_saving_of_the_rest(store):
    noon = FIRST_DAY.start + timedelta(hours=12)
    of = energy(
        store, meter("school.main"), meter("columns.main", parent="school.main"), now=FIRST_DAY.end
    )
    write(store, "school.main", 5.0, Span(FIRST_DAY.start, noon))
    write(store, "columns.main", 2.0)
    school = of.total(["school"], KWH, IN, FIRST_DAY)
    assert 0 <= school.low_kwh <= 72 <= school.high_kwh
    assert school.high_kwh >= 60 - 48
    assert school.missing_high_kwh + school.estimated_high_kwh > 0
    assert school.coverage == pytest.approx(0.5)


def test_parts_that_exceed_their_whole_are_found(store):
    of = energy(store, meter("school.main"), meter("columns.main", parent="school.main"))
    write(store, "school.main", 2.0)
    write(store, "columns.main", 5.0)
    (found,) = of.findings(of.installation.city(), JUNE)
    assert (found.name, found.subject) == ("site_energy.parts_exceed_whole", "school")
    assert found.numbers["high_kwh"] == pytest.approx(-3 * IN_JUNE)
    sound = energy(store, meter("columns.main"), meter("school.main", parent="columns.main"))
    assert sound.findings(sound.installation.city(), JUNE) == []


def test_a_virtual_meter_by_period(store):
    gap = Span(JUNE.start + timedelta(hours=30), JUNE.start + timedelta(hours=36))
    of = energy(
        store,
        meter("school.main"),
        meter("school.pump", parent="school.main"),
        virtual("school.rest", "main - pump"),
        virtual("school.half", "0.5 * rest"),
    )
    write(store, "school.main", 5.0)
    write(store, "school.pump", 2.0, without=gap)
    shown = of.installation.virtual_meters
    rest = of.virtual(shown["school.rest"], JUNE, By.DAY)
    assert rest["measured_kwh"].tolist() == [pytest.approx(72.0)] * 30
    assert rest["catch_up_kwh"].sum() == pytest.approx(2 * 6)
    assert rest["covered_s"].tolist() == [86400, 64800, *[86400] * 28]
    half = of.virtual(shown["school.half"], JUNE, By.MONTH)
    assert half["measured_kwh"].iloc[0] == pytest.approx(1.5 * IN_JUNE)
    assert kwh(of, "school") == pytest.approx(5 * IN_JUNE)


def test_water_and_gas_go_by_trees_too(store):
    gas = {"carrier": Carrier.NATURAL_GAS, "rated_power_kw": None, "rated_flow_m3_h": 10.0}
    water = {**gas, "carrier": None, "measures": Measures.WATER}
    of = energy(
        store,
        meter("school.gas", **gas),
        meter("flat.gas", parent="school.gas", **gas),
        meter("school.water", shares=[{"from": "2025-01-01", "sites": {"nursery": 1}}], **water),
    )
    for name, flow in (("school.gas", 3.0), ("flat.gas", 1.0), ("school.water", 2.0)):
        write(store, name, flow)
    total = of.total(["school"], Carrier.NATURAL_GAS, IN, JUNE)
    assert total.kwh == pytest.approx(2 * 9.6 * IN_JUNE)  # 9.6 kWh/Sm3
    frame = of.sites(["nursery"], None, Measures.WATER, JUNE, By.MONTH)
    assert frame["measured_m3"].iloc[0] == pytest.approx(2 * IN_JUNE)
    assert of.sites(["flat"], None, Measures.WATER, JUNE, By.MONTH).empty


# What holds whatever is metered -----------------------------------------------------------------

SITES = list(SECTORS)
WHOLE = [0.0, 0.25, 0.5, 1.0]


@st.composite
def trees(draw: st.DrawFn) -> list[FieldMeter | VirtualMeter]:
    """Trees of meters over four sites, with keys; perhaps a virtual meter that counts."""
    of: list[FieldMeter] = []
    for number in range(draw(st.integers(1, 6))):
        site = draw(st.sampled_from(SITES))
        parents = [m.id for m in of]
        parent = draw(st.sampled_from([None, *parents])) if parents else None
        changes = {"parent": parent} if parent else {"shares": draw(keys())}
        of.append(meter(f"{site}.m{number}", **changes))
    whole = draw(st.sampled_from(of))
    part = draw(st.sampled_from([0.25, 0.5, 1.0]))
    inside = [m for m in of if m.parent == whole.id]
    formula = " ".join([f"{part} * {whole.id}", *(f"- {part} * {m.id}" for m in inside)])
    site = draw(st.sampled_from(SITES))
    counts = not any(m.site != whole.site for m in inside) and draw(st.booleans())
    return [*of, virtual(f"{site}.v", formula, counts=counts)]


@st.composite
def keys(draw: st.DrawFn) -> list[dict]:
    """No key, or one or two; from the middle of months on."""
    days = sorted(draw(st.sets(st.sampled_from(["2025-02-10", "2025-06-16"]), max_size=2)))
    found = []
    for day in days:
        a, b = draw(st.permutations(SITES))[:2]
        part = draw(st.sampled_from(WHOLE))
        sites = {s: p for s, p in ((a, part), (b, 1 - part)) if p}
        found.append({"from": day, "sites": sites})
    return found


@settings(deadline=None)
@given(trees())
def test_the_terms_of_all_sites_are_the_towns_meters_each_once(of):
    tree = MeterTree(town(*of).city())
    roots = {m.id for m in of if isinstance(m, FieldMeter) and m.parent is None}
    whole = tree.terms(SITES, KWH, IN)
    assert {t.meter.id: t.weight for t in whole} == dict.fromkeys(roots, 1.0)
    assert len(whole) == len(roots)
    for at in (datetime(2025, month, 20, tzinfo=UTC) for month in (1, 3, 9)):
        by_site: dict[str, float] = {}
        for site in SITES:
            for t in tree.terms([site], KWH, IN):
                if t.span.start <= at < t.span.end:
                    by_site[t.meter.id] = by_site.get(t.meter.id, 0.0) + t.weight
        left = {m: round(w, 6) for m, w in by_site.items() if round(w, 6)}
        assert left == dict.fromkeys(roots, 1.0)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees(), st.data())
def test_no_total_of_a_town_is_changed_and_sites_add_up_to_it(tmp_path_factory, of, data):
    """Real readings with a gap at the end of some; the reference is a plain sum over the mains."""
    folder = tmp_path_factory.mktemp("town")
    store = SqliteStore(folder / "readings.sqlite")
    real = [m for m in of if isinstance(m, FieldMeter)]
    for number, one in enumerate(real):
        end = JUNE.end - timedelta(days=data.draw(st.sampled_from([0, 0, 3])))
        write(store, one.id, 1.0 + number, Span(JUNE.end - timedelta(days=20), end))
    span = Span(JUNE.end - timedelta(days=19), JUNE.end)
    together = energy(store, *of, now=JUNE.end)
    mains = [m for m in real if m.parent is None]
    plain = sum(together.ledger.totals([(m, span) for m in mains]), EnergyTotal())
    town_total = together.total(SITES, KWH, IN, span)
    assert town_total.kwh == pytest.approx(plain.kwh)
    assert (town_total.low_kwh, town_total.high_kwh) == (
        pytest.approx(plain.low_kwh), pytest.approx(plain.high_kwh),
    )  # fmt: skip
    assert town_total.coverage == pytest.approx(plain.coverage)
    cells = together.cells(together.installation.city(), span)
    assert sum(c.kwh for c in cells.values()) == pytest.approx(plain.kwh)
    store.close()


AMOUNT = st.floats(0, 100)


@st.composite
def seen(draw: st.DrawFn) -> tuple[EnergyTable, float, float]:
    """A table of one hour, and a truth that its bounds allow; seconds that it was not seen."""
    measured, est_low, more, miss_low, even_more = (draw(AMOUNT) for _ in range(5))
    unseen_s = draw(st.floats(0, 3600))
    truth = measured + draw(st.floats(est_low + miss_low, est_low + miss_low + more + even_more))
    columns = [measured, 0.0, est_low + more / 2, est_low, est_low + more]
    columns += [miss_low, miss_low + even_more, 3600.0 - unseen_s, 3600.0]
    return EnergyTable(*(np.array([c]) for c in columns)), truth, unseen_s


@settings(deadline=None)
@given(seen(), seen(), st.sampled_from([0.25, 0.6, 1.0]))
def test_a_difference_contains_the_truth_and_was_not_seen_longer_than_either(whole, part, weight):
    (a, true_a, unseen_a), (b, true_b, unseen_b) = whole, part
    truth = weight * (true_a - true_b)
    terms = Term(meter("school.main"), weight), Term(meter("school.lift"), -weight)
    part_of = truth >= 0
    of = summed([Tabled(terms[0], a, "x", part_of), Tabled(terms[1], b, "x", part_of)]).total()
    assert of.low_kwh - 1e-6 <= truth <= of.high_kwh + 1e-6
    assert of.covered_s <= min(3600 - unseen_a, 3600 - unseen_b) + 1e-6
    assert of.estimated_low_kwh <= of.estimated_high_kwh + 1e-9
    assert of.missing_low_kwh <= of.missing_high_kwh + 1e-9
    assert not part_of or of.low_kwh >= -1e-6
    assert of.kwh == pytest.approx(
        weight * (a.measured[0] + a.estimated[0] - b.measured[0] - b.estimated[0]), abs=1e-6
    )


def test_nothing_bounds_a_difference_whose_part_nothing_bounds():
    unbounded = EnergyTable(*(np.array([c]) for c in (5.0, 0, 0, 0, 0, 0, np.inf, 0, 3600.0)))
    known = EnergyTable(*(np.array([c]) for c in (9.0, 0, 0, 0, 0, 0, 0, 3600.0, 3600.0)))
    one, other = meter("school.main"), meter("school.lift")

    def difference(a: EnergyTable, b: EnergyTable) -> tuple[float, float]:
        of = [Tabled(Term(one, 1.0), a, "x"), Tabled(Term(other, -1.0), b, "x")]
        total = summed(of).total()
        return total.low_kwh, total.high_kwh

    assert difference(known, unbounded) == (0.0, 4.0)
    assert difference(unbounded, known) == (0.0, np.inf)
    assert difference(unbounded, unbounded) == (0.0, np.inf)
