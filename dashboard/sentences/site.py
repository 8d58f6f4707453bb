"""What a site's page says: how much, whether that is more than before, and why, in words."""

from __future__ import annotations

import math

from dashboard.formats import NOTHING
from dashboard.queries.site_load import Load, StepState
from dashboard.queries.site_money import Bought, SiteMoney
from dashboard.queries.site_period import Zoom
from dashboard.queries.site_year import Habits, Signature, StreamYear, Use
from dashboard.sentences.site_words import (
    amount,
    begun,
    euros,
    in_period,
    percent,
    power,
    power_unit,
    step_names,
    stream_name,
    than_beside,
)
from dashboard.texts import Language
from paes.metering import Measures
from paes.periods import By
from paes.self_consumption import BalancePeriod, Share

ALIKE = 0.05
"""A change of less is none that anybody should look into."""
MUCH = 0.2
"""With more of it estimated nobody can tell a change."""


def is_weather(load: Load, signature: Signature | None) -> bool:
    """True if the model of the year before expected what was used: nothing here has changed."""
    if signature is None or load.period.by is not By.MONTH or signature.expected_kwh <= 0:
        return False
    return abs(signature.used_kwh / signature.expected_kwh - 1) <= ALIKE


def state_of_change(load: Load, signature: Signature | None) -> str:
    """How the answer looks: ``within`` (less, or of a plant more), ``above``, ``uncertain``."""
    change = load.change
    if change is None or much_estimated(load):
        return "uncertain"
    if is_weather(load, signature):
        return "within"
    fraction = change[1] / change[0] - 1
    if load.stream.measures in (Measures.GENERATION, Measures.FEED_IN):
        fraction = -fraction
    return "above" if fraction > ALIKE else "within"


def much_estimated(load: Load) -> bool:
    """True if so much was estimated that a comparison is one of estimates."""
    return load.total.estimated_kwh > MUCH * load.total.kwh


def word_of_change(load: Load, signature: Signature | None, language: Language) -> str:
    """The answer in a word or two."""
    change = load.change
    if change is None:
        return language.text("site_page.change_unknown")
    if much_estimated(load):
        part = percent(load.total.estimated_kwh / load.total.kwh, language)
        return language.text("site_page.change_estimated", part=part)
    fraction = change[1] / change[0] - 1
    if abs(fraction) <= ALIKE:
        return language.text("site_page.change_alike")
    if is_weather(load, signature):
        more = "site_page.change_more_weather" if fraction > 0 else "site_page.change_less_weather"
        return language.text(more)
    return language.text("site_page.change_more" if fraction > 0 else "site_page.change_less")


def used(load: Load, language: Language) -> str:
    """How much in the period, and how that compares with what stands beside it."""
    t = language.text
    where = in_period(load.period, language)
    if all(state is StepState.OUTSIDE for state in load.states):
        return t("site_page.nothing_yet", where=where)
    values = {
        "amount": amount(load.total.kwh, load.stream.unit, language),
        "what": stream_name(load.stream, language).lower(),
        "where": where,
    }
    change = load.change
    if change is None:
        return t("site_page.used", **values)
    before, now = change
    return t(
        "site_page.used_change",
        change=language.percent(now / before - 1, 1, sign=True),
        difference=_signed(now - before, load.stream.unit, language),
        beside=than_beside(load.period, language),
        **values,
    )


def _signed(value: float, unit: str, language: Language) -> str:
    text = amount(value, unit, language)
    return f"+{text}" if value > 0 else text


def so_far(load: Load, language: Language) -> str | None:
    """What the step that is not over has had until now."""
    running = load.running
    if running is None or load.period.by not in (By.MONTH, By.DAY) or not running.span_s:
        return None
    told = amount(running.kwh, load.stream.unit, language)
    return language.text(f"site_page.so_far_{load.period.by.value}", amount=told)


def compared(load: Load, language: Language) -> str | None:
    """How many steps were compared, if that is not all that are over."""
    over = sum(
        s is not StepState.OUTSIDE and not r
        for s, r in zip(load.states, load.is_running, strict=True)
    )
    both = int(load.compared.sum())
    if load.change is None or both == over:
        return None
    kind = _step_word(load, language)
    n, of = language.number(both), language.number(over)
    return language.text("site_page.compared", n=n, of=of, steps=kind)


