"""The page of malfunctions in words: what stands open, what it costs, when was looked last."""

from __future__ import annotations

from dashboard.queries.cases import CaseList, Order, Spark, Which, per_week, price_of_case
from dashboard.sentences.amounts import euros, low_and_high, number, quantity, tonnes
from dashboard.texts import Language
from paes.faults.cases.case import Case, State
from paes.faults.cases.run import LastRun
from paes.faults.money.losses import Losses, summed
from paes.faults.money.price import Interval
from paes.faults.telling import sentences as telling
from paes.installation import Installation

LOOK = {
    State.NEW: "above",
    State.REARMED: "above",
    State.ACKNOWLEDGED: "stale",
    State.ASSIGNED: "stale",
    State.REPAIRED: "uncertain",
    State.DISMISSED: "outside",
    State.VERIFIED: "within",
    State.RETRACTED: "never",
}
"""Icon and colour of a state; its word says the same."""
_TINY = 0.00005


def state_word(case: Case, language: Language) -> str:
    """Where it stands: ``affidato a Rossi``."""
    if case.state is State.ASSIGNED and case.assignee:
        return language.text("malfunctions.assigned_to", name=case.assignee)
    return language.text(f"case_state.{case.state}")


def name_of(case: Case, installation: Installation, language: Language) -> str:
    """What its rule is called."""
    return telling.name(case, language.code, installation.root)


def site_of(case: Case, installation: Installation) -> str:
    """The site by name; where there is none, the subject."""
    site = installation.sites.get(case.site or "")
    return site.name if site else case.subject


def place_of(case: Case) -> str:
    """The meter, and what of it."""
    return f"{case.subject}, {case.episode.place}" if case.episode.place else case.subject


def headline(found: CaseList, language: Language) -> tuple[str, str]:
    """State and word of the answer."""
    t, n = language.text, found.stakes.cases
    if found.last is None and not found.known:
        return "never", t("malfunctions.never_looked")
    if not n:
        return "within", t("malfunctions.none_open")
    return "above", _counted("malfunctions.open", n, language)


def answer(found: CaseList, tz: str, language: Language) -> list[str]:
    """What stands open, what it costs, who sees to it, when was looked last."""
    t, at_stake = language.text, found.stakes
    if found.last is None and not found.known:
        return [t("malfunctions.never_looked_next")]
    told = [_week(found, language)] if at_stake.cases else [t("malfunctions.calm")]
    past = at_stake.eur_so_far
    if at_stake.cases and past.high > 0:
        low, high = low_and_high(past, language)
        mass = tonnes(at_stake.co2_so_far_t, language)
        eur = euros(past.likely, language)
        told.append(t("malfunctions.past", eur=eur, low=low, high=high, tonnes=mass))
    if at_stake.cases:
        untaken = at_stake.untaken
        key = "malfunctions.untaken"
        told.append(_counted(key, untaken, language) if untaken else t(f"{key}_none"))
    if at_stake.unpriced:
        told[-1] += " " + _counted("malfunctions.unpriced", at_stake.unpriced, language)
    return [*told, last_look(found.last, tz, language)]


def _week(found: CaseList, language: Language) -> str:
    eur = found.stakes.eur_per_week
    if eur is None:
        return language.text("malfunctions.week_nothing")
    low, high = low_and_high(eur, language)
    return language.text("malfunctions.week", eur=euros(eur.likely, language), low=low, high=high)


def last_look(last: LastRun | None, tz: str, language: Language) -> str:
    """When malfunctions were looked for last, and what could not be looked at."""
    t = language.text
    if last is None:
        return t("malfunctions.never_looked")
    told = t(
        "malfunctions.last_look",
        when=language.moment(last.at, tz),
        first=language.local_day(last.span.start, tz),
        last=language.local_day(last.span.end, tz),
    )
    failed = max(last.failed, len(last.failures))
    if failed:
        what = str(last.failures[0]) if last.failures else ""
        key = "malfunctions.failed_one" if failed == 1 else "malfunctions.failed_many"
        told += " " + t(key, n=language.number(failed), what=what)
    return told


def list_told(found: CaseList, which: Which, order: Order, language: Language) -> str:
    """How many are shown, of how many, in which order."""
    return language.text(
        "malfunctions.list_told",
        n=language.number(len(found.cases)),
        all=language.number(len(found.known)),
        which=language.text(f"case_which.{which}"),
        order=language.text(f"case_order.{order}"),
    )


