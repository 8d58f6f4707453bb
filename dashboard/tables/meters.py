"""The tables of the meters: a row a site for the page, a row a meter for the spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.queries.field_work import FieldTask
from dashboard.queries.meters import LiveCity, LiveMeter, LiveSite
from dashboard.sentences.data_health import cause_word, meter_name, next_step
from dashboard.tables.table import Cell, Column, Table
from dashboard.texts import Language
from paes.installation import City
from paes.metering import Measures


def site_columns(language: Language) -> tuple[Column, ...]:
    """The columns of ``site_row``."""
    t = language.text
    return (
        Column(t("table.site")),
        Column(t("table.state")),
        Column(t("table.last_reading")),
        Column(t("table.power_kw"), "number", 1),
        Column(t("table.day_coverage"), "percent", 0),
        Column(t("table.week_coverage"), "percent", 0),
        Column(t("table.electricity_kwh"), "number"),
        Column(t("table.heat_kwh"), "number"),
        Column(t("table.generation_kwh"), "number"),
        Column(t("table.water_m3"), "number", 1),
    )


def site_row(site: LiveSite, language: Language) -> tuple[Cell, ...]:
    """The cells of a site; its last reading as an age."""
    newest = site.newest
    power = site.power_w(Measures.WITHDRAWAL)
    return (
        site.site.name,
        language.text(f"state.{site.state.value}"),
        language.age(newest.age_s) if newest and newest.age_s is not None else None,
        None if power is None else power / 1000,
        site.day_coverage,
        site.week_coverage,
        site.week(Measures.WITHDRAWAL, electric=True),
        site.week(Measures.WITHDRAWAL, electric=False),
        site.week(Measures.GENERATION),
        site.week(Measures.WATER),
    )


def meters_table(now: LiveCity, city_name: str, tz: str, language: Language) -> Table:
    """One row a meter, for the spreadsheet."""
    t = language.text
    columns = (
        Column(t("table.site")),
        Column(t("table.meter")),
        Column(t("table.measures")),
        Column(t("table.carrier")),
        Column(t("table.state")),
        Column(t("table.last_reading")),
        Column(t("table.power_kw"), "number", 1),
        Column(t("table.day_coverage"), "percent", 0),
        Column(t("table.week_coverage"), "percent", 0),
        Column(t("table.amount"), "number"),
        Column(t("table.unit")),
    )
    rows = tuple(
        _meter_row(site, meter, tz, language) for site in now.sites for meter in site.meters
    )
    return Table("meters", t("table.caption_meters", city=city_name), columns, rows)


def work_table(tasks: Sequence[FieldTask], city: City, language: Language) -> Table:
    """One row a meter that somebody should see to, for whoever goes there."""
    t = language.text
    columns = (
        Column(t("table.meter")),
        Column(t("table.state")),
        Column(t("table.last_reading")),
        Column(t("data_work.column_why")),
        Column(t("data_work.column_next")),
        Column(t("data_field.column_unit")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            f"{meter_name(task.meter.meter, city)} ({task.meter.meter.id})",
            t(f"state.{task.meter.state.value}"),
            language.moment(task.meter.last_at, city.time_zone) if task.meter.last_at else None,
            cause_word(task.cause.value, language) if task.cause else t("data_work.not_known"),
            next_step(task, language).replace("`", ""),
            " ".join([task.unit.place, task.unit.unit]) if task.unit else task.place,
        )
        for task in tasks
    )
    return Table("work", t("data_work.caption", city=city.name), columns, rows)


def _meter_row(site: LiveSite, one: LiveMeter, tz: str, language: Language) -> tuple[Cell, ...]:
    t, meter, activity = language.text, one.meter, one.activity
    return (
        site.site.name,
        meter.name or meter.id,
        t(f"measures.{meter.measures.value}"),
        t(f"carrier.{meter.carrier.value}") if meter.carrier else None,
        t(f"state.{one.state.value}"),
        language.moment(one.last_at, tz) if one.last_at else None,
        None if one.power_w is None else one.power_w / 1000,
        activity.day_coverage if activity else None,
        activity.week_coverage if activity else None,
        activity.week_amount if activity else None,
        "m³" if meter.measures is Measures.WATER else "kWh",
    )
