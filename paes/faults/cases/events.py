"""How cases are kept beside the readings: as events of the case, told again when it changes.

::

    fault.case        what it is, its bouts, parameters and price; one for each case
    fault.series.<n>  the amounts and pictures of its bouts, in parts that every store takes
    fault.said.<word> one for each decision (``paes.faults.cases.decisions``)

The subject of all is the case's id. Series are packed, for an event of an InfluxDB holds 64 KB and
a year of quarter hours is more; who only lists cases does not ask for them.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from paes.errors import StoreError
from paes.events import Event
from paes.faults.cases.case import Bout
from paes.faults.episode import Episode, Excess, Picture
from paes.faults.money.price import Interval, Price
from paes.periods import Span
from paes.series import Floats

CASE = "fault.case"
SERIES = "fault.series."
_PART = 40_000
"""Characters of a part: below 64 KB, whatever a store adds."""
_PRICE: TypeAdapter[Price | None] = TypeAdapter(Price | None)
_INTERVAL: TypeAdapter[Interval | None] = TypeAdapter(Interval | None)
_DIGITS = 6
"""Of an amount in a series; finer than any register."""


@dataclass(frozen=True)
class KeptCase:
    """A case as it is kept: what was seen and what it costs, without what people said.

    ``into`` is the case that it turned out to be a part of; it has no bouts then. ``parts`` are the
    cases that turned out to be parts of this one.
    """

    id: str
    rule: str
    version: int
    subject: str
    site: str | None
    city: str
    parameters: Mapping[str, Any]
    opened_at: datetime
    bouts: tuple[Bout, ...] = ()
    price: Price | None = None
    into: str | None = None
    parts: tuple[str, ...] = ()

    @property
    def place(self) -> str | None:
        """What of the subject it is about."""
        return self.bouts[0].episode.place if self.bouts else None


def events_of(case: KeptCase) -> list[Event]:
    """What the store keeps of ``case``; the event that names the others is last."""
    text = _packed([_series(bout.episode) for bout in case.bouts])
    parts = [text[i : i + _PART] for i in range(0, len(text), _PART)]
    at = case_day(case.id, case.opened_at)
    facts: dict[str, str | float] = {
        "rule": case.rule,
        "version": case.version,
        "subject": case.subject,
        "site": case.site or "",
        "city": case.city,
        "parameters": json.dumps(dict(case.parameters), sort_keys=True),
        "opened_at": case.opened_at.isoformat(),
        "bouts": json.dumps([_bout(bout) for bout in case.bouts]),
        "price": _PRICE.dump_json(case.price).decode(),
        "into": case.into or "",
        "parts": json.dumps(case.parts),
        "series": len(parts),
    }
    message = f"{case.rule} of {case.subject}"
    numbered = enumerate(parts, 1)
    series = [Event(case.id, f"{SERIES}{n}", at, None, "", {"part": part}) for n, part in numbered]
    return [*series, Event(case.id, CASE, at, None, message, facts)]


def differs(case: KeptCase, before: KeptCase | None) -> bool:
    """True if ``case`` has to be written, where ``before`` is what is kept of it."""
    return before is None or events_of(case) != events_of(before)


def case_day(case_id: str, otherwise: datetime) -> datetime:
    """The time under which a case is kept: midnight (UTC) of the day in its id, which stays."""
    for word in case_id.split("/")[2:3]:
        try:
            return datetime.fromisoformat(word).replace(tzinfo=UTC)
        except ValueError:
            break
    return otherwise


def cases_in(events: Iterable[Event]) -> dict[str, KeptCase]:
    """The cases that ``events`` tell of, by id, of events of which some may be others.

    Without events of ``SERIES`` episodes have neither excess nor picture. StoreError if one cannot
    be understood.
    """
    parts: dict[str, dict[str, str]] = {}
    told: dict[str, Event] = {}
    for event in events:
        if event.name == CASE:
            told[event.subject] = event
        elif event.name.startswith(SERIES):
            number = event.name.removeprefix(SERIES)
            parts.setdefault(event.subject, {})[number] = str(event.facts.get("part", ""))
    return {name: _case(event, parts.get(name)) for name, event in told.items()}


def _case(event: Event, parts: Mapping[str, str] | None) -> KeptCase:
    facts = event.facts
    try:
        bouts = [_bout_of(found) for found in json.loads(str(facts["bouts"]))]
        if parts:
            text = "".join(parts[str(n)] for n in range(1, int(facts["series"]) + 1))
            series = _unpacked(text) if text else []
            bouts = [_with_series(b, s) for b, s in zip(bouts, series, strict=True)]
        return KeptCase(
            event.subject,
            str(facts["rule"]),
            int(facts["version"]),
            str(facts["subject"]),
            str(facts["site"]) or None,
            str(facts["city"]),
            json.loads(str(facts["parameters"])),
            datetime.fromisoformat(str(facts["opened_at"])),
            tuple(bouts),
            _PRICE.validate_json(str(facts["price"])),
            str(facts["into"]) or None,
            tuple(json.loads(str(facts["parts"]))),
        )
    except (KeyError, ValueError, TypeError, zlib.error) as err:
        raise StoreError(
            f"{event.subject}: what the store keeps of this case cannot be understood:"
            f" {type(err).__name__} {err}"
        ) from err


def _bout(bout: Bout) -> dict[str, Any]:
    episode = bout.episode
    return {
        "start": episode.start.isoformat(),
        "end": episode.end.isoformat(),
        "found": episode.found.isoformat(),
        "is_over": episode.is_over,
        "numbers": {name: float(value) for name, value in episode.numbers.items()},
        "windows": {
            name: [span.start.isoformat(), span.end.isoformat()]
            for name, span in episode.windows.items()
        },
        "place": episode.place,
        "eur": _INTERVAL.dump_python(episode.eur),
        "eur_per_week": _INTERVAL.dump_python(episode.eur_per_week),
        "seen_until": bout.seen_until.isoformat(),
        "is_gone": bout.is_gone,
    }


def _bout_of(found: Mapping[str, Any]) -> Bout:
    episode = Episode(
        datetime.fromisoformat(found["start"]),
        datetime.fromisoformat(found["end"]),
        datetime.fromisoformat(found["found"]),
        bool(found["is_over"]),
        found["numbers"],
        {
            name: Span(datetime.fromisoformat(start), datetime.fromisoformat(end))
            for name, (start, end) in found["windows"].items()
        },
        place=found["place"],
        eur=_INTERVAL.validate_python(found["eur"]),
        eur_per_week=_INTERVAL.validate_python(found["eur_per_week"]),
    )
    return Bout(episode, datetime.fromisoformat(found["seen_until"]), bool(found["is_gone"]))


def _series(episode: Episode) -> dict[str, Any]:
    excess, picture = episode.excess, episode.picture
    return {
        "excess": excess
        and {
            "step_s": excess.step_s,
            "starts_s": _differences(excess.starts_s.tolist()),
            **{name: _numbers(getattr(excess, name)) for name in ("likely", "low", "high")},
        },
        "picture": picture
        and {
            "start_s": picture.start_s,
            "step_s": picture.step_s,
            "unit": picture.unit,
            **{name: _numbers(getattr(picture, name)) for name in ("seen", "usual", "low", "high")},
        },
    }


def _with_series(bout: Bout, series: Mapping[str, Any]) -> Bout:
    excess, picture = series["excess"], series["picture"]
    if excess:
        starts_s = np.cumsum(np.array(excess["starts_s"], dtype=np.int64))
        amounts = {name: _floats(excess[name]) for name in ("likely", "low", "high")}
        excess = Excess(starts_s=starts_s, step_s=excess["step_s"], **amounts)
    if picture:
        columns = {name: _floats(picture.pop(name)) for name in ("seen", "usual", "low", "high")}
        picture = Picture(**picture, **columns)
    return replace(bout, episode=replace(bout.episode, excess=excess, picture=picture))


def _differences(seconds: Sequence[int]) -> list[int]:
    return [b - a for a, b in zip([0, *seconds], seconds, strict=False)]


def _numbers(column: Floats | None) -> list[float | None] | None:
    if column is None:
        return None
    rounded = (float(f"{value:.{_DIGITS}g}") for value in column.tolist())
    return [None if value != value else value for value in rounded]


def _floats(numbers: Sequence[float | None] | None) -> Any:
    if numbers is None:
        return None
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)


def _packed(document: Any) -> str:
    text = json.dumps(document, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def _unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))
