"""Under which point the figures of a file are kept, and in which unit.

A meter whose figures come in files, and come as these do, is accounted by them. With any other
(a meter that the collector reads, one that is accounted by its bills) they are kept beside its
register, for comparison and as evidence: ``scuola.main/energy_import_intervals``.
"""

from __future__ import annotations

from dataclasses import dataclass

from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Carrier, Evidence, Measures, point_id
from paes.meters import ImportedMeter, Meter
from paes.units import canonical_unit, factor_to_canonical

_NAME_OF = {"kWh": "energy_import", "m3": "volume", "l": "fuel_volume", "kg": "fuel_mass"}
GAS_UNITS = ("Smc", "Sm3")
"""Gas at standard conditions: m3 times the coefficient C of its meter."""


@dataclass(frozen=True)
class EvidencePoint:
    """A point, the unit of its readings, and whether its meter is accounted by another."""

    meter: Meter
    point: str
    unit: str
    is_beside: bool

    def factor(self, unit: str) -> float:
        """What figures in ``unit`` are multiplied by; DataError if they are of another kind."""
        if unit == self.unit:
            return 1.0
        if unit in GAS_UNITS and self.unit == "m3" and self.meter.carrier is Carrier.NATURAL_GAS:
            # Accounting multiplies m3 by C again, whatever they were written down in.
            return 1.0 / self.meter.volume_correction
        if canonical_unit(unit) != self.unit:
            raise DataError(
                f"unit {unit}: meter {self.meter.id} is accounted in {self.unit}; expected that,"
                " or a unit that can be converted to it"
            )
        return factor_to_canonical(unit)


def evidence_point(
    installation: Installation, meter: Meter, evidence: Evidence, interval_s: int | None = None
) -> EvidencePoint:
    """Where figures of ``meter`` that come as ``evidence`` are kept.

    ``interval_s`` is the length of intervals; DataError if the meter's own are of another.
    """
    register = installation.register(meter)
    if isinstance(meter, ImportedMeter) and meter.brings is evidence:
        if interval_s not in (None, register.interval_s):
            raise DataError(
                f"meter {meter.id} has intervals of {register.interval_s} s (interval_s in"
                f" meters.yaml), the file of {interval_s} s"
            )
        return EvidencePoint(meter, register.point, register.unit, is_beside=False)
    name = _NAME_OF.get(register.unit, "energy_import")
    if meter.measures is Measures.FEED_IN:
        name = "energy_export"
    return EvidencePoint(
        meter, point_id(meter.id, f"{name}_{evidence}"), register.unit, is_beside=True
    )
