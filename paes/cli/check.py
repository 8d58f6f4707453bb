"""``paes check``: everything that can be known to be wrong before a meter is asked."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from collectors.device_files import load_device
from paes.cli import Session
from paes.cli.output import print_json, say
from paes.errors import ConfigError, DataError, FactorMissing, PaesError
from paes.factors.emission_factors import FactorMatch
from paes.factors.fuel_amounts import FuelAmount
from paes.gateways import Gateway, Transport
from paes.installation import City, Installation
from paes.inventory.factor_choice import FactorChoice
from paes.inventory.method import Method
from paes.metering import Carrier
from paes.meters import ImportedMeter, Meter
from paes.plausibility.action_checks import implicit_factor_findings
from paes.plausibility.checks import declared_findings, factor_outliers
from paes.plausibility.limits import limits
from paes.shipped_files import shipped_config

REACH_TIMEOUT_S = 2.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--no-reach", is_flag=True, help="Do not try the gateways' addresses.")
@click.pass_obj
def check(session: Session, as_json: bool, no_reach: bool) -> None:
    """Check configuration, devices, factors, store and reachability; exit 1 if anything is wrong.

    An unreachable gateway is a warning: the configuration may well be right and the line down.
    """
    problems = check_devices(session.root)
    problems += check_access(session.root)
    warnings: list[str] = []
    counts: dict[str, int] = {}
    try:
        installation = session.installation
        counts = _counts(installation)
        problems += check_factors(installation)
        warnings += implausible(installation)
        warnings += installation.notices.unset_variables()
        problems += session.store.check()
        if not no_reach:
            warnings += unreachable(installation.gateways.values())
    except ConfigError as err:
        problems += err.problems
    except PaesError as err:
        problems.append(str(err))
    if as_json:
        print_json({"problems": problems, "warnings": warnings, "counts": counts})
    else:
        _print(problems, warnings, counts)
    sys.exit(1 if problems else 0)


def check_access(root: Path) -> list[str]:
    """Problems of ``access.yaml``, which the dashboard alone reads."""
    from dashboard.access.settings import read_settings

    try:
        read_settings(root)
    except ConfigError as err:
        return err.problems
    return []


def check_devices(root: Path) -> list[str]:
    """Problems of every device profile, shipped or the installation's own."""
    problems = []
    for folder in dict.fromkeys((root / "devices", shipped_config() / "devices")):
        for path in sorted(folder.glob("*.yaml")):
            try:
                load_device(path)
            except ConfigError as err:
                problems += err.problems
    return problems


def check_factors(installation: Installation) -> list[str]:
    """Declared cells and meters of fuels that no factor or calorific value answers."""
    return [
        p for city in installation.cities.values() for p in _missing_factors(installation, city)
    ]


def unreachable(gateways: Iterable[Gateway]) -> list[str]:
    """A line for each gateway that is not there to be connected to; simulators are left out."""
    real = [g for g in gateways if not g.simulated]
    with ThreadPoolExecutor(max_workers=32) as pool:
        return [text for text in pool.map(_try_to_reach, real) if text]


def _missing_factors(installation: Installation, city: City) -> list[str]:
    problems: dict[str, None] = {}
    choice = FactorChoice(installation.factors, city.local_factors, Method.of(city.plan))
    for row in city.declared:
        if row.notation or (row.carrier is Carrier.HEAT_COLD and _makes_heat(city)):
            continue
        try:
            choice.of_cell(row.carrier, row.sector, row.year, row.sustainable_fraction)
        except FactorMissing as err:
            problems[f"{city.id}: {err}"] = None
    for meter in city.meters.values():
        if meter.carrier is None:
            continue
        sector, year = city.sites[meter.site].sector, city.plan.base_year
        try:
            choice.of_cell(meter.carrier, sector, year)
        except FactorMissing as err:
            if meter.parent is None:
                problems[f"{city.id}: meter {meter.id}: {err}"] = None
        problems |= dict.fromkeys(_missing_calorific_value(installation, city, meter))
    return list(problems)


def _makes_heat(city: City) -> bool:
    """True if the factor of heat follows from what the city declares of plants and trade."""
    made = (one.heat_mwh for one in city.supply.generation)
    return bool(city.supply.heat_trade) or any(made)


def _missing_calorific_value(installation: Installation, city: City, meter: Meter) -> list[str]:
    """Why the register of a fuel's meter cannot be turned into energy; nothing if it can."""
    unit = installation.register(meter).unit
    if meter.carrier is None or unit == "kWh":
        return []
    is_gas = meter.carrier is Carrier.NATURAL_GAS and unit == "m3"
    fuel = meter.fuel if isinstance(meter, ImportedMeter) else None
    try:
        given = FuelAmount(meter.carrier, 1.0, "Sm3" if is_gas else unit, fuel)
        installation.factors.energy(given, city.plan.base_year)
    except DataError as err:
        return [f"{city.id}: meter {meter.id}: {err}"]
    return []


def implausible(installation: Installation) -> list[str]:
    """A line for each declared figure, factor and action that is hardly right."""
    of = limits(installation.root)
    found = [
        f"{finding.subject}: {finding.message} ({finding.numbers['mwh']:,.0f} MWh, "
        f"{finding.numbers['inhabitants']:,.0f} inhabitants)"
        for city in installation.cities.values()
        for finding in declared_findings(city, city.declared, of)
    ]
    for city in installation.cities.values():
        odd = [
            *factor_outliers(_factors_of(installation, city), installation.factors, of),
            *implicit_factor_findings(city.actions, of.actions),
        ]
        found += [f"{city.id}: {finding.subject}: {finding.message}" for finding in odd]
    return found


def _factors_of(installation: Installation, city: City) -> Iterator[FactorMatch]:
    """What each declared row has for a factor, the set's or the city's own; what has none is told
    apart."""
    choice = FactorChoice(installation.factors, city.local_factors, Method.of(city.plan))
    for row in city.declared:
        try:
            yield choice.of_cell(row.carrier, row.sector, row.year, row.sustainable_fraction)
        except DataError:
            continue


def _try_to_reach(gateway: Gateway) -> str | None:
    if gateway.transport is Transport.SERIAL:
        there = Path(gateway.place).exists()
        return None if there else f"gateway {gateway.id}: no serial device {gateway.place}"
    try:
        socket.create_connection((gateway.host, gateway.port), REACH_TIMEOUT_S).close()
    except OSError as err:
        reason = err.strerror or str(err)
        return f"gateway {gateway.id}: nobody answers at {gateway.host}:{gateway.port} ({reason})"
    return None


def _counts(installation: Installation) -> dict[str, int]:
    return {
        "cities": len(installation.cities),
        "sites": len(installation.sites),
        "gateways": len(installation.gateways),
        "meters": len(installation.meters),
        "factor_sets": len(installation.factors.sets),
    }


def _print(problems: list[str], warnings: list[str], counts: dict[str, int]) -> None:
    for text in problems:
        say(text)
    for text in warnings:
        say(f"warning: {text}")
    summary = ", ".join(_counted(n, name.replace("_", " ")) for name, n in counts.items())
    if problems:
        say(f"{_counted(len(problems), 'problems')} found")
    else:
        click.echo(f"sound: {summary}")


def _counted(number: int, things: str) -> str:
    one = f"{things[:-3]}y" if things.endswith("ies") else things[:-1]
    return f"{number} {one if number == 1 else things}"


COMMANDS = (check,)
