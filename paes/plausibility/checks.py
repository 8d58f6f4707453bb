"""What of a town's energy and factors is hardly right: the JRC's checks, as findings.

Limits are data (``inventory_checks.yaml``), and each names its source. Nothing is changed or left
out because of a finding. Of actions and targets read ``paes.plausibility.action_checks``, of two
years beside each other ``paes.plausibility.comparability``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from paes.activity.declared_row import DeclaredRow
from paes.errors import DataError
from paes.factors.emission_factors import FactorLibrary, FactorMatch, How
from paes.installation import City
from paes.inventory.line import InventoryLine
from paes.metering import Carrier, Finding, Sector
from paes.plausibility.limits import FactorLimits, Limits, PerHead

FIRST_YEAR = 1990
"""The first year for which the references have a factor of electricity."""
ROUNDING = 1e-9
"""What a factor may exceed a limit by that it was copied from."""
_WRONG = "a unit, the inhabitants or the territory may be wrong"


def seems_kwh(mwh: float, inhabitants: float, limits: PerHead) -> bool:
    """True if the energy of a cell can only be kWh that were typed as MWh."""
    return mwh / inhabitants > limits.kwh_typed_as_mwh


def declared_findings(city: City, declared: Iterable[DeclaredRow], limits: Limits) -> list[Finding]:
    """Rows and years of ``declared`` that cannot be a town's; no store is needed.

    Years of which nobody knows the inhabitants are left out.
    """
    of_year: dict[int, list[DeclaredRow]] = {}
    for row in declared:
        if not row.notation:
            of_year.setdefault(row.year, []).append(row)
    found: list[Finding] = []
    for year, rows in sorted(of_year.items()):
        known = city.population(year)
        if known:
            found += _of_year(city, year, rows, known.inhabitants, limits)
    return found


def plausibility_findings(
    city: City,
    year: int,
    lines: Sequence[InventoryLine],
    green_mwh: float,
    factors: FactorLibrary,
    limits: Limits,
) -> list[Finding]:
    """All checks of one inventory: its energy a head, its factors, its green electricity."""
    return [
        *energy_findings(city, year, lines, limits),
        *factor_outliers((line.factor for line in lines), factors, limits),
        *green_findings(city, year, green_mwh, lines, limits),
    ]


def energy_findings(
    city: City, year: int, lines: Sequence[InventoryLine], limits: Limits
) -> list[Finding]:
    """Electricity and all other energy of a whole inventory a head, without industry."""
    known = city.population(year)
    if known is None:
        return []
    used = [line for line in lines if line.activity.sector is not Sector.INDUSTRY]
    power = [x.energy_mwh for x in used if x.activity.carrier is Carrier.ELECTRICITY]
    other = [x.energy_mwh for x in used if x.activity.carrier is not Carrier.ELECTRICITY]
    of = limits.national_energy_per_head
    most = {
        "electricity": of.times_electricity * of.electricity,
        "other": of.times_other * of.other,
    }
    found = []
    for name, amounts in (("electricity", power), ("other", other)):
        a_head = math.fsum(amounts) / known.inhabitants
        numbers = {"mwh_per_head": a_head, "inhabitants": float(known.inhabitants)}
        subject = f"{city.id}/{year}/{name}"
        what = "electricity" if name == "electricity" else "energy other than electricity"
        if a_head > most[name]:
            numbers["limit_mwh_per_head"] = most[name]
            message = f"{a_head:,.1f} MWh of {what} a head, more than {most[name]:,.0f}: {_WRONG}"
            found.append(Finding("energy.per_head_high", subject, message, numbers=numbers))
        elif amounts and a_head < limits.energy_per_head.least:
            numbers["limit_mwh_per_head"] = limits.energy_per_head.least
            message = f"{a_head:.4f} MWh of {what} a head are hardly a town's: {_WRONG}"
            found.append(Finding("energy.per_head_low", subject, message, numbers=numbers))
    return found


def green_findings(
    city: City, year: int, green_mwh: float, lines: Iterable[InventoryLine], limits: Limits
) -> list[Finding]:
    """More certified green electricity bought than electricity is used."""
    used = math.fsum(
        line.energy_mwh for line in lines if line.activity.carrier is Carrier.ELECTRICITY
    )
    if green_mwh <= used * (1 + limits.green_electricity.exceeds_by):
        return []
    message = f"{green_mwh:,.1f} MWh of green electricity were bought, and {used:,.1f} used"
    numbers = {"green_mwh": green_mwh, "used_mwh": used}
    return [Finding("green.exceeds_use", f"{city.id}/{year}", message, numbers=numbers)]


def factor_outliers(
    matches: Iterable[FactorMatch], factors: FactorLibrary, limits: Limits
) -> list[Finding]:
    """Factors far from the reference of their approach and gas; each is told once."""
    found: dict[tuple[object, ...], Finding] = {}
    for match in matches:
        key = match.carrier, match.factor_t_per_mwh, match.year_used
        if key not in found:
            finding = _outlier(match, factors, limits)
            if finding:
                found[key] = finding
    return list(found.values())


def _of_year(
    city: City, year: int, rows: list[DeclaredRow], heads: int, limits: Limits
) -> Iterable[Finding]:
    of = limits.energy_per_head
    for row in rows:
        if seems_kwh(row.energy_mwh, heads, of):
            numbers = {"mwh": row.energy_mwh, "inhabitants": float(heads)}
            message = "probably kWh, not MWh"
            yield Finding("declared.kwh_for_mwh", row.title, message, numbers=numbers)
    total = math.fsum(row.energy_mwh for row in rows)
    if total / heads < of.least:
        numbers = {"mwh": total, "inhabitants": float(heads)}
        message = "all energy of the year together is nearly nothing"
        yield Finding("declared.suspiciously_low", f"{city.id}/{year}", message, numbers=numbers)


def _outlier(match: FactorMatch, factors: FactorLibrary, limits: Limits) -> Finding | None:
    reference = _reference(match, factors, limits)
    if match.factor_t_per_mwh < 0:
        return _told(match, 0.0, "is negative")
    if reference is None:
        return None
    of_year, highest = reference
    excess = _excess(match, of_year, highest, limits.factors)
    return _told(match, highest, excess) if excess else None


def _excess(match: FactorMatch, of_year: float, highest: float, limits: FactorLimits) -> str | None:
    """In words how far it is off; None if it is not. Local ones may be twice the highest."""
    value = match.factor_t_per_mwh * (1 - ROUNDING)
    if match.how in (How.LOCAL, How.DECLARED):
        most = limits.local_times * highest
        return f"is more than {limits.local_times:g} times {highest:g}" if value > most else None
    if not match.source:
        most = limits.unsourced_times * highest
        times = f"{limits.unsourced_times:g} times {highest:g}"
        return f"has no source and is more than {times}" if value > most else None
    if value > highest and match.gwp is None:  # other potentials make it a little higher
        return f"is more than the highest of all years, {highest:g}"
    if abs(value - of_year) > limits.differs_by * of_year:
        return f"differs from {of_year:g} by more than {100 * limits.differs_by:.0f} %"
    return None


def _reference(
    match: FactorMatch, factors: FactorLibrary, limits: Limits
) -> tuple[float, float] | None:
    """The reference of the year and the highest of all years; None if there is none to ask."""
    of = factors.sets.get(match.factor_set)
    name = limits.factors.reference(of) if of else None
    if of is None or name is None or (name == of.id and match.how not in (How.LOCAL, How.DECLARED)):
        return None
    screened = limits.screened(match.carrier)
    if screened:
        return screened.most(of), screened.most(of)
    known = _known(factors, name, match)
    return known if known and known[1] else None


def _known(factors: FactorLibrary, set_id: str, match: FactorMatch) -> tuple[float, float] | None:
    try:
        of_year = factors.find(set_id, match.carrier, Sector.OTHER, match.year_asked)
        years = range(FIRST_YEAR, match.year_asked + 1)
        highest = max(
            factors.find(set_id, match.carrier, Sector.OTHER, year).factor_t_per_mwh
            for year in years
        )
    except DataError:
        return None
    return of_year.factor_t_per_mwh, highest


def _told(match: FactorMatch, limit: float, excess: str) -> Finding:
    return Finding(
        "factor.outlier",
        f"{match.factor_set}/{match.carrier}",
        f"the factor {match.factor_t_per_mwh:g} t/MWh of {match.year_used or 'all years'} {excess}",
        numbers={"factor_t_per_mwh": match.factor_t_per_mwh, "reference_t_per_mwh": limit},
    )


def is_factor_far(factor: float, own: float, limits: FactorLimits) -> bool:
    """True if a factor that somebody declares is far from the plan's own."""
    return bool(own) and abs(factor - own) > limits.differs_by * own
