"""The page of one malfunction: what it is, its evidence, its price, its course, its decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked, NoSuchPage
from dashboard.figures import malfunctions as figures
from dashboard.pages.blocks import (
    answer_box,
    card,
    cards,
    crumbs,
    folded_table,
    html_table,
    notice,
    pictured,
    rich,
    section,
    shown_table,
)
from dashboard.pages.case_forms import TOLD, decide, decision_forms
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.cases import (
    PATH,
    CaseView,
    case_path,
    case_view,
    id_of_part,
    per_week,
    points_of,
    price_of_case,
)
from dashboard.sentences import case as sentences
from dashboard.sentences import malfunctions as list_sentences
from dashboard.sentences.amounts import euros, low_and_high, quantity, range_of, tonnes
from dashboard.tables import malfunctions as tables
from dashboard.tables.table import Column, Marked, Table
from paes.errors import DataError
from paes.faults.cases.case import Case
from paes.faults.money.price import Price
from paes.faults.telling import sentences as telling


def malfunction_page(asked: Asked) -> Content:
    """One case whole; raises NoSuchPage if there is none of that id."""
    case_id = id_of_part(asked.part)
    try:
        found = case_view(asked.observatory.sources, case_id)
    except DataError as err:
        raise NoSuchPage(asked.language.text("malfunction.nowhere", id=case_id[:80])) from err
    sheet, case, t = Sheet(asked), found.case, asked.language.text
    installation, language = asked.observatory.installation, asked.language
    title = list_sentences.name_of(case, installation, language)
    site = list_sentences.site_of(case, installation)
    told = asked.choice("told", TOLD, "")
    about = [list_sentences.place_of(case),
             list_sentences.when_of(case, asked.city.time_zone, language)]  # fmt: skip
    blocks: list[Any] = [
        crumbs((t("malfunction.back"), asked.link(PATH)), label=t("nav.malfunctions")),
        html.H1(f"{title} – {site}"),
        html.P(" · ".join(about), className="hint"),
        _said(asked, told) if told else None,
        _answer(asked, case),
        notice(t("malfunction.unwatched")) if found.unwatched else None,
        _cards(asked, case),
        _evidence(sheet, case),
        section("decide", t("malfunction.decide_heading"), decision_forms(asked, case)),
        _course(sheet, case),
        _proof(sheet, case),
        _links(asked, found),
    ]
    return sheet.content(f"{title}, {site}", blocks)


def _said(asked: Asked, told: str) -> Any:
    """What became of what was just said."""
    text = rich(asked.language.text(f"case_told.{told}"))
    return html.P(text, className="notice", role="status")


def _answer(asked: Asked, case: Case) -> Any:
    """State, the two sentences, what to look at first."""
    root, language = asked.observatory.installation.root, asked.language
    to_do = telling.what_to_do(case, language.code, root)
    said = [telling.sentence(case, language.code, root)]
    if to_do and case.is_open:
        said.append(language.text("malfunction.to_do", text=to_do))
    state = list_sentences.LOOK[case.state]
    return answer_box(state, list_sentences.state_word(case, language), [s for s in said if s])


def _cards(asked: Asked, case: Case) -> Any:
    """A week more, so far, tonnes, part of the gap; or why there is no price."""
    price, t = price_of_case(case), asked.language.text
    if price is None or not (price.so_far.eur or price.so_far.amount.high):
        return cards(card(t("malfunction.no_price_card"), t("malfunction.no_price_value"), "",
                          [_why_no_price(asked, case, price)]))  # fmt: skip
    gap = list_sentences.gap_of(case, asked.language)
    return cards(
        _week_card(asked, case),
        _past_card(asked, price),
        _tonnes_card(asked, price),
        _gap_card(asked, price) if gap else None,
    )


def _why_no_price(asked: Asked, case: Case, price: Price | None) -> str:
    t, root = asked.language.text, asked.observatory.installation.root
    own = telling.without_price(case, asked.language.code, root)
    if own:
        return own
    if price:
        return t("malfunction.no_contract")
    return t("malfunction.no_price_meter")


def _week_card(asked: Asked, case: Case) -> Any:
    language, t, week, price = asked.language, asked.language.text, per_week(case), case.price
    if week is None or price is None:
        told = t("malfunction.week_closed") if not case.is_open else t("malfunction.no_contract")
        return card(t("malfunction.week_card"), "–", "", [told])
    low, high = low_and_high(week, language)
    lines = [t("malfunction.between", low=low, high=high)]
    amount = price.per_week.amount
    if amount.high:
        likely = quantity(amount.likely, price.unit, language)
        bounds = range_of(amount, language)
        lines.append(t("malfunction.amount_line", amount=likely, low=bounds.split("–")[0],
                       high=bounds.split("–")[-1]))  # fmt: skip
    return card(t("malfunction.week_card"), euros(week.likely, language),
                t("malfunction.week_unit"), lines)  # fmt: skip


def _past_card(asked: Asked, price: Price) -> Any:
    language, t, spent = asked.language, asked.language.text, price.so_far
    lines = []
    if spent.eur:
        low, high = low_and_high(spent.eur, language)
        lines.append(t("malfunction.between", low=low, high=high))
    if spent.amount.high:
        low, high = (quantity(v, price.unit, language) for v in (spent.amount.low,
                                                                 spent.amount.high))  # fmt: skip
        amount = quantity(spent.amount.likely, price.unit, language)
        lines.append(t("malfunction.amount_line", amount=amount, low=low, high=high))
    value = euros(spent.eur.likely, language) if spent.eur else "–"
    return card(t("malfunction.past_card"), value, "", lines)


def _tonnes_card(asked: Asked, price: Price) -> Any:
    language, t, mass = asked.language, asked.language.text, price.so_far.co2_t
    title = t("malfunction.tonnes_card")
    if mass is None:
        reason = t("malfunction.water_no_tonnes") if price.unit == "m3" else ""
        return card(title, "–", "", [reason])
    low, high = (tonnes(v, language) for v in (mass.low, mass.high))
    bounds = t("malfunction.between", low=low, high=high) if low != high else ""
    return card(title, tonnes(mass.likely, language), "CO2", [bounds])


def _gap_card(asked: Asked, price: Price) -> Any:
    share = list_sentences.share_text(price.gap_fraction or 0.0, asked.language)
    t = asked.language.text
    return card(t("malfunction.gap_card"), share, "", [t("malfunction.gap_line")])


def _evidence(sheet: Sheet, case: Case) -> Any:
    """The picture large; why there is none where none is kept."""
    asked, t = sheet.asked, sheet.asked.language.text
    picture, language, tz = case.episode.picture, asked.language, asked.city.time_zone
    heading = t("malfunction.evidence_heading")
    if picture is None or not len(picture.seen):
        return section("evidence", heading, [html.P(t("malfunction.no_picture"))])
    points = points_of(picture)
    return pictured(
        sheet,
        "evidence",
        heading,
        sentences.evidence(points, case.episode, language),
        figure=lambda: figures.evidence_figure(points, case.episode, tz, language),
        height=figures.EVIDENCE_HEIGHT,
        table=tables.evidence_table(points, tz, language),
    )


def _course(sheet: Sheet, case: Case) -> Any:
    """Who said what and when, and what readings did of themselves; notes among them."""
    asked, t, tz = sheet.asked, sheet.asked.language.text, sheet.asked.city.time_zone
    language = asked.language
    lines: list[tuple[datetime, Marked, str, str]] = [
        (
            step.at,
            Marked(sentences.step_word(step, language), list_sentences.LOOK[step.state]),
            sentences.author(step.decision, step.cause, language),
            sentences.why(step, language),
        )
        for step in case.steps
    ]
    noted = t("malfunction.note")
    lines += [(n.at, Marked(noted, "assumed"), n.author, n.reason) for n in case.notes]
    lines.sort(key=lambda line: line[0])
    columns = tuple(Column(t(f"malfunction.{name}")) for name in ("when", "became", "by", "why"))
    rows = tuple((language.moment(at, tz), became, by, why) for at, became, by, why in lines)
    table = Table("course", t("malfunction.course_table"), columns, rows)
    return section("course", t("malfunction.course_heading"), shown_table(sheet, table))


def _proof(sheet: Sheet, case: Case) -> Any:
    """The numbers, the periods, the rule, and what the price rests on."""
    asked, t, language = sheet.asked, sheet.asked.language.text, sheet.asked.language
    tz, price = asked.city.time_zone, price_of_case(case)
    notes = sentences.price_notes(case, price, language) if price else []
    rests = list(price.rests_on) if price else []
    blocks: list[Any] = [
        html.P(rich(sentences.rule_told(case, tz, language)), className="hint"),
        html_table(asked, tables.numbers_table(case, language)),
    ]
    if case.episode.windows:
        blocks.append(html_table(asked, tables.windows_table(case, tz, language)))
    if notes:
        blocks.append(html.Ul([html.Li(rich(text)) for text in notes], className="notes"))
    if rests:
        items = html.Ul([html.Li(text, lang="en") for text in rests], className="notes")
        blocks.append(html.Details([html.Summary(t("malfunction.rests_on")), items],
                                   className="data"))  # fmt: skip
    blocks.append(html.H3(t("malfunction.parameters_table")))
    blocks.append(folded_table(sheet, tables.parameters_table(case, language)))
    return section("proof", t("malfunction.proof_heading"), blocks)


def _links(asked: Asked, found: CaseView) -> Any:
    """Other cases of the same event, the site, the meter, the command."""
    t, case, installation = asked.language.text, found.case, asked.observatory.installation
    items: list[Any] = []
    others = [one.of for one in (found.same,) if one] + [one.case for one in found.parts]
    for other in others:
        name = list_sentences.name_of(other, installation, asked.language)
        where = list_sentences.site_of(other, installation)
        items.append(html.A(f"{t('malfunction.related')}: {name} – {where}",
                            href=asked.link(case_path(other.id))))  # fmt: skip
    site = installation.sites.get(case.site or "")
    if site:
        path = f"/edifici/{quote(site.id)}"
        items.append(html.A(t("malfunction.to_site", name=site.name), href=asked.link(path)))
    if case.subject in installation.meters:
        address = asked.link("/dati", meter=case.subject)
        items.append(html.A(t("malfunction.to_meter", meter=case.subject), href=address))
    items.append(html.Span(rich(t("malfunction.command", id=case.id))))
    rows = [html.Li(item) for item in items]
    return section("links", t("malfunction.links"), [html.Ul(rows, className="ways-on")])


PAGE = Page(
    "malfunction",
    f"{PATH}/<part>",
    malfunction_page,
    right=Right.LOOK,
    post=decide,
    in_menu=False,
    upper=PATH,
)
