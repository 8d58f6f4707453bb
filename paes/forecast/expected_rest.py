"""What each metered site will use in the days of the year that are not over.

One row a site and carrier. A site's model is made from its measured days of the last 365 (a longer
memory was seen to be worse: buildings change), and asked about the days to come at the weather of
past years. Where none can be made, what the site used in the same days of last year stands in.
Where that is not known either nobody knows: the rest is open up to what its meters can let pass. No
figure is drawn on in proportion to the days that are over.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.baselines.baseline import Baseline, obstacle
from paes.baselines.days import Days, days_of
from paes.climate.daily_temperature import DailyTemperatures, daily_temperatures
from paes.climate.heating_season import heating_allowed
from paes.climate.past_weather import PastWeather
from paes.forecast.errors import ForecastHow
from paes.installation import City
from paes.metering import Carrier, Finding, Measures, Site
from paes.periods import By, Span, local_midnight
from paes.series import Floats

MEMORY_DAYS = 365
SURE_DAY = 0.9
"""Coverage with which a day's energy is one that a model learns from."""
LEAST_OF_LAST_YEAR = 0.95
"""Of last year's days whose energy must be known, to stand in for this year's."""
Follow = Callable[[int, int], None]


@dataclass(frozen=True)
class SiteRest:
    """The rest of the year of one site and carrier, in kWh.

    ``by_weather_kwh`` has one sum a course of weather; ``follows_weather_kwh`` is the part of
    their mean that heat and cold make. ``filled_kwh`` is what the model tells of days that are
    over and that meters missed, within the bounds of what is missing. ``open_kwh`` are the least
    and the most that a stand-in's own gaps leave open.
    """

    site: Site
    carrier: Carrier
    how: ForecastHow
    by_weather_kwh: Floats
    follows_weather_kwh: float
    seen_kwh: float
    filled_kwh: float
    open_kwh: tuple[float, float]
    baseline: Baseline | None
    finding: Finding | None

    @property
    def kwh(self) -> float:
        """What is to be expected."""
        return float(self.by_weather_kwh.mean())

    @property
    def year_kwh(self) -> float:
        """All of the year: seen and expected."""
        return self.seen_kwh + self.filled_kwh + self.kwh


def expected_rest(
    city: City,
    ledger: EnergyLedger,
    until: date,
    weather: PastWeather,
    follow: Follow | None = None,
) -> list[SiteRest]:
    """Every metered site and carrier of ``city`` from ``until`` to the end of its year."""
    first, tz = date(until.year - 1, 1, 1), city.time_zone
    span = Span(local_midnight(first, tz), local_midnight(until, tz))
    frames = SiteEnergy(ledger).by_site(list(city.sites), Measures.WITHDRAWAL, span, By.DAY)
    known = daily_temperatures(ledger.store, city.temperature_points, first, until, tz)
    allowed, found = allowed_in(city), []
    for (site, carrier), frame in frames.items():
        if carrier is not None:
            found.append(
                SitePast(city, city.sites[site], carrier, frame, known, allowed).rest(weather)
            )
        if follow:
            follow(len(found), len(frames))
    return found


