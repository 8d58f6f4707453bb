"""What a round over a gateway gathers while it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from paes.events import Event
from paes.metering import Finding, Reading
from paes.meters import FieldMeter


@dataclass
class Notes:
    """Readings, findings and events so far."""

    readings: list[Reading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def tell(self, name: str, meters: Iterable[FieldMeter], text: str, at: datetime) -> None:
        """The same finding for each of ``meters``."""
        self.findings += [Finding(name, meter.id, text, at) for meter in meters]
