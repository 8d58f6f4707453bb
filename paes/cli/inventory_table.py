"""An inventory as a person reads it: method, cells by sector with what they rest on, totals."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator

import click

from paes.activity.declared_row import DeclaredRow
from paes.cli.chances import total_interval
from paes.cli.output import number, print_table
from paes.covenant_tables.template import Template
from paes.factors.emission_factors import How
from paes.inventory.evidence import CellEvidence
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.side_by_side import basis_name
from paes.metering import Sector
from paes.uncertainty.simulation import Draws
from paes.uncertainty.spread import Interval
from paes.units import KWH_PER_MWH

WIDTH = 100
COLUMNS = ["", "MWh", "meas.", "bill.", "est.", "decl.", "carr.", "t/MWh", "t", "90 %", ""]
LEGEND = (
    "Rests on, in % of MWh: measured by registers and load curves, billed, estimated, declared for "
    "the year, carried from an earlier year. 90 %: in per cent less and more, where 90 % of draws "
    "lie."
)
HOW = {
    How.EARLIER: ("e", "factor of an earlier year"),
    How.FROZEN: ("f", "factor frozen at the base year"),
    How.LOCAL: ("l", "local factor, worked out from what is produced here"),
    How.DECLARED: ("d", "local factor that the town declares"),
}
ASSUMED = ("a", "rests on an assumption")
GREEN_WORDS = {
    "in_factor": "green electricity in the local factor",
    "own_row": "green electricity as a row of its own",
    "not_counted": "green electricity not counted",
}
_LARGE_MWH = 100_000.0


def print_inventory(made: Inventory, city: str, template: Template, drawn: Draws) -> None:
    """Everything but findings and marks."""
    for text in method_lines(made, city):
        click.echo(text)
    rows = list(_rows(made, template, drawn))
    print_table("", COLUMNS, rows, piped_width=WIDTH)
    for text in below(made, drawn, rows):
        click.echo(text)


def method_lines(made: Inventory, city: str) -> list[str]:
    """What the figures are made with, in full."""
    of = made.factor_set
    kind = "baseline" if made.kind == "BEI" else "monitoring"
    method = [
        f"factors {of.id} ({of.approach}, {of.gas}, version {of.version})",
        f"electricity {basis_name(made.method)}",
        GREEN_WORDS[made.method.green_electricity],
        f"warming potentials {made.gwp}" if made.gwp else "no choice of warming potentials",
        f"factors as known on {made.factors_as_of}" if made.factors_as_of else "all known factors",
    ]
    return [
        f"{city} {made.year}: {made.kind}, {kind} emission inventory",
        *textwrap.wrap("; ".join(method), WIDTH),
    ]


def below(made: Inventory, drawn: Draws, rows: Iterable[list[str]]) -> Iterator[str]:
    """What stands below the table: what is missing, the interval, what marks mean."""
    for line in made.lines:
        low, high = line.activity.missing_mwh
        if high > 0:
            low_t, high_t = line.missing_t
            yield (
                f"Missing beside {line.activity.sector}/{line.activity.carrier}: "
                f"{_span(low, high)} MWh, {_span(low_t, high_t)} t"
            )
    yield f"Total, 90 % of draws: {total_interval(drawn, made.year)} t"
    yield from textwrap.wrap(LEGEND, WIDTH)
    used = {mark for row in rows for mark in row[-1].split()}
    known = [word for word in (*HOW.values(), ASSUMED) if word[0] in used]
    if known:
        yield from textwrap.wrap("; ".join(f"{mark}: {text}" for mark, text in known), WIDTH)


def _rows(made: Inventory, template: Template, drawn: Draws) -> Iterator[list[str]]:
    """Sectors in the template's order with their cells, groups with their sums, the total."""
    told: set[Sector] = set()
    for group in template.groups:
        sectors = [row.sector for row in group.rows]
        told.update(sectors)
        yield from _group_rows(made, drawn, sectors, group.short)
    rest = [s for s in Sector if s not in told]
    yield from _group_rows(made, drawn, rest, "not in the template")
    yield from _other_rows(made)
    yield _sum_row("total", made.lines, made.emissions_t, _total_interval(drawn, made))


