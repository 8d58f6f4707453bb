"""Sectors, carriers and columns by their names: the Covenant's in Italian and English, and ids.

The words are data (``covenant_words.yaml``, shipped and of the installation). Names are compared
without capitals, accents and punctuation; nothing is guessed: a name that is not known is None.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from paes.config_file import read_yaml
from paes.metering import Carrier, Sector
from paes.schema import ConfigModel, Identifier
from paes.shipped_files import shipped_config

NAME = "covenant_words.yaml"
Words = tuple[str, ...]
K = TypeVar("K")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ETS, _WITHOUT = re.compile(r"\bets\b"), re.compile(r"\b(non|exclud\w*|esclus\w*)\b")
_NUMBERING = re.compile(r"^([0-9]+|[a-d]) ")
"""What begins a title: ``1)``, ``A.``; of a text that is plain already."""
_SIGNS = re.compile(r"[^a-z0-9]+")


class SectorUse(ConfigModel):
    """A sector of later forms that is a use of one of ours."""

    sector: Sector
    words: Words


class CarrierUse(ConfigModel):
    """A carrier of later forms that is a use of one of ours."""

    carrier: Carrier
    words: Words


class CovenantWords(ConfigModel):
    """``covenant_words.yaml``: words by what they mean."""

    schema_: Literal["covenant-words/1"] = Field(alias="schema")
    sectors: Mapping[Sector, Words] = Field(default_factory=dict)
    sector_uses: Mapping[Identifier, SectorUse] = Field(default_factory=dict)
    outside: Words = ()
    carriers: Mapping[Carrier, Words] = Field(default_factory=dict)
    carrier_uses: Mapping[Identifier, CarrierUse] = Field(default_factory=dict)
    columns: Mapping[str, Words] = Field(default_factory=dict)
    values: Mapping[str, Words] = Field(default_factory=dict)
    totals: Words = ()
    grand_totals: Words = ()
    template: Mapping[str, Words] = Field(default_factory=dict)


class Vocabulary:
    """The words of one or several files, ready to be looked up."""

    def __init__(self, files: Iterable[CovenantWords]) -> None:
        self._sectors: dict[str, tuple[Sector, str | None]] = {str(s): (s, None) for s in Sector}
        self._carriers: dict[str, tuple[Carrier, str | None]] = {str(c): (c, None) for c in Carrier}
        self._outside: set[str] = set()
        self._columns: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._totals: set[str] = set()
        self._grand_totals: set[str] = set()
        self._template: dict[str, list[str]] = {}
        for words in files:
            self._add(words)

    def _add(self, words: CovenantWords) -> None:
        for sector, names in words.sectors.items():
            self._sectors |= {p: (sector, None) for n in names for p in _both(n)}
        for use, of_sector in words.sector_uses.items():
            self._sectors |= {p: (of_sector.sector, use) for n in of_sector.words for p in _both(n)}
        for carrier, names in words.carriers.items():
            self._carriers |= {p: (carrier, None) for n in names for p in _both(n)}
        for use, of_carrier in words.carrier_uses.items():
            self._carriers |= {
                p: (of_carrier.carrier, use) for n in of_carrier.words for p in _both(n)
            }
        self._outside |= {plain(n) for n in words.outside}
        self._grand_totals |= {plain(n) for n in words.grand_totals}
        self._totals |= {plain(n) for n in (*words.totals, *words.grand_totals)}
        self._columns |= {plain(n): c for c, names in words.columns.items() for n in names}
        self._values |= {plain(n): value for value, names in words.values.items() for n in names}
        for what, names in words.template.items():
            self._template.setdefault(what, []).extend(plain(n) for n in names)

    def sector(self, text: str) -> tuple[Sector, str | None] | None:
        """The sector called ``text``, and the use where it is one; None if it is not known."""
        return None if self.is_outside(text) else _called(self._sectors, text)

    def carrier(self, text: str) -> tuple[Carrier, str | None] | None:
        """The carrier called ``text``, and the use where it is one; None if it is not known."""
        return _called(self._carriers, text)

    def is_outside(self, text: str) -> bool:
        """True for what is in no plan's inventory (industry under the ETS).

        A sector that names the ETS, and does not say that this is left out, is such a one.
        """
        own = plain(text)
        names_ets = _ETS.search(own) is not None and _WITHOUT.search(own) is None
        return own in self._outside or names_ets

    def is_total(self, text: str) -> bool:
        """True for a row or column that sums others."""
        return plain(text) in self._totals

    def is_grand_total(self, text: str) -> bool:
        """True for the row that sums all others, subtotals included."""
        return plain(text) in self._grand_totals

    def column(self, header: str) -> str | None:
        """What a column with this header holds."""
        return self._columns.get(plain(header))

    def value(self, text: str) -> str:
        """``text`` as our own tables write it (``PCS`` -> ``gross``); itself if not known."""
        return self._values.get(plain(text), text)

    def says(self, what: str, text: str) -> bool:
        """True if ``text``, without its number, begins with the template's words for ``what``."""
        own = _NUMBERING.sub("", plain(text))
        return any(own.startswith(words) for words in self._template.get(what, ()))


def vocabulary(root: Path) -> Vocabulary:
    """The shipped words, and those that the installation at ``root`` adds."""
    shipped, own = shipped_config() / NAME, root / NAME
    if not own.is_file() or own.resolve() == shipped.resolve():
        return _shipped(shipped)
    return Vocabulary(read_yaml(path, CovenantWords) for path in (shipped, own))


@cache
def _shipped(path: Path) -> Vocabulary:
    """The shipped words alone, read once: two formats look into them for every file."""
    return Vocabulary([read_yaml(path, CovenantWords)])


@lru_cache(maxsize=4096)  # every cell that may be a header is compared
def plain(text: str) -> str:
    """``text`` in small letters, without accents, with one blank for any other signs."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _SIGNS.sub(" ", bare).strip()


def unbracketed(text: str) -> str:
    """``plain`` without what stands in brackets."""
    return plain(_BRACKETS.sub(" ", text))


def _both(name: str) -> set[str]:
    return {plain(name), unbracketed(name)}


def _called(names: Mapping[str, K], text: str) -> K | None:
    """By its id, its whole name, or its name without what stands in brackets."""
    return names.get(text.strip()) or names.get(plain(text)) or names.get(unbracketed(text))
