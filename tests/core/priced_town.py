"""A small town whose prices can be reckoned by hand: contracts, a plant, a factor set of its own.

Electricity costs 0.20 EUR in F1, 0.16 in F2 and 0.10 in F3 (2025), all doubled from 2026 on, with
0.02 of taxes and 25 % VAT; what is fed in earns 0.05. A Sm3 of gas costs 0.80 and 0.20 of taxes
with 25 % VAT. A MWh of electricity is 0.483 t by the plan's frozen factor, one of gas 0.202 t. The
base year emitted 1501.2015 t and is the newest inventory: the target lacks 14 % of it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.faults.episode import Episode, Excess
from paes.periods import parse_instant
from paes.series import Floats
from paes.store import Store

ROME = "Europe/Rome"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
LACKING_T = 0.14 * (520.5 * 0.483 + 900 * 0.202 + 4000 * 0.267)
METERS = """\
  - id: scuola.pv
    carrier: electricity
    measures: generation
    plant: photovoltaic
    device: contatore
    gateway: gw-scuola
    unit: 3
  - id: scuola.immessa
    carrier: electricity
    measures: feed_in
    device: contatore
    gateway: gw-scuola
    unit: 4
imported_meters:
  - id: scuola.acqua
    measures: water
  - id: scuola.senza
    carrier: electricity
"""
FILES = {
    "tariffs/fasce.yaml": """\
name: Three bands
carrier: electricity
unit: kWh
bands: italy
periods:
  - {valid_from: 2024-01-01, energy_eur_per_unit: {F1: 0.20, F2: 0.16, F3: 0.10},
     taxes_eur_per_unit: 0.02, vat_fraction: 0.25, source: a letter,
     power: [{basis: highest_quarter_hour, eur_per_kw_month: 3}]}
  - {valid_from: 2026-01-01, energy_eur_per_unit: {F1: 0.40, F2: 0.32, F3: 0.20},
     taxes_eur_per_unit: 0.02, vat_fraction: 0.25, assumed: true, note: nobody knows yet,
     power: [{basis: highest_quarter_hour, eur_per_kw_month: 4}]}
""",
    "tariffs/gas.yaml": """\
name: Gas
carrier: natural_gas
unit: Sm3
periods:
  - {valid_from: 2024-01-01, energy_eur_per_unit: 0.80, taxes_eur_per_unit: 0.20,
     vat_fraction: 0.25, source: a letter}
""",
    "tariffs/acqua.yaml": """\
name: Water
unit: m3
periods:
  - {valid_from: 2024-01-01, energy_eur_per_unit: 3, vat_fraction: 0.10, source: a letter}
""",
    "tariffs/immessa.yaml": """\
name: Fed in
carrier: electricity
unit: kWh
direction: feed_in
periods:
  - {valid_from: 2024-01-01, energy_eur_per_unit: 0.05, vat_fraction: 0, source: a letter}
""",
    "cities/porto/contracts.yaml": """\
contracts:
  - {meter: scuola.main, tariff: fasce, valid_from: 2024-01-01, contract_power_kw: 20,
     source: a contract}
  - {meter: molo.gas, tariff: gas, valid_from: 2025-01-01, source: a contract}
  - {meter: scuola.acqua, tariff: acqua, valid_from: 2025-01-01, source: a contract}
  - {meter: scuola.immessa, tariff: immessa, valid_from: 2025-01-01, source: a contract}
""",
}


def priced_town(small: SmallInstallation, store: Store, now: datetime = NOW) -> EnergyLedger:
    """The small installation with contracts and a plant, over ``store`` at ``now``."""
    small.write(FILES)
    small.replace(
        "factors/prova.csv",
        "natural_gas,,0.202,invented for tests\n",
        "natural_gas,,0.202,invented for tests\ndiesel,,0.267,invented for tests\n",
    )
    path = small.root / "cities/porto/meters.yaml"
    path.write_text(path.read_text(encoding="utf-8") + METERS, encoding="utf-8")
    return EnergyLedger(load_installation(small.root), store, lambda: now)


def at(text: str) -> datetime:
    """A local time of the town."""
    return parse_instant(text, ROME)


def excess(start: str, likely: Floats | list[float], spread: float = 0.0) -> Excess:
    """Hours from a local time on, with bounds ``spread`` (a fraction) beside the likely amount."""
    amounts = np.asarray(likely, dtype=np.float64)
    hours = int(at(start).timestamp()) + 3600 * np.arange(len(amounts), dtype=np.int64)
    return Excess(hours, 3600, amounts, amounts * (1 - spread), amounts * (1 + spread))


def episode(start: str, end: str, of: Excess | None, **facts: object) -> Episode:
    """An episode between two local times that goes on."""
    begin, finish = at(start), at(end)
    return Episode(begin, finish, begin, False, {}, excess=of, **facts)  # type: ignore[arg-type]
