"""Key figures by hand, and towns together only where one method made them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import DeclaredRow
from paes.comparison.benchmarks import Benchmarks, Per, Use, usual_ranges
from paes.comparison.key_figures import Standing, site_figures
from paes.comparison.towns import compare_towns
from paes.errors import ConfigError, DataError
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation, Population
from paes.metering import Carrier, Measures, Reading, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

NAME = Text(it="prova", en="test")
FACTORS = FactorLibrary(
    [FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1"),
     FactorSet(id="other", name=NAME, approach="LCA", gas="CO2eq", version="1")],
    {name: [FactorRow(carrier=Carrier.ELECTRICITY, factor_t_per_mwh=f, source="s")]
     for name, f in (("test", 0.5), ("other", 0.6))},
)  # fmt: skip
USUAL = Benchmarks.model_validate(
    {
        "schema": "benchmarks/1",
        "benchmarks": [
            {"id": "school", "use": "electricity", "per": "floor_area_m2", "kind": "school",
             "low_kwh": 15, "high_kwh": 40, "source": "test"},
            {"id": "pupil", "use": "electricity", "per": "pupil", "low_kwh": 100, "high_kwh": 200,
             "source": "test"},
            {"id": "pv", "use": "generation", "per": "pv_peak_kw", "low_kwh": 1000,
             "high_kwh": 1200, "source": "test"},
            {"id": "light", "use": "electricity", "per": "inhabitant", "sector": "public_lighting",
             "low_kwh": 50, "high_kwh": 100, "source": "test"},
        ],
    }
)  # fmt: skip
SCHOOL = Site(
    id="school", name="School", kind=SiteKind.SCHOOL, sector=Sector.MUNICIPAL_BUILDINGS,
    floor_area_m2=1000, pupils=100, pv_peak_kw=10,
)  # fmt: skip
POWER = {"carrier": Carrier.ELECTRICITY, "device": "x", "gateway": "gw", "rated_power_kw": 50.0}
MAIN = FieldMeter(id="school.main", **POWER)
PV = FieldMeter(id="school.pv", measures=Measures.GENERATION, **POWER)
OUT = FieldMeter(id="school.out", measures=Measures.FEED_IN, **POWER)
START = datetime(2024, 12, 31, 23, tzinfo=UTC)


def city(name: str, heads: int | None, mwh: float, factor_set: str = "test", **more) -> City:
    rows = [
        DeclaredRow(year=year, sector=Sector.PUBLIC_LIGHTING, carrier=Carrier.ELECTRICITY,
                    mwh=amount, source="bills")
        for year, amount in ((2007, mwh * 2), (2025, mwh))
    ]  # fmt: skip
    target = Target(id="t", name=NAME, base_year=2007, target_year=2020, reduction_fraction=0.2)
    people = (Population(year=2000, inhabitants=heads, source="census"),) if heads else ()
    return City(
        facts=CityFile(id=name, name=name, latitude=44.1, longitude=9.8, population=people),
        plan=Plan(base_year=2007, factor_set=factor_set, electricity_factor="current",
                  default_target="t", targets=(target,)),
        gateways={"gw": Gateway(id="gw", host="127.0.0.1")}, actions=(), declared=tuple(rows),
        **{"sites": {}, "meters": {}, "virtual_meters": {}, **more},
    )  # fmt: skip


@pytest.fixture
def ledger_of(tmp_path):
    def make(*cities: City, readings: dict[str, float] | None = None) -> EnergyLedger:
        """Each meter counts evenly over 2025, so much in all, in kWh."""
        meters = [m for one in cities for m in one.meters]
        registers = {m: Register(f"{m}/energy_import", "kWh", None, 0.001) for m in meters}
        store = SqliteStore(tmp_path / "readings.sqlite")
        for meter, kwh in (readings or {}).items():
            store.write(
                [
                    Reading(f"{meter}/energy_import", START + timedelta(days=day), kwh * day / 365)
                    for day in range(366)
                ]
            )
        installation = Installation(
            Path(), "test", cities[0].id, {c.id: c for c in cities}, FACTORS, (), registers
        )
        return EnergyLedger(installation, store, lambda: datetime(2026, 11, 22, tzinfo=UTC))

    return make


def school_town(*meters: FieldMeter) -> City:
    return city("town", 1000, 60.0, sites={"school": SCHOOL}, meters={m.id: m for m in meters})


def test_what_a_school_uses_is_what_it_buys_and_makes_for_itself(ledger_of):
    # buys 20,000, makes 11,000, of which 4,000 are fed in: uses 27,000 kWh
    town = school_town(MAIN, PV, OUT)
    seen = {"school.main": 20_000.0, "school.pv": 11_000.0, "school.out": 4_000.0}
    found = {
        (f.use, f.per): f for f in site_figures(town, 2025, ledger_of(town, readings=seen), USUAL)
    }
    assert found.keys() == {
        (Use.ELECTRICITY, Per.FLOOR_AREA_M2), (Use.ELECTRICITY, Per.PUPIL),
        (Use.GENERATION, Per.PV_PEAK_KW),
    }  # fmt: skip
    area = found[Use.ELECTRICITY, Per.FLOOR_AREA_M2]
    assert area.kwh == pytest.approx(27.0)
    assert area.standing is Standing.WITHIN
    assert found[Use.ELECTRICITY, Per.PUPIL].kwh == pytest.approx(270.0)
    assert found[Use.ELECTRICITY, Per.PUPIL].standing is Standing.ABOVE
    assert found[Use.GENERATION, Per.PV_PEAK_KW].kwh == pytest.approx(1100.0)


def test_a_meter_of_half_a_year_is_not_judged(ledger_of):
    late = MAIN.model_copy(update={"valid_from": date(2025, 7, 1)})
    town = school_town(late)
    (area, _) = site_figures(town, 2025, ledger_of(town, readings={"school.main": 9_000.0}), USUAL)
    assert not area.whole_year
    assert area.standing is None


def test_the_store_is_asked_for_all_sites_at_once(ledger_of, monkeypatch):
    # 500 kWh at 1000 m2 and 100 pupils of each: how often the store is asked does not grow.
    names = [f"school-{n}" for n in range(6)]
    sites = {n: SCHOOL.model_copy(update={"id": n, "pv_peak_kw": None}) for n in names}
    meters = {f"{n}.main": MAIN.model_copy(update={"id": f"{n}.main", "site": n}) for n in names}
    ledger = ledger_of(
        city("town", 1000, 60.0, sites=sites, meters=meters), readings=dict.fromkeys(meters, 500.0)
    )
    town, asked = ledger.installation.city(), []
    load = ledger.store.load_rollups
    monkeypatch.setattr(ledger.store, "load_rollups", lambda *of: asked.append(of[0]) or load(*of))
    site_figures(town, 2025, ledger, USUAL)  # makes the months
    asked.clear()
    found = site_figures(town, 2025, ledger, USUAL)
    assert [f.subject for f in found] == [n for n in names for _ in range(2)]
    assert {f.kwh for f in found} == {0.5, 5.0}
    # once for what plants of one's own change in it, once for what was seen
    assert asked == 2 * [[f"{n}.main/energy_import" for n in names]]


def test_what_is_missing_is_no_thrift(ledger_of):
    # Half a year is missing at its end: the meter saw 7,500 kWh, below the usual 15 kWh/m2, and may
    # have counted up to 50 kW all the time.
    town = school_town(MAIN)
    ledger = ledger_of(town)
    half = [
        Reading("school.main/energy_import", START + timedelta(days=d), 7_500 * d / 182)
        for d in range(183)
    ]
    ledger.store.write(half)
    (area, _) = site_figures(town, 2025, ledger, USUAL)
    assert area.low_kwh < 15 < area.high_kwh
    assert area.standing is Standing.UNCERTAIN


def test_towns_together_by_hand(ledger_of):
    # 60 + 40 MWh at 0.5: 50 t; 100 t in 2007. 1,000 and 500 heads: 60 and 80 kWh each.
    towns = city("one", 1000, 60.0), city("two", 500, 40.0)
    ledger = ledger_of(*towns)
    found = compare_towns(ledger.installation, 2025, ledger, USUAL)
    together = found.together
    assert (together.emissions_t, together.energy_mwh) == (
        pytest.approx(50.0),
        pytest.approx(100.0),
    )
    assert (together.base_year, together.reduction_fraction) == (2007, pytest.approx(0.5))
    assert [town.figures[0].kwh for town in found.towns] == pytest.approx([60.0, 80.0])
    assert [town.t_per_inhabitant for town in found.towns] == pytest.approx([0.03, 0.04])
    assert {town.figures[0].standing for town in found.towns} == {Standing.WITHIN}


def test_tonnes_of_two_methods_are_not_added(ledger_of):
    towns = city("one", 1000, 60.0), city("two", None, 40.0, "other")
    ledger = ledger_of(*towns)
    found = compare_towns(ledger.installation, 2025, ledger, USUAL)
    assert found.together.emissions_t is None
    assert found.together.energy_mwh == pytest.approx(100.0)
    assert found.together.not_added == (
        "the towns reckon by different methods (one: test, electricity current and national; "
        "two: other, electricity current and national)"
    )
    assert found.together.inhabitants is None
    assert found.towns[1].figures == ()


def test_a_town_without_a_year_is_named_and_the_others_stay(ledger_of):
    late = replace(city("late", 500, 40.0), declared=())
    ledger = ledger_of(city("one", 1000, 60.0), late)
    found = compare_towns(ledger.installation, 2025, ledger, USUAL)
    assert [town.city.id for town in found.towns] == ["one"]
    assert [name for name, _ in found.without] == ["late"]


def test_no_town_with_an_inventory_is_an_error(ledger_of):
    towns = [replace(city(name, 500, 40.0), declared=()) for name in ("late", "later")]
    ledger = ledger_of(*towns)
    once = "^no town has an inventory of 2025: no activity data for 2025 or any earlier year$"
    with pytest.raises(DataError, match=once):
        compare_towns(ledger.installation, 2025, ledger, USUAL)


def test_shipped_ranges_are_those_of_their_sources():
    usual = usual_ranges(shipped_config())
    school = usual.of_site(SiteKind.SCHOOL, Use.HEAT, Per.FLOOR_AREA_M2)
    assert school
    assert (school.low_kwh, school.high_kwh) == (60, 110)
    assert usual.of_site(SiteKind.PORT, Use.HEAT, Per.FLOOR_AREA_M2) is None
    assert {b.sector for b in usual.of_towns} == {
        Sector.PUBLIC_LIGHTING, Sector.MUNICIPAL_BUILDINGS,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("high_kwh: 110", "high_kwh: 11", "high_kwh 11.0 is below low_kwh 60.0"),
        ("per: pupil", "per: floor_area_m2", "two usual ranges of one thing: "),
        ("per: light_point", "per: inhabitant", "what is told by inhabitant has a sector"),
    ],
)
def test_wrong_ranges_say_where(tmp_path, old, new, problem):
    text = (shipped_config() / "benchmarks.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "benchmarks.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"benchmarks\.yaml:\d+.*" + problem):
        usual_ranges(tmp_path)
