"""The state of a page, which is its address: city, target, language, electricity factor.

Whatever an address says, there is a page: a value that nobody knows falls back to the plan's own,
and the fallback is told (``Notice``), never silent. Links keep the rest of the state and leave out
what is the default, so that a shared address is short and means the same next year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from dashboard.texts import DEFAULT, LANGUAGES
from paes.installation import City, Installation
from paes.plan.plan import ElectricityFactor
from paes.plan.target import Target
from paes.progress.progress import find_target

Key = Literal["city", "target", "lang", "factor"]
FACTORS: tuple[ElectricityFactor, ...] = ("current", "frozen")


@dataclass(frozen=True, slots=True)
class Notice:
    """A value of the address that nobody knows, and what stands in for it."""

    key: Key
    asked: str
    used: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a reader is: always a city, a target, a language and a factor that exist."""

    city: City
    target: Target
    lang: str
    factor: ElectricityFactor
    default_city: str
    notices: tuple[Notice, ...] = ()

    def query(self, **changes: str) -> str:
        """The address's query with some values changed, ``?`` included; empty if all is default.

        A new city starts with its own target: two towns' targets are not the same promise.
        """
        city_id = changes.get("city", self.city.id)
        wanted = {
            "city": city_id if city_id != self.default_city else None,
            "target": changes.get("target", self.target.id) if city_id == self.city.id else None,
            "factor": changes.get("factor", self.factor),
            "lang": changes.get("lang", self.lang),
        }
        if wanted["target"] == self.city.plan.default_target:
            wanted["target"] = None
        if wanted["factor"] == self.city.plan.electricity_factor:
            wanted["factor"] = None
        if wanted["lang"] == DEFAULT:
            wanted["lang"] = None
        given = {key: value for key, value in wanted.items() if value}
        return f"?{urlencode(given)}" if given else ""

    def link(self, path: str = "/", **changes: str) -> str:
        """An address on this server that keeps the state but for ``changes``."""
        return path + self.query(**changes)

    def in_language(self, lang: str) -> Address:
        """The same place read in another language."""
        return replace(self, lang=lang)


def read_address(installation: Installation, address: str) -> Address:
    """The state that ``address`` (a whole address, or its query) asks for."""
    return read_values(installation, {k: v[-1] for k, v in parse_qs(_query(address)).items()})


def read_values(installation: Installation, values: Mapping[str, str]) -> Address:
    """The state that the values of a query ask for."""
    notices: list[Notice] = []

    def choose(key: Key, known: tuple[str, ...], default: str) -> str:
        asked = values.get(key, default)
        if asked in known:
            return asked
        notices.append(Notice(key, asked[:60], default))
        return default

    lang = choose("lang", LANGUAGES, DEFAULT)
    city = installation.cities[
        choose("city", tuple(installation.cities), installation.default_city)
    ]
    ids = tuple(t.id for t in city.plan.targets)
    target = find_target(city, choose("target", ids, city.plan.default_target))
    chosen = choose("factor", FACTORS, city.plan.electricity_factor)
    factor: ElectricityFactor = "frozen" if chosen == "frozen" else "current"
    return Address(city, target, lang, factor, installation.default_city, tuple(notices))


def _query(address: str) -> str:
    return urlsplit(address).query if "?" in address else ""
