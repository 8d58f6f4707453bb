"""The table of a passport: what a figure was made of, each part with its own passport."""

from __future__ import annotations

from dashboard.queries.passport import Passport
from dashboard.sentences import passport as told
from dashboard.tables.table import Cell, Column, Figured, Table
from dashboard.texts import Language
from paes.lineage.figure import Input


def inputs_table(of: Passport, language: Language) -> Table:
    """Every input: what it is, the part that it plays, and its value."""
    t = language.text
    columns = (
        Column(t("passport.input")),
        Column(t("passport.role")),
        Column(t("passport.value"), "number"),
    )
    rows = tuple(
        (_named(one, of, language), told.role(one, language), told.input_amount(one, language))
        for one in of.figure.inputs
    )
    return Table("inputs", t("passport.caption"), columns, rows)


def _named(one: Input, of: Passport, language: Language) -> Cell:
    """What is worked out of nothing else has no passport of its own."""
    name = told.title(one.id, of.city, language)
    return name if "#" in one.id else Figured(name, one.id)
