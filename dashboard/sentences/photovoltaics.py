"""The page of photovoltaics in words: which plants fall short, what was made and where it went."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.queries.pv_behind import Behind
from dashboard.queries.pv_view import PvView
from dashboard.queries.pv_years import Amount, PvYear, added
from dashboard.sentences.amounts import euros
from dashboard.sentences.energy import covered, energy, share
from dashboard.texts import Language
from paes.self_consumption import BalancePeriod, Share
from paes.solar.expected import How

_LISTED = 3


def headline(view: PvView, language: Language) -> tuple[str, str]:
    """The state and its word: of all plants, whatever is chosen."""
    t, n = language.text, len(view.below)
    if n:
        key = "pv.states.above_one" if n == 1 else "pv.states.above_many"
        return "above", t(key, n=language.number(n))
    if view.unjudged:
        return "uncertain", t("pv.states.uncertain")
    return "within", t("pv.states.within")


def answer(view: PvView, language: Language) -> list[str]:
    """Which plants fall short, what was made and used, what was seen of it."""
    told = [_judgement(view, language)]
    if view.unjudged:
        names = _some([site.name for site in view.unjudged], language)
        told.append(language.text("pv.unjudged", list=names))
    if view.total:
        made = _made(view, energy(view.total.production.kwh, language), language)
        told.append(f"{made} {used(view.total.self_consumption_share, language)}")
        told.append(covered(view.total.production, language))
    else:
        told.append(language.text("pv.flows.nothing", year=view.year))
    return [one for one in told if one]


def _made(view: PvView, kwh: str, language: Language) -> str:
    if view.site:
        key = "pv.made_year_one" if view.is_over else "pv.made_so_far_one"
        return language.text(key, name=view.site.name, year=view.year, made=kwh)
    key = "pv.made_year" if view.is_over else "pv.made_so_far"
    return language.text(key, year=view.year, made=kwh)


def _judgement(view: PvView, language: Language) -> str:
    t = language.text
    fine = len(view.town.sites) - len(view.below) - len(view.unjudged)
    if not view.below:
        key = "pv.fine_one" if fine == 1 else "pv.fine_many"
        return t(key, n=language.number(fine)) if fine else ""
    below = t("pv.below", list=_some([_short(one, language) for one in view.below], language))
    if not fine:
        return below
    rest = t("pv.fine_rest_one") if fine == 1 else t("pv.fine_rest", n=language.number(fine))
    return f"{below} {rest}"


def _short(one: Behind, language: Language) -> str:
    return language.text(
        "pv.below_item",
        name=one.site.name,
        ratio=share(one.ratio, language),
        since=language.month(one.since.year, one.since.month),
        lost=energy(one.lost_kwh, language),
    )


def _some(items: Sequence[str], language: Language) -> str:
    shown = list(items[:_LISTED])
    if len(items) > _LISTED:
        rest = len(items) - _LISTED
        key = "pv.one_more" if rest == 1 else "pv.below_more"
        shown.append(language.text(key, n=language.number(rest)))
    return "; ".join(shown)


def used(of: Share, language: Language) -> str:
    """The part that was used on the spot, or its bounds."""
    if of.value is not None:
        return language.text("pv.used_here", share=share(of.value, language))
    if of.low is None or of.high is None:
        return language.text("pv.used_unknown")
    low, high = (share(bound, language) for bound in (of.low, of.high))
    return language.text("pv.used_between", low=low, high=high)


def share_text(of: Share, language: Language) -> str:
    """``67 %``, or ``60 %–80 %``; a dash of nothing."""
    if of.value is not None:
        return share(of.value, language)
    if of.low is None or of.high is None:
        return "–"
    return f"{share(of.low, language)}–{share(of.high, language)}"


def yields(view: PvView, language: Language) -> str:
    """From the least to the most of what a kW made; of one site beside the year before."""
    t = language.text
    if view.site:
        return _own_yield(view, language)
    same = compared(view.rows)
    among = [(r.now_per_kw if same else r.per_kw, r.site.name) for r in view.rows]
    known = sorted((value, name) for value, name in among if value is not None)
    (low, low_name), (high, high_name) = known[0], known[-1]
    if len(known) == 1:
        return t("pv.yields.sentence_one", name=low_name, low=_kwh(low, language), year=view.year)
    values = {"low": _kwh(low, language), "high": _kwh(high, language)}
    names = {"low_name": low_name, "high_name": high_name}
    if same and same < 12:
        told = t("pv.yields.sentence", months=same, **values, **names)
    else:
        told = t("pv.yields.sentence_year", year=view.year, **values, **names)
    return f"{told} {_usual(view, language)}".strip()


def _own_yield(view: PvView, language: Language) -> str:
    t, row = language.text, view.rows[0]
    value = _kwh(row.per_kw or 0.0, language)
    told = [t("pv.yields.month_sentence", name=row.site.name, value=value, year=view.year)]
    if row.before_per_kw and row.now_per_kw is not None:
        change = language.percent(row.now_per_kw / row.before_per_kw - 1, 1, sign=True)
        told.append(t("pv.yields.changed_one", before=view.year - 1, change=change))
    return " ".join([*told, _usual(view, language)]).strip()


def _usual(view: PvView, language: Language) -> str:
    if view.usual is None:
        return ""
    low, high = (_kwh(bound, language) for bound in (view.usual.low_kwh, view.usual.high_kwh))
    return language.text("pv.yields.usual", low=low, high=high)


def _kwh(value: float, language: Language) -> str:
    return language.text("pv.yields.unit", value=language.number(value))


def compared(rows: Sequence[PvYear]) -> int:
    """The months that most rows can be held against the year before in; 0: none."""
    counts = [row.same_months for row in rows if row.per_kw is not None]
    return max(counts, default=0)


def flows(view: PvView, language: Language) -> str:
    """How much stayed here, how much went to the grid, and the best month."""
    total, t = view.total, language.text
    assert total is not None
    best = max(view.months, key=lambda period: period.production.kwh)
    values = {
        "year": view.year,
        "made": energy(total.production.kwh, language),
        "best": language.month(best.start.year, best.start.month),
        "best_kwh": energy(best.production.kwh, language),
    }
    if not total.has_feed_in:
        return t("pv.flows.sentence_unmetered", **values)
    kept, fed = energy(total.self_consumption.kwh, language), energy(total.feed_in.kwh, language)
    return t("pv.flows.sentence", used=kept, fed=fed, **values)


def flows_caption(view: PvView, language: Language) -> str:
    """The unit, and which month is not over."""
    told = language.text("pv.flows.caption", unit="MWh")
    if view.is_over or not view.months:
        return told
    last: BalancePeriod = view.months[-1]
    month = language.month(last.start.year, last.start.month).capitalize()
    return f"{told}. {language.text('pv.flows.partial', month=month)}"


def expected(view: PvView, language: Language) -> str:
    """Which plants were below the least expected, in how many of the last months."""
    t, n = language.text, len(view.beside[0].months)
    if view.site:
        one = view.beside[0]
        ratio = "–" if one.ratio is None else share(one.ratio, language)
        name, known = one.site.name, language.number(one.known)
        below = language.number(one.below)
        told = t("pv.expected.one_below", name=name, ratio=ratio, months=known, n=below)
        return f"{told} {hows(view, language)}"
    below_ones = [one for one in view.beside if one.below]
    if not below_ones:
        return f"{t('pv.expected.sentence_fine', months=n)} {hows(view, language)}"
    items = [
        t("pv.expected.sentence_item", name=one.site.name, n=one.below, known=one.known)
        for one in below_ones
    ]
    told = t("pv.expected.sentence_below", months=n, list=_some(items, language))
    return f"{told} {hows(view, language)}"


def hows(view: PvView, language: Language) -> str:
    """By which light, and which plants are not calibrated yet."""
    found = {one.expected.how for one in view.beside}
    told = [language.text(f"pv.how_{how.value}") for how in How if how in found]
    raw = [one.site.name for one in view.beside if not one.expected.is_own]
    if raw:
        told.append(language.text("pv.expected.how_uncalibrated", list=_some(raw, language)))
    return " ".join(told)


def worth(view: PvView, language: Language) -> str:
    """What the rows were worth together, and which most; nothing where none has a worth."""
    total = added(one for row in view.rows for one in (row.avoided, row.earned))
    if total is None:
        return ""
    best = max(view.rows, key=lambda row: _eur(row))
    avoided, earned = (
        added(getattr(row, name) for row in view.rows) for name in ("avoided", "earned")
    )
    told = language.text(
        "pv.worth.sentence",
        year=view.year,
        total=euros(total.eur, language),
        avoided=euros(avoided.eur if avoided else 0.0, language),
        earned=euros(earned.eur if earned else 0.0, language),
    )
    if len(view.rows) == 1:
        return told
    eur = euros(_eur(best), language)
    return f"{told} {language.text('pv.worth.best', best=best.site.name, best_eur=eur)}"


def _eur(row: PvYear) -> float:
    found = added((row.avoided, row.earned))
    return found.eur if found else 0.0


def bounds(amount: Amount, language: Language) -> str:
    """``Between … and …`` where they are more than a hundredth apart."""
    if amount.high_eur - amount.low_eur <= 0.01 * max(abs(amount.eur), 1.0):
        return ""
    low, high = euros(amount.low_eur, language), euros(amount.high_eur, language)
    return language.text("pv.card.worth_bounds", low=low, high=high)
