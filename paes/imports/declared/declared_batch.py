"""Declared rows as importers gather them: checked like those of a file, each with its place.

A row that cannot stand (a negative figure, an unknown unit, kWh typed as MWh) is refused with
what to do; the others are kept. Nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from paes.activity.activity_data import DeclaredRow
from paes.config_file import dotted, explain, location_of
from paes.errors import DataError
from paes.imports.batch import Batch, Context, DeclaredTable, Refusal
from paes.metering import Finding
from paes.plausibility.checks import seems_kwh
from paes.plausibility.limits import limits
from paes.schema import ConfigModel

M = TypeVar("M", bound=ConfigModel)
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass
class Gathering:
    """What an importer has understood of one file so far."""

    context: Context
    rows: list[tuple[str, DeclaredRow]] = field(default_factory=list)
    """Each with its place in the file."""
    refused: list[Refusal] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _places: dict[Hashable, str] = field(default_factory=dict, repr=False)
    """Where each cell and use was declared first."""

    def add(self, where: str, values: Mapping[str, Any], inhabitants: float | None = None) -> None:
        """Keep the row ``values``, or note why it cannot stand.

        ``inhabitants`` are those of the file; without them those of the city.
        """
        try:
            row = DeclaredRow.model_validate({k: v for k, v in values.items() if v is not None})
            made = row.converted(self.context.installation.factors)
            self._require_plausible(made, inhabitants)
        except ValidationError as err:
            for e in err.errors():
                key = dotted(location_of(e, dict(values)), dict(values))
                self.refuse(where, f"{key}: {explain(e)}" if key else explain(e))
            return
        except DataError as err:
            self.refuse(where, str(err))
            return
        there = self._places.setdefault(row.cell, where)
        if there != where:
            self.refuse(where, f"{row.title} is there already ({there}); give each its use, or sum")
            return
        self.rows.append((where, row))

    def refuse(self, where: str, message: str) -> None:
        """Note something that was not taken."""
        self.refused.append(Refusal(where, message))

    def refuse_at(self, err: DataError) -> None:
        """Note what an error says whose message begins with the place."""
        where, _, message = str(err).partition(": ")
        self.refuse(where, message)

    def tell(
        self, name: str, where: str, message: str, numbers: Mapping[str, float] | None = None
    ) -> None:
        """Note something odd that was taken, or something that has no place here."""
        self.findings.append(Finding(name, where, message, numbers=numbers or {}))

    def batch(self, tables: Mapping[str, str]) -> Batch:
        """All rows as tables: ``tables`` are names with their comments, by year (``{year}``).

        One table, unless its name has a place for the year.
        """
        made = []
        for name, comment in tables.items():
            years = sorted({row.year for _, row in self.rows}) if "{year}" in name else [None]
            for year in years:
                of = [row for _, row in self.rows if year in (None, row.year)]
                if of:
                    made.append(
                        DeclaredTable(name.format(year=year), comment, [as_texts(r) for r in of])
                    )
        return Batch(tables=made, refused=self.refused, findings=self.findings)

    def _require_plausible(self, row: DeclaredRow, inhabitants: float | None) -> None:
        known = self.context.city.population(row.year)
        heads = inhabitants or (known.inhabitants if known else None)
        of = limits(self.context.installation.root).energy_per_head
        if heads and seems_kwh(row.energy_mwh, heads, of):
            raise DataError(
                f"{row.title}: {row.energy_mwh:,.0f} MWh are {row.energy_mwh / heads:,.0f} MWh an "
                f"inhabitant, more than {of.kwh_typed_as_mwh:,.0f}: probably kWh; correct the file"
            )


def as_texts(row: DeclaredRow) -> dict[str, str]:
    """A row as it stands in a CSV file, without what is empty or usual."""
    given = row.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return {name: _text(value) for name, value in given.items()}


def mapping_of(context: Context, model: type[M]) -> M:
    """The mapping file as ``model``; DataError with the key that is wrong."""
    given = dict(context.mapping or {})
    try:
        return model.model_validate(given)
    except ValidationError as err:
        first = err.errors()[0]
        key = dotted(location_of(first, given), given)
        known = ", ".join(model.model_fields)
        raise DataError(f"mapping: {key}: {explain(first)}; known keys are {known}") from err


def table_name(text: str) -> str:
    """A file's name as that of a table: ``Consumi 2019.xlsx`` -> ``consumi-2019.csv``."""
    stem = _NOT_IN_NAMES.sub("-", text.rsplit(".", 1)[0].lower()).strip("-")
    return f"{stem or 'imported'}.csv"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:.15g}" if isinstance(value, float) else str(value)
