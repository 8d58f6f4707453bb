"""The masterplan around the register: the work tables that met for it, and its themes."""

from __future__ import annotations

from pydantic import Field, model_validator

from paes.schema import Identifier, Sourced, Text


class WorkTable(Sourced):
    """A round of offices, companies and citizens that answers for a part of the actions."""

    id: Identifier
    name: Text
    members: tuple[str, ...] = ()


class Theme(Sourced):
    """What an action is about, across sectors; an action may have several."""

    id: Identifier
    name: Text


class Masterplan(Sourced):
    """``masterplan.yaml`` of a city."""

    name: Text
    work_tables: tuple[WorkTable, ...] = Field(min_length=1)
    themes: tuple[Theme, ...] = ()

    @model_validator(mode="after")
    def _ids_are_there_once(self) -> Masterplan:
        _refuse_repeated("work_tables", [table.id for table in self.work_tables])
        _refuse_repeated("themes", [theme.id for theme in self.themes])
        return self


def _refuse_repeated(key: str, ids: list[str]) -> None:
    if len(set(ids)) != len(ids):
        raise ValueError(f"{key} has an id twice: {', '.join(ids)}")
