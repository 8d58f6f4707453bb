"""What a year against the base year takes, and what it takes to reckon a year anew.

Every site has a meter of electricity, of natural gas, of heating oil and of liquid gas, read once a
day over both years. The reference is plain numpy on registers that are in memory already:
differences by year, sums by sector and carrier, factors, and the log-mean shares of activity,
weather, intensity and factor. It knows no gaps, no evidence, no findings and no bounds.

    python benchmarks/progress.py [--sites N]
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _figures import best, duration, head, line, row, seconds

from paes.accounting.ledger import EnergyLedger
from paes.causes.driver_data import Dependence, Driver, DriverRow
from paes.causes.effects import CAUSES, Effects, make_effects
from paes.config import load_installation
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.metering import Carrier, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.periods import By, Seconds, Span, edges, year_span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

TZ = "Europe/Rome"
BASE, YEAR = 2024, 2025
SPAN = Span(year_span(BASE, TZ).start, year_span(YEAR, TZ).end)
UNITS = {Carrier.ELECTRICITY: "kWh", Carrier.NATURAL_GAS: "m3", Carrier.HEATING_OIL: "l",
         Carrier.LIQUID_GAS: "l"}  # fmt: skip
SECTORS = (Sector.MUNICIPAL_BUILDINGS, Sector.TERTIARY_BUILDINGS, Sector.RESIDENTIAL_BUILDINGS)
AREA = {Sector.MUNICIPAL_BUILDINGS: (60_000.0, 61_000.0)}
DEGREE_DAYS = (1500.0, 1350.0)
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=200)
    asked = parser.parse_args()
    installation = _town(asked.sites)
    days = edges(SPAN, By.DAY, TZ)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        registers = {m: _register(n, len(days)) for n, m in enumerate(installation.meters)}
        for meter, values in registers.items():
            store.write_series(installation.registers[meter].point, days, values)
        _print(installation, store, days, registers)
        store.close()


def _print(
    installation: Installation, store: SqliteStore, days: Seconds, registers: dict[str, Floats]
) -> None:
    city = installation.city()
    clock = SPAN.end + timedelta(days=60)

    def ledger() -> EnergyLedger:
        return EnergyLedger(installation, store, lambda: clock)

    first_s, _ = seconds(lambda: make_inventory(city, BASE, ledger()))
    head(f"{len(registers) // 4} sites x 4 carriers, {len(days) - 1:,} days", "numpy")
    plain = partial(_plain_year, installation, days, registers)
    ours, after = best(lambda: make_inventory(city, YEAR, ledger()))
    reference, _ = best(lambda: plain(YEAR))
    line("a year's inventory anew", ours, reference, f"{duration(ours / len(registers))} a meter")
    before = make_inventory(city, BASE, ledger())
    years = {BASE: before, YEAR: after}
    ours, effects = best(lambda: make_effects(city, ledger(), years)[-1])
    reference, shares = best(lambda: _plain_shares(installation.dependence, before, after))
    line("the causes of the change, both inventories at hand", ours, reference)
    ours, _ = best(lambda: _year_against_base(city, ledger()))
    reference, _ = best(
        lambda: (plain(BASE), plain(YEAR), _plain_shares(installation.dependence, before, after))
    )
    line("the year against the base year, from readings", ours, reference)
    row("the first inventory of the store", duration(first_s), "-", "-", "")
    _agree(effects, shares, after, plain(YEAR))


def _year_against_base(city: City, ledger: EnergyLedger) -> Effects:
    years = {year: make_inventory(city, year, ledger) for year in (BASE, YEAR)}
    return make_effects(city, ledger, years)[-1]


def _agree(effects: Effects, shares: Floats, after: Inventory, energy: dict[str, float]) -> None:
    ours = [effects.activity_t, effects.weather_t, effects.other_factors_t + effects.grid_t]
    apart = max(abs(a + b) for a, b in zip(ours, shares[[0, 1, 3]], strict=True))
    parts = math.fsum([*(getattr(effects, c) for c in CAUSES), effects.unexplained_t])
    total_mwh = math.fsum(energy.values())
    lost_g = (parts - effects.total_t) * 1e6
    energy_mwh = abs(after.energy_mwh - total_mwh)
    print(
        f"  causes agree to {apart * 1e6:.3f} g, and add up to {lost_g:.6f} g "
        f"of {effects.total_t:,.1f} t; energy to {energy_mwh:.6f} MWh of {total_mwh:,.0f}"
    )


def _plain_year(
    town: Installation, days: Seconds, registers: dict[str, Floats], year: int
) -> dict[str, float]:
    """MWh by sector and carrier of registers in memory."""
    start, end = (int(m.timestamp()) for m in (year_span(year, TZ).start, year_span(year, TZ).end))
    first, last = np.searchsorted(days, [start, end])
    found: dict[str, float] = {}
    for name, values in registers.items():
        meter = town.meters[name]
        cell = f"{town.sites[meter.site].sector}/{meter.carrier}"
        kwh = _kwh_a_unit(town, meter.carrier, year) * (values[last] - values[first])
        found[cell] = found.get(cell, 0.0) + kwh / 1000
    return found


def _kwh_a_unit(town: Installation, carrier: Carrier | None, year: int) -> float:
    if carrier is None or carrier is Carrier.ELECTRICITY:
        return 1.0
    unit = "Sm3" if carrier is Carrier.NATURAL_GAS else "l"
    return town.factors.calorific_value(carrier, unit, year).kwh_per_unit


def _plain_shares(town: Dependence, before: Inventory, after: Inventory) -> Floats:
    """What activity, weather, intensity and factor added, cell by cell in a plain loop."""
    made = np.zeros(4)
    for one, other in zip(before.lines, after.lines, strict=True):
        sector, carrier = one.activity.sector, one.activity.carrier
        share = town.weather_fraction(sector, carrier)
        usual = sum(DEGREE_DAYS) / 2
        factors = []
        for n, cell in enumerate((one, other)):
            size = AREA.get(sector, (1.0, 1.0))[n]
            weather = 1 - share + share * DEGREE_DAYS[n] / usual
            intensity = cell.energy_mwh / size / weather
            factors.append((size, weather, intensity, cell.factor.factor_t_per_mwh))
        v0, v1 = (math.prod(f) for f in factors)
        mean = v0 if v0 == v1 else (v1 - v0) / math.log(v1 / v0)
        made += [mean * math.log(x1 / x0) for x0, x1 in zip(*factors, strict=True)]
    return made


def _register(number: int, days: int) -> Floats:
    """A register that counts a working year with noise of its own."""
    noise = np.random.default_rng(number)
    season = 1 + 0.6 * np.cos(2 * np.pi * np.arange(days - 1) / 365)
    return np.concatenate([[0.0], np.cumsum(np.round(40 * season * noise.uniform(0.5, 1.5), 2))])


def _town(count: int) -> Installation:
    """Copies of one meter at sites of three sectors, with the shipped factors."""
    shipped = load_installation(shipped_config())
    city = shipped.city()
    fields = (m for m in city.meters.values() if isinstance(m, FieldMeter))
    model = next(m for m in fields if m.carrier == "electricity")
    register = replace(shipped.register(model), modulus=None)
    sites, meters, registers = {}, {}, {}
    for number in range(count):
        sector = SECTORS[number % len(SECTORS)]
        site = Site(id=f"site-{number}", name="Site", kind=SiteKind.OFFICE, sector=sector)
        sites[site.id] = site
        for carrier, unit in UNITS.items():
            name = f"{site.id}.{carrier.replace('_', '-')}"
            changes = {"id": name, "site": site.id, "carrier": carrier, "valid_from": None}
            meters[name] = model.model_copy(update=changes)
            registers[name] = replace(register, point=f"{name}/energy_import", unit=unit)
    told: list[tuple[Driver, Sector | None, tuple[float, float]]] = [
        (Driver.DEGREE_DAYS, None, DEGREE_DAYS)
    ]
    told += [(Driver.FLOOR_AREA_M2, sector, of) for sector, of in AREA.items()]
    drivers = [
        DriverRow(year=year, driver=driver, sector=sector, value=value, source="benchmark")
        for driver, sector, of in told
        for year, value in zip((BASE, YEAR), of, strict=True)
    ]
    facts = city.facts.model_copy(
        update={"population": (), "reference_degree_days": None, "weather": ()}
    )
    town = replace(
        city, facts=facts, sites=sites, meters=meters, virtual_meters={}, sensors={}, contracts=(),
        declared=(), actions=(), drivers=tuple(drivers),
        plan=city.plan.model_copy(update={"base_year": BASE}),
    )  # fmt: skip
    return replace(shipped, cities={city.id: town}, registers=registers, gauges={})


if __name__ == "__main__":
    main()
