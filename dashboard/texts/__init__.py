"""The words of the dashboard: a folder of YAML files a language, all with the same keys.

A file belongs to a page, or to what all pages say; together they are the language's catalogue, a
tree of texts. CO2 and **bold** are marks that a page turns into markup; {names} are values already
written in the language. ``Language`` asks for them by dotted key (``answer.promised``) and
fills their ``{names}``. A key that is missing is a mistake of ours and raises KeyError; a test
keeps the catalogues alike. Italian comes first: it is what a page falls back to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from dashboard import formats
from paes.periods import zone

LANGUAGES = ("it", "en")
DEFAULT = LANGUAGES[0]
_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Language:
    """A language: its catalogue, and numbers and dates as it writes them."""

    code: str
    texts: Mapping[str, str] = field(repr=False)

    def text(self, key: str, **values: object) -> str:
        """The text at ``key`` with ``values`` put in."""
        text = self.texts[key]
        if not values:
            return text
        filled = text.format(**values)
        return formats.italian_articles(filled) if self.code == "it" else filled

    def knows(self, key: str) -> bool:
        """Whether there is a text at ``key``."""
        return key in self.texts

    def number(self, value: float, digits: int = 0) -> str:
        """See ``formats.number``."""
        return formats.number(value, self.code, digits)

    def signed(self, value: float, digits: int = 0) -> str:
        """See ``formats.signed``."""
        return formats.signed(value, self.code, digits)

    def quantity(self, value: float, unit: str, digits: int = 0) -> str:
        """See ``formats.quantity``."""
        return formats.quantity(value, unit, self.code, digits)

    def percent(self, fraction: float, digits: int = 1, sign: bool = False) -> str:
        """See ``formats.percent``."""
        return formats.percent(fraction, self.code, digits, sign)

    def tonnes(self, value: float) -> str:
        """See ``formats.tonnes``."""
        return formats.tonnes(value, self.code)

    def day(self, value: date) -> str:
        """See ``formats.day``."""
        return formats.day(value, self.code)

    def month(self, year: int, number: int) -> str:
        """See ``formats.month``."""
        return formats.month(year, number, self.code)

    def local_day(self, at: datetime, tz: str) -> str:
        """The local day of a time: ``12 marzo 2026``."""
        return formats.day(at.astimezone(zone(tz)).date(), self.code)

    def clock_time(self, at: datetime, tz: str, seconds: bool = False) -> str:
        """See ``formats.clock_time``."""
        return formats.clock_time(at, tz, self.code, seconds)

    def moment(self, at: datetime, tz: str) -> str:
        """See ``formats.moment``."""
        return formats.moment(at, tz, self.code)

    def age(self, seconds: float) -> str:
        """See ``formats.age``."""
        return formats.age(seconds, self.code)


def load_languages() -> dict[str, Language]:
    """Every language by code, read from the catalogues beside this module."""
    return {code: Language(code, catalogue(code)) for code in LANGUAGES}


def catalogue(code: str) -> dict[str, str]:
    """The texts of one language by dotted key."""
    texts: dict[str, str] = {}
    for file in sorted((_FOLDER / code).glob("*.yaml")):
        found = dict(_flat(yaml.safe_load(file.read_text("utf-8"))))
        twice = sorted(texts.keys() & found.keys())
        if twice:
            raise ValueError(f"{file}: {twice[0]} is told in another file as well")
        texts |= found
    return texts


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            texts += _flat(value, f"{path}.")
        else:
            texts.append((path, str(value).strip()))
    return texts
