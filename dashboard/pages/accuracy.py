"""The accuracy card: what the rules find, how often they are wrong, what the bands cover."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from dash import html

from dashboard import texts
from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.blocks import header, rich, scrolling
from dashboard.pages.page import Content, Page, Sheet
from dashboard.pages.shell import ACCURACY
from dashboard.tables.table import Column
from dashboard.texts import Language
from paes.faults.rule_table import rule as rule_named
from paes.report.accuracy_card import StatedRow, accuracy_card
from paes.shipped_files import shipped_config

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
FIRST = "town"
_COLUMNS = ("what", "figure", "bar", "reached", "on")


def accuracy_page(asked: Asked) -> Content:
    """All of the card, a table a rule, and how many of its figures reach their bar."""
    t, card = asked.language.text, accuracy_card()
    title = t("accuracy.title")
    judged = [row for row in card.rows if row.meets_bar is not None]
    reached = sum(1 for row in judged if row.meets_bar)
    told: list[Any] = [
        html.H1(title),
        html.P(rich(t("accuracy.intro", version=card.version)), className="lead"),
        html.P(rich(t("accuracy.reached", reached=reached, judged=len(judged)))),
        html.P(rich(t("accuracy.data"))),
    ]
    told += [
        _family(rule, list(of), asked.language)
        for rule, of in groupby(card.rows, key=lambda row: row.rule)
    ]
    return Sheet(asked).content(title, [html.Div(told, className="prose")])


def _family(rule_id: str, rows: list[StatedRow], language: Language) -> Any:
    """The figures of one rule, to be opened; those of the whole town are open."""
    judged = [row for row in rows if row.meets_bar is not None]
    reached = sum(1 for row in judged if row.meets_bar)
    key = "accuracy.summary" if judged else "accuracy.summary_none"
    told = language.text(key, name=_name(rule_id, language), reached=reached, judged=len(judged))
    return html.Details(
        [html.Summary(rich(told)), _table(rows, language)], open=rule_id == FIRST, className="data"
    )


def _name(rule_id: str, language: Language) -> str:
    """The rule's name, or that of what else was measured."""
    rule = rule_named(rule_id)
    if rule is None:
        return language.text(f"accuracy.of_{rule_id}")
    return rule.file(shipped_config()).name.in_language(language.code)


def _table(rows: list[StatedRow], language: Language) -> Any:
    t = language.text
    columns = [Column(t(f"accuracy.column_{name}"), "text") for name in _COLUMNS]
    body = [
        html.Tr(
            [
                html.Th(rich(what_in(language, row.what)), scope="row"),
                html.Td(_figure(row.figure, row.unit, language), className="number"),
                html.Td(_bar(row, language), className="number"),
                html.Td(t(f"accuracy.bar_{_reached(row)}")),
                html.Td([t("accuracy.real" if row.real else "accuracy.simulated"), ": ",
                         html.Span(row.on, lang="en")]),
            ]
        )
        for row in rows
    ]  # fmt: skip
    caption = t("accuracy.caption", name=_name(rows[0].rule, language))
    table = html.Table(
        [html.Caption(rich(caption)), header(columns), html.Tbody(body)], className="table wide"
    )
    return scrolling(table, t("table.scrollable", caption=caption))


def what_in(language: Language, what: str) -> str:
    """What was measured, in the page's language; names stay as they are."""
    if language.code == "en":
        return what
    return re.sub(r"[^,:]+", lambda part: _word(part.group(0)), what)


def _word(part: str) -> str:
    """One part between commas: known by its words, with its numbers in their places."""
    told = part.strip()
    numbers = iter(_NUMBER.findall(told))
    known = _words().get(_NUMBER.sub("#", told))
    if known is None:
        return part
    lead = part[: len(part) - len(part.lstrip())]
    return lead + re.sub("#", lambda _: next(numbers).replace(".", ","), known)


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    text = (Path(texts.__file__).parent / "accuracy_words.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _figure(figure: float | None, unit: str, language: Language) -> str:
    if figure is None:
        return language.text("accuracy.none")
    if unit == "fraction":
        return language.percent(figure, 0)
    name = unit.replace(" ", "_").replace("-", "_")
    told = language.text(f"accuracy.unit_{name}")
    return f"{language.number(figure, 2)} {told}"


def _bar(row: StatedRow, language: Language) -> str:
    if row.bar is None:
        return "–"
    bar = language.percent(row.bar, 0) if row.unit == "fraction" else language.number(row.bar, 2)
    return f"{'≥' if row.sense == 'at_least' else '≤'} {bar}"


def _reached(row: StatedRow) -> str:
    return {None: "none", True: "yes", False: "no"}[row.meets_bar]


PAGE = Page("accuracy", ACCURACY, accuracy_page, right=Right.PUBLIC, in_menu=False)
