"""What the public page says, in the words of a council and of a pupil."""

from __future__ import annotations

from dashboard.queries.distance import Part
from dashboard.queries.progress import CityView
from dashboard.queries.public import OTHERS, PublicEnergy
from dashboard.sentences.chances import likely
from dashboard.texts import Language
from paes.accounting.energy_total import EnergyTotal
from paes.progress.path import Verdict
from paes.scenarios.scenarios import ScenarioId

_KWH_PER_MWH = 1000.0
_SAME_SPAN = 0.01
_HALF, _NEARLY = 0.5, 0.995
_LAMP_KW = 0.01
"""A LED lamp of 10 W."""


def group_name(group: str, language: Language) -> str:
    """A group of buildings in words."""
    return language.text("public.others" if group == OTHERS else f"site_kind.{group}")


def answer(view: CityView, language: Language) -> list[str]:
    """Is the word kept; by whom; on what that rests; what comes next."""
    return [
        told
        for told in (_verdict(view, language), _by_whom(view, language), _rests(view, language),
                     _next(view, language))
        if told
    ]  # fmt: skip


def _verdict(view: CityView, language: Language) -> str:
    result, target = view.judged, view.progress.target
    key = {
        Verdict.WITHIN: "public.kept" if view.progress.at_target else "public.on_way",
        Verdict.ABOVE: "public.missed" if view.progress.at_target else "public.off_way",
        Verdict.UNCERTAIN: "public.unsure",
    }[result.verdict]
    change = "less" if result.reduction_fraction >= 0 else "more"
    return language.text(
        key,
        city=view.city.name,
        wanted=language.percent(target.reduction_fraction, 0),
        target=target.target_year,
        base=target.base_year,
        year=result.year,
        reached=language.text(
            f"public.{change}", percent=language.percent(abs(result.reduction_fraction), 0)
        ),
    )


def _by_whom(view: CityView, language: Language) -> str | None:
    """The grid's part and the town's own, plainly."""
    told = view.effects
    if told.total_t <= 0 or told.grid_t <= 0:
        return None
    grid, own = told.grid_t / told.total_t, told.own_actions_t / told.total_t
    key = "public.by_grid_more" if grid > 1 else "public.by_grid"
    return language.text(
        key, grid=language.percent(grid, 0), own=language.percent(own, 1 if own < 0.1 else 0)
    )


def _rests(view: CityView, language: Language) -> str:
    assumed = view.newest.assumed_fraction
    key = "public.rests_assumed" if assumed > _HALF else "public.rests"
    key = "public.rests_all" if assumed > _NEARLY else key
    metered = view.newest.metered_fraction
    return language.text(
        key,
        assumed=language.percent(assumed, 0),
        metered=language.percent(metered, 0 if metered > 0.1 else 1),
    )


def _next(view: CityView, language: Language) -> str | None:
    step = view.next_step
    if step is None or view.progress.target.id == step.target.id:
        return None
    text = language.text(
        "public.next",
        wanted=language.percent(step.target.reduction_fraction, 0),
        target=step.target.target_year,
    )
    planned = view.outlook.course(ScenarioId.PLANNED) if view.outlook else None
    if planned is None:
        return text
    return f"{text} {language.text('public.next_chance', chance=likely(planned.enough, language))}"


def emissions(view: CityView, language: Language) -> str:
    """From the base year to the newest inventory."""
    base, latest = view.progress.base, view.progress.latest
    return language.text(
        "public.emissions",
        base=base.year,
        base_t=language.tonnes(base.emissions_t),
        year=latest.year,
        latest_t=language.tonnes(latest.emissions_t),
    )


def parts(found: tuple[Part, ...], view: CityView, language: Language) -> str:
    """What others were to bring, and the town itself; a point in plain words."""
    by_name = {part.name: part for part in found}
    supra, own = by_name["supra"], by_name["own"]
    values = {
        "year": view.judged.year,
        "base": view.progress.base.year,
        "supra": language.number(supra.reached * 100, 1),
        "own": language.number(own.reached * 100, 1),
    }
    if supra.promised is None or own.promised is None:
        return language.text("public.parts", **values)
    return language.text(
        "public.parts_promised",
        supra_promised=language.number(supra.promised * 100, 0),
        own_promised=language.number(own.promised * 100, 0),
        **values,
    )