def _group_rows(
    made: Inventory, drawn: Draws, sectors: list[Sector], title: str
) -> Iterator[list[str]]:
    of_group: list[InventoryLine] = []
    for sector in sectors:
        lines = [line for line in made.lines if line.activity.sector is sector]
        noted = [cell for cell in made.noted if cell.sector is sector]
        if not lines and not noted:
            continue
        of_group += lines
        emissions_t = math.fsum(line.emissions_t for line in lines)
        keys_alone = [str(sector), *[""] * (len(COLUMNS) - 1)]
        yield _sum_row(str(sector), lines, emissions_t, "") if lines else keys_alone
        for line in lines:
            yield _line_row(line, drawn)
            yield from _use_rows(line)
        for cell in noted:
            use = f" ({cell.use})" if cell.use else ""
            yield [f"  {cell.carrier}{use}", str(cell.notation), *[""] * (len(COLUMNS) - 2)]
    if of_group:
        emissions_t = math.fsum(line.emissions_t for line in of_group)
        yield _sum_row(f"= {title}", of_group, emissions_t, "")


def _line_row(line: InventoryLine, drawn: Draws) -> list[str]:
    activity = line.activity
    interval = drawn.cells[activity.year, activity.sector, activity.carrier].interval()
    mark, _ = HOW.get(line.factor.how, ("", ""))
    return [
        f"  {activity.carrier}",
        _mwh(line.energy_mwh),
        *_parts(line.evidence),
        f"{line.factor.factor_t_per_mwh:.4f}",
        number(line.emissions_t, 1),
        _relative(interval, line.emissions_t),
        " ".join(m for m in (mark, ASSUMED[0] if line.assumed else "") if m),
    ]


def _use_rows(line: InventoryLine) -> Iterator[list[str]]:
    """What was declared for each use, below the line, and what meters saw in place of it.

    Nothing if no use is named.
    """
    activity = line.activity
    uses = [(_use(part), part.energy_mwh) for part in activity.parts]
    uses += [
        (f"{_use(one.row)}: meters", one.meters.metered.kwh / KWH_PER_MWH)
        for one in activity.replaced
    ]
    if activity.replaced or any(part.what for part in activity.parts):
        for name, mwh in uses:
            yield [f"    {name}", _mwh(mwh), *[""] * (len(COLUMNS) - 2)]


def _use(part: DeclaredRow) -> str:
    sessions = f" ({number(part.sessions)} sessions)" if part.sessions else ""
    return f"{part.what or 'other'}{sessions}"


def _other_rows(made: Inventory) -> Iterator[list[str]]:
    for row in made.other_rows:
        use = f" ({row.use})" if row.use else ""
        mark = ASSUMED[0] if row.assumed else ""
        yield [f"{row.row}{use}", *[""] * 7, number(row.emissions_t, 1), "", mark]
    if made.other_rows:
        yield ["= without energy", *[""] * 7, number(made.other_t, 1), "", ""]


def _sum_row(
    title: str, lines: Iterable[InventoryLine], emissions_t: float, interval: str
) -> list[str]:
    parts = CellEvidence.sum(line.evidence for line in lines)
    tonnes = number(emissions_t, 1)
    return [title, _mwh(parts.energy_mwh), *_parts(parts), "", tonnes, interval, ""]


def _parts(of: CellEvidence) -> list[str]:
    """Per cent of what it rests on; nothing where it does not."""
    amounts = (
        of.measured_mwh,
        of.billed_mwh,
        of.estimated_mwh,
        of.declared_mwh,
        of.carried_mwh,
    )
    return [_percent(amount, of.energy_mwh) for amount in amounts]


def _percent(part: float, whole: float) -> str:
    if not part or not whole:
        return ""
    share = 100 * part / whole
    return "<1" if 0 < share < 0.5 else f"{share:.0f}"


def _mwh(value: float) -> str:
    return number(value, 0 if abs(value) >= _LARGE_MWH else 1)


def _span(low: float, high: float) -> str:
    return f"{number(low, 1)} to {number(high, 1)}"


def _total_interval(drawn: Draws, made: Inventory) -> str:
    return _relative(drawn.totals[made.year].interval(), made.emissions_t)


def _relative(interval: Interval, value: float) -> str:
    """An interval as what it is less and more than the figure, per cent of it."""
    if not value or interval.low == interval.high:
        return ""
    ends = [
        f"{100 * (end / value - 1):+.0f}" if math.isfinite(end) else "unbounded"
        for end in (interval.low, interval.high)
    ]
    return " ".join(ends)
