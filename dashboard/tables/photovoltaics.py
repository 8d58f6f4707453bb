"""The tables of photovoltaics: plants in a year, flows by month, expected, worth."""

from __future__ import annotations

import math
from collections.abc import Callable

from dashboard.queries.pv_behind import Judged
from dashboard.queries.pv_view import PvView, SiteMonths
from dashboard.queries.pv_years import Amount, PvYear
from dashboard.tables.table import Cell, Column, Figured, Linked, Marked, Table
from dashboard.texts import Language
from paes.accounting.energy_total import EnergyTotal
from paes.self_consumption import BalancePeriod, Share
from paes.solar.made_beside import Beside

LinkTo = Callable[[str], str]


def plants_table(view: PvView, link: LinkTo, figure: LinkTo, language: Language) -> Table:
    """A row for each site with a plant, the least yield first."""
    t = language.text
    columns = (
        Column(t("pv.col.plant")),
        Column(t("pv.col.kw"), "number", 1),
        *_seen_columns(language),
        Column(t("pv.col.per_kw"), "number", 0),
        Column(t("pv.col.same", year=view.year), "number", 0),
        Column(t("pv.col.same", year=view.year - 1), "number", 0),
        Column(t("pv.col.change"), "percent", 1, sign=True),
        Column(t("pv.col.months"), "year"),
        Column(t("pv.col.used_share")),
        Column(t("pv.col.autarky")),
        Column(t("pv.col.assumed")),
    )
    rows = sorted(view.rows, key=lambda row: row.per_kw if row.per_kw is not None else math.inf)
    cells = tuple(_plant(row, link, figure, language) for row in rows)
    return Table("plants", t("pv.yields.table", year=view.year), columns, cells)


def _seen_columns(language: Language) -> tuple[Column, ...]:
    t = language.text
    return (
        Column(t("pv.col.made"), "number"),
        Column(t("pv.col.estimated"), "number"),
        Column(t("pv.col.missing"), "number"),
        Column(t("pv.col.coverage"), "percent", 1),
    )


def _seen(total: EnergyTotal, language: Language) -> tuple[Cell, ...]:
    if not total.span_s:
        return None, None, None, None
    return (
        total.kwh if total.covered_s or total.estimated_kwh else None,
        total.estimated_kwh,
        _most(total.missing_high_kwh, language),
        total.coverage,
    )


def _most(kwh: float, language: Language) -> Cell:
    return language.text("pv.col.unlimited") if math.isinf(kwh) else kwh


def _plant(row: PvYear, link: LinkTo, figure: LinkTo, language: Language) -> tuple[Cell, ...]:
    made, *rest = _seen(row.period.production, language)
    change = None
    if row.before_per_kw and row.now_per_kw is not None:
        change = row.now_per_kw / row.before_per_kw - 1
    return (
        Linked(row.site.name, link(row.site.id)),
        row.site.peak_kw,
        Figured(made, figure(row.site.id)) if isinstance(made, float) else made,
        *rest,
        row.per_kw,
        row.now_per_kw,
        row.before_per_kw,
        change,
        float(row.same_months),
        _share(row.period.self_consumption_share, language),
        _share(row.period.autarky, language),
        language.text("pv.is_assumed" if row.site.is_assumed else "pv.is_sourced"),
    )


def _share(of: Share, language: Language) -> str | None:
    if of.value is not None:
        return language.percent(of.value, 1)
    if of.low is None or of.high is None:
        return None
    return f"{language.percent(of.low, 1)}–{language.percent(of.high, 1)}"


def yield_months_table(view: PvView, language: Language) -> Table:
    """One site: kWh/kWp by month, beside the year before."""
    t = language.text
    assert view.site
    kw, name = view.site.units_kw or 0.0, view.site.name
    before = {p.start.month: p for p in view.before}
    columns = (
        Column(t("pv.yields.month")),
        Column(t("pv.col.per_kw"), "number", 1),
        Column(t("pv.col.same", year=view.year - 1), "number", 1),
        *_seen_columns(language),
    )
    rows = tuple(
        (
            _month(period, language),
            period.production.kwh / kw if period.production.covered_s and kw else None,
            before[period.start.month].production.kwh / kw
            if kw and period.start.month in before
            else None,
            *_seen(period.production, language),
        )
        for period in view.months
    )
    return Table("yield", t("pv.yields.month_table", name=name), columns, rows)


def _month(period: BalancePeriod | Beside | Judged, language: Language) -> str:
    return language.month(period.start.year, period.start.month)


