"""Declared energy beside inhabitants: kWh typed as MWh, and figures that are nearly nothing.

The limits are those by which the JRC screens the inventories of the Covenant's signatories (its
published R script "Technical validation of GCoM datasets").
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from paes.activity.activity_data import DeclaredRow
from paes.installation import City
from paes.metering import Finding

KWH_TYPED_AS_MWH = 1000.0
"""MWh an inhabitant above which a figure is taken for one in kWh."""
SUSPICIOUSLY_LOW = 0.01
"""MWh an inhabitant below which all energy of a year is no town's."""


def seems_kwh(mwh: float, inhabitants: float) -> bool:
    """True if the energy of a cell can only be kWh that were typed as MWh."""
    return mwh / inhabitants > KWH_TYPED_AS_MWH


def implausible(city: City, declared: Iterable[DeclaredRow]) -> list[Finding]:
    """Rows and years of ``declared`` that cannot be a town's; years without inhabitants are left
    out."""
    findings = []
    of_year: dict[int, list[DeclaredRow]] = {}
    for row in declared:
        if row.notation:
            continue
        of_year.setdefault(row.year, []).append(row)
    for year, rows in sorted(of_year.items()):
        known = city.population(year)
        if known is None:
            continue
        heads = known.inhabitants
        total = math.fsum(row.energy_mwh for row in rows)
        for row in rows:
            if seems_kwh(row.energy_mwh, heads):
                message = "probably kWh, not MWh"
                numbers = {"mwh": row.energy_mwh, "inhabitants": float(heads)}
                findings.append(
                    Finding(
                        "declared.kwh_for_mwh", row.title, "probably kWh, not MWh", None, numbers
                    )
                )
        if total / heads < SUSPICIOUSLY_LOW:
            numbers = {"mwh": total, "inhabitants": float(heads)}
            message = "all energy of the year together is nearly nothing"
            findings.append(
                Finding("declared.suspiciously_low", f"{city.id}/{year}", message, None, numbers)
            )
    return findings
