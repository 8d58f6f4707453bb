"""Cases in words: a rule's two sentences with a case's numbers, and numbers as people write them.

Command line, pages and digests all say a case this way. A placeholder is the name of one of the
episode's numbers; one that ends with ``_fraction`` is written as per cent (``23 %``). What is
counted stands beside it, of one and of several: ``{nights:night|nights}``. With a third word long
times are told in it, nights and days from 100 on as months, hours as days
(``{nights:night|nights|months}`` is ``about 34 months`` of 1,043).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from paes.faults.cases.case import Case
from paes.faults.money.price import Interval
from paes.faults.rule import PLACEHOLDER, RuleFile
from paes.faults.rule_table import rule
from paes.periods import zone
from paes.shipped_files import shipped_config

NO_BREAK = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
_LOCALE = {"it": "it_IT", "en": "en_GB"}
_ARTICLE = re.compile(r"\b(il|del|al|dal|nel|sul) (?=8|11(?!\d))")
"""Before a number that is said with a vowel: l'8 %, dell'11 %."""
_ELIDED = {"il": "l'", "del": "dell'", "al": "all'", "dal": "dall'", "nel": "nell'", "sul": "sull'"}
_COARSE = ("_min", "_w", "_l_h")
"""Of minutes, watts and litres an hour nobody needs tenths from ten on."""
_LONG = 100
"""So many days, nights or hours are told in a longer unit."""
_DAYS_A_MONTH = 365.25 / 12
_ABOUT = {"it": "circa", "en": "about"}


def sentence(case: Case, language: str, root: Path | None = None) -> str:
    """What ``case`` is, in two sentences; nothing of a rule that is gone.

    ``root`` is the installation whose rule files count (None: the shipped ones).
    """
    file = _file(case, root)
    return filled(file.says.in_language(language), case.episode.numbers, language) if file else ""


def name(case: Case, language: str, root: Path | None = None) -> str:
    """What the rule of ``case`` is called."""
    file = _file(case, root)
    return file.name.in_language(language) if file else case.rule


def what_to_do(case: Case, language: str, root: Path | None = None) -> str:
    """What should be looked at first."""
    file = _file(case, root)
    text = file.what_to_do.in_language(language) if file else ""
    return filled(text, case.episode.numbers, language)


def without_price(case: Case, language: str, root: Path | None = None) -> str:
    """Why it costs nothing, where its rule knows; else nothing."""
    file = _file(case, root)
    return file.without_price.in_language(language) if file and file.without_price else ""


def filled(text: str, numbers: Mapping[str, float], language: str) -> str:
    """``text`` with each ``{number}`` written out; one that is not there as a dash."""

    def written(found: re.Match[str]) -> str:
        value = numbers.get(found[1], math.nan)
        if found[1].endswith("_fraction"):
            return percent(value, language)
        return _counted(found[1], value, (found[2], found[3], found[4]), language)

    told = PLACEHOLDER.sub(written, text)
    return _ARTICLE.sub(lambda found: _ELIDED[found[1]], told) if language == "it" else told


def _counted(
    name: str, value: float, words: tuple[str | None, str | None, str | None], language: str
) -> str:
    """``value`` of the number ``name`` with what is counted: one, several, or a longer unit."""
    one, several, longer = words
    if longer and math.isfinite(value) and value >= _LONG:
        a_unit = 24 if name.endswith(("hours", "_h")) else _DAYS_A_MONTH
        return f"{_ABOUT[language]} {number(value / a_unit, language, 0)}{NO_BREAK}{longer}"
    digits = 0 if name.endswith(_COARSE) and abs(value) >= 10 else None
    text = number(value, language, digits)
    word = one if text == "1" else several
    return f"{text}{NO_BREAK}{word}" if word else text


def number(value: float, language: str, digits: int | None = None) -> str:
    """``value`` as it is written: 1.234 or 12,5; without ``digits`` as many as make sense.

    These are none from 100 on, one from 1 on, and two that say something below; no zeros at the
    end. A dash if nothing is known.
    """
    if not math.isfinite(value):
        return NOTHING
    if digits is None:
        digits = _digits(abs(value))
        pattern = "#,##0" + ("." + "#" * digits if digits else "")
    else:
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(round(value, digits) + 0.0, format=pattern, locale=_LOCALE[language])
    return str(text).replace("-", "\N{MINUS SIGN}")


def percent(fraction: float, language: str) -> str:
    """A ratio (0..1) as per cent: ``23 %`` in Italian, ``23%`` in English."""
    text = number(100 * fraction, language, 0 if abs(fraction) >= 0.1 else None)
    if not math.isfinite(fraction):
        return text
    return f"{text}{NO_BREAK}%" if language == "it" else f"{text}%"


def quantity(value: float, unit: str, language: str) -> str:
    """A number and its unit, which a line's end does not part."""
    return f"{number(value, language)}{NO_BREAK}{unit.replace('m3', 'm³')}"


def euros(value: float, language: str) -> str:
    """Money: whole euros from ten on, cents below."""
    return f"{number(value, language, 0 if abs(value) >= 10 else 2)}{NO_BREAK}€"


def euros_between(amount: Interval, language: str) -> str:
    """Money with its bounds: ``42 € (30–55)``; without them where they say the same."""
    digits = 0 if abs(amount.likely) >= 10 else 2
    low, high = (number(v, language, digits) for v in (amount.low, amount.high))
    likely = euros(amount.likely, language)
    return likely if low == high else f"{likely} ({low}{NOTHING}{high})"


def day(at: datetime | date, tz: str, language: str) -> str:
    """The local date in words: ``12 marzo 2026``."""
    local = at.astimezone(zone(tz)).date() if isinstance(at, datetime) else at
    return str(format_date(local, "d MMMM y", locale=_LOCALE[language]))


def _digits(size: float) -> int:
    if size >= 100 or size == 0:
        return 0
    if size >= 1:
        return 1
    return min(1 - math.floor(math.log10(size)), 6)


def _file(case: Case, root: Path | None) -> RuleFile[Any] | None:
    found = rule(case.rule)
    return found.file(root or shipped_config()) if found else None
