"""What a figure is called, how it is worked out, and where it is from: words for its passport."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date

from dashboard.queries.passport import Passport
from dashboard.sentences.finding import finding_text
from dashboard.texts import Language
from paes.errors import DataError
from paes.installation import City
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import ROWS, FigureId, Kind
from paes.lineage.spans import parse_span
from paes.metering import Measures
from paes.periods import parse_instant

_FRACTIONS = frozenset({"reduction", "required"})
_FEW = 8
"""Terms of a sum that are written out."""
_EXACT_BELOW = 100.0


def title(figure_id: str, city: City, language: Language) -> str:
    """What the figure of an id is; the id itself where it names none."""
    try:
        asked = FigureId.parse(figure_id)
    except DataError:
        return figure_id.rpartition("#")[2]
    makers = {
        Kind.INVENTORY: _inventory, Kind.PROGRESS: _progress, Kind.DECLARED: _declared,
        Kind.ACTION: _action, Kind.INHABITANTS: _inhabitants, Kind.SUPPLY: _supply,
        Kind.SITE: _site, Kind.METER: _meter,
    }  # fmt: skip
    return makers[asked.kind](asked, city, language)


def _inventory(asked: FigureId, city: City, language: Language) -> str:
    year, *cell = asked.parts
    what = language.text(f"passport.quantity_{asked.quantity}")
    if cell[:1] == [ROWS]:
        return language.text("passport.row", row=cell[1], year=year)
    if not cell:
        return language.text("passport.of_year", what=what, city=city.name, year=year)
    return language.text("passport.of_cell", what=what, cell=_cell(cell, language), year=year)


def _cell(parts: list[str], language: Language) -> str:
    """Sector, carrier and use in words."""
    names = []
    for group, part in zip(("sector", "carrier", "use"), parts, strict=False):
        key = f"{group}.{part}"
        names.append(language.text(key) if language.knows(key) else part)
    return " · ".join(names)


def _progress(asked: FigureId, city: City, language: Language) -> str:
    target, year = asked.parts
    named = [t.name.in_language(language.code) for t in city.plan.targets if t.id == target]
    key = f"passport.progress_{asked.quantity}"
    cause = f"effects.{asked.quantity.removesuffix('_t')}"
    if language.knows(key):
        what = language.text(key)
    else:
        what = language.text("passport.effect", cause=_text(cause, asked.quantity, language))
    return language.text("passport.of_target", what=what, year=year, target=(*named, target)[0])


def _text(key: str, otherwise: str, language: Language) -> str:
    return language.text(key) if language.knows(key) else otherwise


def _declared(asked: FigureId, _city: City, language: Language) -> str:
    year, *cell = asked.parts
    return language.text("passport.declared", cell=_cell(cell, language), year=year)


def _action(asked: FigureId, city: City, language: Language) -> str:
    names = {a.id: a.name.in_language(language.code) for a in city.actions}
    name = names.get(asked.parts[0], asked.parts[0])
    what = language.text(f"passport.action_{asked.quantity}")
    return language.text("passport.of_action", what=what, action=name)


def _inhabitants(asked: FigureId, city: City, language: Language) -> str:
    return language.text("passport.inhabitants", city=city.name, year=asked.parts[0])


def _supply(asked: FigureId, _city: City, language: Language) -> str:
    term = asked.quantity.rpartition("_")[0].upper() or asked.quantity.upper()
    return language.text("passport.supply", term=term, year=asked.parts[0])


def _site(asked: FigureId, city: City, language: Language) -> str:
    site, stream, text = asked.parts
    name = city.sites[site].name if site in city.sites else site
    what = _text(f"passport.site_{stream}", stream, language)
    if language.knows(f"carrier.{stream}"):
        what = language.text(f"carrier.{stream}")
    when = span_told(text, city.time_zone, language)
    return language.text("passport.of_site", what=what, site=name, when=when)


def _meter(asked: FigureId, city: City, language: Language) -> str:
    meter = city.meters.get(asked.parts[0])
    name = (meter.name if meter else None) or asked.parts[0]
    when = span_told(asked.parts[1], city.time_zone, language)
    what = language.text(f"passport.meter_{asked.quantity}")
    return language.text("passport.of_meter", what=what, meter=name, when=when)


def span_told(text: str, tz: str, language: Language) -> str:
    """A stretch of time of an id in words."""
    if re.fullmatch(r"\d{4}", text):
        return text
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return language.day(date.fromisoformat(f"{text}-01")).partition(" ")[2]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return language.day(date.fromisoformat(text))
    try:
        if ".." not in text:
            return language.moment(parse_instant(text, tz), tz)
        span = parse_span(text, tz)
    except (DataError, ValueError):
        return text
    start, end = language.moment(span.start, tz), language.moment(span.end, tz)
    return language.text("passport.from_to", start=start, end=end)


def amount(value: float, unit: str, language: Language, *, fraction: bool = False) -> str:
    """A value with its unit; a fraction as per cent, what nothing bounds as ∞."""
    if fraction:
        return language.percent(value, 2)
    if not math.isfinite(value):
        return language.number(value)
    told = language.number(value, _digits(value, unit))
    shown = {"1": "", "t per head": language.text("passport.t_per_head")}.get(unit, unit)
    return f"{told}\N{NO-BREAK SPACE}{shown}".strip("\N{NO-BREAK SPACE}")


def _digits(value: float, unit: str) -> int:
    if unit == "t/MWh":
        return 4
    if unit == "t per head":
        return 3
    if float(value).is_integer():
        return 0
    return 3 if abs(value) < _EXACT_BELOW else 1


def is_fraction(figure_id: str) -> bool:
    """Whether a figure without unit is told as per cent, and not as a count."""
    quantity = figure_id.partition("?")[0].rpartition("/")[2]
    return quantity in _FRACTIONS or quantity.endswith("#part-of-the-time")


def figure_amount(figure: Figure, language: Language) -> str:
    """A figure's value with its unit."""
    return amount(figure.value, figure.unit, language, fraction=is_fraction(figure.id))


