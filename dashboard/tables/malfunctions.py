"""The tables of malfunctions: the list, the ledger of losses, and what one case rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dashboard.queries.cases import Points, case_path, per_week, price_of_case
from dashboard.sentences.amounts import quantity
from dashboard.sentences.malfunctions import LOOK, month_text, name_of, site_of, state_word
from dashboard.tables.table import Cell, Column, Linked, Marked, Table
from dashboard.texts import Language
from paes.faults.cases.case import Case
from paes.faults.money.losses import Loss, Losses, summed
from paes.faults.money.price import Interval, Waste
from paes.faults.rule_table import rule
from paes.installation import Installation
from paes.periods import zone

LinkTo = Callable[[str], str]
_SUFFIXES = {
    "_kwh": "kWh",
    "_kw": "kW",
    "_w": "W",
    "_l_h": "l/h",
    "_m3_a_day": "m³",
    "_m3_a_year": "m³",
    "_min": "min",
    "_h": "h",
    "_eur": "€",
    "hours": "h",
}
"""Units by the end of a number's name; the first that fits."""
_NO_HOURS = ("_per_h", "_l_h")


def _between(label: str, language: Language) -> tuple[Column, ...]:
    """Money with its bounds, each under a name of its own: programs read CSV by names."""
    ends = (language.text(f"case_column.{n}") for n in ("low", "high"))
    labels = (label, *(f"{label}, {end}" for end in ends))
    return tuple(Column(each, "number", 2) for each in labels)


def cases_table(
    cases: Iterable[Case], installation: Installation, tz: str, link: LinkTo, language: Language
) -> Table:
    """A row for each case, with the bounds of its money."""
    t = language.text
    columns = (
        Column(t("case_column.what")),
        Column(t("case_column.where")),
        Column(t("case_column.state")),
        Column(t("case_column.since")),
        *_between(t("case_column.week"), language),
        *_between(t("case_column.past"), language),
        Column(t("case_column.amount"), "number", 1),
        Column(t("case_column.unit")),
        Column(t("case_column.tonnes"), "number", 3),
        Column(t("case_column.gap"), "percent", 2),
        Column(t("case_column.case")),
    )
    rows = tuple(_case_row(case, installation, tz, link, language) for case in cases)
    return Table("cases", t("malfunctions.table"), columns, rows)


def _case_row(
    case: Case, installation: Installation, tz: str, link: LinkTo, language: Language
) -> tuple[Cell, ...]:
    price = price_of_case(case)
    spent = price.so_far if price else None
    has_amount = bool(spent and spent.amount.high)
    return (
        Linked(name_of(case, installation, language), link(case_path(case.id))),
        site_of(case, installation),
        Marked(state_word(case, language), LOOK[case.state]),
        f"{case.episode.start.astimezone(zone(tz)):%Y-%m-%d}",
        *_money(per_week(case)),
        *_money(spent.eur if spent else None),
        spent.amount.likely if spent and has_amount else None,
        price.unit.replace("m3", "m³") if price and has_amount else None,
        spent.co2_t.likely if spent and spent.co2_t else None,
        price.gap_fraction if price and case.is_open else None,
        case.id,
    )


def _money(eur: Interval | None) -> tuple[Cell, Cell, Cell]:
    return (eur.likely, eur.low, eur.high) if eur else (None, None, None)


def losses_table(found: Losses, installation: Installation, language: Language) -> Table:
    """A row for each month, rule, site and unit, the newest first."""
    t = language.text
    columns = (
        Column(t("malfunctions.month")),
        Column(t("case_column.what")),
        Column(t("case_column.where")),
        *_waste_columns(language),
        Column(t("malfunctions.cases"), "count"),
    )
    ordered = sorted(found.rows, key=lambda row: (row.month, _eur(row.waste)), reverse=True)
    rows = tuple(_loss_row(row, installation, language) for row in ordered)
    return Table("losses", t("malfunctions.losses_table"), columns, rows)


def _loss_row(row: Loss, installation: Installation, language: Language) -> tuple[Cell, ...]:
    site = installation.sites.get(row.site or "")
    return (
        month_text(f"{row.month:%Y-%m}", language),
        rule_name(row.rule, installation, language),
        site.name if site else row.site,
        *_waste_cells(row.waste, row.unit),
        float(len(row.cases)),
    )


def losses_by_month_table(found: Losses, language: Language) -> Table:
    """What all have cost in each month, by unit, the newest first."""
    t = language.text
    sums = sorted(summed(found, "month").items(), reverse=True)
    rows = tuple(
        (month_text(name, language), *_waste_cells(waste, unit)) for (name, unit), waste in sums
    )
    columns = (Column(t("malfunctions.month")), *_waste_columns(language))
    return Table("losses-by-month", t("malfunctions.losses_months"), columns, rows)