def flows_table(view: PvView, language: Language) -> Table:
    """A row for each month: made, used here, fed in, withdrawn, shares."""
    t = language.text
    columns = (
        Column(t("pv.yields.month")),
        *_seen_columns(language),
        Column(t("pv.col.used"), "number"),
        Column(t("pv.col.fed"), "number"),
        Column(t("pv.col.drawn"), "number"),
        Column(t("pv.col.used_share")),
        Column(t("pv.col.autarky")),
    )
    rows = tuple(
        (
            _month(period, language),
            *_seen(period.production, language),
            period.self_consumption.kwh if period.has_feed_in else None,
            period.feed_in.kwh if period.has_feed_in else None,
            period.withdrawal.kwh if period.has_withdrawal else None,
            _share(period.self_consumption_share, language),
            _share(period.autarky, language),
        )
        for period in view.months
    )
    return Table("flows", t("pv.flows.table"), columns, rows)


def expected_table(view: PvView, link: LinkTo, language: Language) -> Table:
    """A row for each site, its months side by side; of a chosen site a row for each month."""
    if view.site:
        return _months_of_one(view, language)
    t, first = language.text, view.beside[0].months
    columns = (
        Column(t("pv.col.plant")),
        Column(t("pv.judged")),
        Column(t("pv.col.below"), "year"),
        Column(t("pv.col.ratio"), "percent", 0),
        *(Column(_month(month, language), "percent", 0) for month in first),
        Column(t("pv.col.how")),
    )
    rows = tuple(
        (
            Linked(one.site.name, link(one.site.id)),
            _state(one.judged[-1], language),
            float(one.below),
            one.ratio,
            *(judged.ratio for judged in one.judged),
            language.text(f"pv.short_how_{one.expected.how.value}"),
        )
        for one in view.beside
    )
    return Table("expected", t("pv.expected.table"), columns, rows)


def _months_of_one(view: PvView, language: Language) -> Table:
    t = language.text
    columns = (
        Column(t("pv.yields.month")),
        Column(t("pv.judged")),
        Column(t("pv.col.ratio"), "percent", 0),
        Column(t("pv.col.made"), "number"),
        Column(t("pv.col.expected"), "number"),
        Column(t("pv.col.low"), "number"),
        Column(t("pv.col.high"), "number"),
        Column(t("pv.col.known"), "percent", 0),
        Column(t("pv.col.how")),
    )
    return Table(
        "expected", t("pv.expected.table"), columns, tuple(_site_months(view.beside[0], language))
    )


def _site_months(one: SiteMonths, language: Language) -> list[tuple[Cell, ...]]:
    how = language.text(f"pv.short_how_{one.expected.how.value}")
    return [
        (
            _month(month, language),
            _state(judged, language),
            judged.ratio,
            *(
                value if month.known_fraction else None
                for value in (month.made_kwh, month.expected_kwh, month.low_kwh, month.high_kwh)
            ),
            month.known_fraction,
            how,
        )
        for month, judged in reversed(list(zip(one.months, one.judged, strict=True)))
    ]


def _state(judged: Judged, language: Language) -> Marked:
    if judged.ratio is None:
        return Marked(language.text("pv.judged_unknown"), "never")
    if judged.is_below:
        return Marked(language.text("pv.judged_below"), "above")
    return Marked(language.text("pv.judged_within"), "within")


def worth_table(view: PvView, link: LinkTo, language: Language) -> Table:
    """A row for each site: money and tonnes."""
    t = language.text
    names = ("avoided", "earned", "worth_low", "worth_high")
    columns = (
        Column(t("pv.col.plant")),
        *(Column(t(f"pv.col_{name}"), "number", 0) for name in names),
        Column(t("pv.col.tonnes"), "number", 1),
    )
    rows = tuple(
        (Linked(row.site.name, link(row.site.id)), *_money(row), row.saved_t) for row in view.rows
    )
    return Table("worth", t("pv.worth.table", year=view.year), columns, rows)


def _money(row: PvYear) -> tuple[Cell, ...]:
    parts = [one for one in (row.avoided, row.earned) if one]
    if not parts or not all(one.is_whole for one in parts):
        return _eur(row.avoided), _eur(row.earned), None, None
    low, high = sum(p.low_eur for p in parts), sum(p.high_eur for p in parts)
    return _eur(row.avoided), _eur(row.earned), low, None if math.isinf(high) else high


def _eur(amount: Amount | None) -> Cell:
    """Nothing where a part had no contract: it is not 0."""
    return amount.eur if amount and amount.is_whole else None
