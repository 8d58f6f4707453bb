"""The Covenant's tables A to D as data: codes, columns in order, headings in both languages.

``covenant_template.yaml``; the tables are filled in ``paes.covenant_tables.tables`` and
``paes.covenant_tables.supply_tables``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from paes.inventory.other_emissions import OtherRow
from paes.metering import Carrier, Sector
from paes.schema import ConfigModel, Text
from paes.shipped_files import read_own_or_shipped
from paes.supply.plants import PlantFuel, PlantKind

NAME = "covenant_template.yaml"
Letter = Literal["A", "B", "C", "D"]
Codes = Mapping[Literal["A", "B"], str]


class CarrierColumn(Text):
    """A column of tables A and B."""

    carrier: Carrier
    group: str | None = None


class SectorRow(Text):
    """A row of tables A and B."""

    sector: Sector
    codes: Codes


class Group(Text):
    """Rows under one title, with the codes of title and subtotal."""

    codes: Codes
    subtotal: Codes
    short: str = Field(max_length=30)
    """Its name where there is little room."""
    rows: tuple[SectorRow, ...] = Field(min_length=1)


class OtherTemplateRow(Text):
    """A row of table B without energy."""

    row: OtherRow
    code: str


class Coded(Text):
    """A line with a code of its own."""

    code: str


class Unlisted(ConfigModel):
    """What the template has no row for."""

    sectors: Mapping[Sector, Text]
    green: Text
    total: Text


class FuelColumn(Text):
    """A column of tables C and D."""

    fuel: PlantFuel


class PlantRow(Coded):
    """A row of tables C and D."""

    kind: PlantKind


class SupplyTemplate(ConfigModel):
    """Table C or D."""

    note: Text | None = None
    energy: Text
    fuels: tuple[FuelColumn, ...]
    emissions: Text
    factor: Text
    rows: tuple[PlantRow, ...] = Field(min_length=1)
    total: Coded


class Template(ConfigModel):
    """``covenant_template.yaml``."""

    schema_: Literal["covenant-template/1"] = Field(alias="schema")
    columns: tuple[CarrierColumn, ...]
    column_groups: Mapping[str, Text]
    total: Text
    subtotal: Text
    titles: Mapping[Letter, Text]
    groups: tuple[Group, ...] = Field(min_length=1)
    totals: Codes
    other_group: Text
    other_rows: tuple[OtherTemplateRow, ...]
    green_electricity: Coded
    green_factor: Coded
    factors: Coded
    national_factor: Coded
    unlisted: Unlisted
    table_c: SupplyTemplate
    table_d: SupplyTemplate

    @model_validator(mode="after")
    def _has_every_carrier(self) -> Template:
        missing = set(Carrier) - {column.carrier for column in self.columns}
        if missing or len(self.columns) != len(Carrier):
            raise ValueError(
                f"columns: each carrier once, and missing {', '.join(sorted(missing))}"
            )
        return self

    @property
    def listed(self) -> tuple[Sector, ...]:
        """The sectors that have a row."""
        return tuple(row.sector for group in self.groups for row in group.rows)

    def code(self, sector: Sector, table: Literal["A", "B"]) -> str | None:
        """The code of a sector's row; None if it has none."""
        rows = (row for group in self.groups for row in group.rows if row.sector is sector)
        return next((row.codes[table] for row in rows), None)

    def unlisted_title(self, sector: Sector) -> Text:
        """What the extra row of a sector is called."""
        return self.unlisted.sectors.get(sector) or Text(it=str(sector), en=str(sector))


def template(root: Path) -> Template:
    """That of the installation at ``root``, else the shipped one; ConfigError if wrong."""
    return read_own_or_shipped(root, NAME, Template)
