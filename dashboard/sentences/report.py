"""What the page of the report says: what is still lacking, point by point, and of its editions."""

from __future__ import annotations

from dashboard.queries.report import Checklist, Point, Weight
from dashboard.sentences.data_health import meter_name
from dashboard.texts import Language
from paes.installation import City
from paes.report.edition import Edition

FILES = (
    "inventory.json",
    "inventory.csv",
    "declared.csv",
    "local-generation.csv",
    "progress.json",
    "progress.csv",
    "causes.csv",
    "other-rows.csv",
    "notation.csv",
)
"""How the names of an edition's files end; each has words that say what it holds."""


def answer(checklist: Checklist, language: Language) -> str:
    """How many points there are, by weight."""
    missing, look = checklist.count(Weight.MISSING), checklist.count(Weight.LOOK)
    if not missing and not look:
        return language.text("report.answer_fine", year=checklist.year)
    key = "report.answer_missing" if missing else "report.answer_look"
    return language.text(
        key,
        year=checklist.year,
        missing=language.number(missing),
        look=language.number(look),
    )


def group(name: str, points: tuple[Point, ...], language: Language) -> str:
    """What a part of the checklist lacks, in one sentence."""
    if not points:
        return language.text(f"report.fine_{name}")
    missing = sum(point.weight is Weight.MISSING for point in points)
    one = "_one" if len(points) == 1 else ""
    return language.text(
        f"report.points_{name}{one}",
        n=language.number(len(points)),
        missing=language.number(missing),
    )


def subject(point: Point, city: City, language: Language) -> str:
    """What a point is about: a sector and carrier, a meter, an action."""
    if point.kind.startswith("meter_"):
        return meter_name(city.meters[point.subject], city)
    if point.kind.startswith("action_"):
        name = next(a.name for a in city.actions if a.id == point.subject)
        return name.in_language(language.code)
    if point.kind.startswith("factor_"):
        return language.text(f"carrier.{point.subject}")
    sector, _, carrier = point.subject.partition("/")
    words = [language.text(f"sector.{sector}")]
    if carrier:
        words.append(language.text(f"carrier.{carrier}").lower())
    return ", ".join(words)


def reason(point: Point, language: Language) -> str:
    """What is the matter with it."""
    amount = "–" if point.amount is None else language.number(point.amount)
    return language.text(f"report_point.{point.kind}", amount=amount, year=point.year or "–")


def next_step(point: Point, language: Language) -> str:
    """What to do about it."""
    return language.text(f"report_next.{point.kind}", subject=point.subject)


def file_words(edition: Edition, name: str, language: Language) -> str:
    """What a file of an edition holds."""
    ending = name.removeprefix(f"{edition.city}-{edition.year}-")
    if ending not in FILES:
        return language.text("report_file.other")
    return language.text(f"report_file.{ending.replace('.', '_').replace('-', '_')}")
