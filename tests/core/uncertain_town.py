"""Inventories made of plain numbers, and assumptions of which all but the asked ones are zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.site_energy import SeenTerm
from paes.activity.activity_data import ActivityData
from paes.activity.declared_row import DeclaredRow
from paes.config_file import read_yaml
from paes.factors.emission_factors import FactorMatch, FactorSet, How
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.inventory.other_emissions import OtherEmissions
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Sector
from paes.meters import ImportedMeter, Meter
from paes.periods import year_span
from paes.schema import Text
from paes.shipped_files import shipped_config
from paes.uncertainty.assumptions import Assumptions

POWER, GAS, DIESEL = Carrier.ELECTRICITY, Carrier.NATURAL_GAS, Carrier.DIESEL
HOMES, OFFICES, CARS = (
    Sector.RESIDENTIAL_BUILDINGS,
    Sector.MUNICIPAL_BUILDINGS,
    Sector.PRIVATE_TRANSPORT,
)
NAME = Text(it="prova", en="test")
SET = FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")


@cache
def shipped() -> Assumptions:
    return read_yaml(shipped_config() / "uncertainty.yaml", Assumptions)


def assumed(**changes: object) -> Assumptions:
    """The shipped assumptions with every number zero but those of ``changes``.

    ``meters`` is one limit for all, ``declared`` half-width and correlations for all kinds,
    ``factors`` ranges by carrier, ``between_years`` their correlation, ``margin``, ``carried``,
    ``stale``, ``calorific`` one number each; ``other`` that of rows without energy [as shipped].
    """
    known = shipped()
    half, between, within = changes.get("declared", (0.0, 0.0, 0.0))
    ranges = changes.get("factors", {})
    return known.model_copy(
        update={
            "margin": known.margin.model_copy(update={"fraction": changes.get("margin", 0.0)}),
            "meters": tuple(
                m.model_copy(update={"limit_fraction": changes.get("meters", 0.0)})
                for m in known.meters
            ),
            "calorific_values": tuple(
                c.model_copy(update={"half_width_fraction": changes.get("calorific", 0.0)})
                for c in known.calorific_values
            ),
            "declared": tuple(
                d.model_copy(
                    update={
                        "half_width_fraction": half,
                        "between_years_correlation": between,
                        "within_sector_correlation": within,
                    }
                )
                for d in known.declared
            ),
            "other_rows": tuple(
                o.model_copy(
                    update={"half_width_fraction": changes.get("other", o.half_width_fraction)}
                )
                for o in known.other_rows
            ),
            "carried": known.carried.model_copy(
                update={"half_width_per_year_fraction": changes.get("carried", 0.0)}
            ),
            "stale_factors": known.stale_factors.model_copy(
                update={"half_width_per_year_fraction": changes.get("stale", 0.0)}
            ),
            "factors": tuple(
                f.model_copy(
                    update={
                        "low_kg_per_gj": None,
                        "default_kg_per_gj": None,
                        "high_kg_per_gj": None,
                        "half_width_fraction": ranges.get(f.carrier, 0.0),
                        "between_years_correlation": changes.get("between_years", 1.0),
                    }
                )
                for f in known.factors
            ),
        }
    )


def row(year: int, sector: Sector, carrier: Carrier, mwh: float, **more: object) -> DeclaredRow:
    return DeclaredRow(
        year=year, sector=sector, carrier=carrier, mwh=mwh, source="a table", covers="rest", **more
    )


def line(
    year: int,
    sector: Sector,
    carrier: Carrier,
    factor: float,
    rows: Sequence[DeclaredRow] = (),
    metered: EnergyTotal | None = None,
    **match: object,
) -> InventoryLine:
    activity = ActivityData(
        year=year,
        sector=sector,
        carrier=carrier,
        parts=tuple(rows),
        metered=metered or EnergyTotal(),
        adds_metered=metered is not None,
    )
    made = FactorMatch(
        factor_set="test", carrier=carrier, year_asked=year, year_used=None,
        factor_t_per_mwh=factor, how=How.CONSTANT, source="s", assumed=False, note=None,
    )  # fmt: skip
    return InventoryLine(activity, replace(made, **match))


def declared(year, mwh, factor, sector=HOMES, carrier=GAS, **more) -> InventoryLine:
    return line(year, sector, carrier, factor, [row(year, sector, carrier, mwh, **more)])


def inventory(
    year: int,
    lines: Sequence[InventoryLine],
    meters_mwh: Mapping[tuple[Sector, Carrier], Mapping[Meter, float]] | None = None,
    other: Sequence[OtherEmissions] = (),
) -> Inventory:
    """One of the town; ``meters_mwh`` is what each meter measured."""
    span = year_span(year, "Europe/Rome")
    terms = {
        cell: tuple(
            SeenTerm(
                Term(m, 1.0), span, EnergyTotal(measured_kwh=1000 * mwh), m.id, is_billed=False
            )
            for m, mwh in of.items()
        )
        for cell, of in (meters_mwh or {}).items()
    }
    return Inventory(
        city="town", year=year, kind="MEI", factor_set=SET,
        method=Method(factor_set="test", base_year=2007), lines=tuple(lines), findings=(),
        other_rows=tuple(other), metered_terms=terms,
    )  # fmt: skip


def meter(number: int, carrier: Carrier = POWER, **more: object) -> ImportedMeter:
    return ImportedMeter(id=f"hall.m{number}", carrier=carrier, **more)
