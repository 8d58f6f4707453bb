"""What one M-Bus meter answers: every record as it says it is, and what becomes of it.

The counterpart of ``collectors.technician.probe`` for meters that have records instead of
registers. A meter on a battery is asked once; nothing is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.mbus.dialogue import Dialogue
from collectors.mbus.frames import Record, Telegram
from collectors.mbus.line import MbusLine
from collectors.mbus.plan import MbusPlan, MbusUnit
from collectors.mbus.values import values_of
from paes.metering import Finding, Reading
from paes.meters import FieldMeter
from paes.periods import Clock


@dataclass(frozen=True, slots=True)
class MbusProbe:
    """One answer, taken apart."""

    place: str
    address: str
    at: datetime
    telegrams: tuple[Telegram, ...]
    latencies_ms: tuple[float, ...]
    readings: tuple[Reading, ...]
    """What would be stored, of every meter that is read from this one."""
    findings: tuple[Finding, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of all telegrams, in their order."""
        return tuple(r for t in self.telegrams for r in t.records)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        head = self.telegrams[0]
        return {
            "place": self.place,
            "address": self.address,
            "at": self.at.isoformat(),
            "identification": head.identification,
            "manufacturer": head.manufacturer,
            "status": head.status,
            "latencies_ms": list(self.latencies_ms),
            "records": [
                {"index": r.index, "is": str(r), "value": r.value, "unit": r.unit, "fault": r.fault}
                for r in self.records
            ],
            "readings": [
                {"point": r.point, "value": r.value, "quality": r.quality.value}
                for r in self.readings
            ],
            "findings": [{"name": f.name, "message": f.message} for f in self.findings],
        }


async def probe_mbus(plan: MbusPlan, meter: FieldMeter, clock: Clock) -> MbusProbe:
    """Ask the meter of ``plan`` that ``meter`` is read from, once.

    Raises ConnectionFailed, NoReply, BadReply.
    """
    unit = _unit_of(plan, meter)
    gateway = plan.gateway
    line = MbusLine(gateway.host, gateway.port, gateway.timeout_s, plan.baud)
    talk = Dialogue(line, unit, clock, gateway.pause_ms / 1000)
    at = clock()
    try:
        await line.connect()
        heard = await talk.answer(1)
    finally:
        await line.close()
    items = list(values_of(unit, heard))
    return MbusProbe(
        line.place,
        unit.name,
        at,
        tuple(h.telegram for h in heard),
        tuple(talk.latencies_ms),
        tuple(i for i in items if isinstance(i, Reading)),
        tuple(i for i in items if isinstance(i, Finding)),
    )


def _unit_of(plan: MbusPlan, meter: FieldMeter) -> MbusUnit:
    return next(u for u in plan.units if meter.id in {m.id for m in u.meters})
