"""The state of a page, which is its address: city, target, language, factor, and the page's own.

Whatever an address says, there is a page: a value that nobody knows falls back to the plan's own,
and the fallback is told (``Notice``), never silent. Links keep the rest of the state and leave out
what is the default, so that a shared address is short and means the same next year. What a page
alone is asked (a year, an order, a site's period) stands in ``values`` and is kept while a reader
stays on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args
from urllib.parse import parse_qs, urlencode, urlsplit

from dashboard.texts import DEFAULT, LANGUAGES
from paes.installation import City, Installation
from paes.plan.plan import ElectricityFactor
from paes.plan.target import Target
from paes.progress.progress import find_target

Key = Literal["city", "target", "lang", "factor"]
FACTORS: tuple[ElectricityFactor, ...] = ("current", "frozen")
_LONGEST, _MOST = 200, 20


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
    base: str = "/"
    """Where the application lives on its server: ``/``, or a prefix such as ``/energia/``."""
    path: str = "/"
    """Of the page, without the prefix."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the page itself is asked, as it was written."""

    def state(self, **changes: str | None) -> dict[str, str]:
        """What of city, target, factor and language is not the default, with some changed.

        A new city starts with its own target: two towns' targets are not the same promise.
        """
        plan, city_id = self.city.plan, changes.get("city", self.city.id)
        told = {
            "city": (city_id, self.default_city),
            "target": (changes.get("target", self.target.id), plan.default_target),
            "factor": (changes.get("factor", self.factor), plan.electricity_factor),
            "lang": (changes.get("lang", self.lang), DEFAULT),
        }
        if city_id != self.city.id:
            del told["target"]
        return {key: value for key, (value, usual) in told.items() if value and value != usual}

    def link(self, path: str | None = None, **changes: str | None) -> str:
        """An address on this server that keeps the state but for ``changes``.

        The page's own values are kept on the same page only (``path`` None or its own).
        """
        to = self.path if path is None else path
        own = dict(self.values) if to == self.path else {}
        own |= {key: value or "" for key, value in changes.items() if key not in get_args(Key)}
        query = urlencode({**self.state(**changes), **{k: v for k, v in own.items() if v}})
        return f"{self.base.rstrip('/')}{to}{'?' if query else ''}{query}"

    def in_language(self, lang: str) -> Address:
        """The same place read in another language."""
        return replace(self, lang=lang)


def read_address(installation: Installation, address: str, base: str = "/") -> Address:
    """The state that ``address`` (a whole address, or its query) asks for."""
    parts = urlsplit(address) if "?" in address or "/" in address else urlsplit("")
    values = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    return read_values(installation, values, base, path_within(base, parts.path or base))


def path_within(base: str, path: str) -> str:
    """``path`` of the server without the application's prefix; always begins with ``/``."""
    within = path.removeprefix(base.rstrip("/")) if path.startswith(base.rstrip("/")) else path
    return within if within.startswith("/") else f"/{within}"


def read_values(
    installation: Installation, values: Mapping[str, str], base: str = "/", path: str = "/"
) -> Address:
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
    own = {k: v[:_LONGEST] for k, v in values.items() if k not in get_args(Key) and v}
    return Address(
        city=city,
        target=target,
        lang=lang,
        factor=factor,
        default_city=installation.default_city,
        notices=tuple(notices),
        base=base,
        path=path,
        values=dict(list(own.items())[:_MOST]),
    )
