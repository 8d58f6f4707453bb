"""Numbers, dates and marks as people read them: the one way from a value to a text.

Every page, caption, alternative text and CSV cell passes here, so that a figure looks the same
wherever it stands. Numbers follow the language (1.234,5 in Italian, 1,234.5 in English); the
minus is U+2212; a unit follows its number after a no-break space. Texts of the catalogues write
``CO2`` and ``**bold**``; ``pieces`` cuts them for a page, ``plain`` and ``for_plot`` for places
that know no markup or only Plotly's.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from functools import cache

from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import get_decimal_symbol, get_group_symbol

from paes.periods import zone

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
"""What stands where there is no value; never 0."""

_LOCALE = {"it": "it_IT", "en": "en_GB"}
_MARK = re.compile(r"(\*\*.+?\*\*|CO2)")
_SMALL_T = 100.0
_ARTICLE = re.compile(
    r"\b([Ii]l|[Dd]el|[Aa]l|[Dd]al|[Nn]el|[Ss]ul) (\*\*)?"
    r"(?=8\d{0,2}(?![\d/])|11(?![\d/])|1(?:,\d+)?\s?%|(?P<nought>0,))"
)
"""Before otto, ottanta, ottocento, ottomila, undici, uno per cento; and zero virgola."""


def italian_articles(text: str) -> str:
    """``text`` with each article as the number after it is said: l’8 %, dell’11 %, lo 0,5 %."""

    def mended(found: re.Match[str]) -> str:
        word, bold = found[1], found[2] or ""
        sound = "lo " if found["nought"] else "l’"
        if word.lower() == "il":
            return (sound if word == "il" else sound.capitalize()) + bold
        return f"{word}{sound}{bold}"

    return _ARTICLE.sub(mended, text)


def number(value: float, language: str, digits: int = 0) -> str:
    """``value`` with exactly ``digits`` decimals and grouped thousands; ``∞`` if infinite."""
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    rounded = round(float(value), digits) + 0.0  # no negative zero
    # Babel's own format_decimal parses its pattern each time: a table has thousands of numbers.
    return f"{rounded:,.{digits}f}".translate(_signs(language))


@cache
def _signs(language: str) -> dict[int, str]:
    """What Python's signs of a number become."""
    locale = _LOCALE[language]
    signs = {",": get_group_symbol(locale), ".": get_decimal_symbol(locale), "-": MINUS}
    return str.maketrans(signs)


def signed(value: float, language: str, digits: int = 0) -> str:
    """As ``number``, with a plus before what is above zero once rounded."""
    text = number(value, language, digits)
    return f"+{text}" if round(float(value), digits) > 0 else text


def quantity(value: float, unit: str, language: str, digits: int = 0) -> str:
    """A number and its unit, never torn apart by a line's end."""
    return f"{number(value, language, digits)}{NO_BREAK}{unit}"


def percent(fraction: float, language: str, digits: int = 1, sign: bool = False) -> str:
    """A ratio (0..1) as per cent: ``12,3 %`` in Italian, ``12.3%`` in English."""
    text = (signed if sign else number)(fraction * 100, language, digits)
    return f"{text}{NO_BREAK}%" if language == "it" else f"{text}%"


def tonnes(value: float, language: str) -> str:
    """Tonnes: whole ones from a hundred on, one decimal below."""
    return quantity(value, "t", language, tonnes_digits(value))


def tonnes_digits(value: float) -> int:
    """How many decimals a number of tonnes deserves."""
    return 1 if 0 < abs(value) < _SMALL_T else 0


def day(value: date, language: str) -> str:
    """A date in words: ``12 marzo 2026``."""
    return str(format_date(value, "d MMMM y", locale=_LOCALE[language]))


def month(year: int, number: int, language: str) -> str:
    """A month in words: ``marzo 2026``."""
    return str(format_date(date(year, number, 1), "LLLL y", locale=_LOCALE[language]))


def clock_time(at: datetime, tz: str, language: str, seconds: bool = False) -> str:
    """The local time of day: ``14:05``, or ``14:05:30``."""
    pattern = "HH:mm:ss" if seconds else "HH:mm"
    return str(format_time(at.astimezone(zone(tz)), pattern, locale=_LOCALE[language]))


def moment(at: datetime, tz: str, language: str) -> str:
    """Local date and time: ``12 marzo 2026, 14:05``."""
    return f"{day(at.astimezone(zone(tz)).date(), language)}, {clock_time(at, tz, language)}"


def short_moment(at: datetime, now: datetime, tz: str, language: str) -> str:
    """The time of day if it is today, else day and time: ``10:29``, ``18 nov, 10:14``."""
    local, today = at.astimezone(zone(tz)), now.astimezone(zone(tz)).date()
    time = clock_time(at, tz, language)
    if local.date() == today:
        return time
    pattern = "d MMM" if local.year == today.year else "d MMM y"
    return f"{format_date(local.date(), pattern, locale=_LOCALE[language])}, {time}"


def age(seconds: float, language: str) -> str:
    """How long ago, in the largest sensible unit: ``3 minuti fa``."""
    past = timedelta(seconds=-max(seconds, 1.0))
    return str(format_timedelta(past, add_direction=True, locale=_LOCALE[language]))


def csv_number(value: float, language: str) -> str:
    """A full-precision number for a spreadsheet: decimal comma in Italian, no grouping."""
    if not math.isfinite(value):
        return ""
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    text = "0" if text in ("-0", "") else text
    return text.replace(".", ",") if language == "it" else text


def pieces(text: str) -> list[tuple[str, str]]:
    """``text`` cut at its marks: pairs of kind (``text``, ``bold``, ``co2``) and content."""
    found: list[tuple[str, str]] = []
    for part in _MARK.split(text):
        if part == "CO2":
            found.append(("co2", part))
        elif part.startswith("**"):
            found.append(("bold", part[2:-2]))
        elif part:
            found.append(("text", part))
    return found


def plain(text: str) -> str:
    """``text`` without marks, for titles, descriptions and CSV: ``CO₂``."""
    return text.replace("**", "").replace("CO2", "CO₂")


def for_plot(text: str) -> str:
    """``text`` with the marks that Plotly knows: ``CO<sub>2</sub>``."""
    return text.replace("**", "").replace("CO2", "CO<sub>2</sub>")
