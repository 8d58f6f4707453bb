"""Periods, steps and streams of a site in words, as headings, axes and links write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
from babel.dates import format_date

from dashboard.queries.site_period import Period, Zoom
from dashboard.queries.site_streams import Stream
from dashboard.texts import Language
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import By
from paes.plan.action import Status

_LOCALE = {"it": "it_IT", "en": "en_GB"}
_STEP = {By.MONTH: "MMM y", By.DAY: "EEE d", By.HOUR: "EEE d"}


def period_name(period: Period, language: Language) -> str:
    """``gli ultimi dodici mesi``, ``2025``, ``marzo 2025``, ``settimana 12 del 2025`` …"""
    if period.zoom in (Zoom.RECENT, Zoom.ALL):
        return language.text(f"site_page.period_{period.zoom.value}")
    if period.zoom is Zoom.YEAR:
        return str(period.first.year)
    if period.zoom is Zoom.MONTH:
        return dated(period.first, "MMMM y", language)
    if period.zoom is Zoom.WEEK:
        year, week, _ = period.first.isocalendar()
        first = dated(period.first, "d MMM", language)
        last = dated(period.end - timedelta(days=1), "d MMM", language)
        return language.text("site_page.week", week=week, year=year, first=first, last=last)
    return dated(period.first, "EEEE d MMMM y", language)


def in_period(period: Period, language: Language) -> str:
    """The same within a sentence: ``negli ultimi dodici mesi``, ``nel 2025``, ``a marzo 2025``."""
    key = f"site_page.in_{period.zoom.value}"
    return language.text(key, name=period_name(period, language))


def beside_name(period: Period, language: Language) -> str:
    """What stands beside the period: the same months a year before, or 364 days before."""
    if period.zoom is Zoom.YEAR:
        return str(period.first.year - 1)
    kind = "months" if period.by is By.MONTH else "days"
    return language.text(f"site_page.beside_{kind}")


def than_beside(period: Period, language: Language) -> str:
    """The same after *against*: ``rispetto al 2024``."""
    if period.zoom is Zoom.YEAR:
        return language.text("site_page.than_year", year=period.first.year - 1)
    kind = "months" if period.by is By.MONTH else "days"
    return language.text(f"site_page.than_{kind}")


def begun(text: str) -> str:
    """With a capital first letter; all others stay as they are."""
    return text[:1].upper() + text[1:]


def dated(day: date, pattern: str, language: Language) -> str:
    """A date by a pattern of CLDR, in the language."""
    return str(format_date(day, pattern, locale=_LOCALE[language.code]))


def step_names(starts: pd.DatetimeIndex, by: By, language: Language) -> list[str]:
    """What each step is called in a table: ``mar 2025``, ``lun 3``, ``lun 3, 14:00``, ``14:15``."""
    if by in (By.MONTH, By.DAY):
        return [dated(start.date(), _STEP[by], language) for start in starts]
    clock = [f"{start:%H:%M}" for start in starts]
    if by is By.QUARTER_HOUR:
        return clock
    days = [dated(start.date(), _STEP[by], language) for start in starts]
    return [f"{day}, {time}" for day, time in zip(days, clock, strict=True)]


def axis_labels(
    starts: pd.DatetimeIndex, by: By, language: Language
) -> tuple[Sequence[int], Sequence[str]]:
    """Which steps an axis names, and how: a dozen at the most, so that a phone can show them."""
    if by is By.MONTH:
        every = max(1, -(-len(starts) // 7))
        at = range(0, len(starts), every)
        names = [dated(starts[i].date(), "MMM", language) for i in at]
        years = [starts[i].year for i in at]
        new = [i == 0 or years[i] != years[i - 1] for i in range(len(years))]
        return at, [
            f"{name}<br>{year}" if shown else name
            for name, year, shown in zip(names, years, new, strict=True)
        ]
    if by is By.DAY:
        at = range(0, len(starts), 3)
        return at, [dated(starts[i].date(), "EEE|d", language).replace("|", "<br>") for i in at]
    walls = starts.tz_localize(None)
    if by is By.HOUR:
        midnights = [i for i, at in enumerate(walls) if at.hour == 0]
        return midnights, [
            dated(walls[i].date(), "EEE|d", language).replace("|", "<br>") for i in midnights
        ]
    whole = [i for i, at in enumerate(walls) if at.minute == 0 and at.hour % 3 == 0]
    return whole, [f"{walls[i]:%H}" for i in whole]


def stream_name(stream: Stream, language: Language) -> str:
    """``Elettricità prelevata``, ``Gas naturale``, ``Acqua``, ``Produzione fotovoltaica`` …"""
    if stream.carrier is None:
        return begun(language.text("measures.water"))
    carrier = language.text(f"carrier.{stream.carrier.value}")
    if stream.measures in (Measures.WITHDRAWAL, Measures.SUBMETER):
        return carrier
    kind = begun(language.text(f"measures.{stream.measures.value}"))
    return f"{kind} ({carrier.lower()})"


def meter_name(meter: Meter | VirtualMeter) -> str:
    """As the installation names it, else its id within its site."""
    return meter.name or meter.id.split(".", 1)[1]


def amount(value: float, unit: str, language: Language) -> str:
    """An amount with its unit: one decimal below ten."""
    digits = 1 if 0 < abs(value) < 10 else 0
    return language.quantity(value, unit, digits)


def power_unit(stream: Stream) -> str:
    """Of an hour's mean."""
    return "m³/h" if stream.measures is Measures.WATER else "kW"


def status_name(status: Status, language: Language) -> str:
    """How far an action is."""
    return language.text(f"site_page.status_{status.value}")


def power(value: float, unit: str, language: Language) -> str:
    """A mean of power: whole ones from a hundred on, one decimal below."""
    return language.quantity(value, unit, 0 if abs(value) >= 100 else 1)


def percent(fraction: float, language: Language) -> str:
    """A share as people say it: whole per cent, one decimal below ten."""
    return language.percent(fraction, 0 if abs(fraction) >= 0.1 else 1)


def euros(value: float, language: Language) -> str:
    """Money: whole euros from ten on."""
    return language.quantity(value, "€", 0 if abs(value) >= 10 else 2)
