"""What stands around a SunSpec model in a device: the marker, the common model, the end.

::

    40000 "SunS" | model 1: maker, model, serial … | the profile's model | 0xFFFF, 0
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.devices.profile import DeviceProfile
from collectors.devices.registers import encode
from collectors.simulator.quantities import Quantities, State

BASE = 40000
COMMON = "sunspec-1"
"""The profile of the model that every device begins with."""

_MARKER = (0x5375, 0x6E53)  # "SunS"
_END = (0xFFFF, 0)


class SunSpecChain:
    """The chain of a device with one model; ``common`` is None where that is the common model."""

    def __init__(self, profile: DeviceProfile, common: DeviceProfile | None) -> None:
        self._common = common
        self._first = BASE + len(_MARKER)
        self.offset = self._first + (_registers(common) if common else 0)
        """Where the profile's model begins."""
        self._model_end = self.offset + _registers(profile)

    @property
    def start(self) -> int:
        """The first address of the chain."""
        return BASE

    @property
    def end(self) -> int:
        """The first address after it."""
        return self._model_end + len(_END)

    def words(
        self, quantities: Quantities, state: State, serial: str | None
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Address and words of everything but the profile's model."""
        yield BASE, _MARKER
        yield self._model_end, _END
        if self._common is None:
            return
        head = {"ID": 1, "L": _registers(self._common) - 2, "DA": quantities.meter.unit}
        for point in self._common.points:
            value = head.get(point.name)
            shown = quantities.value(point, state, serial) if value is None else value
            yield self._first + point.address, tuple(encode(point, shown))


def is_common(profile: DeviceProfile) -> bool:
    """True for the common model itself."""
    return profile.base is not None and profile.base.model == 1


def _registers(profile: DeviceProfile) -> int:
    return profile.base.registers or 0 if profile.base else 0
