"""The page of one action: declared beside measured, why, whether it lasts, what it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked, NoSuchPage
from dashboard.figures import actions as figures
from dashboard.pages.blocks import (
    answer_box,
    badge,
    card,
    cards,
    crumbs,
    html_table,
    made,
    passport,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.actions import PATH, REGISTER, SAVINGS, Measured
from dashboard.sentences import action as sentences
from dashboard.sentences import actions as list_sentences
from dashboard.sentences.amounts import low_and_high, tonnes
from dashboard.sentences.finding import finding_text
from dashboard.tables import action as tables
from dashboard.tables import actions as list_tables
from paes.lineage.figure_id import FigureId, Kind
from paes.metering import Finding
from paes.plan.action import Action
from paes.plan.register import Entry
from paes.savings.action_saving import ActionSaving


def action_page(asked: Asked) -> Content:
    """One action whole; raises NoSuchPage if the town has none of that id."""
    sheet, t, language, city = Sheet(asked), asked.language.text, asked.language, asked.city
    register = asked.observatory.kept(REGISTER, city.id).value
    entry = register.entry(asked.part)
    if entry is None:
        raise NoSuchPage(t("action.nowhere", id=asked.part[:80]))
    kept = asked.observatory.kept(SAVINGS, city.id)
    measured, action = kept.value.get(asked.part), entry.action
    saving = measured.saving if measured else None
    name = list_sentences.name_of(action, language)
    about = t(
        "action.about",
        sector=t(f"sector.{action.sector}"),
        origin=t(f"action_origin.{action.origin}"),
        status=t(f"action_status.{action.status}"),
    )
    blocks: list[Any] = [
        crumbs((t("action.back"), asked.link(PATH)), label=t("nav.actions")),
        html.H1(name),
        html.P(about, className="hint"),
        _answer(asked, entry, saving),
        _cards(asked, entry, saving),
        _findings(asked, (*register.findings.get(action.id, ()), *_own_findings(saving))),
        _figures(sheet, measured) if measured else None,
        _months(sheet, saving) if saving else None,
        _facts(asked, action),
        _links(asked, action),
        made(asked, kept.made_at),
    ]
    return sheet.content(name, blocks)


def _own_findings(saving: ActionSaving | None) -> tuple[Finding, ...]:
    """Those that the verdict does not tell already."""
    found = saving.findings if saving else ()
    return tuple(one for one in found if one.name.startswith("saving."))


def _answer(asked: Asked, entry: Entry, saving: ActionSaving | None) -> Any:
    language = asked.language
    said = [list_sentences.why(saving, language)]
    if entry.late:
        said.append(language.text("action.late"))
    state = list_sentences.LOOK[saving.verdict] if saving else "assumed"
    return answer_box(state, list_sentences.verdict_word(saving, language), said)


def _cards(asked: Asked, entry: Entry, saving: ActionSaving | None) -> Any:
    year = saving.year if saving and list_sentences.told_kwh(saving) else None
    return cards(
        _declared_card(asked, entry),
        _measured_card(asked, saving) if saving and year else None,
        _worth_card(asked, saving) if saving and year else None,
        _money_card(asked, entry.action),
    )


def _declared_card(asked: Asked, entry: Entry) -> Any:
    """Energy and tonnes of a year; what was declared has a passport."""
    language, t, action = asked.language, asked.language.text, entry.action
    effect, title = entry.whole.effect, t("action.declared_card")
    lines: list[Any] = []
    if effect.reduction_t is not None:
        mass = t("action.declared_t", tonnes=tonnes(effect.reduction_t, language))
        is_told = action.declared_reduction_t is not None
        lines.append(passport(asked, mass, _figure_id(asked, action, "t")) if is_told else mass)
        if effect.derived:
            lines.append(t("action.derived"))
    if effect.counted_fraction < 1:
        share = language.percent(1 - effect.counted_fraction, 0)
        lines.append(t("action.elsewhere", share=share))
    declared = {"saving_mwh": action.declared_saving_mwh,
                "production_mwh": action.declared_production_mwh}  # fmt: skip
    told = [(key, value) for key, value in declared.items() if value is not None]
    if not told:
        return card(title, "–", "", lines or [t("action.undeclared")])
    key, value = told[0]
    text = list_sentences.mwh(value * 1000, language)
    return card(title, passport(asked, text, _figure_id(asked, action, key)), "", lines)


def _figure_id(asked: Asked, action: Action, quantity: str) -> str:
    return str(FigureId(asked.city.id, Kind.ACTION, (action.id,), quantity))


def _measured_card(asked: Asked, saving: ActionSaving) -> Any:
    language, t, of = asked.language, asked.language.text, list_sentences.told_kwh(saving)
    assert of is not None  # who calls has asked
    low, high = (list_sentences.mwh(v, language) for v in (of.low, of.high))
    lines = [t("action.measured_between", low=low, high=high)]
    part = saving.realisation
    if part:
        share, least, most = (language.percent(v, 0) for v in (part.likely, part.low, part.high))
        lines.append(t("action.realised", share=share, low=least, high=most))
    value = list_sentences.mwh(of.likely, language)
    return card(t("action.measured_card"), value, "", lines)


def _worth_card(asked: Asked, saving: ActionSaving) -> Any:
    language, t, year = asked.language, asked.language.text, saving.year
    assert year is not None  # who calls has asked
    lines: list[str] = []
    value = "–"
    if year.eur:
        low, high = low_and_high(year.eur, language)
        value = list_sentences.money(year.eur.likely, language)
        lines.append(t("action.worth_between", low=low, high=high))
    else:
        lines.append(t("action.no_price"))
    if year.co2_t:
        lines.append(t("action.worth_tonnes", tonnes=tonnes(year.co2_t.likely, language)))
    if year.is_price_assumed:
        lines.append(t("action.price_assumed"))
    return card(t("action.worth_card"), value, "", lines)


def _money_card(asked: Asked, action: Action) -> Any:
    language, t = asked.language, asked.language.text
    cost = "–" if action.cost_eur is None else list_sentences.money(action.cost_eur, language)
    lines = [t("action.no_cost")] if action.cost_eur is None else []
    spent = action.spent_eur
    lines.append(t("action.not_spent") if spent is None else
                 t("action.spent", spent=list_sentences.money(spent, language)))  # fmt: skip
    return card(t("action.money_card"), cost, "", lines)


def _findings(asked: Asked, found: tuple[Finding, ...]) -> Any:
    """What is odd; nothing where nothing is."""
    if not found:
        return None
    items = [html.Li([badge("uncertain", finding_text(one, asked.language))]) for one in found]
    heading = asked.language.text("action.findings_heading")
    return section("findings", heading, [html.Ul(items, className="findings")])


def _figures(sheet: Sheet, measured: Measured) -> Any:
    """Declared beside measured as a picture, the figures, and how they are known."""
    asked, language, t = sheet.asked, sheet.asked.language, sheet.asked.language.text
    saving, heading = measured.saving, t("action.figures_heading")
    names = {a.id: list_sentences.name_of(a, language) for a in asked.city.actions}
    known = [html.Li(rich(text)) for text in sentences.how_known(measured, names, language)]
    figures_of = tables.figures_table(saving, language)
    more: list[Any] = [*shown_table(sheet, figures_of)] if figures_of else []
    more.append(html.Ul(known, className="notes"))
    if list_sentences.told_kwh(saving) is None:
        why = html.P(rich(list_sentences.why(saving, language)), className="answer")
        return section("measured", heading, [why, *more])
    return pictured(
        sheet,
        "measured",
        heading,
        list_sentences.why(saving, language),
        figure=lambda: figures.compare_figure([saving], language),
        height=figures.rows_height(2),
        table=list_tables.compare_table([saving], asked.link, language),
        more=more,
    )


def _months(sheet: Sheet, saving: ActionSaving) -> Any:
    """Whether the effect lasts; nothing where there are no months yet."""
    lasting, language = saving.persistence, sheet.asked.language
    if lasting is None or not lasting.months:
        return None
    return pictured(
        sheet,
        "months",
        language.text("action.months_heading"),
        sentences.months(saving, language),
        figure=lambda: figures.months_figure(lasting, language),
        height=figures.MONTHS_HEIGHT,
        table=tables.months_table(lasting, language),
    )


def _facts(asked: Asked, action: Action) -> Any:
    heading, language = asked.language.text("action.facts_heading"), asked.language
    facts = sentences.facts(action, asked.city, language)
    table = tables.facts_table(facts, list_sentences.name_of(action, language), language)
    return section("facts", heading, [html_table(asked, table)])


def _links(asked: Asked, action: Action) -> Any:
    """Its sites and meters, the passport of what was declared, the commands."""
    t, city = asked.language.text, asked.city
    items: list[Any] = []
    for site in dict.fromkeys((*action.sites, *_measured_sites(action))):
        name = city.sites[site].name if site in city.sites else site
        items.append(html.A(name, href=asked.link(f"/edifici/{quote(site)}")))
    meters = dict.fromkeys(
        (*action.meters, *(action.measurement.meters if action.measurement else ()))
    )
    items += [html.A(meter, href=asked.link("/dati", meter=meter)) for meter in meters]
    items.append(html.Span(rich(t("action.command", id=action.id))))
    rows = [html.Li(item) for item in items]
    return section("links", t("action.links"), [html.Ul(rows, className="ways-on")])


def _measured_sites(action: Action) -> tuple[str, ...]:
    return action.measurement.sites if action.measurement else ()


PAGE = Page("action", f"{PATH}/<part>", action_page, right=Right.LOOK, in_menu=False, upper=PATH)
