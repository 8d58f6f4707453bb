"""One action in words: what it is, how it was measured, whether it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from dashboard.queries.actions import Measured
from dashboard.sentences.actions import money, mwh, name_of
from dashboard.sentences.amounts import number
from dashboard.texts import Language
from paes.installation import City
from paes.plan.action import Action
from paes.savings.action_saving import ActionSaving
from paes.savings.bands import EmpiricalBand
from paes.savings.detectable import Detectable
from paes.savings.periods import DaySpan
from paes.savings.verdict import Verdict


def facts(action: Action, city: City, language: Language) -> list[tuple[str, str]]:
    """What the register says of it, as pairs of item and value; the rest is left out."""
    t = language.text
    told = (*_of_people(action, city, language), *_of_money(action, language),
            *_of_relations(action, city, language), *_of_source(action, language))  # fmt: skip
    return [(t(f"action_fact.{key}"), value) for key, value in told if value]


def _of_people(action: Action, city: City, language: Language) -> Iterator[tuple[str, str]]:
    plan, described = city.masterplan, action.description
    tables = {one.id: one.name for one in plan.work_tables} if plan else {}
    table = tables.get(action.work_table or "")
    yield "description", described.in_language(language.code) if described else ""
    yield "responsible", action.responsible or ""
    yield "partners", ", ".join(action.partners)
    yield "table", table.in_language(language.code) if table else action.work_table or ""
    yield "dates", span_told(action.start, action.end, language)
    done = action.completed_fraction
    yield "done", "" if done is None else language.percent(done, 0)
    if action.measurement:
        works = action.measurement
        yield "works", span_told(works.works_start, works.works_end, language)
    years = action.lifetime_years
    yield "lifetime", language.text("action.years", n=years) if years else ""


def _of_money(action: Action, language: Language) -> Iterator[tuple[str, str]]:
    for key, eur in (
        ("cost", action.cost_eur),
        ("spent", action.spent_eur),
        ("running", action.yearly_cost_eur),
    ):
        yield key, "" if eur is None else money(eur, language)
    funds = [
        f"{fund.name or fund.source}"
        + ("" if fund.eur is None else f" {money(fund.eur, language)}")
        for fund in action.funding
    ]
    yield "funding", ", ".join(funds)


def _of_relations(action: Action, city: City, language: Language) -> Iterator[tuple[str, str]]:
    names = {one.id: name_of(one, language) for one in city.actions}
    overlaps = [
        f"{names.get(o.action, o.action)} ({language.percent(o.fraction, 0)})"
        for o in action.overlaps
    ]
    yield "overlaps", ", ".join(overlaps)
    yield "requires", ", ".join(names.get(one, one) for one in action.requires)
    yield "excludes", ", ".join(names.get(one, one) for one in action.excludes)


def _of_source(action: Action, language: Language) -> Iterator[tuple[str, str]]:
    yield "assumed", language.text("action.assumed_told") if action.assumed else ""
    yield "source", action.source or ""
    yield "note", action.note or ""


def span_told(start: date | None, end: date | None, language: Language) -> str:
    """From when to when, as far as that is known."""
    t, day = language.text, language.day
    if start and end:
        return t("action.from_to", start=day(start), end=day(end))
    if start:
        return t("action.from_only", start=day(start))
    return t("action.until_only", end=day(end)) if end else ""


def option(saving: ActionSaving, language: Language) -> str:
    """By which option, from which periods and parts it was measured."""
    periods = saving.periods
    return language.text(
        "action.option",
        option=saving.option,
        baseline=days_told(periods.baseline, language),
        end=language.day(periods.planned_end),
        day=language.day(saving.as_of),
        parts=", ".join(saving.parts) or language.text("action.parts_none"),
    )


def days_told(span: DaySpan, language: Language) -> str:
    """The first and the last day of a span."""
    last = date.fromordinal(span.end.toordinal() - 1)
    return span_told(span.first, last, language)


def how_known(measured: Measured, names: Mapping[str, str], language: Language) -> list[str]:
    """Bands, fits, what meters could show, what is measured together."""
    saving, t = measured.saving, language.text
    told = [option(saving, language)]
    if saving.measured_with:
        others = ", ".join(names.get(one, one) for one in saving.measured_with)
        told.append(t("action.with_others", names=others))
    told += [_band(band, language) for band in saving.bands]
    for part, fit in measured.fits:
        told.append(
            t("action.fit", part=part, days=language.number(fit.days),
              error=language.percent(fit.cv_rmse_fraction),
              bias=language.percent(fit.nmbe_fraction, 2))
        )  # fmt: skip
    if saving.detectable:
        told.append(_detectable(saving.detectable, language))
    return told


def _band(band: EmpiricalBand, language: Language) -> str:
    t = language.text
    values = {"share": language.percent(band.fraction), "use": t(f"action_use.{band.use}")}
    if band.came_from == "shipped":
        return t("action.band_shipped", **values)
    pairs, buildings = language.number(band.pairs), language.number(band.buildings)
    return t("action.band", **values, pairs=pairs, buildings=buildings)


def _detectable(found: Detectable, language: Language) -> str:
    t = language.text
    least, share = mwh(found.kwh, language), language.percent(found.fraction)
    told = t("action.detectable", least=least, share=share)
    seen = found.is_declared_detectable
    if seen is None:
        return told
    return f"{told} {t('action.detectable_yes' if seen else 'action.detectable_no')}"


def months(saving: ActionSaving, language: Language) -> str:
    """What all months come to, and whether the effect lasts."""
    lasting, t = saving.persistence, language.text
    if lasting is None or not lasting.months:
        return ""
    count, whole = len(lasting.months), lasting.months[-1].sum_kwh
    key = "action.months" if whole >= 0 else "action.months_more"
    told = t(key, n=language.number(count), sum=mwh(abs(whole), language))
    first_known = lasting.first_fraction is not None and lasting.last_fraction is not None
    if not first_known or not (lasting.has_decayed or saving.verdict is Verdict.CONFIRMED):
        return told
    key = "action.decayed" if lasting.has_decayed else "action.lasts"
    first, last = (
        language.percent(part or 0.0, 0) for part in (lasting.first_fraction, lasting.last_fraction)
    )
    return f"{told} {t(key, first=first, last=last)}"


def declared_lines(action: Action, language: Language) -> list[str]:
    """What the register declares of a year, in MWh."""
    mwh_told = [m for m in (action.declared_saving_mwh, action.declared_production_mwh)
                if m is not None]  # fmt: skip
    return [language.text("action.declared_line", mwh=f"{number(m, language)}\N{NO-BREAK SPACE}MWh")
            for m in mwh_told]  # fmt: skip