def losses_by_rule_table(found: Losses, installation: Installation, language: Language) -> Table:
    """What each kind of malfunction has cost, the dearest first."""
    t = language.text
    sums = sorted(summed(found, "rule").items(), key=lambda one: -_eur(one[1]))
    rows = tuple(
        (rule_name(name, installation, language), *_waste_cells(waste, unit))
        for (name, unit), waste in sums
    )
    columns = (Column(t("case_column.what")), *_waste_columns(language))
    return Table("losses-by-kind", t("malfunctions.losses_rules"), columns, rows)


def _waste_columns(language: Language) -> tuple[Column, ...]:
    t = language.text
    return (
        Column(t("malfunctions.amount"), "number", 1),
        Column(t("case_column.unit")),
        Column("€", "number", 2),
        Column(t("case_column.low"), "number", 2),
        Column(t("case_column.high"), "number", 2),
        Column("t CO2", "number", 3),
    )


def _waste_cells(waste: Waste, unit: str) -> tuple[Cell, ...]:
    has_amount = bool(waste.amount.high)
    return (
        waste.amount.likely if has_amount else None,
        unit.replace("m3", "m³") if has_amount else None,
        *_money(waste.eur),
        waste.co2_t.likely if waste.co2_t and has_amount else None,
    )


def _eur(waste: Waste) -> float:
    return waste.eur.likely if waste.eur else 0.0


def rule_name(name: str, installation: Installation, language: Language) -> str:
    """What a person calls a rule."""
    known = rule(name)
    return known.file(installation.root).name.in_language(language.code) if known else name


def evidence_table(points: Points, tz: str, language: Language) -> Table:
    """The picture in numbers, the newest first."""
    t, days = language.text, points.step.total_seconds() >= 86_400
    has_band = bool(points.low and points.high)
    head = Column(t("malfunction.day" if days else "malfunction.moment"))
    names = ["axis_seen", "axis_usual", *(["low", "high"] if has_band else [])]
    columns = (head, *(Column(t(f"malfunction.{name}"), "number", 2) for name in names))
    series = [points.seen, points.usual, *([points.low, points.high] if has_band else [])]
    form = "%Y-%m-%d" if days else "%Y-%m-%d %H:%M"
    local = [at if days else at.astimezone(zone(tz)) for at in points.starts]
    rows = [(at.strftime(form), *cells) for at, *cells in zip(local, *series, strict=True)]
    unit = points.unit.replace("m3", "m³")
    caption = t("malfunction.evidence_table", unit=unit)
    return Table("evidence", caption, columns, tuple(reversed(rows)))


def numbers_table(case: Case, language: Language) -> Table:
    """The numbers that prove it, named and with their units."""
    t = language.text
    columns = (Column(t("malfunction.number")), Column(t("malfunction.value")))
    rows = tuple(
        (_number_name(name, language), _number_text(name, value, language))
        for name, value in case.episode.numbers.items()
    )
    return Table("numbers", t("malfunction.numbers_table"), columns, rows)


def _number_name(name: str, language: Language) -> str:
    """As people call it; the rule's own name of a rule that is new."""
    key = f"case_number.{name}"
    return language.text(key) if language.knows(key) else f"`{name}`"


def _number_text(name: str, value: float, language: Language) -> str:
    if value != value:
        return "–"
    if name.endswith("_fraction"):
        return language.percent(value, 1)
    unit = (
        ""
        if name.endswith("_per_h")
        else next((unit for end, unit in _SUFFIXES.items() if name.endswith(end)), "")
    )
    return quantity(value, unit, language).strip()


def windows_table(case: Case, tz: str, language: Language) -> Table:
    """The periods that were compared."""
    t = language.text
    columns = tuple(Column(t(f"malfunction.{name}")) for name in ("window", "from", "until"))
    rows = tuple(
        (_window_name(name, language), language.moment(w.start, tz), language.moment(w.end, tz))
        for name, w in case.episode.windows.items()
    )
    return Table("windows", t("malfunction.windows_table"), columns, rows)


def _window_name(name: str, language: Language) -> str:
    key = f"case_window.{name}"
    return language.text(key) if language.knows(key) else name


def parameters_table(case: Case, language: Language) -> Table:
    """What the rule was told, by its own names."""
    t = language.text
    columns = (Column(t("malfunction.parameter")), Column(t("malfunction.value")))
    rows = tuple((f"`{name}`", str(value)) for name, value in case.parameters.items())
    return Table("parameters", t("malfunction.parameters_table"), columns, rows)