def sectors(view: CityView, language: Language) -> str:
    """The two heaviest sectors, and the municipality's own buildings and lamps."""
    rows, total = view.sectors, sum(row.latest_t for row in view.sectors)
    own = sum(row.latest_t for row in rows if str(row.sector) in _MUNICIPAL)
    share = own / total if total else 0.0
    return language.text(
        "public.sectors",
        year=view.newest.year,
        first=language.text(f"sector.{rows[0].sector}"),
        share=language.percent(rows[0].latest_t / total if total else 0.0, 0),
        own=language.percent(share, 0 if share > 0.1 else 1),
    )


_MUNICIPAL = frozenset({"municipal_buildings", "public_lighting", "municipal_fleet"})


def buildings(energy: PublicEnergy, language: Language) -> str:
    """What the municipality's buildings used, against the year before where that can be told."""
    years = sorted({row.year for row in energy.groups})
    last = _of_year(energy, years[-1])
    sites = frozenset[str]().union(*(r.sites for r in energy.groups if r.year == years[-1]))
    values = {
        "year": years[-1],
        "sites": language.number(len(sites)),
        "mwh": language.quantity(last.kwh / _KWH_PER_MWH, "MWh"),
    }
    before = _of_year(energy, years[-2]) if len(years) > 1 else EnergyTotal()
    is_less = last.high_kwh < before.low_kwh
    is_more = last.low_kwh > before.high_kwh
    if not _alike(last, before) or not (is_less or is_more):
        return language.text("public.buildings", **values)
    percent = language.percent(abs(last.kwh / before.kwh - 1))
    key = "public.buildings_less" if is_less else "public.buildings_more"
    return language.text(key, before=years[-2], percent=percent, **values)


def _of_year(energy: PublicEnergy, year: int) -> EnergyTotal:
    return sum((row.used for row in energy.groups if row.year == year), EnergyTotal())


def _alike(one: EnergyTotal, other: EnergyTotal) -> bool:
    """Whether as many meters were in use: within the length of a leap year."""
    return other.span_s > 0 and abs(one.span_s / other.span_s - 1) < _SAME_SPAN


def sun(energy: PublicEnergy, language: Language) -> str:
    """The schools' sun for a pupil: households, and hours of a lamp for each pupil."""
    last = energy.sun[-1]
    homes = last.made.kwh / energy.rules.household.kwh_per_year
    text = language.text(
        "public.sun",
        year=last.year,
        schools=language.number(last.schools),
        kwh=language.quantity(last.made.kwh, "kWh"),
        homes=language.number(homes),
    )
    if last.pupils:
        hours = last.made.kwh / last.pupils / _LAMP_KW
        text += " " + language.text("public.sun_pupil", hours=language.number(round(hours, -2)))
    if last.fed_in is not None and last.made.kwh:
        kept = 1 - last.fed_in.kwh / last.made.kwh
        text += " " + language.text("public.sun_kept", kept=language.percent(kept, 0))
    return text


def sun_known(energy: PublicEnergy, language: Language) -> str:
    """How that is known."""
    last = energy.sun[-1]
    return language.text(
        "public.know_sun",
        coverage=language.percent(last.made.coverage or 0.0),
        household=language.quantity(energy.rules.household.kwh_per_year, "kWh"),
    )


def buildings_known(energy: PublicEnergy, language: Language) -> str:
    """The part of the last year's time that meters saw, and why small groups are told together."""
    last = max(row.year for row in energy.groups)
    totals = [row.used for row in energy.groups if row.year == last]
    span = sum(t.span_s for t in totals)
    seen = sum(t.covered_s for t in totals) / span if span else 0.0
    return language.text(
        "public.know_buildings",
        coverage=language.percent(seen),
        least=language.number(energy.rules.groups.least_sites),
    )
