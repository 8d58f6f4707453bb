"""The page of one meter's data: is it all right, what did it show, and which command tells more?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash import html

from dashboard.asked import Asked, NoSuchPage
from dashboard.figures import data_health as figures
from dashboard.pages.blocks import (
    Select,
    answer_box,
    crumbs,
    empty,
    filters,
    pictured,
    rich,
    section,
)
from dashboard.pages.data_blocks import first_rows
from dashboard.pages.page import Content, Live, Sheet
from dashboard.queries.coverage import COVERAGE, meter_days
from dashboard.queries.field_report import seen
from dashboard.queries.field_work import WATCHED, FieldTask, field_work, last_absences
from dashboard.queries.meter_health import last_findings, raw_readings
from dashboard.queries.meters import ACTIVITY, LiveCity, LiveMeter, live_now
from dashboard.sentences import data_health as sentences
from dashboard.tables import data_health as tables
from dashboard.texts import Language
from paes.meter_status import MeterState
from paes.meters import FieldMeter, Meter
from paes.periods import local_year

KEY = "meter"
PATH = "/dati"
_BOX = {
    MeterState.LIVE: "live",
    MeterState.STALE: "stale",
    MeterState.SILENT: "silent",
    MeterState.NEVER: "never",
    MeterState.OUTSIDE: "outside",
    MeterState.FROM_FILES: "from_files",
}


def meter_page(asked: Asked) -> Content:
    """Everything about one meter; NoSuchPage if the town has no such meter."""
    sheet, t, meter = Sheet(asked), asked.language.text, _meter(asked)
    name = sentences.meter_name(meter, asked.city)
    blocks = [
        crumbs((t("data_meter.back"), asked.link(PATH, meter=None, year=None)),
               label=t("data_page.crumb")),
        html.H1(t("data_meter.question", meter=name)),
        html.Div(live(asked).block, id="live"),
        _readings(sheet, meter, name),
        _days(sheet, meter, name),
        _findings(sheet, meter, name),
        _facts(asked, meter),
        _commands(asked, meter),
        _site(asked, meter),
    ]  # fmt: skip
    return sheet.content(name, blocks)


def _site(asked: Asked, meter: Meter) -> Any:
    name = asked.city.sites[meter.site].name
    told = asked.language.text("data_meter.site", site=name)
    return html.P(html.A(told, href=asked.link(f"/edifici/{meter.site}")))


def _meter(asked: Asked) -> Meter:
    wanted = asked.address.values[KEY]
    meter = asked.city.meters.get(wanted)
    if meter is None:
        raise NoSuchPage(asked.language.text("data_meter.not_there", meter=wanted[:60]))
    return meter


def live(asked: Asked) -> Live:
    """How the meter is doing at this moment, why, and what to do."""
    meter, sources = _meter(asked), asked.observatory.sources
    activity = asked.observatory.kept(ACTIVITY, asked.city.id)
    now = live_now(sources, asked.city, activity.value)
    one = next(m for s in now.sites for m in s.meters if m.meter.id == meter.id)
    told = [*_state(one, asked), *_reasons(_task(asked, now, one), asked)]
    word = asked.language.text(f"state.{one.state.value}")
    return Live([answer_box(_BOX[one.state], word, told)], told[0], {meter.id: one.state.value})


def _state(one: LiveMeter, asked: Asked) -> Iterator[str]:
    language = asked.language
    key = f"data_meter.answer_{one.state.value}"
    if one.state is MeterState.FROM_FILES and one.age_s is None:
        key = "data_meter.answer_from_files_never"
    yield language.text(key, age=language.age(one.age_s) if one.age_s is not None else "–")
    if one.activity and one.activity.week_coverage is not None:
        yield language.text(
            "data_meter.week", coverage=language.percent(one.activity.week_coverage)
        )


def _task(asked: Asked, now: LiveCity, one: LiveMeter) -> FieldTask | None:
    """What is to be done for it; None if it reports."""
    if one.state not in WATCHED:
        return None
    sources = asked.observatory.sources
    tasks = field_work(now, last_absences(sources.store, now), seen(sources.field).report)
    return next(task for task in tasks if task.meter.meter.id == one.meter.id)


def _reasons(task: FieldTask | None, asked: Asked) -> Iterator[str]:
    if task is None:
        return
    language = asked.language
    if task.cause:
        cause = sentences.cause_word(task.cause.value, language)
        yield language.text("data_meter.reason", cause=cause)
    if task.why:
        yield language.text("data_meter.said", why=task.why)
    yield language.text("data_meter.next", next=sentences.next_step(task, language))


def _readings(sheet: Sheet, meter: Meter, name: str) -> Any:
    asked, language = sheet.asked, sheet.asked.language
    found = asked.observatory.recent(
        ("raw", meter.id), lambda sources: raw_readings(sources, meter)
    )
    heading, told = (
        language.text("data_meter.readings_heading"),
        sentences.readings(found, language),
    )
    if not found.count:
        after = language.text("data_meter.no_readings_next", meter=meter.id)
        return section("readings", heading, [empty(told, after)])
    tz = asked.city.time_zone
    thinned = language.text("data_meter.readings_thinned", step=language.number(found.step))
    return pictured(
        sheet,
        "readings",
        heading,
        told,
        figure=lambda: figures.readings_figure(found, tz, language),
        height=figures.READINGS_HEIGHT,
        table=tables.readings_table(found, tz, name, language),
        caption=thinned if found.step > 1 else None,
    )


def _days(sheet: Sheet, meter: Meter, name: str) -> Any:
    """A year of days; the year is part of the address."""
    asked, language = sheet.asked, sheet.asked.language
    this_year = local_year(asked.now, asked.city.time_zone)
    years = asked.observatory.kept(COVERAGE, asked.city.id).value.years or [this_year]
    year = asked.choice("year", [str(y) for y in years], str(this_year))
    days = asked.observatory.recent(
        ("days", meter.id, year), lambda sources: meter_days(sources.ledger, meter, int(year))
    )
    options = [("" if y == this_year else str(y), str(y)) for y in reversed(years)]
    chosen = "" if year == str(this_year) else year
    field = Select("year", language.text("table.year"), options, chosen)
    return pictured(
        sheet,
        "days",
        language.text("data_coverage.days_heading", year=year),
        sentences.days(days, language),
        figure=lambda: figures.days_figure(days, language),
        height=figures.DAYS_HEIGHT,
        table=tables.days_table(days, name, language),
        caption=language.text("data_coverage.days_figure"),
        more=[filters(asked, field, keep=[KEY])],
    )


def _findings(sheet: Sheet, meter: Meter, name: str) -> Any:
    asked, language = sheet.asked, sheet.asked.language
    heading = language.text("data_meter.findings_heading")
    found = asked.observatory.recent(
        ("findings", meter.id), lambda sources: last_findings(sources, meter)
    )
    if not found:
        none = html.P(language.text("data_meter.findings_none"))
        return section("findings", heading, [none])
    told = language.text("data_meter.findings_sentence", n=language.number(len(found)))
    table = tables.findings_table(found, asked.city.time_zone, name, language)
    return section("findings", heading, [html.P(rich(told)), first_rows(sheet, table)])


def _facts(asked: Asked, meter: Meter) -> Any:
    """What the configuration says of it."""
    t = asked.language.text
    rows = [
        html.Div([html.Dt(t(f"data_meter.fact_{name}")), html.Dd(rich(value))])
        for name, value in _known(asked, meter)
        if value
    ]
    return section("facts", t("data_meter.facts_heading"), [html.Dl(rows, className="facts")])


def _known(asked: Asked, meter: Meter) -> Iterator[tuple[str, str]]:
    language, installation = asked.language, asked.observatory.installation
    t = language.text
    yield "id", f"`{meter.id}`"
    yield "measures", t(f"measures.{meter.measures.value}")
    yield "point", f"`{installation.register(meter).point}`"
    if isinstance(meter, FieldMeter):
        gateway = installation.gateways[meter.gateway]
        yield "device", f"`{meter.device}`"
        yield "gateway", f"`{meter.gateway}` ({gateway.place}), {meter.unit}"
        yield "period", _every(gateway.poll_period_s, language)
        yield "ratio", language.number(meter.transformer_ratio, 1)
    else:
        yield "files", "`paes import`"
    yield "pod", meter.pod or meter.pdr or ""
    yield "serial", meter.serial or ""
    yield "valid", _valid(meter, asked)
    yield "replaced", ", ".join(language.day(r.at.date()) for r in meter.replacements)


def _valid(meter: Meter, asked: Asked) -> str:
    t, language = asked.language.text, asked.language
    parts = []
    if meter.valid_from:
        parts.append(t("data_meter.valid_from", day=language.day(meter.valid_from)))
    if meter.valid_to:
        parts.append(t("data_meter.valid_to", day=language.day(meter.valid_to)))
    return " ".join(parts)


def _every(seconds: float, language: Language) -> str:
    """In minutes where they are whole."""
    minutes, rest = divmod(seconds, 60)
    if minutes and not rest:
        return language.text("data_meter.minutes", n=language.number(minutes))
    return language.text("data_meter.seconds", n=language.number(seconds))


def _commands(asked: Asked, meter: Meter) -> Any:
    """What a technician types to know more."""
    t, point = asked.language.text, asked.observatory.installation.register(meter).point
    probes = [("probe", f"paes probe {meter.id}"), ("plan", f"paes plan {meter.id}")]
    others = [
        ("readings", f"paes readings {point}"),
        ("energy", f"paes energy --meter {meter.id} --by day"),
        ("edit", f"paes edit {meter.id}"),
    ]
    listed = [*(probes if isinstance(meter, FieldMeter) else []), *others]
    rows = [
        html.Div([html.Dt(html.Code(line)), html.Dd(t(f"data_meter.command_{name}"))])
        for name, line in listed
    ]
    heading = t("data_meter.commands_heading")
    return section("commands", heading, [html.Dl(rows, className="facts commands")])
