"""The walk from a figure down: which inputs are opened, and whether all of them agree.

Without a meter every input is opened until the depth that was asked, but no meter above which a
figure of the town stands: a town has thousands of days. Toward a meter only what leads
to it is opened, as deep as it goes: to the months of its year, to the days of a month that is
named, to the intervals and reads of a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from paes.accounting.site_energy import SeenTerm
from paes.errors import DataError
from paes.lineage.figure import Figure, Input
from paes.lineage.figure_id import FigureId, Kind
from paes.lineage.remaking import agrees
from paes.lineage.spans import parse_span
from paes.lineage.tracing import Tracer
from paes.meters import Meter
from paes.periods import Span

FURTHEST = 20
"""No walk is deeper: it would be a circle."""


@dataclass(frozen=True)
class Node:
    """A figure, the part it plays above, and what was opened below; ``figure`` None if closed."""

    role: Input | None
    figure: Figure | None
    children: tuple[Node, ...] = ()

    @property
    def id(self) -> str:
        """The id of its figure."""
        if self.figure:
            return self.figure.id
        assert self.role is not None  # what is closed is an input
        return self.role.id

    def all(self) -> Iterator[Node]:
        """The node and everything opened below it."""
        yield self
        for child in self.children:
            yield from child.all()


@dataclass(frozen=True)
class Focus:
    """What a walk goes for: a depth, or a meter and perhaps a month or a day of it."""

    depth: int = 1
    meter: Meter | None = None
    span: Span | None = None
    opened: set[str] = field(default_factory=set)


def walk(tracer: Tracer, wanted: str, focus: Focus | None = None) -> Node:
    """The figure with everything that ``focus`` opens; DataError if it does not lead there."""
    focus = focus or Focus()
    root = _opened(tracer, None, wanted, focus, focus.depth)
    if focus.meter and not any(_is_of(node.id, focus.meter) for node in root.all()):
        raise DataError(f"{wanted} does not rest on meter {focus.meter.id}")
    return root


def _opened(
    tracer: Tracer, role: Input | None, wanted: str, focus: Focus, depth: int, level: int = 0
) -> Node:
    figure, children = tracer.figure(wanted), []
    within_meter = FigureId.parse(wanted).kind is Kind.METER
    for one in figure.inputs:
        opens, left = _opens(tracer, one, focus, depth, within_meter)
        if opens and level < FURTHEST:
            children.append(_opened(tracer, one, one.id, focus, left, level + 1))
        else:
            children.append(Node(one, None))
    return Node(role, figure, tuple(children))


def _opens(
    tracer: Tracer, one: Input, focus: Focus, depth: int, within_meter: bool
) -> tuple[bool, int]:
    """Whether an input is opened, and how deep everything below it may be."""
    if "#" in one.id:
        return False, 0
    if focus.meter is None:
        is_meter = FigureId.parse(one.id).kind is Kind.METER
        return depth > 1 and (within_meter or not is_meter), depth - 1
    if not leads_to(tracer, one.id, focus.meter):
        return False, 0
    asked = FigureId.parse(one.id)
    if asked.kind is not Kind.METER or asked.quantity in ("kwh", "m3"):
        return True, depth
    if focus.span is None:
        return depth > 1, depth - 1
    return (True, depth) if _meets(tracer, asked, focus) else (False, 0)


def _meets(tracer: Tracer, asked: FigureId, focus: Focus) -> bool:
    """True if a figure of the meter is of the stretch that is asked for."""
    assert focus.span is not None
    assert focus.meter is not None
    if asked.quantity in ("reading", "kwh_per_unit"):
        return True
    tz = tracer.ledger.installation.time_zone(focus.meter.id)
    own = parse_span(asked.parts[1], tz)
    touches = own.clip(focus.span.start, focus.span.end) is not None
    finest = focus.span.seconds < 2 * 86400
    return touches and (finest or own.seconds >= focus.span.seconds or asked.quantity == "gap")


def leads_to(tracer: Tracer, wanted: str, meter: Meter) -> bool:
    """True if ``meter`` is somewhere below the figure."""
    asked = FigureId.parse(wanted)
    if asked.kind is Kind.METER:
        return asked.parts[0] == meter.id
    if asked.kind is Kind.SITE:
        return any(leads_to(tracer, one.id, meter) for one in tracer.figure(wanted).inputs)
    if asked.kind is Kind.PROGRESS:
        return asked.quantity != "required"
    if asked.kind is not Kind.INVENTORY or asked.quantity in ("declared_mwh", "factor"):
        return False
    made = tracer.inventory(asked.year, asked.method(tracer.city.plan))
    _, *cell = asked.parts
    return any(
        _has(terms, meter) and [str(part) for part in of[: len(cell)]] == cell
        for of, terms in made.metered_terms.items()
    )


def _has(terms: tuple[SeenTerm, ...], meter: Meter) -> bool:
    return any(one.term.meter.id == meter.id for one in terms)


def _is_of(wanted: str, meter: Meter) -> bool:
    return f"/{Kind.METER}/{meter.id}/" in wanted


@dataclass
class Checked:
    """What came of working figures out again: how many, and which do not agree."""

    figures: int = 0
    days: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """True if all agree."""
        return not self.wrong


def verify(
    tracer: Tracer,
    wanted: str,
    meter: Meter | None = None,
    progress: Callable[[str], None] | None = None,
) -> Checked:
    """The figure and all below it worked out again, down to days made anew of their reads.

    With a ``meter`` only what leads to it; ``progress`` is told the id that is next.
    """
    found, known = Checked(), set()
    waiting = [wanted]
    while waiting:
        now = waiting.pop()
        if now in known or "#" in now:
            continue
        known.add(now)
        if progress:
            progress(now)
        _check(tracer, now, found)
        asked = FigureId.parse(now)
        if asked.kind is Kind.METER and asked.quantity not in ("kwh", "m3"):
            continue
        inputs = tracer.figure(now).inputs
        waiting += [i.id for i in inputs if meter is None or leads_to(tracer, i.id, meter)]
    return found


def _check(tracer: Tracer, wanted: str, found: Checked) -> None:
    figure, asked = tracer.figure(wanted), FigureId.parse(wanted)
    found.figures += 1
    if not agrees(figure):
        found.wrong.append(wanted)
    if asked.kind is Kind.METER and asked.quantity == "course":
        days, wrong = tracer.meters.days_made_anew(asked)
        found.days += days
        found.wrong += wrong
