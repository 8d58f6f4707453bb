"""Which figures a late reading, or a changed declared row, can change: these and no others.

A month of a meter rests on the readings between two times, which the accounting knows
(``paes.rollups``: ``needs_from_s``, ``needs_to_s``; estimates of gaps reach three weeks further).
From the months follow the years, from these the cells of the sites that the meter counts for, and
from the cells sectors, totals, progress and causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from paes.accounting.site_energy import SiteEnergy
from paes.errors import DataError
from paes.factors.dated_values import How
from paes.installation import some
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.lineage.declared_figures import declared_id
from paes.lineage.figure_id import FigureId
from paes.lineage.progress_figures import ACTION_EFFECTS, effect_names
from paes.lineage.tracing import Tracer
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import By, Span, local_year, to_seconds, year_span

_ENERGY = ("mwh", "t")
_OF_NO_ENERGY = {*ACTION_EFFECTS, "other_rows_t"}
"""Effects that rest on declarations, and on energy only by way of a local factor."""


def touched_by(tracer: Tracer, meter: Meter, span: Span) -> list[str]:
    """The ids of all figures that readings of ``meter`` in ``span`` can change.

    By the plan's method, in the order of ``Tracer.ids``; what of the meter itself changes comes
    first, as the ids of its years.
    """
    years = touched_years(tracer, meter, span)
    found = {tracer.meters.energy_id(meter, _year(tracer, year)) for year in years}
    changed: set[int] = set()
    for year in years:
        if year in tracer.years:
            of_year = set(_of_year(tracer, tracer.inventory(year), meter))
            found |= of_year
            if tracer.of_year(year).id() in of_year:
                changed.add(year)
    found |= set(_of_progress(tracer, changed))
    return _ordered(tracer, found)


def touched_years(tracer: Tracer, meter: Meter, span: Span) -> list[int]:
    """The local years whose energy rests on readings of ``meter`` in ``span``."""
    tz = tracer.ledger.installation.time_zone(meter.id)
    start_s, end_s = to_seconds(span.start), to_seconds(span.end)
    near = range(local_year(span.start, tz) - 1, local_year(span.end, tz) + 2)
    years = sorted({*tracer.years, *near})
    found = []
    for year in years:
        rows = tracer.ledger.rows(meter, year_span(year, tz), By.MONTH)
        if ((rows.needs_from_s < end_s) & (rows.needs_to_s >= start_s)).any():
            found.append(year)
    return found


def touched_by_weather(tracer: Tracer, span: Span) -> list[str]:
    """The ids of all causes of a change that outdoor temperatures in ``span`` can change."""
    tz = tracer.city.time_zone
    years = set(range(local_year(span.start, tz), local_year(span.end, tz) + 1))
    of_causes = {*effect_names()} - {"total_t", "less_by_gaps_t", "more_by_gaps_t"}
    found = _of_progress(tracer, years & set(tracer.years))
    return _ordered(tracer, {one for one in found if FigureId.parse(one).quantity in of_causes})


def touched_by_row(tracer: Tracer, wanted: str) -> list[str]:
    """The ids of all figures that the declared row with this id stands for."""
    rows = {declared_id(tracer.city.id, row): row for row in tracer.city.declared}
    if wanted not in rows:
        raise DataError(f"no declared row {wanted}; there is {some(rows, most=4, near=wanted)}")
    row, found, changed = rows[wanted], {wanted}, set()
    for year in tracer.years:
        made = tracer.inventory(year)
        for line in made.lines:
            if any(part.cell == row.cell for part in line.activity.parts):
                found |= set(_of_cell(tracer, made, line, ("declared_mwh", *_ENERGY)))
                changed.add(year)
    return _ordered(tracer, found | set(_of_progress(tracer, changed)))


def _of_year(tracer: Tracer, made: Inventory, meter: Meter) -> Iterator[str]:
    """Figures of one inventory that rest on a year of the meter."""
    for line in made.lines:
        cell = line.activity.sector, line.activity.carrier
        if any(term.term.meter.id == meter.id for term in made.metered_terms.get(cell, ())):
            counts = line.activity.adds_metered
            yield from _of_cell(tracer, made, line, ("metered_kwh", *(_ENERGY if counts else ())))
        elif _may_replace(tracer, line, meter):
            yield from _of_cell(tracer, made, line, ("metered_kwh", *_ENERGY))
    if meter.measures in (Measures.GENERATION, Measures.FEED_IN):
        for line in made.lines:
            if line.factor.how is How.LOCAL:
                yield from _of_local(tracer, made, line)


def _may_replace(tracer: Tracer, line: InventoryLine, meter: Meter) -> bool:
    """True if more of the meter's time could make it stand for a declared row of its site."""
    sites = [site for row in line.activity.parts for site in row.sites]
    energy = SiteEnergy(tracer.ledger)
    terms = energy.terms(sites, line.activity.carrier, Measures.WITHDRAWAL)
    return any(term.meter.id == meter.id for term in terms)


def _of_cell(
    tracer: Tracer, made: Inventory, line: InventoryLine, quantities: Iterable[str]
) -> Iterator[str]:
    """Figures of a cell, and the sums that have it in them; with a local factor all its lines."""
    figures, wanted = tracer.of_year(made.year, made.method), list(quantities)
    sector, carrier = str(line.activity.sector), str(line.activity.carrier)
    for quantity in wanted:
        yield figures.id(sector, carrier, quantity=quantity)
        if quantity in _ENERGY:
            yield figures.id(sector, quantity=quantity)
            yield figures.id(quantity=quantity)
    if "mwh" in wanted:
        for other in made.lines:
            alike = other.activity.carrier is line.activity.carrier
            if alike and other.factor.how is How.LOCAL:
                yield from _of_local(tracer, made, other)


def _of_local(tracer: Tracer, made: Inventory, line: InventoryLine) -> Iterator[str]:
    """What a local factor that changes takes with it."""
    figures = tracer.of_year(made.year, made.method)
    sector, carrier = str(line.activity.sector), str(line.activity.carrier)
    yield figures.id(sector, carrier, quantity="factor")
    yield from (figures.id(sector, carrier), figures.id(sector), figures.id())


def _of_progress(tracer: Tracer, changed: set[int]) -> Iterator[str]:
    """Figures of progress that rest on these years; a base year's is in all that follow."""
    for target in tracer.city.plan.targets if changed else ():
        if target.base_year not in tracer.years:
            continue
        is_local = Method.of(tracer.city.plan).electricity_scope == "local"
        fixed = {"required"} if is_local else {"required", *_OF_NO_ENERGY}
        for wanted in tracer.progress(target.id).ids():
            asked = FigureId.parse(wanted)
            is_own = asked.year in changed and asked.quantity != "path"
            if asked.quantity not in fixed and (is_own or target.base_year in changed):
                yield wanted


def _ordered(tracer: Tracer, found: set[str]) -> list[str]:
    known = [wanted for wanted in tracer.ids() if wanted in found]
    return [*sorted(found - set(known)), *known]


def _year(tracer: Tracer, year: int) -> Span:
    return year_span(year, tracer.city.time_zone)
