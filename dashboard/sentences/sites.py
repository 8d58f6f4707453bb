"""What the list of sites says in words: the answer, and why a site stands where it does."""

from __future__ import annotations

from dashboard.queries.site_choice import ALL, ELECTRICITY, HEAT, TWELVE, Months, Order, SiteChoice
from dashboard.queries.site_figures import Change
from dashboard.queries.sites import Ranking, SiteRow
from dashboard.texts import Language
from paes.comparison.benchmarks import Per
from paes.comparison.key_figures import Standing
from paes.metering import SiteKind

NOTABLE = 0.2
"""So far above its like, a site is worth a word and a mark on the map."""
_HALF_PERCENT = 0.005
_NAMED = 3
"""So many sites are named in the answer."""
FULLY_KNOWN = 0.98
"""Below that the part that was measured is told beside the figure."""


def unit(order: Order, language: Language) -> str:
    """The unit of a ranked figure."""
    return language.text(f"sites.unit.{order.value}")


def energy_word(choice: SiteChoice, language: Language) -> str:
    """Which energy is shown."""
    if choice.energy in (ALL, ELECTRICITY, HEAT):
        return language.text(f"sites.energy.{choice.energy}")
    return language.text(f"carrier.{choice.energy}")


def period_words(months: Months, language: Language) -> str:
    """``da novembre 2025 a ottobre 2026``, or ``2025``."""
    if months.is_whole_year and months.key != TWELVE:
        return months.key
    first, last = (
        language.month(at.year, at.month) for at in (months.starts[0], months.starts[-1])
    )
    return language.text("sites.from_to", first=first, last=last)


def value_text(row: SiteRow, order: Order, language: Language) -> str:
    """The ranked figure with its unit."""
    value = row.value(order)
    if value is None:
        return language.text("sites.unknown")
    if order in (Order.CHANGE, Order.SIMILAR):
        return language.percent(value, 0, sign=True)
    digits = 0 if abs(value) >= 10 else 1
    return language.quantity(value, unit(order, language), digits)


def answer(found: Ranking, language: Language) -> str:
    """Which site is the worst, by what."""
    worst, order = found.ranked[0], found.choice.order
    if len(found.ranked) == 1:
        value = value_text(worst, order, language)
        period = period_words(found.months, language)
        return language.text("sites.answer_one", site=worst.site.name, value=value, period=period)
    return language.text(
        f"sites.answer.{order.value}",
        site=worst.site.name,
        value=value_text(worst, order, language),
        sites=len(found.ranked),
        period=period_words(found.months, language),
    )


def state(found: Ranking) -> str:
    """Whether any of the sites needs looking at: the name of the state's icon."""
    if not _is_comparable(found):
        return "uncertain"
    return "above" if any(is_notable(row) for row in found.rows) else "within"


def _is_comparable(found: Ranking) -> bool:
    """Whether of any site it can be said what is usual for its kind."""
    return any(row.against_alike is not None for row in found.rows)


def notable(found: Ranking, language: Language) -> str:
    """Which sites use much more than their like, the farthest first."""
    far = sorted(filter(is_notable, found.rows), key=lambda r: r.against_alike or 0.0, reverse=True)
    count = len(far)
    if not _is_comparable(found):
        return language.text("sites.notable_unknown")
    if not count:
        return language.text("sites.notable_none", limit=language.percent(NOTABLE, 0))
    named = [
        f"**{row.site.name}** ({language.percent(row.against_alike or 0.0, 0, sign=True)})"
        for row in far[:_NAMED]
    ]
    key = "sites.notable_far" if count <= _NAMED else "sites.notable_more"
    limit = language.percent(NOTABLE, 0)
    return language.text(key, n=count, limit=limit, sites="; ".join(named))


def is_notable(row: SiteRow) -> bool:
    """Whether it uses much more than sites of its kind."""
    against = row.against_alike
    return against is not None and against > NOTABLE


def why(row: SiteRow, order: Order, language: Language) -> str:
    """What makes a site stand out, in one sentence; its value by ``order`` was told before."""
    told = [
        part
        for part in (
            _per_unit(row, order, language),
            _usual(row, language),
            _changed(row.figures.change, language),
            _cases(row, language),
            language.text("sites.why.lacks_heat") if row.lacks_heat else None,
            _coverage(row, language),
        )
        if part
    ]
    if not told:
        return language.text("sites.why.nothing")
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."


