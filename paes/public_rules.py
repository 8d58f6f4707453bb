"""What the public page may tell of single sites, under which licence: ``public.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from paes.schema import ConfigModel, Stated
from paes.shipped_files import read_own_or_shipped

NAME = "public.yaml"


class Groups(Stated):
    """How many sites of a kind there must be for the kind to be told apart."""

    what: ClassVar[str] = "a threshold"

    least_sites: Annotated[int, Field(ge=2)]


class Household(Stated):
    """What a household uses, for readers to imagine an amount of electricity."""

    what: ClassVar[str] = "a household"

    kwh_per_year: Annotated[float, Field(gt=0)]


class Licence(Stated):
    """Under which the public figures may be used again."""

    what: ClassVar[str] = "a licence"

    name: str
    address: str


class PublicRules(ConfigModel):
    """``public.yaml``."""

    schema_version: Literal["public/1"] = Field(alias="schema")
    groups: Groups
    household: Household
    licence: Licence


def public_rules(root: Path) -> PublicRules:
    """The installation's own ``public.yaml``, else the shipped one; ConfigError if wrong."""
    return read_own_or_shipped(root, NAME, PublicRules)
