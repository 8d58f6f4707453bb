"""Which episode belongs to which case: what a run saw, put to what is kept.

Pure. An episode is of a case's bout if both tell of the same time, of one rule, subject and place;
it then takes the bout's place, unless the bout was seen by later readings. What matches none begins
a bout, and a case of its own unless a bout of the same kind is less than ``rearm_days`` away. So:

* A start that late readings move by days stays the same case, and the case its id.
* A run that sees only a part of an episode never shortens what is known.
* Two cases that turn out to be one episode become the one that is older; it takes over what people
  said of the other, whose record points to it.
* What was given to a case stays with it: cases are joined, never split.
* A bout that lies wholly in what was judged and is not found again is *gone*: corrected readings,
  late ones or another version of the rule do not show it. It stays in the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from paes.faults.cases.bouts import groups, overlap
from paes.faults.cases.case import Bout
from paes.faults.cases.events import KeptCase
from paes.faults.cases.life import days_of
from paes.faults.episode import Episode
from paes.periods import Span

Key = tuple[str, str, str | None]
"""Rule, subject and place: what a case is about, beside its time."""


@dataclass(frozen=True)
class Seen:
    """An episode that a run found by the readings until ``until``."""

    rule: str
    version: int
    subject: str
    parameters: Mapping[str, Any]
    episode: Episode
    until: datetime

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.rule, self.subject, self.episode.place


Begin = Callable[[Seen], KeptCase]
"""Makes the record of a new case, without its bouts."""
Judged = Callable[[str, str], Span | None]
"""What of the time of a (rule, subject) was judged; None if it was not looked at."""


def matched(
    kept: Iterable[KeptCase], seen: Iterable[Seen], judged: Judged, begin: Begin
) -> list[KeptCase]:
    """Every record as it is to be kept after a run, new ones too; in the order of their ids.

    ``kept`` are all records; those that point to another one stay as they are.
    """
    by_key: dict[Key, tuple[list[KeptCase], list[Seen]]] = {}
    found: list[KeptCase] = []
    for record in kept:
        if record.into is None:
            key = record.rule, record.subject, record.place
            by_key.setdefault(key, ([], []))[0].append(record)
        else:
            found.append(record)
    for one in seen:
        by_key.setdefault(one.key, ([], []))[1].append(one)
    for (rule, subject, _), (records, sightings) in by_key.items():
        found += _of_one(records, sightings, judged(rule, subject), begin)
    return sorted(found, key=lambda record: record.id)


@dataclass(frozen=True)
class _Owned:
    bout: Bout
    owner: str | None


def _of_one(
    records: Sequence[KeptCase], seen: Sequence[Seen], judged: Span | None, begin: Begin
) -> list[KeptCase]:
    """The records of one key."""
    if not seen and judged is None:
        return list(records)
    latest = max(seen, key=lambda s: s.until, default=None)
    parameters = latest.parameters if latest else records[-1].parameters
    owned = [_Owned(bout, record.id) for record in records for bout in record.bouts]
    joined: list[set[str]] = []
    placed: list[_Owned] = []
    for one in sorted(seen, key=lambda s: (s.until, s.episode.start)):
        owned, owners = _place(owned, one)
        joined.append(owners)
    placed = [_gone(o, judged, seen) for o in owned]
    homes = _homes(placed, joined, days_of(parameters, "rearm_days"))
    return _records(records, homes, seen, begin)


def _place(owned: Sequence[_Owned], one: Seen) -> tuple[list[_Owned], set[str]]:
    """``owned`` with the episode in it, and the cases that it shows to be one."""
    same = [o for o in owned if overlap(o.bout.episode, one.episode)]
    if any(o.bout.seen_until > one.until for o in same):
        return list(owned), set()
    owners = {o.owner for o in same if o.owner}
    others = [o for o in owned if o not in same]
    return [*others, _Owned(Bout(one.episode, one.until), min(owners, default=None))], owners


def _gone(owned: _Owned, judged: Span | None, seen: Sequence[Seen]) -> _Owned:
    """Marked as gone if it was judged by readings as late, and was not found."""
    bout = owned.bout
    if judged is None or any(bout.episode is one.episode for one in seen):
        return owned
    inside = judged.start <= bout.episode.start and bout.episode.end <= judged.end
    if not inside or bout.seen_until > judged.end:
        return owned
    return replace(owned, bout=replace(bout, is_gone=True))


def _homes(
    placed: Sequence[_Owned], joined: Sequence[set[str]], rearm: timedelta
) -> list[tuple[set[str], list[Bout]]]:
    """The bouts of each case, with the ids that they had until now; no id is in two of them."""
    owner = {id(o.bout): o.owner for o in placed}
    live = groups([o.bout for o in placed if not o.bout.is_gone], rearm)
    gone = [[o.bout] for o in placed if o.bout.is_gone]
    homes: list[tuple[set[str], list[Bout]]] = [(set(ids), []) for ids in joined if ids]
    for bouts in [*live, *gone]:
        ids = {name for b in bouts if (name := owner[id(b)]) is not None}
        homes.append((ids, bouts))
    return _united(homes)


def _united(homes: Iterable[tuple[set[str], list[Bout]]]) -> list[tuple[set[str], list[Bout]]]:
    found: list[tuple[set[str], list[Bout]]] = []
    for ids, bouts in homes:
        same = [home for home in found if home[0] & ids]
        found = [home for home in found if not home[0] & ids]
        for other_ids, other_bouts in same:
            ids, bouts = ids | other_ids, [*other_bouts, *bouts]
        found.append((ids, bouts))
    return found


def _records(
    records: Sequence[KeptCase],
    homes: Sequence[tuple[set[str], list[Bout]]],
    seen: Sequence[Seen],
    begin: Begin,
) -> list[KeptCase]:
    known = {record.id: record for record in records}
    found: dict[str, KeptCase] = {}
    for ids, bouts in homes:
        ordered = tuple(sorted(bouts, key=lambda b: (b.episode.start, b.seen_until)))
        last = _last_seen(ordered, seen)
        if not ids and last:
            first = next(s for s in seen if s.episode is ordered[0].episode)
            record = begin(first)
            record = known.get(record.id) or record
            ordered = (*found[record.id].bouts, *ordered) if record.id in found else ordered
        else:
            record = known[min(ids)]
        parts = sorted(ids - {record.id})
        for part in parts:
            found[part] = replace(known[part], bouts=(), into=record.id)
        told = {p for name in parts for p in (name, *known[name].parts)}
        if last:
            record = replace(record, version=last.version, parameters=last.parameters)
        merged = tuple(sorted({*record.parts, *told}))
        found[record.id] = replace(record, bouts=ordered, parts=merged)
    return list(found.values())


def _last_seen(bouts: Sequence[Bout], seen: Sequence[Seen]) -> Seen | None:
    """What was seen last of these bouts in this run."""
    of = [one for one in seen if any(b.episode is one.episode for b in bouts)]
    return max(of, key=lambda s: (s.until, s.episode.end), default=None)
