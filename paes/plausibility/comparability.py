"""Whether two inventories may stand beside each other: cells that came, went or jumped.

A cell that the base year has and a later year has not is a gap, not a saving; one that only the
later year has makes it look worse than it is. Cells with a notation key are told with it
(``paes.inventory.notation``), rests beside other meters where they are carried.
"""

from __future__ import annotations

from collections.abc import Iterable

from paes.activity.activity_data import Cell
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherRow
from paes.metering import Finding
from paes.plausibility.limits import Comparability


def comparability_findings(
    base: Inventory, later: Inventory, limits: Comparability
) -> list[Finding]:
    """What makes ``later`` hard to compare with ``base``; nothing for a year and itself."""
    if base.year == later.year:
        return []
    method = _method_findings(base, later)
    return [*method, *_cell_findings(base, later, limits), *_row_findings(base, later)]


def _method_findings(base: Inventory, later: Inventory) -> Iterable[Finding]:
    if base.method != later.method:
        message = f"{later.year} and {base.year} are made by different methods: no change is one"
        yield Finding("comparability.method", f"{later.city}/{later.year}", message)


def _cell_findings(base: Inventory, later: Inventory, limits: Comparability) -> Iterable[Finding]:
    then, now = _cells(base), _cells(later)
    noted = {(cell.sector, cell.carrier) for cell in (*base.noted, *later.noted)}
    for cell in sorted(then.keys() | now.keys()):
        before, after = then.get(cell), now.get(cell)
        subject = f"{later.year}/{cell[0]}/{cell[1]}"
        if cell in noted:
            continue
        if before and not after:
            message = (
                f"{base.year} has {before.energy_mwh:,.1f} MWh here and {later.year} nothing, not "
                "even a notation key: a gap, not a saving"
            )
            numbers = {"base_mwh": before.energy_mwh, "base_t": before.emissions_t}
            yield Finding("comparability.cell_gone", subject, message, numbers=numbers)
        elif after and not before and after.energy_mwh:
            message = (
                f"{later.year} has {after.energy_mwh:,.1f} MWh here and {base.year} nothing: if "
                "there was none then, declare 0 or NO; else the boundary is wider now"
            )
            numbers = {"later_mwh": after.energy_mwh, "later_t": after.emissions_t}
            yield Finding("comparability.cell_new", subject, message, numbers=numbers)
        elif before and after:
            yield from _jumps(base.year, subject, before, after, limits)
            yield from _other_evidence(base.year, subject, before, after, limits)


def _jumps(
    year: int, subject: str, before: InventoryLine, after: InventoryLine, limits: Comparability
) -> Iterable[Finding]:
    less, more = sorted((before.energy_mwh, after.energy_mwh))
    if less <= 0 or more < limits.least_mwh or more <= limits.times * less:
        return
    message = (
        f"{after.energy_mwh:,.1f} MWh where {year} has {before.energy_mwh:,.1f}: more than "
        f"{limits.times:g} times {'more' if after.energy_mwh > before.energy_mwh else 'less'}; "
        "are they of the same boundary?"
    )
    numbers = {"base_mwh": before.energy_mwh, "later_mwh": after.energy_mwh}
    yield Finding("comparability.jump", subject, message, numbers=numbers)


def _other_evidence(
    year: int, subject: str, before: InventoryLine, after: InventoryLine, limits: Comparability
) -> Iterable[Finding]:
    """Meters tell much more, or much less, of a cell than they did."""
    then, now = (_metered_fraction(line) for line in (before, after))
    if abs(now - then) < limits.metered_differs_by:
        return
    message = (
        f"bills and meters of sites make {100 * now:.0f} % of it, in {year} {100 * then:.0f} %: "
        "a part of the change may be one between two ways of knowing"
    )
    numbers = {"base_metered_fraction": then, "later_metered_fraction": now}
    yield Finding("comparability.other_evidence", subject, message, numbers=numbers)


def _metered_fraction(line: InventoryLine) -> float:
    parts = line.evidence
    return parts.metered_mwh / parts.energy_mwh if parts.energy_mwh else 0.0


def _row_findings(base: Inventory, later: Inventory) -> Iterable[Finding]:
    """Rows without energy that only one of the two has; purchases may begin and end."""
    then = {row.row for row in base.other_rows if row.row is not OtherRow.GREEN_ELECTRICITY}
    now = {row.row for row in later.other_rows if row.row is not OtherRow.GREEN_ELECTRICITY}
    for row in sorted(then ^ now):
        has, has_not = (base, later) if row in then else (later, base)
        tonnes = sum(other.emissions_t for other in has.other_rows if other.row is row)
        message = f"{has.year} has {tonnes:,.1f} t here and {has_not.year} nothing"
        name = "row_gone" if row in then else "row_new"
        subject = f"{later.year}/{row}"
        yield Finding(f"comparability.{name}", subject, message, numbers={"emissions_t": tonnes})


def _cells(inventory: Inventory) -> dict[Cell, InventoryLine]:
    """Its lines by cell; a figure of 0 that somebody declares is one, too."""
    return {(line.activity.sector, line.activity.carrier): line for line in inventory.lines}
