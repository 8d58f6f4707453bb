"""Which formats of files there are; each is a module of this package that ends with ``IMPORTER``.

A new format is a module and a line in ``MODULES``. They are imported when first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from paes.errors import DataError
from paes.imports.batch import Importer, SourceFile

MODULES: tuple[str, ...] = (
    "declared.activity_table",
    "invoices.bills_table",
    "invoices.deliveries",
    "invoices.fattura_pa",
    "energy.generic",
    "declared.jrc_rows",
    "energy.load_curves",
    "declared.seap_template",
    "weather.open_meteo",
    "weather.pvgis",
    "weather.weather_table",
)
"""In order of name: a file is of the only format that recognises it, wherever that stands."""

WITHOUT_MAPPING = ("e-distribuzione", "fattura-pa", "open-meteo")
"""Formats that leave nothing open: a mapping file given with one is a mistake."""


@cache
def formats() -> tuple[Importer, ...]:
    """One importer of each format."""
    modules = (import_module(f"paes.imports.{name}") for name in MODULES)
    return tuple(cast(Importer, module.IMPORTER) for module in modules)


def format_named(name: str) -> Importer:
    """The format called ``name``; DataError with those that there are."""
    for importer in formats():
        if importer.name == name:
            return importer
    raise DataError(f"no format {name!r}; there is {listed()}")


def format_of(file: SourceFile) -> Importer:
    """The one format that recognises ``file``; DataError if none does, or several do."""
    found = [importer for importer in formats() if importer.recognises(file)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(importer.name for importer in found)
        raise DataError(f"{file.name}: may be of several formats ({names}); say which: --format")
    raise DataError(
        f"{file.name}: of no format that is recognised; say which with --format: {listed()}; for a"
        " table of another layout write a mapping file (--map)"
    )


def listed() -> str:
    """The names of all formats, for a message."""
    return ", ".join(sorted(importer.name for importer in formats()))