def week_of(case: Case, language: Language) -> tuple[str, str]:
    """The large figure of a card, and what it is."""
    t, week, price = language.text, per_week(case), price_of_case(case)
    if week:
        return euros(week.likely, language), t("malfunctions.a_week")
    if price and price.so_far.eur and not case.is_open:
        return euros(price.so_far.eur.likely, language), t("malfunctions.closed_cost_told")
    return "–", t("malfunctions.no_price")


def past_of(case: Case, language: Language) -> list[str]:
    """What it has cost, in money, amount and tonnes; of nothing nothing."""
    price, t = price_of_case(case), language.text
    if price is None:
        return []
    told, spent = [], price.so_far
    if spent.eur and case.is_open:
        told.append(t("malfunctions.so_far", eur=_with_bounds(spent.eur, language)))
    if spent.amount.high:
        told.append(quantity(spent.amount.likely, price.unit, language))
    if spent.co2_t:
        mass = tonnes(spent.co2_t.likely, language)
        told.append(t("malfunctions.tonnes_so_far", tonnes=mass))
    return told


def gap_of(case: Case, language: Language) -> str:
    """What a year of it is of what the target lacks; nothing where it is not known, or closed."""
    price = price_of_case(case)
    if price is None or not price.gap_fraction or not case.is_open:
        return ""
    return language.text("malfunctions.gap", share=share_text(price.gap_fraction, language))


def share_text(fraction: float, language: Language) -> str:
    """A part of the gap as per cent."""
    if fraction < _TINY:
        return language.text("malfunctions.gap_tiny")
    return language.percent(fraction, 2)


def _with_bounds(eur: Interval, language: Language) -> str:
    low, high = low_and_high(eur, language)
    likely = euros(eur.likely, language)
    return likely if low == high else f"{likely} ({low} – {high})"


def when_of(case: Case, tz: str, language: Language) -> str:
    """Since when, and until when if it is over."""
    t, episode = language.text, case.episode
    told = t("malfunctions.since", day=language.local_day(episode.start, tz))
    if episode.is_over:
        told += ", " + t("malfunctions.over", day=language.local_day(episode.end, tz))
    return told


def spark_told(spark: Spark, language: Language) -> str:
    """What a small picture shows, in numbers."""
    points = spark.points
    seen, usual = (_mean(c[spark.first : spark.last]) for c in (points.seen, points.usual))
    key = "malfunctions.spark_unusual" if usual is None else "malfunctions.spark"
    unit = points.unit.replace("m3", "m³")
    values = {"seen": number(seen, language), "usual": number(usual, language)}
    if usual is None:
        del values["usual"]
    return language.text(key, unit=unit, **values)


def _mean(column: tuple[float | None, ...]) -> float | None:
    known = [value for value in column if value is not None]
    return sum(known) / len(known) if known else None


def losses(found: Losses, language: Language) -> str:
    """All that was lost, and the worst month."""
    t, whole = language.text, found.total()
    if whole is None or whole.eur is None:
        return t("malfunctions.losses_none")
    months: dict[str, float] = {}
    for (month, _), waste in summed(found, "month").items():
        months[month] = months.get(month, 0.0) + (waste.eur.likely if waste.eur else 0.0)
    worst = max(months, key=lambda month: months[month])
    low, high = low_and_high(whole.eur, language)
    return t(
        "malfunctions.losses",
        first=month_text(min(months), language),
        eur=euros(whole.eur.likely, language),
        low=low,
        high=high,
        tonnes=tonnes(whole.co2_t.likely if whole.co2_t else 0.0, language),
        month=month_text(worst, language),
        worst=euros(months[worst], language),
    )


def month_text(month: str, language: Language) -> str:
    """``2026-03`` as ``marzo 2026``."""
    return language.month(int(month[:4]), int(month[5:7]))


def losses_notes(found: Losses, language: Language) -> list[str]:
    """What is in no figure, or counted once only."""
    t = language.text
    told = []
    if found.overlaps:
        told.append(_counted("malfunctions.losses_overlap", len(found.overlaps), language))
    for unit, amount in sorted(found.unpriced.items()):
        what = quantity(amount, unit, language)
        told.append(t("malfunctions.losses_unpriced", amount=what))
    if found.left_out:
        told.append(_counted("malfunctions.losses_left", len(found.left_out), language))
    if found.is_assumed:
        told.append(t("malfunctions.losses_assumed"))
    return told


def _counted(key: str, n: int, language: Language) -> str:
    """The text for one, or for several."""
    one, many = f"{key}_one", f"{key}_many"
    return language.text(one) if n == 1 else language.text(many, n=language.number(n))
