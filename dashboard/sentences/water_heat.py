"""What the page of water and heat says in words."""

from __future__ import annotations

from dashboard.queries.water import TownWater, WaterMeter
from dashboard.queries.water_heat import HeatedBuilding, WaterMonths, Winter
from dashboard.texts import Language
from paes.units import KWH_PER_MWH

NOTABLE = 0.1
"""A rise by a tenth is worth a word."""
RULES = {
    "water": ("water_leak", "water_standing"),
    "heat": ("heating_closed_hours", "heating_habitual", "heating_off_season"),
}
"""The malfunctions that belong to this page."""


def water_answer(water: TownWater, language: Language) -> str:
    """Whether water runs at night while nobody is there."""
    t, told = language.text, [m for m in water.meters if m.recent_l_h is not None]
    if not water.meters:
        return t("water_heat.water.no_meter")
    if not told:
        return t("water_heat.water.no_night")
    worst = max(told, key=lambda m: m.recent_l_h or 0.0)
    if not worst.recent_l_h:
        return t("water_heat.water.dry", n=len(told))
    return t(
        "water_heat.water.runs",
        site=worst.site.name,
        flow=flow(worst.recent_l_h, language),
        day=language.quantity(worst.m3_a_day or 0.0, "m³", 1),
    )


def heat_answer(of: Winter | None, language: Language) -> str:
    """How the winter went against the one before, at one weather."""
    t = language.text
    if of is None or not of.buildings or of.heating.period is None:
        return t("water_heat.heat.nobody")
    season = of.heating.period.name
    raw = language.quantity(of.raw.kwh / KWH_PER_MWH, "MWh")
    both = of.both
    if both is None:
        return t("water_heat.heat.raw", season=season, n=len(of.buildings), raw=raw)
    change = language.percent(both[0] / both[1] - 1, 1, sign=True)
    return t("water_heat.heat.compared", season=season, n=len(of.buildings), raw=raw, change=change)


def months(of: WaterMonths, language: Language) -> str:
    """What the months of water show."""
    total = of.total
    amount = language.quantity(total.kwh, "m³")
    coverage = total.coverage
    part = language.percent(coverage, 0) if coverage is not None else "–"
    if of.change is None:
        return language.text("water_heat.months_alone", amount=amount, part=part)
    return language.text(
        "water_heat.months_compared",
        amount=amount,
        part=part,
        change=language.percent(of.change.fraction, 0, sign=True),
        months=of.change.months,
    )


def nights(water: TownWater, language: Language) -> str:
    """What the nights show, meter by meter."""
    return " ".join(night(meter, language) for meter in water.meters)


def night(meter: WaterMeter, language: Language) -> str:
    """One meter at night, beside what was usual."""
    t, now, usual = language.text, meter.recent_l_h, meter.usual_l_h
    if not meter.closed_nights:
        return t("water_heat.night.never_closed", site=meter.site.name)
    if now is None:
        return t("water_heat.night.unknown", site=meter.site.name, n=len(meter.known))
    if usual is None:
        return t("water_heat.night.alone", site=meter.site.name, flow=flow(now, language))
    if now > usual + meter.pulse_l_h:
        key = "water_heat.night.more"
    else:
        key = "water_heat.night.same" if now else "water_heat.night.dry"
    return t(key, site=meter.site.name, flow=flow(now, language), usual=flow(usual, language))


def flow(litres_an_hour: float, language: Language) -> str:
    """``15 l/h``."""
    return language.quantity(litres_an_hour, "l/h", 0 if litres_an_hour >= 10 else 1)


def buildings(of: Winter, language: Language) -> str:
    """What the picture of the buildings shows."""
    t, known = language.text, [b for b in of.buildings if b.kwh_m2 is not None]
    if not known:
        return t("water_heat.buildings_unknown")
    first, last = known[0], known[-1]
    risen = sum((b.change_fraction or 0.0) > NOTABLE for b in known)
    return t(
        "water_heat.buildings_told",
        first=first.site.name,
        first_value=by_area(first, language),
        last=last.site.name,
        last_value=by_area(last, language),
        risen=risen,
        limit=language.percent(NOTABLE, 0),
    )


def by_area(building: HeatedBuilding, language: Language) -> str:
    """``79 kWh/m²``."""
    return language.quantity(building.kwh_m2 or 0.0, "kWh/m²")


def degree_days(of: Winter, language: Language) -> str | None:
    """How cold it was, beside a usual year."""
    counted, usual = of.heating.degree_days, of.heating.reference_degree_days
    if counted is None or usual is None:
        return None
    return language.text(
        "water_heat.degree_days",
        counted=language.number(counted.value),
        usual=language.number(usual),
        measured=counted.measured_days,
        days=counted.days,
    )


def outside(of: Winter, language: Language) -> str:
    """Who heated on days on which nobody may."""
    found = of.outside
    if not found:
        judged = max((b.use.judged_days for b in of.buildings), default=0)
        return language.text("water_heat.outside_none", n=judged)
    worst = found[0]
    return language.text(
        "water_heat.outside_one" if len(found) == 1 else "water_heat.outside_many",
        n=len(found),
        site=worst.site.name,
        days=len(worst.use.outside),
        judged=worst.use.judged_days,
    )


def why_raw(building: HeatedBuilding, language: Language) -> str | None:
    """Why its heat cannot be told at usual weather; None if it can."""
    if building.is_normalised or not building.use.findings:
        return None
    name = building.use.findings[0].name.removeprefix("heating.")
    key = f"water_heat.why.{name}"
    return language.text(key if language.knows(key) else "water_heat.why.other")
