"""Meters that are computed: a formula of other meters, such as ``main - heat_pump``.

A formula adds and takes off meters, each once or times a number. Names are those of meters at the
same site, or whole ids (``scuola.main``); ``_`` may be written for ``-``. A minus between two
names has blanks around it, for names have hyphens in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from paes.metering import Carrier, Measures
from paes.schema import Sourced

_TOKEN = re.compile(r"\s*([+*-]|[0-9]+(?:\.[0-9]+)?(?![\w.-])|[a-z0-9][\w-]*(?:\.[a-z0-9][\w-]*)?)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_KINDS = (Measures.WITHDRAWAL, Measures.GENERATION, Measures.FEED_IN, Measures.WATER)


class VirtualMeter(Sourced):
    """A meter that no device is: what its formula makes of others.

    It is shown beside its site's meters and is in no total; with ``counts`` its energy goes to
    its site, and is taken from the sites to which its meters' energy belongs.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$", max_length=121)]
    """``<site>.<name>``, as that of a meter."""
    name: str | None = None
    measures: Measures = Measures.WITHDRAWAL
    carrier: Carrier | None = None
    """That of its meters; None only for water."""
    formula: str
    counts: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    """First day after its life (half-open), local."""

    @property
    def site(self) -> str:
        """The id of the site it is shown at."""
        return self.id.split(".", 1)[0]

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """How often each meter of the formula counts, by its whole id."""
        found = parse_formula(self.formula)
        return {n if "." in n else f"{self.site}.{n}": weight for n, weight in found.items()}

    @model_validator(mode="after")
    def _coherent(self) -> VirtualMeter:
        if self.measures not in _KINDS:
            raise ValueError(f"measures {self.measures}; expected one of {', '.join(_KINDS)}")
        if (self.carrier is None) != (self.measures is Measures.WATER):
            raise ValueError("a meter of water has no carrier, and every other meter has one")
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is not after valid_from {self.valid_from}")
        if self.id in self.weights:
            raise ValueError(f"formula has {self.id} in it, which is this meter itself")
        return self


def parse_formula(text: str) -> dict[str, float]:
    """Names of meters with their weights: ``main - 0.5 * lift`` is main 1 and lift -0.5.

    Raises ValueError, which says where, for anything but names, numbers, ``+``, ``-`` and ``*``.
    """
    weights: dict[str, float] = {}
    sign, part = 1.0, _Part(text)
    for token in _tokens(text):
        if token in "+-" and part.is_open:
            part.sign_again(token)
            sign = -sign if token == "-" else sign
        elif token in "+-":
            part.add_to(weights, sign)
            sign, part = (-1.0 if token == "-" else 1.0), _Part(text, after=token)
        else:
            part.take(token)
    part.add_to(weights, sign)
    return weights


class _Part:
    """What stands between two signs: one name, and numbers that it is multiplied by."""

    def __init__(self, formula: str, after: str = "") -> None:
        self.formula = formula
        self.after = after
        self.name: str | None = None
        self.factor = 1.0
        self.is_open = True
        """True where a name or a number has to come."""

    def sign_again(self, sign: str) -> None:
        if self.after:
            raise ValueError(f"formula {self.formula!r}: {sign!r} after {self.after!r}")
        self.after = sign

    def take(self, token: str) -> None:
        if token == "*":
            if self.is_open:
                raise ValueError(f"formula {self.formula!r}: nothing stands before '*'")
            self.is_open, self.after = True, token
            return
        if not self.is_open:
            raise ValueError(f"formula {self.formula!r}: expected +, - or * before {token!r}")
        self.is_open = False
        if _NUMBER.fullmatch(token):
            self.factor *= float(token)
        elif self.name:
            raise ValueError(
                f"formula {self.formula!r}: {self.name!r} times {token!r}; a meter can be "
                "multiplied by a number only"
            )
        else:
            self.name = token

    def add_to(self, weights: dict[str, float], sign: float) -> None:
        if self.is_open:
            where = f"after {self.after!r}" if self.after else "in it"
            raise ValueError(f"formula {self.formula!r}: no meter {where}")
        if self.name is None:
            raise ValueError(f"formula {self.formula!r}: {self.factor:g} without a meter")
        if self.factor == 0:
            raise ValueError(f"formula {self.formula!r}: {self.name!r} is multiplied by 0")
        if self.name in weights:
            raise ValueError(f"formula {self.formula!r}: {self.name!r} is in it twice")
        weights[self.name] = sign * self.factor


def _tokens(formula: str) -> Iterator[str]:
    place = 0
    while formula[place:].strip():
        found = _TOKEN.match(formula, place)
        if not found:
            seen = formula[place:].strip()[0]
            raise ValueError(
                f"formula {formula!r}: unexpected {seen!r}; expected names of meters, numbers "
                "with a point, +, - and *"
            )
        place = found.end()
        yield found[1].replace("_", "-")