class SitePast:
    """What one site used on each day since last year began, and how warm these days were.

    ``frame`` has a row a day, with the columns of ``EnergyLedger.energy``; ``allowed`` tells the
    days on which heating is.
    """

    def __init__(
        self,
        city: City,
        site: Site,
        carrier: Carrier,
        frame: pd.DataFrame,
        known: DailyTemperatures,
        allowed: Callable[[date], bool] | None,
    ) -> None:
        self.site, self.carrier = site, carrier
        self.rated_kw = _rated_kw(city, site, carrier)
        self.latitude = city.facts.latitude if carrier is Carrier.ELECTRICITY else None
        self.allowed = allowed
        self.first, self.until = known.first, known.first + timedelta(days=len(frame))
        self.this_year = (date(self.until.year, 1, 1) - self.first).days
        self.kwh = _column(frame, "measured_kwh") + _column(frame, "estimated_kwh")
        self.estimated = _column(frame, "estimated_kwh")
        self.missing_low = _column(frame, "missing_low_kwh")
        self.missing_high = _column(frame, "missing_high_kwh")
        self.covered_s, self.span_s = _column(frame, "covered_s"), _column(frame, "span_s")
        self.days = self._days(self.first, np.where(known.is_measured, known.mean, np.nan))
        self.likely_degc = known.mean

    def rest(self, weather: PastWeather) -> SiteRest:
        """What follows, by the best way that is open."""
        if not self.span_s[-1]:
            return self._rest(ForecastHow.MODEL, np.zeros(1))  # taken out: nothing follows
        since = max(0, len(self.kwh) - MEMORY_DAYS)
        learnt = self._sure()[since:]
        days = self.days.between(self.first + timedelta(days=since), self.until)
        title = f"{self.site.id}/{self.carrier}"
        hindrance = obstacle(title, learnt, days)
        if hindrance is None:
            baseline = Baseline.fit(learnt, days)
            if weather.courses or not baseline.follows_temperature:
                return self._by_model(baseline, weather)
            hindrance = Finding(
                "forecast.no_weather", title, f"{title}: no past weather, and no degree days"
            )
        return self._by_last_year(title, hindrance)

    def _by_model(self, baseline: Baseline, weather: PastWeather) -> SiteRest:
        courses = weather.courses or (np.zeros((weather.end - weather.first).days),)
        first_course = self._days(weather.first, courses[0])
        to_come = [first_course.at(course) for course in courses]
        mild = [baseline.without_weather(days).sum() for days in to_come]
        sums = np.array([baseline.predict(days).sum() for days in to_come])
        return self._rest(
            ForecastHow.MODEL,
            sums,
            float(np.abs(sums - mild).mean()),
            self._filled(baseline),
            baseline=baseline,
        )

    def _by_last_year(self, title: str, hindrance: Finding) -> SiteRest:
        """The same days of last year; what they missed themselves stays open."""
        begin = (_year_before(self.until) - self.first).days
        then = slice(begin, self.this_year)
        told = (self.span_s[then] > 0) & (self.missing_high[then] == 0)
        if told.size and told.mean() < LEAST_OF_LAST_YEAR:
            text = f"{hindrance.message}; nor is it known what was used in the same days last year"
            finding = Finding("forecast.unknown", title, f"{text}: its rest of the year is open")
            hours = 24.0 * (date(self.until.year + 1, 1, 1) - self.until).days
            most = (0.0, self.rated_kw * hours)
            return self._rest(ForecastHow.UNKNOWN, np.zeros(1), opened=most, finding=finding)
        low, high = float(self.missing_low[then].sum()), float(self.missing_high[then].sum())
        text = f"{hindrance.message}: the same days of last year stand in"
        finding = Finding("forecast.last_year", title, text, None, hindrance.numbers)
        total = np.array([self.kwh[then].sum() + low])
        opened = (0.0, high - low)
        return self._rest(ForecastHow.LAST_YEAR, total, opened=opened, finding=finding)

    def _rest(
        self,
        how: ForecastHow,
        sums: Floats,
        follows: float = 0.0,
        filled: float | None = None,
        opened: tuple[float, float] = (0.0, 0.0),
        baseline: Baseline | None = None,
        finding: Finding | None = None,
    ) -> SiteRest:
        least = float(self.missing_low[self.this_year :].sum())
        return SiteRest(
            site=self.site,
            carrier=self.carrier,
            how=how,
            by_weather_kwh=sums,
            follows_weather_kwh=follows,
            seen_kwh=float(self.kwh[self.this_year :].sum()),
            filled_kwh=least if filled is None else filled,
            open_kwh=opened,
            baseline=baseline,
            finding=finding,
        )

    def _sure(self) -> Floats:
        """The energy of days that were measured; NaN of all others."""
        covered = self.covered_s >= SURE_DAY * self.span_s
        sure = covered & (self.span_s > 0) & (self.estimated == 0) & (self.missing_high == 0)
        return np.where(sure, self.kwh, np.nan)

    def _filled(self, baseline: Baseline) -> float:
        """What the model tells of this year's missing hours, within their bounds."""
        at = slice(self.this_year, None)
        missing = self.missing_high[at] > 0
        if not missing.any():
            return 0.0
        usual = baseline.predict(self.days.at(self.likely_degc))[at]
        with np.errstate(invalid="ignore", divide="ignore"):
            unseen = usual * (1 - self.covered_s[at] / self.span_s[at])
        told = np.clip(unseen, self.missing_low[at], self.missing_high[at])
        return float(
            np.where(missing, np.where(np.isnan(told), self.missing_low[at], told), 0).sum()
        )

    def _days(self, first: date, degc: Floats) -> Days:
        return days_of(first, degc, self.site.opening, self.latitude, self.allowed)


def allowed_in(city: City) -> Callable[[date], bool] | None:
    """On which days heating is allowed; None where nobody knows the climate zone."""
    if city.facts.climate_zone is None or city.heating_seasons is None:
        return None

    @lru_cache(maxsize=2000)
    def allowed(day: date) -> bool:
        return heating_allowed(city, day).allowed

    return allowed


def _rated_kw(city: City, site: Site, carrier: Carrier) -> float:
    """What the site's meters can let pass; infinite if one of them does not say."""
    of = [m for m in city.meters.values() if m.site == site.id and m.carrier is carrier]
    bought = [m for m in of if m.measures is Measures.WITHDRAWAL]
    return math.fsum(m.rated_power_kw or math.inf for m in bought) if bought else math.inf


def _column(frame: pd.DataFrame, name: str) -> Floats:
    return np.asarray(frame[name], dtype=np.float64)


def _year_before(day: date) -> date:
    """The same day of the year before; of 29 February the day before."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