def input_amount(one: Input, language: Language) -> str:
    """An input's value with its unit, and how often it counts."""
    told = amount(one.value, one.unit, language, fraction=is_fraction(one.id))
    if one.weight == 1:
        return told
    return f"{language.number(one.weight, 0 if one.weight.is_integer() else 2)} × {told}"


def role(one: Input, language: Language) -> str:
    """The part that an input plays; its own name where it has no word."""
    return _text(f"passport.role_{one.role}", one.role, language)


def formula(figure: Figure, language: Language) -> str | None:
    """How it is worked out, in words; None of what is not worked out."""
    if figure.formula is None:
        return None
    return _text(f"passport.formula_{figure.formula.name}", figure.formula.text, language)


def numbers(figure: Figure, language: Language) -> str | None:
    """The formula with the inputs' values in it; None where there are too many, or it is long."""
    if figure.formula is None or not figure.inputs:
        return None
    given = {one.role: input_amount(one, language) for one in figure.inputs}
    result = figure_amount(figure, language)
    worked = _worked(figure.formula.name, given, figure.inputs, language)
    return f"{result} = {worked}" if worked else None


_WORKED = {
    "emissions": "{energy} × {factor}",
    "reduction": "1 − {emissions} / {base}",
    "per_head": "{emissions} / {inhabitants}",
    "path": "{base} × (1 − {required})",
    "distance": "{emissions} − {path}",
    "change": "{base} − {emissions}",
    "interval": "{end} − {start}",
    "known_gap": "{end} − {start}",
}


def _worked(
    name: str, given: dict[str, str], inputs: tuple[Input, ...], language: Language
) -> str | None:
    if name in _WORKED:
        wanted = re.findall(r"\{(\w+)\}", _WORKED[name])
        return _WORKED[name].format(**given) if all(w in given for w in wanted) else None
    counted = [one for one in inputs if one.role != "inside"]
    is_sum = name in ("sum", "final_energy", "metered", "declared_energy", "counted", "table_c")
    if is_sum and 1 < len(counted) <= _FEW:
        return " + ".join(input_amount(one, language) for one in counted)
    return None


