"""The Covenant's lists by which actions are classified, as data: codes with their texts.

Each list says where it is known from, and what of it nobody has verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pydantic import Field, model_validator

from paes.metering import Sector
from paes.schema import ConfigModel, Identifier, Text


class Item(ConfigModel):
    """One entry of a list."""

    code: str
    name: Text


class CodeList(ConfigModel):
    """A list of codes."""

    source: str
    unverified: str
    """What of it was not seen in a published document."""
    items: tuple[Item, ...] = Field(min_length=1)

    @property
    def codes(self) -> list[str]:
        """All codes, in the list's order."""
        return [item.code for item in self.items]

    def name(self, code: str) -> Text | None:
        """The text of ``code``; None if the list does not have it."""
        return next((item.name for item in self.items if item.code == code), None)

    @model_validator(mode="after")
    def _codes_are_there_once(self) -> CodeList:
        _refuse_repeated(self.codes)
        return self


class AreaGroup(ConfigModel):
    """Areas of intervention that belong to the same sectors."""

    id: Identifier
    name: Text
    sectors: tuple[Sector, ...]
    """Of actions that may have such an area; empty for any."""
    items: tuple[Item, ...] = Field(min_length=1)


class AreaList(ConfigModel):
    """Areas of intervention by group."""

    source: str
    unverified: str
    groups: tuple[AreaGroup, ...] = Field(min_length=1)

    @property
    def codes(self) -> list[str]:
        """All codes, in the list's order."""
        return [item.code for _, item in self._items()]

    @cached_property
    def _by_code(self) -> dict[str, tuple[AreaGroup, Item]]:
        return {item.code: (group, item) for group, item in self._items()}

    def name(self, code: str) -> Text | None:
        """The text of ``code``; None if the list does not have it."""
        found = self._by_code.get(code)
        return found[1].name if found else None

    def group(self, code: str) -> AreaGroup | None:
        """The group of ``code``; None if the list does not have it."""
        found = self._by_code.get(code)
        return found[0] if found else None

    def _items(self) -> Iterator[tuple[AreaGroup, Item]]:
        return ((group, item) for group in self.groups for item in group.items)

    @model_validator(mode="after")
    def _codes_are_there_once(self) -> AreaList:
        _refuse_repeated(self.codes)
        return self


class CovenantLists(ConfigModel):
    """``covenant_lists.yaml``."""

    areas: AreaList
    instruments: CodeList
    origins: CodeList
    statuses: CodeList
    funding_sources: CodeList
    stakeholders: CodeList
    notation_keys: CodeList


def _refuse_repeated(codes: list[str]) -> None:
    repeated = sorted({code for code in codes if codes.count(code) > 1})
    if repeated:
        raise ValueError(f"there twice: {', '.join(repeated)}")
