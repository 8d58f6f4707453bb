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
        for key, listed in (("work_tables", self.work_tables), ("themes", self.themes)):
            ids = [item.id for item in listed]
            if len(set(ids)) != len(ids):
                raise ValueError(f"{key}: an id is there twice: {', '.join(ids)}")
        return self