def rests_on(load: Load, language: Language) -> str:
    """What of it was measured, estimated, and is not known."""
    t, total, unit = language.text, load.total, load.stream.unit
    if not total.span_s:
        return ""
    known = total.kwh or math.nan
    parts = [
        t(
            "site_page.rests_measured",
            part=percent(total.measured_kwh / known, language) if total.kwh > 0 else NOTHING,
            coverage=percent(total.coverage or 0.0, language),
        )
    ]
    if total.estimated_kwh > 0.0005 * total.kwh:
        parts.append(
            t(
                "site_page.rests_estimated",
                amount=amount(total.estimated_kwh, unit, language),
                low=amount(total.estimated_low_kwh, unit, language),
                high=amount(total.estimated_high_kwh, unit, language),
            )
        )
    lost = load.count(StepState.MISSING)
    if lost:
        n, steps = language.number(lost), begun(_step_word(load, language))
        if math.isfinite(total.missing_high_kwh):
            high = amount(total.missing_high_kwh, unit, language)
            parts.append(t("site_page.rests_missing", n=n, steps=steps, high=high))
        else:
            parts.append(t("site_page.rests_unbounded", n=n, steps=steps))
    return " ".join(parts)


def _step_word(load: Load, language: Language) -> str:
    return language.text(f"site_page.steps_{load.period.by.value}")


def load_sentence(load: Load, language: Language) -> str:
    """What the picture of the load shows, in numbers: the highest and the lowest step."""
    known = [
        (float(a), i)
        for i, (a, s, r) in enumerate(zip(load.amounts, load.states, load.is_running, strict=True))
        if s in (StepState.MEASURED, StepState.ESTIMATED) and not r
    ]
    if not known:
        return language.text("site_page.load_none", where=in_period(load.period, language))
    (most, high_at), (least, low_at) = max(known), min(known)
    factor = {By.HOUR: 1.0, By.QUARTER_HOUR: 4.0}.get(load.period.by)

    def told(value: float) -> str:
        if factor is None:
            return amount(value, load.stream.unit, language)
        return power(value * factor, power_unit(load.stream), language)

    names = step_names(load.starts, load.period.by, language)
    return language.text(
        "site_page.load_sentence",
        most=told(most),
        high_at=names[high_at],
        least=told(least),
        low_at=names[low_at],
    )


def why(signature: Signature | None, load: Load, language: Language) -> str | None:
    """What weather and calendar explain of a change; None without a model."""
    if signature is None or not signature.counted.any() or signature.expected_kwh <= 0:
        return None
    unit = load.stream.unit
    share = signature.used_kwh / signature.expected_kwh - 1
    kind = "usual" if signature.is_usual else "more" if share > 0 else "less"
    return language.text(
        f"site_page.why_{kind}",
        expected=amount(signature.expected_kwh, unit, language),
        used=amount(signature.used_kwh, unit, language),
        share=language.percent(share, 1, sign=True),
        band=percent(signature.band_fraction, language),
        level=percent(signature.level, language),
    )


def carpet(year: StreamYear, has_base: bool, language: Language) -> str:
    """When most is used, and how many hours are not known."""
    habits = year.habits
    if habits is None:
        return language.text("site_page.carpet_few")
    told = language.text(
        "site_page.carpet_sentence",
        hours=language.number(habits.measured_hours),
        missing=language.number(year.missing_hours),
    )
    if not habits.base_kw or habits.base_fraction is None or not has_base:
        return told
    base = language.quantity(habits.base_kw, power_unit(year.stream), 1)
    part = percent(habits.base_fraction, language)
    return f"{told} {language.text('site_page.base_load', base=base, part=part)}"


def when_used(habits: Habits, unit: str, language: Language) -> str:
    """How much is used while nobody is there."""
    outside = habits.outside_hours
    told = language.text(
        "site_page.when_used",
        part=percent(outside, language),
        amount=amount(outside * habits.measured, unit, language),
        nights=percent(habits.energy[Use.SHUT_HOURS], language),
        resting=percent(habits.energy[Use.RESTING], language),
    )
    if not habits.hours[Use.CLOSED]:
        return told
    closed = percent(habits.energy[Use.CLOSED], language)
    return f"{told} {language.text('site_page.when_closed', closed=closed)}"


