"""The words by which bills are understood: ``bill_words.yaml``, shipped and of the installation.

Suppliers word their bills as they like; what varies is data. A word is found where a word of the
text begins, in capitals or not, with or without accents, so that ``stimat`` finds ``Consumi
STIMATI``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from paes.bills.bill import BilledUnit, BillKind
from paes.config_file import read_yaml
from paes.schema import ConfigModel
from paes.shipped_files import shipped_config

NAME = "bill_words.yaml"
Word = Annotated[str, Field(min_length=1, max_length=80)]
Words = tuple[Word, ...]
K = TypeVar("K")


class BillWords(ConfigModel):
    """Words by what they mean; lists of an installation add to those that are shipped."""

    schema_: Literal["bill-words/1"] = Field(alias="schema")
    columns: Mapping[str, Words] = Field(default_factory=dict)
    totals: Words = ()
    is_estimated: Words = ()
    is_read: Words = ()
    kinds: Mapping[BillKind, Words] = Field(default_factory=dict)
    document_types: Mapping[str, BillKind] = Field(default_factory=dict)
    lines: Mapping[Literal["energy", "other", "deducted"], Words] = Field(default_factory=dict)
    units: Mapping[BilledUnit, Words] = Field(default_factory=dict)
    bands: Mapping[Literal["f1", "f2", "f3"], Words] = Field(default_factory=dict)
    supply_points: Mapping[Literal["pod", "pdr"], Words] = Field(default_factory=dict)
    figures: Mapping[Literal["pcs", "coefficient_c", "register_from", "register_to"], Words] = (
        Field(default_factory=dict)
    )

    def kind_in(self, text: str) -> BillKind | None:
        """The first kind whose words are in ``text``, in the order of the file."""
        return next((kind for kind, words in self.kinds.items() if has_word(text, words)), None)

    def unit_called(self, text: str) -> BilledUnit | None:
        """The unit that is written so."""
        return self._unit_by_word.get(plain_text(text).strip(". "))

    def column_called(self, header: str) -> str | None:
        """What a column with this header holds."""
        return self._column_by_word.get(plain_text(header))

    @cached_property
    def _unit_by_word(self) -> dict[str, BilledUnit]:
        return _by_word(self.units)

    @cached_property
    def _column_by_word(self) -> dict[str, str]:
        return _by_word(self.columns)


def bill_words(root: Path) -> BillWords:
    """The shipped words, and those that the installation at ``root`` adds.

    ConfigError if a file is wrong.
    """
    shipped = _read(shipped_config() / NAME)
    own = root / NAME
    if not own.is_file() or own.resolve() == (shipped_config() / NAME).resolve():
        return shipped
    return _joined(shipped, read_yaml(own, BillWords))


def has_word(text: str, words: Iterable[str]) -> bool:
    """True if a word of ``text`` begins with one of ``words``."""
    return bool(_pattern(tuple(words)).search(plain_text(text)))


def number_after(text: str, words: Iterable[str]) -> str | None:
    """The number behind one of ``words`` in ``text``: ``38,52`` of ``PCS: 38,52 MJ/Smc``."""
    found = re.search(
        rf"{_pattern(tuple(words)).pattern}[^\d\n]{{0,20}}?(?<![\d.,])(\d[\d.,]*\d|\d)(?!\w)",
        plain_text(text),
    )
    return found.group(1) if found else None


@lru_cache(maxsize=4096)  # every column is compared with every word, in every row that may head
def plain_text(text: str) -> str:
    """Small letters without accents, with single blanks."""
    split = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in split if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", bare.replace("_", " ")).strip().casefold()


@cache
def _read(path: Path) -> BillWords:
    """The shipped file, read once: every format looks into it for every file."""
    return read_yaml(path, BillWords)


def _by_word(words: Mapping[K, Words]) -> dict[str, K]:
    """The first meaning of each word."""
    found: dict[str, K] = {}
    for meaning, told in words.items():
        for word in told:
            found.setdefault(plain_text(word), meaning)
    return found


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    told = "|".join(re.escape(plain_text(word)) for word in words)
    return re.compile(rf"(?<!\w)(?:{told})" if told else r"(?!)")


def _joined(shipped: BillWords, own: BillWords) -> BillWords:
    changed: dict[str, object] = {
        "totals": (*shipped.totals, *own.totals),
        "is_estimated": (*shipped.is_estimated, *own.is_estimated),
        "is_read": (*shipped.is_read, *own.is_read),
    }
    changed["document_types"] = {**shipped.document_types, **own.document_types}
    for name in ("columns", "kinds", "lines", "units", "bands", "supply_points", "figures"):
        known, added = getattr(shipped, name), getattr(own, name)
        changed[name] = {
            key: (*known.get(key, ()), *added.get(key, ())) for key in [*known, *added]
        }
    return BillWords.model_validate({"schema": shipped.schema_, **changed})
