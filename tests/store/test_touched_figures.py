"""A late reading changes what lineage says that it touches, and nothing else, on either store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from lineage_town import HOUR_S, LineageTown

from paes.lineage.touched import touched_by, touched_years
from paes.periods import Seconds, Span, from_seconds, to_seconds
from paes.series import Floats
from paes.store import Store

pytestmark = pytest.mark.timeout(300)
HOLES = {
    "school.main": Span(datetime(2025, 6, 3, 5, tzinfo=UTC), datetime(2025, 6, 3, 15, tzinfo=UTC)),
    "nursery.load": Span(datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 1, 4, tzinfo=UTC)),
    "columns.main": Span(datetime(2025, 9, 7, tzinfo=UTC), datetime(2025, 9, 9, tzinfo=UTC)),
    "school.gas": Span(datetime(2024, 12, 30, tzinfo=UTC), datetime(2025, 1, 3, tzinfo=UTC)),
}
"""What comes late, by meter: of registers a day's course, of the load curve amounts nobody knew."""


def _inside(at: Seconds, span: Span) -> np.ndarray:
    return (at >= to_seconds(span.start)) & (at < to_seconds(span.end))


def _is_read(meter: str, at: Seconds) -> np.ndarray:
    return ~_inside(at, HOLES[meter])


def _powers(town: LineageTown) -> dict[str, Floats]:
    random = np.random.default_rng(3)
    return {meter: np.round(random.gamma(2.0, 0.5, len(town.hours)), 3) for meter in HOLES}


def _values(town: LineageTown) -> dict[str, float]:
    """Every figure there is, and the years of every meter."""
    tracer = town.tracer()
    ids = [*tracer.ids(), *(f"town/meter/{m}/{y}/kwh" for m in HOLES for y in (2024, 2025))]
    assert len(ids) > 150
    return {one: tracer.figure(one).value for one in ids}


@pytest.fixture
def town(store: Store) -> LineageTown:
    """The town without what comes late."""
    made = LineageTown(store)
    made.fill(_powers(made), _is_read)
    return made


def _arrives(town: LineageTown, meter: str) -> None:
    """What was missing of one meter."""
    at, steps = town.hours, _powers(town)[meter]
    is_curve = meter == "nursery.load"
    shown = steps if is_curve else 1000.0 + np.concatenate([[0.0], np.cumsum(steps[:-1])])
    late = _inside(at, HOLES[meter])
    town.store.write_series(town.point(meter), at[late], np.round(shown[late], 3))


def test_late_readings_change_what_lineage_says_and_nothing_else(town: LineageTown) -> None:
    before = _values(town)
    for meter, hole in HOLES.items():
        told = set(touched_by(town.tracer(), town.installation.meter(meter), hole))
        _arrives(town, meter)
        after = _values(town)
        changed = {one for one in before if before[one] != after[one]}
        assert changed <= told, meter
        # Where registers on both sides had told the amount, its course may change no year.
        if meter in ("nursery.load", "school.gas"):
            assert "town/progress/whole/2025/reduction" in changed
            sums = {one for one in told if "/2025/" in one and one.endswith(("/t", "/mwh", "kwh"))}
            assert "town/inventory/2025/t" in sums
            assert sums <= changed, meter
        untouched = set(before) - told
        assert "town/inventory/2023/t" in untouched
        assert "town/inventory/2025/public_lighting/t" in untouched
        before = after
    _correct_a_read(town, before)


def _correct_a_read(town: LineageTown, before: dict[str, float]) -> None:
    """Not only what was missing: another value for a read that is there, at New Year."""
    at_s = to_seconds(datetime(2026, 1, 1, tzinfo=UTC)) - HOUR_S
    at = Span(from_seconds(at_s), from_seconds(at_s + 1))
    told = touched_by(town.tracer(), town.installation.meter("school.main"), at)
    point = town.point("school.main")
    shown = town.store.read(point, at.start, at.end)
    town.store.write_series(point, shown.seconds, shown.values + 0.25)

    after = _values(town)
    changed = {one for one in before if before[one] != after[one]}
    assert "town/inventory/2025/municipal_buildings/electricity/t" in changed
    assert changed <= set(told)
    school = "town/meter/school.main/2025/kwh"
    assert after[school] - before[school] == pytest.approx(0.25)


def test_years_and_cells_that_a_meter_touches(town: LineageTown) -> None:
    tracer = town.tracer()
    columns, gas = (town.installation.meter(m) for m in ("columns.main", "school.gas"))
    told = touched_by(tracer, columns, HOLES["columns.main"])
    # it lies within what was declared for transport, and is taken off the school's
    assert "town/inventory/2025/private_transport/electricity/metered_kwh" in told
    assert "town/inventory/2025/private_transport/electricity/t" not in told
    assert "town/inventory/2025/municipal_buildings/electricity/t" in told
    # 2 January lies in a gap that began in the year before: both years rest on it
    for day, years in ((2, [2024, 2025]), (200, [2025])):
        at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)
        assert touched_years(tracer, gas, Span(at, at + timedelta(hours=1))) == years
