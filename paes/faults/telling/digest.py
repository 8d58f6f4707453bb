"""The digest: what there is to tell, as a subject, plain text and HTML.

Pure: the same news make the same digest, and its ``id`` follows from way and news alone, so that
one that is sent again after a crash is known by its Message-ID. Words are data
(``config/digest_words.yaml``); read next ``paes.faults.telling.digest_html``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from textwrap import fill

from paes.faults.cases.case import Case, State
from paes.faults.cases.same_event import Twice, eur_per_week, eur_so_far, told_twice
from paes.faults.money.price import Interval, Price, Waste
from paes.faults.telling import sentences
from paes.faults.telling.digest_html import html
from paes.faults.telling.digest_parts import Drawing, Entry, Outline, Part, drawing
from paes.faults.telling.news import News, What, ranked
from paes.installation import Installation
from paes.schema import ConfigModel, Text
from paes.shipped_files import read_own_or_shipped


class DigestWords(ConfigModel):
    """``digest_words.yaml``."""

    subject: Text
    simulated_subject: Text
    new_one: Text
    new_many: Text
    rearmed_one: Text
    rearmed_many: Text
    closed_one: Text
    closed_many: Text
    a_week: Text
    intro: Text
    simulated: Text
    total: Text
    heading_new: Text
    heading_rearmed: Text
    heading_closed: Text
    since: Text
    so_far: Text
    per_week: Text
    not_counted: Text
    unmeasured: Text
    look_first: Text
    who: Text
    nobody: Text
    meter: Text
    wastes_nothing: Text
    equal: Text
    no_price: Text
    assumed: Text
    see_also: Text
    same_event: Text
    part_of_event: Text
    has_part: Text
    is_back: Text
    is_back_and_cost: Text
    not_seen_any_more: Text
    picture: Text
    others: Text
    open_page: Text
    why: Text


@dataclass(frozen=True)
class Digest:
    """What is sent; ``id`` is the same whenever the same is told by the same way."""

    id: str
    subject: str
    text: str
    html: str


def digest_id(way: str, news: Iterable[News]) -> str:
    """32 hexadecimal digits that stand for these news by this way."""
    keys = sorted(f"{case} {name}" for case, name in (one.key for one in news))
    return hashlib.sha256("\n".join([way, *keys]).encode()).hexdigest()[:32]


def digest(
    news: Sequence[News],
    installation: Installation,
    now: datetime,
    way: str = "mail",
    simulated: bool = False,
) -> Digest:
    """The digest of ``news`` (at least one) in the language of the installation's notices."""
    told = ranked(news)
    writer = _Writer(installation, now, told)
    outline = writer.outline(told, simulated)
    return Digest(digest_id(way, told), outline.subject, _plain(outline), html(outline))


