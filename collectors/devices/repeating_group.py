"""Points that a device has several times in a row: strings of an inverter, luminaires of a line.

Read next: ``collectors.devices.profile`` (the groups of a device), ``collectors.modbus.sunspec``
(how many of them a SunSpec device has).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from collectors.devices.point import Count, DevicePoint
from paes.schema import ConfigModel


class RepeatingGroup(ConfigModel):
    """Points that a device has several times in a row; addresses count from the group.

    They are called ``<group>_<number>_<point>``: ``module_2_DCW``, ``luminaire_17_actual_level``.
    Where ``count`` is given they are points like any other as soon as the profile is loaded;
    otherwise the device tells how many there are.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$", max_length=30)]
    registers: Count
    """From one group to the next."""
    count: Annotated[int, Field(ge=1, le=256)] | None = None
    first: Annotated[int, Field(ge=0)] = 1
    """The number of the first one."""
    points: tuple[DevicePoint, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fit(self) -> RepeatingGroup:
        for point in self.points:
            if point.end > self.registers:
                raise ValueError(
                    f"point {point.name} ends at register {point.end} of its group, which has "
                    f"{self.registers}"
                )
        return self

    def numbered(self, point: DevicePoint, number: int, start: int) -> DevicePoint:
        """``point`` of group ``number``; ``start`` is where the first group begins."""
        address = start + (number - self.first) * self.registers + point.address
        return point.model_copy(
            update={"name": f"{self.name}_{number}_{point.name}", "address": address}
        )

    def find(self, name: str, start: int) -> DevicePoint | None:
        """The point with the numbered ``name``; None if no group has such a point."""
        for point in self.points:
            number = _number_in(name, f"{self.name}_", f"_{point.name}")
            if number is not None and number >= self.first:
                return self.numbered(point, number, start)
        return None


def _number_in(name: str, before: str, after: str) -> int | None:
    """The number between ``before`` and ``after``, if that is all that ``name`` is."""
    digits = name.removeprefix(before).removesuffix(after)
    whole = f"{before}{digits}{after}" == name and digits.isascii() and digits.isdecimal()
    return int(digits) if whole and len(digits) <= 3 else None
