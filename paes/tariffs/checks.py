"""What can be wrong with tariffs and contracts: every price and every meter must be there, once.

Problems are texts with file, line and key, as in ``paes.config_checks``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from paes.city_files import CityFiles
from paes.config_file import Parsed, Tree, attempt, parse
from paes.errors import DataError
from paes.installation import some
from paes.metering import Carrier, Measures, Register
from paes.meters import Meter
from paes.periods import zone
from paes.tariffs.bands import Bands, BandsFile
from paes.tariffs.contracts import Contract, Supply, concerns, is_for, supply
from paes.tariffs.tariff import PowerBasis, Tariff, TariffFile, Unit, band_problem

_UNIT_OF_REGISTER: dict[Unit, str] = {"Sm3": "m3"}


def read_bands(folders: tuple[Path, ...], problems: list[str]) -> dict[str, Bands]:
    """The time bands of ``bands/*.yaml``; those of an earlier folder take precedence."""
    found: dict[str, Bands] = {}
    for path in (p for f in folders for p in sorted((f / "bands").glob("*.yaml"))):
        parsed = None if path.stem in found else attempt(problems, parse, path, BandsFile)
        if parsed:
            found[path.stem] = Bands(path.stem, parsed.value)
    return found


def read_tariffs(
    root: Path, bands: Mapping[str, Bands], problems: list[str]
) -> dict[str, Tariff | None]:
    """The tariffs of ``tariffs/*.yaml`` by name; None for one that is wrong."""
    found: dict[str, Tariff | None] = {}
    for path in sorted((root / "tariffs").glob("*.yaml")):
        found[path.stem] = None
        parsed = attempt(problems, parse, path, TariffFile)
        if parsed is None:
            continue
        wrong = list(_band_problems(parsed, bands))
        problems += wrong
        if not wrong:
            of = bands[parsed.value.bands] if parsed.value.bands else None
            found[path.stem] = Tariff(path.stem, parsed.value, of)
    return found


def contract_problems(
    files: CityFiles, tariffs: Mapping[str, Tariff | None], registers: Mapping[str, Register]
) -> list[str]:
    """What is wrong between the contracts of one city, its meters and the tariffs."""
    contracts = files.contracts
    if not (contracts and files.facts and files.sites and files.meters):
        return []
    problems: list[str] = []
    meters = {m.id: m for m in files.meters.value.all_meters}
    sites = {s.id for s in files.sites.value.sites}
    tz = files.facts.value.time_zone
    by_meter: dict[str, list[tuple[Supply, int]]] = {}
    for index, contract in enumerate(contracts.value.contracts):
        if contract.tariff in tariffs and tariffs[contract.tariff] is None:
            continue  # its own problems are told already
        try:
            checked = _checked(contract, tariffs, meters, sites, tz)
        except _Wrong as wrong:
            place = ("contracts", index, wrong.key)
            problems.append(contracts.tree.problem(place, str(wrong)))
            continue
        for meter in (m for m in meters.values() if concerns(contract, checked.tariff, m)):
            by_meter.setdefault(meter.id, []).append((checked, index))
            wrong_unit = _wrong_unit(checked.tariff, registers.get(meter.id))
            if wrong_unit:
                place = ("contracts", index, "tariff")
                problems.append(contracts.tree.problem(place, f"{meter.id} {wrong_unit}"))
    for meter_id, found in by_meter.items():
        problems += _validity_problems(contracts.tree, meter_id, found, tz)
    return list(dict.fromkeys(problems))


class _Wrong(Exception):
    """What is wrong with a contract, and at which of its keys."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _checked(
    contract: Contract,
    tariffs: Mapping[str, Tariff | None],
    meters: Mapping[str, Meter],
    sites: Collection[str],
    tz: str,
) -> Supply:
    """The contract with its tariff, or what is wrong with it alone."""
    tariff = tariffs.get(contract.tariff)
    if tariff is None:
        there = some(tariffs)
        raise _Wrong("tariff", f"no tariff {contract.tariff!r} in tariffs/; there is {there}")
    _require_place(contract, tariff, meters, sites)
    try:
        found = supply(contract, tariff, tz)
    except DataError as err:
        key = "valid_to" if contract.valid_to and contract.valid_to in str(err) else "valid_from"
        raise _Wrong(key, str(err)) from err
    if found.end and found.end <= found.start:
        raise _Wrong(
            "valid_to", f"{contract.valid_to} is not after valid_from {contract.valid_from}"
        )
    if found.start < tariff.start:
        since = tariff.file.periods[0].valid_from
        raise _Wrong("valid_from", f"tariff {tariff.id} has no prices before {since}")
    powers = [p.basis for period in tariff.file.periods for p in period.power]
    if PowerBasis.CONTRACT in powers and contract.contract_power_kw is None:
        raise _Wrong("contract_power_kw", f"this key is missing: tariff {tariff.id} charges for it")
    return found


def _require_place(
    contract: Contract,
    tariff: Tariff,
    meters: Mapping[str, Meter],
    sites: Collection[str],
) -> None:
    if contract.site is not None:
        if contract.site not in sites:
            known = some(sites, near=contract.site)
            message = f"no site {contract.site!r} in sites.yaml; there is {known}"
            raise _Wrong("site", message)
        if not any(concerns(contract, tariff, m) for m in meters.values()):
            what = f"{_named(tariff.file.carrier)} ({tariff.file.direction})"
            raise _Wrong("tariff", f"{tariff.id} is for {what}; {contract.site} has no such meter")
        return
    meter = meters.get(contract.meter or "")
    if meter is None:
        known = some(meters, near=contract.meter or "")
        message = f"no meter {contract.meter!r} in meters.yaml; there is {known}"
        raise _Wrong("meter", message)
    if meter.measures is Measures.SUBMETER:
        raise _Wrong("meter", f"{meter.id} is a submeter: it is paid for with {meter.parent}")
    if not is_for(tariff, meter):
        of_tariff = f"{_named(tariff.file.carrier)} ({tariff.file.direction})"
        of_meter = f"{_named(meter.carrier)} ({meter.measures})"
        message = f"{tariff.id} is for {of_tariff}, and {meter.id} measures {of_meter}"
        raise _Wrong("tariff", message)


def _wrong_unit(tariff: Tariff, register: Register | None) -> str | None:
    """Why the tariff cannot be applied to what the meter counts; None if it can."""
    wanted = _UNIT_OF_REGISTER.get(tariff.file.unit, tariff.file.unit)
    if register is None or register.unit == wanted:
        return None
    return f"counts {register.unit}, and tariff {tariff.id} has prices for {tariff.file.unit}"


def _validity_problems(
    tree: Tree, meter: str, found: list[tuple[Supply, int]], tz: str
) -> Iterator[str]:
    """Contracts of one meter that overlap, or leave a time between them without any."""
    for (earlier, _), (later, index) in pairwise(sorted(found, key=lambda f: f[0].start)):
        place = ("contracts", index, "valid_from")
        until = _local(earlier.end, tz) if earlier.end else "further notice"
        if earlier.end is None or later.start < earlier.end:
            message = f"{meter} has a contract already, from {_local(earlier.start, tz)} to {until}"
            yield tree.problem(place, message)
        elif later.start > earlier.end:
            message = f"{meter} has no contract from {until} to {_local(later.start, tz)}"
            yield tree.problem(place, message)


def _band_problems(parsed: Parsed[TariffFile], bands: Mapping[str, Bands]) -> Iterator[str]:
    name = parsed.value.bands
    if name is None:
        return
    if name not in bands:
        yield parsed.tree.problem(("bands",), f"no bands {name!r}; there is {some(bands)}")
        return
    for index, period in enumerate(parsed.value.periods):
        wrong = band_problem(period, bands[name])
        if wrong:
            yield parsed.tree.problem(("periods", index, "energy_eur_per_unit"), wrong)


def _named(carrier: Carrier | None) -> str:
    return str(carrier) if carrier else "water"


def _local(at: datetime, tz: str) -> str:
    """A local date, with its time if it is not midnight."""
    local = at.astimezone(zone(tz))
    return f"{local:%Y-%m-%d}" if local.hour == local.minute == 0 else f"{local:%Y-%m-%d %H:%M}"
