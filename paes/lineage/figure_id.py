"""The names of figures: addresses that stay, printed in every document and taken by ``paes trace``.

::

    la-spezia/inventory/2025/t                                       the year; also /mwh
    la-spezia/inventory/2025/municipal_buildings/t                   a sector
    la-spezia/inventory/2025/municipal_buildings/natural_gas/t       a cell; also /mwh, /factor,
                                                                     /declared_mwh, /metered_kwh
    la-spezia/inventory/2025/rows/M91/t                              a row beside the table
    la-spezia/progress/piano-energetico-2020/2020/reduction          also /path_t, /own_actions_t …
    la-spezia/declared/2025/industry/diesel/mwh                      a declared row (…/USE/mwh)
    la-spezia/action/led/t                                           what was declared for an action
    la-spezia/inhabitants/2020/count                                 who lives there
    la-spezia/supply/2025/efe                                        a number of the local factor
    la-spezia/site/scuola/used/2025/kwh              a site; also electricity, generation …
    la-spezia/meter/scuola.main/2025/kwh                             a meter in a year, month, day
    la-spezia/meter/scuola.main/2025-03/counted                      what its register counted
    la-spezia/meter/scuola.main/2025-03-14T09:15:00Z/reading         one read of its register

A method that is not the plan's is part of the name, as in an address:
``la-spezia/inventory/2025/t?electricity=frozen&scope=local``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Self
from urllib.parse import parse_qsl, quote

from paes.errors import DataError
from paes.inventory.method import Method
from paes.plan.plan import Plan

ROWS = "rows"
"""Stands for the sector in the ids of what is beside the table of energy."""


class Kind(StrEnum):
    """What a figure belongs to: the second part of its id."""

    INVENTORY = "inventory"
    PROGRESS = "progress"
    DECLARED = "declared"
    ACTION = "action"
    INHABITANTS = "inhabitants"
    SUPPLY = "supply"
    SITE = "site"
    METER = "meter"


_FORMS = {
    Kind.INVENTORY: ("YEAR", "YEAR/SECTOR", "YEAR/SECTOR/CARRIER"),
    Kind.PROGRESS: ("TARGET/YEAR",),
    Kind.DECLARED: ("YEAR/SECTOR/CARRIER", "YEAR/SECTOR/CARRIER/USE"),
    Kind.ACTION: ("ACTION",),
    Kind.INHABITANTS: ("YEAR",),
    Kind.SUPPLY: ("YEAR",),
    Kind.SITE: ("SITE/STREAM/SPAN",),
    Kind.METER: ("METER/SPAN",),
}
"""What stands between the kind and the quantity, which is always last."""
_CHOICES = {
    "factors": "factor_set",
    "electricity": "electricity_factor",
    "scope": "electricity_scope",
    "green": "green_electricity",
    "gwp": "gwp",
    "as_of": "factors_as_of",
}
"""Names of a method's choices in an id, and in ``Method``."""
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]*")


@dataclass(frozen=True, slots=True)
class FigureId:
    """A parsed id; ``parts`` are what stands between kind and quantity."""

    city: str
    kind: Kind
    parts: tuple[str, ...]
    quantity: str
    choices: tuple[tuple[str, str], ...] = ()
    """Of the method, where they are not the plan's; sorted."""

    def __str__(self) -> str:
        path = "/".join([self.city, self.kind, *self.parts, self.quantity])
        chosen = "&".join(f"{name}={quote(value)}" for name, value in self.choices)
        return f"{path}?{chosen}" if chosen else path

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id that ``text`` is; DataError that says what is wrong and what is expected."""
        path, _, asked = text.strip().partition("?")
        names = path.split("/")
        if len(names) < 4 or not all(_PART.fullmatch(name) for name in names):
            raise DataError(
                f"{text!r} is no id of a figure; expected CITY/KIND/…/QUANTITY, such as"
                " la-spezia/inventory/2025/t (without an id, paes trace lists what there is)"
            )
        city, kind, *parts, quantity = names
        if kind not in list(Kind):
            raise DataError(f"{text!r}: {kind!r} is none of {', '.join(Kind)}")
        known = Kind(kind)
        forms = [form for form in _FORMS[known] if len(form.split("/")) == len(parts)]
        if not forms:
            wanted = " or ".join(f"{city}/{kind}/{form}/QUANTITY" for form in _FORMS[known])
            raise DataError(f"{text!r} is no id of a figure; expected {wanted}")
        for form, part in zip(forms[0].split("/"), parts, strict=True):
            if form == "YEAR" and not re.fullmatch(r"\d{4}", part):
                raise DataError(f"{text!r}: {part!r} is no year")
        return cls(city, known, tuple(parts), quantity, _choices(text, asked))

    @property
    def year(self) -> int:
        """The year that it names; DataError if it names none."""
        for part in self.parts:
            if re.fullmatch(r"\d{4}", part):
                return int(part)
        raise DataError(f"{self} names no year")

    def method(self, plan: Plan) -> Method:
        """The method that it names: the plan's but for its choices; DataError if one is unknown."""
        changes: dict[str, Any] = {}
        for name, value in self.choices:
            field = _CHOICES[name]
            changes[field] = _day(self, value) if field == "factors_as_of" else value
        return Method.of(plan, **changes)


def choices_of(method: Method, plan: Plan) -> tuple[tuple[str, str], ...]:
    """What of ``method`` is not the plan's, as it stands in an id."""
    usual = Method.of(plan)
    return tuple(
        sorted(
            (name, str(getattr(method, field)))
            for name, field in _CHOICES.items()
            if getattr(method, field) != getattr(usual, field)
        )
    )


def inventory_id(
    city: str,
    year: int,
    *cell: str,
    quantity: str = "t",
    choices: tuple[tuple[str, str], ...] = (),
) -> str:
    """The id of a year, of a sector, or of a sector's carrier."""
    return str(FigureId(city, Kind.INVENTORY, (str(year), *cell), quantity, choices))


def progress_id(
    city: str,
    target: str,
    year: int,
    quantity: str = "reduction",
    choices: tuple[tuple[str, str], ...] = (),
) -> str:
    """The id of a figure of a year beside a target."""
    return str(FigureId(city, Kind.PROGRESS, (target, str(year)), quantity, choices))


def method_told(method: Method) -> Mapping[str, str]:
    """All choices of a method by their names, those without a value left out."""
    told = {f.name: getattr(method, f.name) for f in fields(method)}
    return {name: str(value) for name, value in told.items() if value is not None}


def _choices(text: str, asked: str) -> tuple[tuple[str, str], ...]:
    if not asked:
        return ()
    try:
        given = dict(parse_qsl(asked, strict_parsing=True))
    except ValueError as err:
        raise DataError(f"{text!r}: expected choices such as ?electricity=frozen") from err
    for name in given:
        if name not in _CHOICES:
            raise DataError(f"{text!r}: {name!r} is no choice; expected {', '.join(_CHOICES)}")
    return tuple(sorted(given.items()))


def _day(of: FigureId, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise DataError(f"{of}: as_of={text} is no day; expected e.g. 2024-06-30") from err
