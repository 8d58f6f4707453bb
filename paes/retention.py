"""How long readings are kept: classes of quantities, and everything else for ever.

A class takes points by their quantity alone (what stands after the last ``/``), so that a store
can put it into a bucket of its own whatever the meter is. The first class that fits has the
point. What counts is kept for ever: a class with a limit that catches a counter of a device in
use is an error of the configuration (``paes.config_checks``), for a register that is gone can
never be accounted again. ``paes collect`` deletes what has expired once a day and ``paes store
expire`` at once; an InfluxDB does by its buckets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, model_validator

from paes.metering import Register, meter_of, name_of
from paes.schema import ConfigModel, Identifier, Sourced

LEAST_DAYS = 30
"""A limit in days that was meant in months or years would delete what nobody can bring back."""
Pattern = Annotated[str, Field(min_length=1, pattern=r"^[^/\s]+$")]


class RetentionClass(Sourced):
    """Quantities that are kept equally long; without ``keep_days`` for ever."""

    name: Identifier
    quantities: Annotated[tuple[Pattern, ...], Field(min_length=1)]
    """Shell patterns, upper and lower case told apart: ``active_power*``, ``Wph[ABC]``."""
    keep_days: Annotated[int, Field(ge=LEAST_DAYS)] | None = None

    def pattern_for(self, quantity: str) -> int | None:
        """Which of the patterns catches ``quantity``, counted from 0; None if none does."""
        fits = (i for i, p in enumerate(self.quantities) if fnmatchcase(quantity, p))
        return next(fits, None)


@dataclass(frozen=True)
class Expiring:
    """What a class gives up: the readings of ``points`` before ``before``."""

    of: RetentionClass
    points: list[str]
    before: datetime


class Retention(ConfigModel):
    """``retention.yaml``; as it is made without arguments, everything is kept for ever."""

    classes: tuple[RetentionClass, ...] = ()

    @model_validator(mode="after")
    def _each_name_once(self) -> Retention:
        names = [c.name for c in self.classes]
        if again := [n for i, n in enumerate(names) if n in names[:i]]:
            raise ValueError(f"classes hold the name {again[0]!r} twice")
        return self

    @property
    def limited(self) -> tuple[RetentionClass, ...]:
        """The classes that give something up."""
        return tuple(c for c in self.classes if c.keep_days is not None)

    def class_of(self, point: str) -> RetentionClass | None:
        """The class of ``point``; None if none fits, and the point is kept for ever."""
        quantity = name_of(point)
        return next((c for c in self.classes if c.pattern_for(quantity) is not None), None)

    def bucket_class(self, point: str) -> str | None:
        """The name of the class with a limit that has ``point``; None if it is kept for ever."""
        found = self.class_of(point)
        return found.name if found and found.keep_days is not None else None

    def expiring(
        self, points: Iterable[str], registers: Mapping[str, Register], now: datetime
    ) -> list[Expiring]:
        """Of ``points`` those that have a limit, by class, and before when they may go.

        Points of meters without a register in ``registers`` (by meter) are left out: nobody can
        say any more what they were. So are the registers themselves.
        """
        kept = {register.point for register in registers.values()}
        by_class: dict[str, list[str]] = {c.name: [] for c in self.limited}
        for point in points:
            name = self.bucket_class(point)
            if name and point not in kept and meter_of(point) in registers:
                by_class[name].append(point)
        return [
            Expiring(c, by_class[c.name], now - timedelta(days=c.keep_days or 0))
            for c in self.limited
        ]
