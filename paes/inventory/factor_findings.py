"""What is odd about the factors of an inventory: too old, too new, or resting on a choice.

Each finding says what it is worth in tonnes, where that can be told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from paes.activity.sustainability import undeclared_mwh
from paes.errors import FactorMissing
from paes.factors.emission_factors import FactorMatch, How
from paes.inventory.factor_choice import FactorChoice
from paes.inventory.line import InventoryLine
from paes.metering import Carrier, Finding, Sector


def factor_findings(lines: Iterable[InventoryLine], choice: FactorChoice) -> list[Finding]:
    """Findings about the factors of ``lines``, one for a carrier and cause."""
    listed = list(lines)
    return [
        *_earlier(listed),
        *_newer_known(listed, choice),
        *_fixed_gases(listed, choice),
        *_undeclared(listed, choice),
    ]


def _earlier(lines: list[InventoryLine]) -> Iterable[Finding]:
    """Factors of an earlier year."""
    for line in _one_per_carrier(lines, lambda line: line.factor.how is How.EARLIER):
        match = line.factor
        yield Finding(
            "factor.earlier",
            f"{match.factor_set}/{match.carrier}",
            f"no factor for {match.year_asked}: the one of {match.year_used} was used",
            numbers={"factor_t_per_mwh": match.factor_t_per_mwh},
        )


def _newer_known(lines: list[InventoryLine], choice: FactorChoice) -> Iterable[Finding]:
    """Factors that were added after the day as of which the inventory is made."""
    if choice.as_of is None and choice.frozen_as_of is None:
        return
    today = replace(choice, as_of=None, frozen_as_of=None)
    given = [line for line in lines if line.factor.how is not How.LOCAL]
    pairs = [(line, today.of_row(line.activity)) for line in given]
    yield from _newer_national(lines, today, choice.as_of_carrier(Carrier.ELECTRICITY))
    for carrier, of_carrier in _by_carrier(pairs).items():
        newer = [(line, new) for line, new in of_carrier if _differ(line.factor, new)]
        if not newer:
            continue
        line, new = newer[0]
        more_t = math.fsum(
            one.energy_mwh * (its.factor_t_per_mwh - one.factor.factor_t_per_mwh)
            for one, its in newer
        )
        added = f", added on {new.added}" if new.added else ""
        yield Finding(
            "factor.newer_known",
            f"{new.factor_set}/{carrier}",
            f"made with the factors known on {choice.as_of_carrier(carrier)}; there is a newer one "
            f"by now{added}: it would change the total by {more_t:+,.1f} t",
            numbers={
                "factor_t_per_mwh": line.factor.factor_t_per_mwh,
                "newer_t_per_mwh": new.factor_t_per_mwh,
                "more_t": more_t,
            },
        )


def _newer_national(
    lines: list[InventoryLine], today: FactorChoice, as_of: date | None
) -> Iterable[Finding]:
    """The national factor within a local one, whose part is what the town does not make itself."""
    local = [
        line.factor
        for line in lines
        if line.factor.how is How.LOCAL and "neefe_t_per_mwh" in line.factor.numbers
    ]
    if not local:
        return
    match, numbers = local[0], local[0].numbers
    new = today.of_set(match.carrier, Sector.OTHER, match.year_asked)
    bought_mwh = numbers["tce_mwh"] - numbers["lpe_mwh"] - numbers["gep_mwh"]
    rise = new.factor_t_per_mwh - numbers["neefe_t_per_mwh"]
    if rise and bought_mwh > 0:
        yield Finding(
            "factor.newer_known",
            f"{new.factor_set}/{match.carrier}",
            f"made with the national factor known on {as_of}; there is a newer one by now: it "
            f"would change the total by {bought_mwh * rise:+,.1f} t",
            numbers={
                "factor_t_per_mwh": numbers["neefe_t_per_mwh"],
                "newer_t_per_mwh": new.factor_t_per_mwh,
                "more_t": bought_mwh * rise,
            },
        )


def _fixed_gases(lines: list[InventoryLine], choice: FactorChoice) -> Iterable[Finding]:
    """Factors that no choice of warming potentials changes, where the plan makes one."""
    set_id, gwp = choice.method.factor_set, choice.method.gwp
    if gwp is None or not choice.factors.keeps_gases_apart(set_id):
        return
    fixed = [
        (line, line.factor)
        for line in lines
        if not _chosen(line.factor) and line.factor.factor_t_per_mwh
    ]
    for carrier, of_carrier in _by_carrier(fixed).items():
        match = of_carrier[0][1]
        numbers = {"factor_t_per_mwh": match.factor_t_per_mwh}
        worth = ""
        if match.co2_t_per_mwh is not None:
            other_t = math.fsum(
                line.energy_mwh * (m.factor_t_per_mwh - (m.co2_t_per_mwh or 0.0))
                for line, m in of_carrier
            )
            numbers |= {"co2_t_per_mwh": match.co2_t_per_mwh, "other_gases_t": other_t}
            worth = f"; its methane and nitrous oxide make {other_t:,.1f} t of the total"
        yield Finding(
            "factor.gwp_fixed",
            f"{match.factor_set}/{carrier}",
            f"its source adds the gases up: it is the same with any warming potentials, and "
            f"{gwp} does not change it{worth}",
            numbers=numbers,
        )


def _undeclared(lines: list[InventoryLine], choice: FactorChoice) -> Iterable[Finding]:
    """Biofuel and biomass of which nobody says whether it is from sustainable sources."""
    default = choice.factors.sustainable_fraction(choice.method.factor_set)
    found = [(line, line.factor) for line in lines if undeclared_mwh(line.activity)]
    for carrier, of_carrier in _by_carrier(found).items():
        mwh = math.fsum(undeclared_mwh(line.activity) for line, _ in of_carrier)
        numbers = {"undeclared_mwh": mwh, "sustainable_fraction": default}
        taken = "as sustainable" if default == 1 else f"as {100 * default:.0f} % sustainable"
        worth = "and the set has no factor for fuel that is not"
        more_t = _more_if_not(of_carrier, choice)
        if more_t is not None:
            numbers["more_t"] = more_t
            worth = f"if none of it is, it makes {more_t:,.1f} t more"
        yield Finding(
            "factor.sustainability_undeclared",
            f"{choice.method.factor_set}/{carrier}",
            f"nobody declares whether {mwh:,.1f} MWh are from sustainable sources: they count "
            f"{taken}; {worth}",
            numbers=numbers,
        )


def _more_if_not(
    lines: list[tuple[InventoryLine, FactorMatch]], choice: FactorChoice
) -> float | None:
    """Tonnes more if what nobody declares is not sustainable at all."""
    more = []
    for line, _ in lines:
        row = line.activity
        try:
            other = choice.of_set(row.carrier, row.sector, row.year, 0.0)
            taken = choice.of_set(row.carrier, row.sector, row.year)
        except FactorMissing:
            return None
        more.append(undeclared_mwh(row) * (other.factor_t_per_mwh - taken.factor_t_per_mwh))
    return math.fsum(more)


def _chosen(match: FactorMatch) -> bool:
    """True if warming potentials were chosen for it, or for the fuels that it is mixed of."""
    return match.gwp is not None


def _differ(match: FactorMatch, newer: FactorMatch) -> bool:
    return (match.factor_t_per_mwh, match.year_used, match.added) != (
        newer.factor_t_per_mwh,
        newer.year_used,
        newer.added,
    )


def _by_carrier(
    pairs: Iterable[tuple[InventoryLine, FactorMatch]],
) -> dict[Carrier, list[tuple[InventoryLine, FactorMatch]]]:
    grouped: dict[Carrier, list[tuple[InventoryLine, FactorMatch]]] = {}
    for line, match in pairs:
        grouped.setdefault(line.activity.carrier, []).append((line, match))
    return grouped


def _one_per_carrier(
    lines: list[InventoryLine], is_odd: Callable[[InventoryLine], bool]
) -> Iterable[InventoryLine]:
    return {line.activity.carrier: line for line in lines if is_odd(line)}.values()