def rests_on(figure: Figure, language: Language) -> list[str]:
    """What meters saw of it, estimated and missing apart; nothing where no meter is asked."""
    amounts = figure.amounts
    if amounts is None or not amounts.span_s:
        return []
    unit = "m³" if figure.unit == "m3" else "kWh"
    told = [
        language.text("passport.measured", amount=amount(amounts.measured_kwh, unit, language)),
        language.text("passport.estimated", amount=amount(amounts.estimated_kwh, unit, language)),
        _missing(amounts.missing_low_kwh, amounts.missing_high_kwh, unit, language),
    ]
    if amounts.coverage is not None:
        share = language.percent(amounts.coverage)
        told.append(language.text("passport.coverage", share=share))
    return told


def _missing(low: float, high: float, unit: str, language: Language) -> str:
    if not high:
        return language.text("passport.missing_none")
    if math.isinf(high):
        return language.text("passport.missing_open", low=amount(low, unit, language))
    return language.text(
        "passport.missing", low=amount(low, unit, language), high=amount(high, unit, language)
    )


def bounds(figure: Figure, language: Language) -> str | None:
    """Between which the true value lies; None where nothing is open."""
    if figure.bounds is None or figure.bounds[0] == figure.bounds[1]:
        return None
    per_cent = is_fraction(figure.id)
    low, high = (amount(b, figure.unit, language, fraction=per_cent) for b in figure.bounds)
    return None if low == high else language.text("passport.between", low=low, high=high)


def source(one: Source, language: Language) -> tuple[str, str]:
    """The kind of a source in words, and what it says."""
    return _text(f"passport.source_{one.kind}", one.kind, language), one.text


def findings(figure: Figure, language: Language) -> Iterator[str]:
    """Each kind once, with how often it was found."""
    latest = {found.name: found for found in figure.findings}
    for name, times in Counter(found.name for found in figure.findings).items():
        told = finding_text(latest[name], language)
        if times > 1:
            told = language.text("passport.times", times=language.number(times), told=told)
        yield told


def part_of(passport: Passport) -> list[str]:
    """Ids of the figures that this one is a part of, the widest first."""
    asked = passport.id
    if asked.kind is Kind.INVENTORY:
        year, *cell = asked.parts
        whole = "mwh" if asked.quantity in ("mwh", "declared_mwh", "metered_kwh") else "t"
        above = [(year, *cell[:n]) for n in range(len(cell)) if cell[:n] != [ROWS]]
        found = [str(_with(asked, parts, whole)) for parts in above]
        if asked.quantity != "t" and len(cell) == 2:
            found.append(str(_with(asked, asked.parts, "t")))
        return found
    if asked.kind is Kind.SITE:
        site, stream, text = asked.parts
        is_part = stream != "water" and not stream.startswith("used")
        return [str(_with(asked, (site, "used", text), "kwh"))] if is_part else []
    if asked.kind is Kind.METER:
        meter = passport.city.meters.get(asked.parts[0])
        whole = "m3" if meter and meter.measures is Measures.WATER else "kwh"
        return [str(_with(asked, (asked.parts[0], t), q)) for t, q in _wider(asked, whole)]
    if asked.kind is Kind.PROGRESS and asked.quantity not in ("reduction", "total_t"):
        of_result = asked.quantity in ("emissions", "path", "distance", "required")
        return [str(_with(asked, asked.parts, "reduction" if of_result else "total_t"))]
    return []


def _wider(asked: FigureId, whole: str) -> Iterator[tuple[str, str]]:
    """Year and month around a stretch of a meter's time (by the clock of its id)."""
    text = asked.parts[1]
    if asked.quantity == "reading" or ".." in text:
        return
    found = re.match(r"(\d{4})(-\d{2})?(-\d{2})?$", text)
    if found is None:
        return
    if found[2]:
        yield found[1], whole
    if found[3]:
        yield f"{found[1]}{found[2]}", "course"


def _with(asked: FigureId, parts: tuple[str, ...], quantity: str) -> FigureId:
    return FigureId(asked.city, asked.kind, parts, quantity, asked.choices)