class _Writer:
    """What the parts of one digest share: language, words, names."""

    def __init__(self, installation: Installation, now: datetime, told: Sequence[News]) -> None:
        self.installation = installation
        going_on = [one.case for one in told if one.what is not What.CLOSED]
        self.twice = told_twice(going_on, installation.meters)
        self.notices = installation.notices
        self.language = installation.notices.language
        self.root: Path = installation.root
        self.words = read_own_or_shipped(self.root, "digest_words.yaml", DigestWords)
        self.tz = installation.city().time_zone
        self.now = now

    def say(self, key: str, **figures: str) -> str:
        text: Text = getattr(self.words, key)
        return text.in_language(self.language).format(**figures)

    def outline(self, told: Sequence[News], simulated: bool) -> Outline:
        shown = told[: self.notices.most_cases]
        parts = [
            Part(self.say(f"heading_{what}"), [self.entry(n) for n in shown if n.what is what])
            for what in What
        ]
        subject = self.subject(told)
        return Outline(
            language=self.language,
            subject=self.say("simulated_subject", subject=subject) if simulated else subject,
            intro=self.say("intro", town=self.installation.name, date=self.date(self.now)),
            warning=self.say("simulated") if simulated else None,
            total=self.total(told),
            parts=[part for part in parts if part.entries],
            others=self.others(told[len(shown) :]),
            page=self.notices.page,
            open_page=self.say("open_page"),
            why=self.say("why"),
        )

    def date(self, at: datetime | date) -> str:
        return sentences.day(at, self.tz, self.language)

    def subject(self, told: Sequence[News]) -> str:
        parts = []
        for what in What:
            count = sum(one.what is what for one in told)
            if count:
                key = f"{what}_one" if count == 1 else f"{what}_many"
                parts.append(self.say(key, n=sentences.number(count, self.language)))
        eur = self.week(told)
        if eur is not None:
            parts.append(self.say("a_week", money=sentences.euros(eur.likely, self.language)))
        return self.say("subject", parts=", ".join(parts))

    def total(self, told: Sequence[News]) -> str | None:
        week = self.week(told)
        if week is None:
            return None
        going_on = [one.case for one in told if one.what is not What.CLOSED]
        spent = eur_so_far(going_on, self.twice)
        return self.say("total", money=self.money(week), so_far=self.money(spent))

    def others(self, rest: Sequence[News]) -> str | None:
        if not rest:
            return None
        week = self.week(rest)
        money = sentences.euros(week.likely if week else 0.0, self.language)
        return self.say("others", n=sentences.number(len(rest), self.language), money=money)

    def week(self, told: Iterable[News]) -> Interval | None:
        """What is told and goes on costs a week, each event once; None if nothing has a price."""
        return eur_per_week((n.case for n in told if n.what is not What.CLOSED), self.twice)

    def money(self, amount: Interval) -> str:
        return sentences.euros_between(amount, self.language)

    def entry(self, news: News) -> Entry:
        case, installation = news.case, self.installation
        site = installation.sites[case.site].name if case.site in installation.sites else None
        place = [site or case.subject]
        if case.city in installation.cities and len(installation.cities) > 1:
            place.append(installation.cities[case.city].name)
        is_closed = news.what is What.CLOSED
        says = sentences.sentence(case, self.language, self.root)
        drawn = None if is_closed else drawing(case.episode.picture, self.tz)
        return Entry(
            title=sentences.name(case, self.language, self.root),
            place=", ".join(place),
            says=self.closing(news) if is_closed else says,
            facts=[] if is_closed else self.facts(news),
            id=case.id,
            is_closed=is_closed,
            drawing=drawn,
            caption=self.caption(drawn) if drawn else "",
        )

    def caption(self, drawn: Drawing) -> str:
        return self.say(
            "picture",
            n=str(len(drawn.bars)),
            date=self.date(drawn.last),
            highest=sentences.quantity(drawn.highest, drawn.unit, self.language),
        )

    def closing(self, news: News) -> str:
        case = news.case
        if case.state is State.RETRACTED:
            return self.say("not_seen_any_more")
        began = self.date(case.episode.start)
        eur = case.price.so_far.eur if case.price else None
        if eur is None:
            return self.say("is_back", date=began)
        return self.say("is_back_and_cost", date=began, money=self.money(eur))

    def facts(self, news: News) -> list[tuple[str, str]]:
        case = news.case
        told = [(self.say("since"), self.date(case.episode.start)), *self.costs(case)]
        told += [(self.say("see_also"), text) for text in self.same_event(case)]
        advice = sentences.what_to_do(case, self.language, self.root)
        if advice:
            told.append((self.say("look_first"), advice))
        told.append((self.say("who"), case.assignee or self.say("nobody")))
        return [*told, (self.say("meter"), case.subject)]

    def same_event(self, case: Case) -> Iterable[str]:
        """Which other cases of the digest probably tell of the same."""
        for one in self.twice.values():
            if case.id in (one.case.id, one.of.id):
                yield self.same_event_text(one, one.of if case.id == one.case.id else one.case)

    def same_event_text(self, one: Twice, other: Case) -> str:
        key = "same_event" if one.is_all else "part_of_event" if other is one.of else "has_part"
        return self.say(key, name=sentences.name(other, self.language, self.root))

    def costs(self, case: Case) -> list[tuple[str, str]]:
        price = case.price
        why_none = sentences.without_price(case, self.language, self.root)
        if price and why_none and not (price.so_far.eur or price.so_far.amount.high):
            return [(self.say("per_week"), why_none)]
        if price is None:
            return [(self.say("per_week"), self.say("wastes_nothing"))]
        told = [
            (self.say("per_week"), self.cost(price.per_week, price)),
            (self.say("so_far"), self.cost(price.so_far, price)),
        ]
        if price.unknown_h >= 1:
            hours = sentences.quantity(price.unknown_h, "h", self.language)
            told.append((self.say("not_counted"), self.say("unmeasured", hours=hours)))
        return told

    def cost(self, waste: Waste, price: Price) -> str:
        """Money with its bounds, and the amount where there is one."""
        amount = sentences.quantity(waste.amount.likely, price.unit, self.language)
        if waste.eur is None:
            no_price = self.say("no_price")
            return f"{amount}, {no_price}" if waste.amount.high else no_price
        money = self.money(waste.eur)
        if price.is_assumed:
            money += f", {self.say('assumed')}"
        return self.say("equal", money=money, amount=amount) if waste.amount.high else money


def _plain(outline: Outline) -> str:
    """Wrapped at 76 columns, as mail programs show plain text."""
    blocks = [fill(outline.intro, 76)]
    blocks += [fill(text, 76) for text in (outline.warning, outline.total) if text]
    number = 0
    for part in outline.parts:
        blocks.append(f"{part.heading.upper()}\n{'-' * len(part.heading)}")
        for entry in part.entries:
            number += 1
            blocks.append(_plain_entry(number, entry))
    if outline.others:
        blocks.append(fill(outline.others, 76))
    if outline.page:
        blocks.append(f"{outline.open_page}: {outline.page}")
    return "\n\n".join([*blocks, "-- \n" + fill(outline.why, 76)]) + "\n"


def _plain_entry(number: int, entry: Entry) -> str:
    lines = [f"{number}. {entry.title}: {entry.place}"]
    lines += [fill(entry.says, 76, initial_indent="   ", subsequent_indent="   ")] * bool(
        entry.says
    )
    for label, value in entry.facts:
        lines.append(fill(f"{label}: {value}", 76, initial_indent="   ", subsequent_indent="     "))
    return "\n".join([*lines, f"   {entry.id}"])