def _per_unit(row: SiteRow, order: Order, language: Language) -> str | None:
    mine, unit = row.per(row.unit), row.unit
    if mine is None or unit is None:
        return None
    is_told = order in (Order.PER_M2, Order.PER_POINT)
    against = row.against_alike
    if against is None or row.median_kwh is None:
        return _beside(is_told, mine, unit, language.text("sites.why.alone"), language)
    text = language.text(
        f"sites.why.{_side(against)}",
        part=language.percent(abs(against), 0),
        median=language.quantity(row.median_kwh, per_word(unit, language)),
        kind=kind_word(row.site.kind, language).lower(),
        n=row.alike,
    )
    return _beside(is_told, mine, unit, text, language)


def _side(against: float) -> str:
    """Of the median, as far as whole per cent tell."""
    if abs(against) < _HALF_PERCENT:
        return "same"
    return "over" if against > 0 else "under"


def _beside(is_told: bool, kwh: float, unit: Per, text: str, language: Language) -> str:
    """With the figure before it, unless the reader has seen it."""
    return text if is_told else f"{language.quantity(kwh, per_word(unit, language))}, {text}"


def _usual(row: SiteRow, language: Language) -> str | None:
    standing, usual = row.standing, row.usual
    if usual is None or standing is None:
        return None
    return language.text(
        f"sites.why.{standing.value}",
        low=language.number(usual.low_kwh),
        high=language.number(usual.high_kwh),
        assumed=language.text("sites.why.assumed") if usual.assumed else "",
    )


def _changed(change: Change | None, language: Language) -> str | None:
    if change is None:
        return None
    key = "sites.why.changed" if change.months == 12 else "sites.why.changed_part"
    share = language.percent(change.fraction, 0, sign=True)
    return language.text(key, change=share, months=change.months)


def _cases(row: SiteRow, language: Language) -> str | None:
    if not row.open_cases:
        return None
    key = "sites.why.case" if row.open_cases == 1 else "sites.why.cases"
    return language.text(key, n=row.open_cases)


def _coverage(row: SiteRow, language: Language) -> str | None:
    energy = row.figures.energy
    coverage = energy.coverage if energy else None
    if coverage is None or coverage >= FULLY_KNOWN:
        return None
    return language.text("sites.why.coverage", part=language.percent(coverage, 0))


def standing_word(row: SiteRow, language: Language) -> str | None:
    """Beside the published range; None where there is none."""
    return language.text(f"sites.standing.{row.standing.value}") if row.standing else None


def standing_state(standing: Standing) -> str:
    """The icon of a standing."""
    return {
        Standing.BELOW: "within",
        Standing.WITHIN: "within",
        Standing.ABOVE: "above",
        Standing.UNCERTAIN: "uncertain",
    }[standing]


def kind_word(kind: SiteKind, language: Language) -> str:
    """A kind of site, in the plural."""
    return language.text(f"site_kind.{kind.value}")


def told_figure(found: Ranking, language: Language) -> str:
    """What the picture of the ranking shows, in numbers."""
    order, median = found.choice.order, found.median
    if len(found.ranked) == 1:
        return answer(found, language)
    first, last = found.ranked[0], found.ranked[-1]
    values = {
        "n": len(found.ranked),
        "first": first.site.name,
        "first_value": value_text(first, order, language),
        "last": last.site.name,
        "last_value": value_text(last, order, language),
    }
    if len(found.ranked) < 3 or median is None:
        return language.text("sites.picture_few", **values)
    if order in (Order.CHANGE, Order.SIMILAR):
        middle = language.percent(median, 0, sign=True)
    else:
        middle = language.quantity(median, unit(order, language), 0 if median >= 10 else 1)
    return language.text("sites.picture", median=middle, **values)


def basis(found: Ranking, language: Language) -> list[str]:
    """What the figures rest on."""
    t = language.text
    told = [t("sites.basis.energy", energy=energy_word(found.choice, language))]
    if found.choice.corrected:
        told.append(t("sites.basis.corrected"))
        if found.uncorrected:
            told.append(t("sites.basis.uncorrected", n=len(found.uncorrected)))
    if any(row.figures.cost and row.figures.cost.is_assumed for row in found.rows):
        told.append(t("sites.basis.prices"))
    if found.assumed_factors:
        told.append(t("sites.basis.factors"))
    if any(row.site.assumed for row in found.rows):
        told.append(t("sites.basis.assumed_sites"))
    return told


def per_word(unit: Per, language: Language) -> str:
    """``kWh/m²``."""
    return language.text(f"sites.per.{unit.value}")
