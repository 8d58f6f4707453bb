"""A town with a known climate and known buildings, for tests of forecasts and scenarios.

The weather of each year is drawn: a course of the year, an offset of the year and days that hang
together. Energy is made from it by a formula, so that every expectation can be told without the
model. Heating keeps to the season of zone D (1 November to 15 April).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import DeclaredRow
from paes.config import load_installation
from paes.factors.emission_factors import FactorLibrary, FactorRow, FactorSet
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation, Population
from paes.metering import Carrier, Quality, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.opening import Opening
from paes.periods import Seconds, local_midnight, to_seconds
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.store import Store

ROME = "Europe/Rome"
NAME = Text(it="prova", en="test")
OFFICES, HOMES = Sector.MUNICIPAL_BUILDINGS, Sector.RESIDENTIAL_BUILDINGS
POWER, GAS = Carrier.ELECTRICITY, Carrier.NATURAL_GAS
ALWAYS_OPEN = Opening(weekdays=(0, 1, 2, 3, 4, 5, 6), holidays="none")
BALANCE_DEGC = 15.0
WEATHER = "town.weather/outdoor_temperature"
FACTORS = FactorLibrary(
    [FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")],
    {
        "test": [
            FactorRow(carrier=POWER, year=2007, factor_t_per_mwh=0.5, source="s"),
            FactorRow(carrier=POWER, year=2024, factor_t_per_mwh=0.25, source="s"),
            FactorRow(carrier=GAS, factor_t_per_mwh=0.2, source="s"),
        ]
    },
)


def year_weather(year: int, seed: int = 0) -> Floats:
    """Daily means of a year: 8 degC in January, 24 in July, years off by 0.5, days by 2."""
    dice = np.random.default_rng([seed, year])
    count = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    shocks = dice.normal(0, 2.0 * np.sqrt(1 - 0.7**2), count)
    days = np.empty(count)
    last = dice.normal(0, 2.0)
    for n, shock in enumerate(shocks):
        days[n] = last = 0.7 * last + shock
    course = 16 - 8 * np.cos(2 * np.pi * (np.arange(count) - 20) / 365)
    return np.asarray(course + dice.normal(0, 0.5) + days)


def in_season(first: date, count: int) -> Floats:
    """1 on days of the heating season of zone D, else 0."""
    days = [first + timedelta(days=n) for n in range(count)]
    inside = [(d.month, d.day) >= (11, 1) or (d.month, d.day) <= (4, 15) for d in days]
    return np.array(inside, dtype=np.float64)


def heat_kwh(first: date, degc: Floats, base: float = 20.0, slope: float = 40.0) -> Floats:
    """What a house takes each day: ``base``, and ``slope`` a degree below 15 degC in the season."""
    below = np.maximum(BALANCE_DEGC - degc, 0.0)
    return base + slope * below * in_season(first, len(degc))


@lru_cache(maxsize=1)
def shipped() -> Installation:
    """Seasons, errors and assumptions as they are shipped."""
    return load_installation(shipped_config())


def declared(year: int, mwh: float, **changes: Any) -> DeclaredRow:
    """A row of gas in homes."""
    of = {"sector": HOMES, "carrier": GAS, "source": "distributor", **changes}
    return DeclaredRow.model_validate({"year": year, "mwh": mwh, **of})


def meter(name: str, carrier: Carrier = GAS, **changes: Any) -> FieldMeter:
    """A meter that counts kWh, rated 100 kW."""
    of = {"carrier": carrier, "device": "x", "gateway": "gw", "rated_power_kw": 100.0,
          "valid_from": date(2024, 1, 1), **changes}  # fmt: skip
    return FieldMeter.model_validate({"id": name, **of})


def town(rows: tuple[DeclaredRow, ...], *of: FieldMeter, **changes: Any) -> Installation:
    """The installation with these declared rows and meters; ``changes`` are the city's."""
    target = Target(id="t", name=NAME, base_year=2007, target_year=2030, reduction_fraction=0.4)
    fields: dict[str, Any] = {
        "facts": CityFile(
            id="town", name="Town", latitude=44.1, longitude=9.8, climate_zone="D",
            population=(Population(year=2025, inhabitants=1000, source="s"),),
        ),
        "plan": Plan(
            base_year=2007, factor_set="test", electricity_factor="current",
            default_target="t", targets=(target,),
        ),
        "sites": {
            name: Site(
                id=name, name=name, kind=SiteKind.SCHOOL, sector=OFFICES, opening=ALWAYS_OPEN
            )
            for name in dict.fromkeys(m.site for m in of)
        },
        "gateways": {"gw": Gateway(id="gw", host="127.0.0.1", poll_period_s=3600)},
        "meters": {m.id: m for m in of},
        "actions": (),
        "declared": rows,
        "heating_seasons": shipped().city("la-spezia").heating_seasons,
    }  # fmt: skip
    city = City(**{**fields, **changes})
    registers = {m.id: Register(f"{m.id}/energy_import", "kWh", None, 0.001) for m in of}
    return Installation(
        Path(), "test", "town", {"town": city}, FACTORS, (), registers,
        assumed_uncertainty=shipped().uncertainty, expected=shipped().expectations,
    )  # fmt: skip


def ledger(installation: Installation, store: Store, today: date) -> EnergyLedger:
    """The books of the town, asked at noon of ``today``."""
    now = datetime(today.year, today.month, today.day, 11, tzinfo=UTC)
    return EnergyLedger(installation, store, lambda: now)


def blow(
    store: Store,
    first_year: int,
    until: date,
    since: date | None = None,
    point: str = WEATHER,
    quality: Quality = Quality.GOOD,
) -> None:
    """Weather from ``first_year`` (or ``since`` in it) on, hour by hour."""
    first = date(first_year, 1, 1)
    degc = np.concatenate([year_weather(year) for year in range(first_year, until.year + 1)])
    begin = ((since or first) - first).days
    days = degc[begin : (until - first).days]
    day_s = day_edges(since or first, len(days))
    hours = np.arange(day_s[0], day_s[-1], 3600, dtype=np.int64)
    store.write_series(point, hours, days[np.searchsorted(day_s, hours, side="right") - 1], quality)


def day_edges(first: date, count: int) -> Seconds:
    """Where ``count`` local days from ``first`` on begin, and where the last one ends."""
    days = [first + timedelta(days=n) for n in range(count + 1)]
    return np.array([to_seconds(local_midnight(d, ROME)) for d in days], dtype=np.int64)


def count(store: Store, of: str, first: date, kwh: Floats) -> None:
    """A register read every hour, that grows by ``kwh`` in the local days from ``first`` on."""
    day_s = day_edges(first, len(kwh))
    hours = np.arange(day_s[0], day_s[-1] + 1, 3600, dtype=np.int64)
    total = np.concatenate([[0.0], np.cumsum(kwh)])
    store.write_series(f"{of}/energy_import", hours, np.interp(hours, day_s, total))


def heats(store: Store, of: str, until: date, first: date = date(2024, 1, 1)) -> Floats:
    """A house from ``first`` on up to ``until``; returns the days of its last year, all of them."""
    degc = np.concatenate([year_weather(y) for y in range(first.year, until.year + 1)])
    kwh = heat_kwh(date(first.year, 1, 1), degc)
    begin = (first - date(first.year, 1, 1)).days
    count(store, of, first, kwh[begin : (until - date(first.year, 1, 1)).days])
    return kwh[(date(until.year, 1, 1) - date(first.year, 1, 1)).days :]
