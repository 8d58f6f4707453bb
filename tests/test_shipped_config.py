"""The shipped installation: valid, honest about what it assumes, and true to what is published."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from math import fsum
from pathlib import Path

import pytest
import yaml

from paes.config import load_installation
from paes.factors.emission_factors import How
from paes.installation import City, Installation
from paes.metering import Carrier, Measures, Sector, SiteKind
from paes.schema import Sourced
from paes.shipped_files import shipped_config

# Published for La Spezia: OpenClimate's compilation of the Covenant's data, row IT SPE:2013.
PUBLISHED_2013_T = 243_638
# Published shares of La Spezia's energy balance (comune.laspezia.it, Energia/promozione.html).
PUBLISHED_SHARES = {"homes": 0.26, "productive": 0.31, "transport": 0.29, "remainder": 0.14}
FIRST_SIMULATED_PORT = 5020


@pytest.fixture(scope="module")
def installation() -> Installation:
    return load_installation(shipped_config())


@pytest.fixture(scope="module")
def la_spezia(installation: Installation) -> City:
    return installation.city("la-spezia")


def test_it_has_three_towns_with_sites_and_meters(installation: Installation) -> None:
    assert set(installation.cities) == {"la-spezia", "lerici", "portovenere"}
    assert installation.city().id == "la-spezia"
    assert len(installation.sites) >= 40
    assert len(installation.meters) >= 80
    assert set(installation.registers) == set(installation.meters)


def test_every_city_has_meters_and_a_baseline(installation: Installation) -> None:
    for city in installation.cities.values():
        assert city.meters, city.id
        assert any(row.year == city.plan.base_year for row in city.declared), city.id


def test_every_figure_has_a_source_or_is_marked_as_assumed_with_a_note(
    installation: Installation,
) -> None:
    entries = list(_entries(installation))
    assert len(entries) > 500
    unexplained = [e for e in entries if not e.source and not (e.assumed and e.note)]
    assert unexplained == []


def test_every_emission_factor_and_calorific_value_has_an_origin() -> None:
    folder = shipped_config() / "factors"
    files = sorted(folder.glob("*.csv"))
    assert len(files) == 5
    for path in files:
        for row in _csv_rows(path):
            assert row["source"] or (row["assumed"] == "true" and row["note"]), (path.name, row)


def test_pod_pdr_and_addresses_are_marked_as_invented(installation: Installation) -> None:
    assert all(meter.assumed for meter in installation.meters.values())
    assert all(g.simulated and g.assumed for g in installation.gateways.values())
    pods = [(m.pod, m.measures) for m in installation.meters.values() if m.pod]
    assert len(pods) == len(set(pods)) > 40  # what goes in and what comes out have one in common


def test_la_spezia_has_its_climate_zone_and_a_sensor_of_its_own(la_spezia: City) -> None:
    """Zone D, and 1,413 degree days: DPR 412/1993, annex A, as commonly given."""
    facts = la_spezia.facts
    assert facts.climate_zone is not None
    assert facts.climate_zone.value == "D"
    assert facts.reference_degree_days
    assert (facts.reference_degree_days.degree_days, facts.reference_degree_days.assumed) == (
        1413,
        True,
    )
    assert [source.point for source in facts.weather] == [
        s.point for s in la_spezia.sensors.values()
    ]


def test_transport_has_metered_sites_of_its_own(la_spezia: City) -> None:
    """A trolleybus substation, five columns for municipal cars, a station of electric bicycles."""
    columns = [s for s in la_spezia.sites.values() if s.kind is SiteKind.CHARGING_STATION]
    assert [s.sector for s in columns] == [Sector.MUNICIPAL_FLEET] * 2
    assert sum(s.charging_points or 0 for s in columns) == 5
    others = {
        s.kind: s.sector
        for s in la_spezia.sites.values()
        if s.kind in (SiteKind.TROLLEYBUS_SUBSTATION, SiteKind.BIKE_SHARING)
    }
    assert set(others.values()) == {Sector.PUBLIC_TRANSPORT}
    assert len(others) == 2


def test_gateways_listen_where_the_simulator_serves_them(installation: Installation) -> None:
    """``paes simulate`` serves the gateways on consecutive ports in the order of their ids."""
    ports = [installation.gateways[name].port for name in sorted(installation.gateways)]
    assert ports == list(range(FIRST_SIMULATED_PORT, FIRST_SIMULATED_PORT + len(ports)))


def test_every_gateway_has_meters_and_serves_one_site(installation: Installation) -> None:
    for name in installation.gateways:
        assert len({m.site for m in installation.meters_behind(name)}) == 1, name


def test_every_energy_meter_of_electricity_and_heat_bounds_its_gaps(
    installation: Installation,
) -> None:
    in_kwh = [m for m in installation.meters.values() if installation.register(m).unit == "kWh"]
    assert len(in_kwh) > 50
    assert [m.id for m in in_kwh if m.rated_power_kw is None] == []


def test_heat_is_only_metered_behind_a_fuel_meter(installation: Installation) -> None:
    """No default factor for heat exists, so delivered heat would stop the inventory."""
    heat = [m for m in installation.meters.values() if m.carrier is Carrier.HEAT_COLD]
    assert heat
    assert all(m.measures is Measures.SUBMETER for m in heat)


def test_both_targets_of_2020_are_shipped(la_spezia: City) -> None:
    targets = {t.id: t for t in la_spezia.plan.targets}
    energy_plan, covenant = targets["piano-energetico-2020"], targets["covenant-2020"]

    assert la_spezia.plan.default_target == "piano-energetico-2020"
    assert (energy_plan.reduction_fraction, energy_plan.supra_ordinate_fraction) == (0.14, 0.07)
    assert energy_plan.own_fraction == pytest.approx(0.07)
    assert energy_plan.adopted_by == "DCC n. 21 del 20/06/2011"
    assert covenant.reduction_fraction == 0.20
    assert covenant.own_fraction is None
    assert covenant.adopted_by == "DCC n. 30 del 25/07/2011"
    assert {energy_plan.base_year, covenant.base_year} == {2007}
    assert {energy_plan.target_year, covenant.target_year} == {2020}
    assert not energy_plan.assumed
    assert not covenant.assumed


def test_targets_of_2030_say_that_their_base_year_is_assumed(la_spezia: City) -> None:
    later = [t for t in la_spezia.plan.targets if t.target_year == 2030]
    assert [t.reduction_fraction for t in later] == [0.40, 0.55]
    assert all(t.assumed and "1990" in (t.note or "") for t in later)


def test_the_published_total_of_2013_is_shipped_as_it_was_published(la_spezia: City) -> None:
    (published,) = la_spezia.plan.published_inventories
    assert (published.year, published.total_t, published.gas) == (2013, PUBLISHED_2013_T, None)


def test_assumed_energy_of_2013_meets_the_published_total(
    installation: Installation, la_spezia: City
) -> None:
    assert _emissions_t(installation, la_spezia, 2013) == pytest.approx(PUBLISHED_2013_T, rel=0.005)


def test_assumed_emissions_are_plausible_in_the_base_and_target_year(
    installation: Installation, la_spezia: City
) -> None:
    baseline_t = _emissions_t(installation, la_spezia, 2007)
    assert 285_000 < baseline_t < 300_000
    assert _emissions_t(installation, la_spezia, 2020) < 0.86 * baseline_t


def test_energy_of_the_base_year_is_shared_as_published(la_spezia: City) -> None:
    group = {
        Sector.RESIDENTIAL_BUILDINGS: "homes",
        Sector.TERTIARY_BUILDINGS: "productive",
        Sector.INDUSTRY: "productive",
        Sector.MUNICIPAL_FLEET: "transport",
        Sector.PUBLIC_TRANSPORT: "transport",
        Sector.PRIVATE_TRANSPORT: "transport",
    }
    baseline = [row for row in la_spezia.declared if row.year == 2007]
    total_mwh = fsum(row.mwh for row in baseline)
    shares = dict.fromkeys(PUBLISHED_SHARES, 0.0)
    for row in baseline:
        shares[group.get(row.sector, "remainder")] += row.mwh / total_mwh
    assert shares == pytest.approx(PUBLISHED_SHARES, abs=0.01)


def test_the_running_year_has_no_declared_energy(installation: Installation) -> None:
    declared = [row.year for city in installation.cities.values() for row in city.declared]
    assert max(declared) == 2025


def test_every_cell_once_declared_is_declared_every_year(la_spezia: City) -> None:
    """An end of use is a zero: a missing row would carry the earlier figure on."""
    by_year: dict[int, set[tuple[Sector, Carrier]]] = {}
    for row in la_spezia.declared:
        by_year.setdefault(row.year, set()).add((row.sector, row.carrier))
    assert len(by_year) == 10
    assert len({frozenset(cells) for cells in by_year.values()}) == 1


def test_every_declared_cell_has_a_factor_in_the_plan_set(installation: Installation) -> None:
    for city in installation.cities.values():
        assert _emissions_t(installation, city, 2007) > 0, city.id


@pytest.mark.parametrize(
    ("set_id", "year", "factor_t_per_mwh"),
    # JRC workbook "JRC-COM-NEEFE 1990-2020" (Lo Vullo et al. 2022, EUR 31168 EN).
    [
        ("ipcc-co2", 1990, 0.5727),
        ("ipcc-co2", 2007, 0.4754),
        ("ipcc-co2", 2013, 0.3404),
        ("ipcc-co2", 2020, 0.2671),
        ("ipcc-co2eq", 2007, 0.4763),
        ("ipcc-co2eq", 2020, 0.2684),
        ("lca-co2eq", 2007, 0.5536),
        ("lca-co2eq", 2020, 0.3427),
    ],
)
def test_electricity_factors_are_those_of_the_jrc(
    installation: Installation, set_id: str, year: int, factor_t_per_mwh: float
) -> None:
    match = installation.factors.find(
        set_id, Carrier.ELECTRICITY, Sector.RESIDENTIAL_BUILDINGS, year
    )
    assert (match.factor_t_per_mwh, match.how) == (factor_t_per_mwh, How.EXACT)


def test_electricity_series_has_every_year_from_1990_to_2020(installation: Installation) -> None:
    found = [
        installation.factors.find("ipcc-co2", Carrier.ELECTRICITY, Sector.OTHER, year).how
        for year in range(1990, 2021)
    ]
    assert found == [How.EXACT] * 31


def test_electricity_of_2025_takes_the_last_year_of_the_series_and_says_so(
    installation: Installation,
) -> None:
    match = installation.factors.find(
        "ipcc-co2", Carrier.ELECTRICITY, Sector.RESIDENTIAL_BUILDINGS, 2025
    )
    assert (match.how, match.year_used, match.factor_t_per_mwh) == (How.EARLIER, 2020, 0.2671)


def test_motor_fuels_have_their_own_co2_equivalent_in_transport(installation: Installation) -> None:
    """JRC: up to 3 % above stationary engines (0.268 and 0.250 t/MWh)."""
    find = installation.factors.find
    for carrier, stationary, moving in (
        (Carrier.DIESEL, 0.268, 0.276),
        (Carrier.GASOLINE, 0.250, 0.2575),
    ):
        elsewhere = find("ipcc-co2eq", carrier, Sector.OTHER, 2013)
        on_the_road = find("ipcc-co2eq", carrier, Sector.PRIVATE_TRANSPORT, 2013)
        assert elsewhere.factor_t_per_mwh == stationary
        assert on_the_road.factor_t_per_mwh == moving


def test_gas_has_a_net_calorific_value_for_every_year(installation: Installation) -> None:
    """ISPRA: 35.25 MJ/Sm3 = 9.79 kWh/Sm3 net."""
    match = installation.factors.calorific_value(Carrier.NATURAL_GAS, "Sm3", 2007)
    assert match.kwh_per_unit == pytest.approx(35.25 / 3.6, abs=0.01)


def test_calendars_close_schools_in_summer_and_cover_the_running_year() -> None:
    school = yaml.safe_load((shipped_config() / "calendars" / "school.yaml").read_text())
    closed = school["closed"]
    assert closed == sorted(closed)
    assert closed[0][0].year <= 2023
    assert closed[-1][1].year >= 2026
    assert all(start <= end for start, end in closed)


def _entries(installation: Installation) -> Iterator[Sourced]:
    yield from installation.sites.values()
    yield from installation.gateways.values()
    yield from installation.meters.values()
    yield from installation.sensors.values()
    yield from installation.factors.sets.values()
    for city in installation.cities.values():
        yield from city.facts.population
        yield from city.facts.weather
        yield from city.facts.heating_exceptions
        if city.facts.reference_degree_days:
            yield city.facts.reference_degree_days
        yield from city.plan.targets
        yield from city.plan.published_inventories
        yield from city.actions
        yield from (t.population_estimate for t in city.plan.targets if t.population_estimate)
        if city.masterplan:
            yield from (city.masterplan, *city.masterplan.work_tables, *city.masterplan.themes)
        yield from city.declared


def _emissions_t(installation: Installation, city: City, year: int) -> float:
    """Declared emissions by the factor library alone; only for years that no meter adds to."""
    rows = [row for row in city.declared if row.year == year]
    assert rows, f"{city.id}: nothing declared for {year}"
    return fsum(
        row.mwh
        * installation.factors.find(
            city.plan.factor_set, row.carrier, row.sector, year
        ).factor_t_per_mwh
        for row in rows
    )


def _csv_rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows, path
    return rows
