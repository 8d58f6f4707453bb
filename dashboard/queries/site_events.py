"""What happened at a site: malfunctions, actions, exchanged meters, and odd readings.

Quick but for ``FINDINGS``, which walks through the readings of all its meters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard.queries.cases import cases_of, ranked
from dashboard.queries.recipe import Recipe, Sources
from paes.events import SWAPPED
from paes.faults.cases.case import Case
from paes.installation import City
from paes.metering import Finding
from paes.periods import Span, zone
from paes.plan.action import Action, Status
from paes.schema import Text

FINDING_DAYS = 92
"""So far back a site's page looks for odd readings."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a time that may explain a change: drawn into the load.

    ``kind`` is ``exchange`` (another device in a meter), ``works`` (an action was completed) or
    ``event`` (the site's calendar names it); ``name`` is whose it is.
    """

    at: date
    kind: str
    name: str | Text

    def told(self, language: str) -> str:
        """Whose it is, in a language."""
        return self.name if isinstance(self.name, str) else self.name.in_language(language)


@dataclass(frozen=True)
class SiteEvents:
    """Malfunctions, the dearest first and open ones before others; actions; marks by time."""

    cases: tuple[Case, ...]
    actions: tuple[Action, ...]
    marks: tuple[Mark, ...]

    @property
    def open_cases(self) -> tuple[Case, ...]:
        """Those that somebody has to see to."""
        return tuple(case for case in self.cases if case.is_open)


def site_events(sources: Sources, city: City, site: str, meter: str | None) -> SiteEvents:
    """Of a site, or of one meter of it."""
    cases = [c for c in cases_of(sources, city.id, site) if meter in (None, c.subject)]
    ordered = ranked([c for c in cases if c.is_open]) + ranked([c for c in cases if not c.is_open])
    actions = [a for a in city.actions if site in a.sites or (meter and meter in a.meters)]
    return SiteEvents(
        tuple(ordered), tuple(actions), tuple(_marks(sources, city, site, meter, actions))
    )


def _marks(
    sources: Sources, city: City, site: str, meter: str | None, actions: Sequence[Action]
) -> list[Mark]:
    found: list[Mark] = [
        Mark(a.end, "works", a.name) for a in actions if a.end and a.status is Status.COMPLETED
    ]
    meters = [m for m in city.meters.values() if m.site == site and meter in (None, m.id)]
    tz = zone(city.time_zone)
    for one in meters:
        told = [r.at for r in one.replacements]
        name = one.name or one.id
        found += [Mark(at.astimezone(tz).date(), "exchange", name) for at in told]
    swaps = sources.store.events(subjects=[m.id for m in meters], name=SWAPPED) if meters else []
    names = {m.id: m.name or m.id for m in meters}
    found += [Mark(e.start.astimezone(tz).date(), "exchange", names[e.subject]) for e in swaps]
    for event in sources.installation.opening(site).events:
        found.append(Mark(event.first, "event", event.note or ""))
    return sorted(found, key=lambda mark: (mark.at, mark.kind))


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one kind about one meter: how many, the first and the last."""

    meter: str
    name: str
    count: int
    first_at: datetime | None
    last: Finding
    """The newest, whose numbers are told."""


def site_findings(sources: Sources, site: str) -> tuple[FindingGroup, ...]:
    """What was odd in the readings of a site's meters in the last ``FINDING_DAYS``; newest first.

    Gaps that the collector explains are not odd: they stand among the data's causes.
    """
    city = sources.installation.city_of_site(site)
    now = sources.clock()
    span = Span(now - timedelta(days=FINDING_DAYS), now)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for meter in city.meters.values():
        if meter.site == site:
            for finding in sources.ledger.findings(meter, span):
                groups.setdefault((meter.id, finding.name), []).append(finding)
    found = [
        FindingGroup(meter, name, len(of), of[0].at, of[-1]) for (meter, name), of in groups.items()
    ]
    return tuple(sorted(found, key=lambda g: g.last.at or now, reverse=True))


FINDINGS = Recipe("site_findings", site_findings, max_age_s=1800.0, ahead=lambda _: ())
"""By site: asked for when it is read."""
