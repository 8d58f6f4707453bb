"""Ids of figures: what they look like, what they take back, and how a wrong one is told."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paes.errors import DataError
from paes.inventory.method import Method
from paes.lineage.figure_id import FigureId, Kind, choices_of, inventory_id, progress_id
from paes.lineage.formulas import FORMULAS
from paes.lineage.spans import parse_span, span_text
from paes.periods import Span, day_span, local_midnight, year_span
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text

ROME = "Europe/Rome"
NAME = Text(it="Prova", en="Trial")
TARGET = Target(
    id="minus-14", name=NAME, base_year=2007, target_year=2020, reduction_fraction=0.14,
    source="invented for tests",
)  # fmt: skip
PLAN = Plan(
    base_year=2007, factor_set="ipcc", electricity_factor="current",
    default_target="minus-14", targets=(TARGET,),
)  # fmt: skip

KNOWN = (
    "town/inventory/2025/t",
    "town/inventory/2025/municipal_buildings/mwh",
    "town/inventory/2025/municipal_buildings/natural_gas/factor",
    "town/inventory/2025/rows/M91/t",
    "town/progress/minus-14/2020/reduction",
    "town/declared/2025/industry/diesel/mwh",
    "town/declared/2025/public_transport/electricity/trolleybus/mwh",
    "town/action/led/t",
    "town/supply/2025/lpe_mwh",
    "town/inhabitants/2020/count",
    "town/meter/school.main/2025-03-14/course",
    "town/meter/school.main/2025-03-14T09:15:00Z/reading",
    "town/meter/school.main/2025-03-14T09:15:00Z..2025-03-14T09:30:00Z/course",
    "town/inventory/2025/t?electricity=frozen&scope=local",
)


@pytest.mark.parametrize("text", KNOWN)
def test_an_id_is_printed_as_it_was_read(text: str) -> None:
    assert str(FigureId.parse(text)) == text


def test_parts_of_an_id_are_told_apart() -> None:
    found = FigureId.parse("town/inventory/2025/industry/diesel/t?scope=local")
    assert (found.city, found.kind, found.year) == ("town", Kind.INVENTORY, 2025)
    assert found.parts == ("2025", "industry", "diesel")
    assert (found.quantity, found.choices) == ("t", (("scope", "local"),))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no id of a figure; expected CITY/KIND"),
        ("town/inventory/t", "is no id of a figure"),
        ("town/inventary/2025/t", "'inventary' is none of inventory, progress"),
        ("town/inventory/25/t", "'25' is no year"),
        ("town/inventory/2025/a/b/c/t", "expected town/inventory/YEAR/QUANTITY or"),
        ("town/progress/2020/reduction", "expected town/progress/TARGET/YEAR/QUANTITY"),
        ("town/inventory/2025/t?elektricity=frozen", "'elektricity' is no choice; expected"),
        ("town/inventory/2025/t?frozen", "expected choices such as ?electricity=frozen"),
        ("town/../2025/t", "is no id of a figure"),
        ("town/inventory/2025/t rm", "is no id of a figure"),
    ],
)  # fmt: skip
def test_a_wrong_id_says_what_was_expected(text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        FigureId.parse(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_what_is_not_the_plans_method_is_in_an_id() -> None:
    usual = Method.of(PLAN)
    other = Method.of(PLAN, electricity_factor="frozen", factors_as_of=date(2024, 6, 30))
    assert choices_of(usual, PLAN) == ()
    found = inventory_id("town", 2025, choices=choices_of(other, PLAN))
    assert found == "town/inventory/2025/t?as_of=2024-06-30&electricity=frozen"
    assert FigureId.parse(found).method(PLAN) == other
    assert progress_id("town", "minus-14", 2020) == "town/progress/minus-14/2020/reduction"


def test_a_day_that_is_none_is_told() -> None:
    with pytest.raises(DataError, match="as_of=yesterday is no day; expected"):
        FigureId.parse("town/inventory/2025/t?as_of=yesterday").method(PLAN)


SPANS = {
    "2025": year_span(2025, ROME),
    # 31 March days less the hour that the change of the clocks skips
    "2025-03": Span(local_midnight(date(2025, 3, 1), ROME), local_midnight(date(2025, 4, 1), ROME)),
    "2025-12": Span(
        local_midnight(date(2025, 12, 1), ROME), local_midnight(date(2026, 1, 1), ROME)
    ),
    "2025-03-30": day_span(date(2025, 3, 30), ROME),
    "2025-05-15..2026-01-01": Span(
        local_midnight(date(2025, 5, 15), ROME), local_midnight(date(2026, 1, 1), ROME)
    ),
    "2025-03-14T09:15:00Z..2025-03-14T09:30:00Z": Span(
        datetime(2025, 3, 14, 9, 15, tzinfo=UTC), datetime(2025, 3, 14, 9, 30, tzinfo=UTC)
    ),
}


@pytest.mark.parametrize("text", SPANS)
def test_a_stretch_of_time_has_one_shortest_text(text: str) -> None:
    assert parse_span(text, ROME) == SPANS[text]
    assert span_text(SPANS[text], ROME) == text


@given(
    st.integers(0, 2**31 - 1), st.integers(1, 40_000_000), st.sampled_from([ROME, "Asia/Kathmandu"])
)
def test_any_stretch_comes_back_from_its_text(start_s: int, length_s: int, tz: str) -> None:
    span = Span(
        datetime.fromtimestamp(start_s, UTC), datetime.fromtimestamp(start_s + length_s, UTC)
    )
    assert parse_span(span_text(span, tz), tz) == span


@pytest.mark.parametrize("text", ["", "25", "2025-13", "2025-02-30", "2025-1", "march", "2025..x"])
def test_what_is_no_stretch_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_span(text, ROME)


def test_every_formula_has_its_own_name_and_a_version() -> None:
    assert len(FORMULAS) > 15
    for name, formula in FORMULAS.items():
        assert formula.name == name
        assert formula.version >= 1
        assert formula.told == f"{formula.text}  [{name} v{formula.version}]"
