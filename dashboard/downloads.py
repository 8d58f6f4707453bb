"""The tables as CSV files, at the addresses that the pages link to."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from dashboard import tables
from dashboard.address import Address
from dashboard.meter_tables import meters_table
from dashboard.observatory import Observatory
from dashboard.queries import CityView
from dashboard.tables import Table
from dashboard.texts import Language

_OF_VIEW: dict[str, Callable[[CityView, Language], Table]] = {
    "path": tables.path_table,
    "effects": tables.effects_table,
    "sectors": tables.sectors_table,
    "lines": tables.lines_table,
    "findings": tables.findings_table,
}
NAMES = (*_OF_VIEW, "meters")


def table_named(
    name: str, observatory: Observatory, address: Address, language: Language
) -> Table | None:
    """The table called ``name`` for a place; None if there is none of that name.

    Raises DataError if the city has no inventory to make it from.
    """
    if name == "meters":
        now, _ = observatory.live(address.city)
        return meters_table(now, address.city.name, address.city.time_zone, language)
    make = _OF_VIEW.get(name)
    if make is None:
        return None
    view, _ = observatory.view(address)
    return make(view, language)


def csv_response(table: Table, address: Address, language: Language) -> Response:
    """The table as a file to be saved, named after city and table."""
    response = Response(tables.csv_text(table, language), mimetype="text/csv")
    name = f"{address.city.id}-{table.id}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Language"] = language.code
    return response
