"""A smooth year of temperature, for a town of which nothing but its degree days is known."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from paes.schema import Sourced


class ReferenceCourse(Sourced):
    """The shape of a year whose level follows from a town's degree days.

    T(day) = mean - half_range cos(2 pi (day - coldest_day) / 365), and around it days that differ
    by ``day_to_day_degc`` (one standard deviation); the mean follows from the degree days.
    """

    half_range_degc: Annotated[float, Field(gt=0)]
    coldest_day: Annotated[int, Field(ge=1, le=365)]
    day_to_day_degc: Annotated[float, Field(ge=0)]