def signature_sentence(signature: Signature, unit: str, language: Language) -> str:
    """From which temperature on it heats, and how much a degree takes."""
    model, t = signature.model, language.text
    parts = []
    balance = model.balance_heating_degc
    if balance is not None and model.heating_kwh_per_degc:
        slope = max(model.heating_kwh_per_degc.values())
        parts.append(
            t(
                "site_page.signature_heating",
                balance=language.quantity(balance, "°C", 1),
                slope=amount(slope, unit, language),
            )
        )
    cooling = model.balance_cooling_degc
    if cooling is not None and model.cooling_kwh_per_degc:
        slope = max(model.cooling_kwh_per_degc.values())
        parts.append(
            t(
                "site_page.signature_cooling",
                balance=language.quantity(cooling, "°C", 1),
                slope=amount(slope, unit, language),
            )
        )
    if not parts:
        parts.append(t("site_page.signature_flat"))
    fit = model.fit_quality
    parts.append(
        t(
            "site_page.signature_fit",
            days=language.number(fit.days),
            spread=percent(fit.cv_rmse_fraction, language),
        )
    )
    return " ".join(parts)


def costs(money: SiteMoney, language: Language) -> str:
    """What was paid in the year, and what has no price."""
    t, paid = language.text, money.paid_eur
    if paid is None:
        return t("site_page.costs_no_contract")
    told = [t("site_page.costs_sentence", eur=euros(paid, language))]
    earned = [b.eur for b in money.bought if b.measures is Measures.FEED_IN]
    if earned and sum(earned) > 0:
        told.append(t("site_page.costs_earned", eur=euros(sum(earned), language)))
    lacking = [b for b in money.bought if b.unpriced_fraction > 0]
    if lacking:
        longest = max(b.unpriced_fraction for b in lacking)
        told.append(t("site_page.costs_unpriced", part=percent(longest, language)))
    if money.is_assumed:
        told.append(t("site_page.costs_assumed"))
    return " ".join(told)


def bands(bought: Bought, language: Language) -> str:
    """What the dearest time band took of the energy's price."""
    total = sum(eur for _, eur in bought.energy.values())
    if total <= 0 or not bought.energy:
        return language.text("site_page.bands_none")
    label, (_, eur) = max(bought.energy.items(), key=lambda item: item[1][1])
    if label == "flat" or len(bought.energy) == 1:
        return language.text("site_page.bands_flat", eur=euros(bought.eur, language))
    return language.text(
        "site_page.bands_sentence",
        band=label,
        eur=euros(eur, language),
        part=percent(eur / total, language),
        total=euros(bought.eur, language),
    )


def flows(whole: BalancePeriod, language: Language) -> str:
    """How much was made, used here and given away; shares with bounds where they have no value."""
    t = language.text
    made = t("site_page.flows_made", made=amount(whole.production.kwh, "kWh", language))
    if not whole.has_feed_in:
        return f"{made} {t('site_page.flows_no_feed_in')}"
    told = t(
        "site_page.flows_sentence",
        used=amount(whole.self_consumption.kwh, "kWh", language),
        share=_share(whole.self_consumption_share, language),
        fed=amount(whole.feed_in.kwh, "kWh", language),
    )
    if not whole.has_withdrawal:
        return f"{made} {told}"
    autarky = _share(whole.autarky, language)
    return f"{made} {told} {t('site_page.flows_autarky', autarky=autarky)}"


def _share(share: Share, language: Language) -> str:
    if share.value is not None:
        return percent(share.value, language)
    if share.low is None or share.high is None:
        return NOTHING
    low, high = percent(share.low, language), percent(share.high, language)
    return language.text("site_page.between", low=low, high=high)


def years_sentence(load: Load, language: Language) -> str:
    """Of all years: the newest whole one beside the first."""
    totals: dict[int, list[float]] = {}
    for start, value, state, running in zip(
        load.starts, load.amounts, load.states, load.is_running, strict=True
    ):
        if state in (StepState.MEASURED, StepState.ESTIMATED) and not running:
            totals.setdefault(start.year, []).append(float(value))
    whole = {year: sum(of) for year, of in totals.items() if len(of) == 12}
    if len(whole) < 2:
        return language.text("site_page.years_few")
    first, last = min(whole), max(whole)
    unit = load.stream.unit
    return language.text(
        "site_page.years_sentence",
        first=first,
        before=amount(whole[first], unit, language),
        last=last,
        now=amount(whole[last], unit, language),
        change=language.percent(whole[last] / whole[first] - 1, 1, sign=True)
        if whole[first] > 0
        else NOTHING,
    )


def answer(load: Load, signature: Signature | None, language: Language) -> list[str]:
    """The page's answer: how much and whether more; why; what it rests on."""
    if load.period.zoom is Zoom.ALL:
        told = [years_sentence(load, language)]
    else:
        told = [used(load, language)]
    explained = why(signature, load, language)
    if explained and load.period.by is By.MONTH and load.period.zoom is not Zoom.ALL:
        told.append(explained)
    more = (compared(load, language), rests_on(load, language), so_far(load, language))
    told += [text for text in more if text]
    return told
