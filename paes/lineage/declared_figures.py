"""Declared rows as leaves of lineage: file, line, source, and how an amount became energy."""

from __future__ import annotations

from paes.activity.declared_row import DeclaredRow
from paes.errors import DataError
from paes.installation import City, some
from paes.lineage.figure import Figure, Source
from paes.lineage.figure_id import FigureId, Kind


def declared_id(city: str, row: DeclaredRow) -> str:
    """The id of a declared row."""
    parts = [str(row.year), str(row.sector), str(row.carrier)]
    return str(FigureId(city, Kind.DECLARED, (*parts, *([row.what] if row.what else [])), "mwh"))


def declared_figure(city: City, asked: FigureId) -> Figure:
    """A declared row as a leaf: file, line, source; of an amount, how it became energy."""
    known = {declared_id(city.id, row): row for row in city.declared if row.mwh is not None}
    row = known.get(str(asked))
    if row is None:
        raise DataError(f"no figure {asked}; there is {some(known, most=4, near=str(asked))}")
    sources = [Source("declaration", row.source or row.note or "", row.place)]
    if row.conversion:
        match = row.conversion.net
        origin = (match.source or match.note) if match else None
        told = f"{row.conversion.told} = {row.conversion.kwh:.10g} kWh"
        sources.append(Source("conversion", told, origin))
    return Figure(
        str(asked),
        f"declared: {row.title}",
        row.energy_mwh,
        "MWh",
        sources=tuple(sources),
        assumed=row.rests_on_assumption,
        note=row.note,
    )
