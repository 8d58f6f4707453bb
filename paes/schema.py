"""The base of every type that is read from a configuration file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self
from unicodedata import category

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from paes.errors import DataError
from paes.periods import zone

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
"""Lower-case letters, digits and hyphens: safe in addresses, file names and store tags."""


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except DataError as err:
        raise ValueError(str(err)) from err
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]
"""A name such as ``Europe/Rome``."""


def _in_one_line(name: str) -> str:
    odd = next((c for c in name if category(c) in ("Cc", "Cf", "Zl", "Zp")), None)
    if odd is not None:
        raise ValueError(f"expected a name in one line of plain characters, seen {name!r}")
    return name


Name = Annotated[str, Field(min_length=1), AfterValidator(_in_one_line)]
"""What people call something: it goes to terminals, letters and tables, and steers none of them."""


class ConfigModel(BaseModel):
    """Frozen, and strict about keys: a misspelt key is an error, never silence."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )


class Sourced(ConfigModel):
    """Something that says where it is known from.

    A figure is either sourced or assumed: ``assumed: true`` asks for a ``note`` that says what
    the assumption rests on, and every page and export repeats the mark.
    """

    source: str | None = None
    assumed: bool = False
    note: str | None = None
    note_it: str | None = None
    """The note in Italian, where a page shows it."""

    def note_in(self, language: str) -> str | None:
        """The note in ``language`` (``it`` or ``en``) as far as it is there."""
        return self.note_it or self.note if language == "it" else self.note

    @model_validator(mode="after")
    def _assumption_is_explained(self) -> Self:
        if self.assumed and not self.note:
            raise ValueError("assumed: true needs a note that says what the assumption rests on")
        return self


class Stated(Sourced):
    """A figure with a source, or one that is marked assumed; neither is an error."""

    what: ClassVar[str] = "this"
    """What the message calls it."""

    @model_validator(mode="after")
    def _has_origin(self) -> Self:
        if not self.source and not self.assumed:
            raise ValueError(f"{self.what} needs a source, or assumed: true with a note")
        return self


class Text(ConfigModel):
    """A text for people, in the languages the product speaks."""

    it: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        """The text in ``language`` (``it`` or ``en``)."""
        return self.en if language == "en" else self.it
