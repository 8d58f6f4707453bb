"""Targets: paths with interim points, shares from outside, targets per head; by hand."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.installation import City, CityFile
from paes.plan.plan import Plan
from paes.plan.target import InterimPoint, PopulationEstimate, Target
from paes.progress.path import (
    Emissions,
    inhabitants,
    required,
    required_fraction,
    target_total_t,
)
from paes.schema import Text

PLAN = "cities/porto/plan.yaml"
NAME = Text(it="prova", en="test")
STRAIGHT = {"id": "t", "name": NAME, "base_year": 2010, "target_year": 2030,
            "reduction_fraction": 0.4}  # fmt: skip


def target(**more) -> Target:
    return Target(**{**STRAIGHT, **more})


def interim(*points: tuple[int, float]) -> tuple[InterimPoint, ...]:
    return tuple(InterimPoint(year=year, reduction_fraction=part) for year, part in points)


def per_head(**more) -> Target:
    return target(
        kind="per_capita", population_estimate=PopulationEstimate(inhabitants=800), **more
    )


def city_of(*population: tuple[int, int], targets=()) -> City:
    counted = [{"year": y, "inhabitants": n, "source": "s"} for y, n in population]
    return City(
        facts=CityFile(id="porto", name="Porto", latitude=44, longitude=9, population=counted),
        plan=Plan(base_year=2010, factor_set="x", electricity_factor="current",
                  default_target="t", targets=targets or (target(),)),
        sites={}, gateways={}, meters={}, actions=(), declared=(),
    )  # fmt: skip


def test_a_path_bends_at_its_interim_points_and_is_straight_between():
    """2010: 0, 2014: 4 %, 2020: 25 %, 2030: 40 %."""
    bent = target(interim=interim((2014, 0.04), (2020, 0.25)))
    assert required_fraction(bent, 2012) == pytest.approx(0.02)  # half of 4 %
    assert required_fraction(bent, 2014) == 0.04  # as promised, to the last digit
    assert required_fraction(bent, 2016) == pytest.approx(0.11)  # 4 + 21 / 3
    assert required_fraction(bent, 2020) == 0.25
    assert required_fraction(bent, 2025) == pytest.approx(0.325)
    assert required_fraction(bent, 2030) == 0.4
    assert required_fraction(bent, 2035) == 0.4
    assert required_fraction(bent, 2009) == 0


def test_each_year_says_what_is_expected_from_outside_and_what_is_left_to_the_town():
    """14 % of which 7 come from outside: half of every year's."""
    split = target(reduction_fraction=0.14, supra_ordinate_fraction=0.07)
    halfway = required(split, 2020)
    assert halfway.fraction == pytest.approx(0.07)
    assert halfway.supra_ordinate_fraction == pytest.approx(0.035)
    assert halfway.own_fraction == pytest.approx(0.035)
    assert required(target(), 2020).supra_ordinate_fraction is None
    assert required(target(), 2020).own_fraction is None


def test_an_interim_point_may_have_a_share_of_its_own():
    """Of 20 % in 2020 all but 2 points are the town's; of 40 % in 2030 it is half."""
    own_first = InterimPoint(year=2020, reduction_fraction=0.2, supra_ordinate_fraction=0.02)
    bent = target(supra_ordinate_fraction=0.2, interim=(own_first,))
    assert required(bent, 2020).own_fraction == pytest.approx(0.18)
    assert required(bent, 2025).supra_ordinate_fraction == pytest.approx(0.11)  # (2 + 20) / 2
    alike = target(supra_ordinate_fraction=0.2, interim=interim((2020, 0.3)))
    assert required(alike, 2020).supra_ordinate_fraction == pytest.approx(0.15)  # half, as in 2030


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (((2010, 0.1),), "2010 is not between 2010 and 2030"),
        (((2030, 0.4),), "2030 is not between 2010 and 2030"),
        (((2020, 0.2), (2015, 0.1)), "2015 comes after 2020"),
        (((2020, 0.2), (2020, 0.3)), "2020 comes after 2020"),
        (((2015, 0.3), (2020, 0.2)), "0.3 of 2015 comes before 0.2 of 2020"),
        (((2015, 0.5),), "0.5 of 2015 comes before 0.4 of 2030"),
    ],
)
def test_interim_points_that_make_no_path_are_refused(points, told):
    with pytest.raises(ValidationError, match=told):
        target(interim=interim(*points))


def test_an_interim_share_from_outside_is_at_most_the_whole():
    with pytest.raises(ValidationError, match="exceeds the whole reduction"):
        InterimPoint(year=2020, reduction_fraction=0.2, supra_ordinate_fraction=0.3)


def test_a_plan_per_head_needs_the_inhabitants_of_its_target_year():
    with pytest.raises(ValidationError, match="population_estimate is missing"):
        target(kind="per_capita")


def test_a_target_per_head_in_tonnes():
    """5,000 t of 1,000 heads: 5 t a head, less 40 % is 3 t; times 800 heads 2,400 t in 2030.

    Halfway it is 5 x 0.8 = 4 t a head, of 900 counted in 2020: 3,600 t. An absolute target would
    leave 3,000 t.
    """
    aim = per_head()
    city = city_of((2010, 1000), (2020, 900))
    base = Emissions(5.0, 4.0, 6.0)  # t a head
    allowed = target_total_t(city, aim, base, 2030)
    assert allowed.t == pytest.approx(2400)
    assert (allowed.low_t, allowed.high_t) == pytest.approx((1920, 2880))
    assert target_total_t(city, aim, base, 2020).t == pytest.approx(3600)
    assert target_total_t(city, aim, base, 2010).t == pytest.approx(5000)
    whole = target_total_t(city, target(), Emissions(5000.0, 5000.0, 5000.0), 2030)
    assert whole.t == pytest.approx(3000)


def test_the_estimate_stands_in_only_until_inhabitants_are_counted():
    aim = per_head()
    assert inhabitants(city_of((2010, 1000)), aim, 2030) == 800
    assert inhabitants(city_of((2010, 1000)), aim, 2029) == 1000  # the latest count
    assert inhabitants(city_of((2010, 1000), (2030, 850)), aim, 2030) == 850
    assert inhabitants(city_of((2010, 1000), (2028, 850)), aim, 2031) == 800


def test_unknown_inhabitants_of_the_base_year_are_an_error_that_names_the_file():
    with pytest.raises(DataError, match=r"cities/porto/city\.yaml: population: .*2010") as refused:
        inhabitants(city_of((2015, 900)), per_head(), 2010)
    assert "\n" not in str(refused.value)


def problems(small) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_installation(small.root)
    return refused.value.problems


def make_per_head(small, estimate: str) -> None:
    line = "    reduction_fraction: 0.14\n"
    small.replace(PLAN, line, f"    kind: per_capita\n{estimate}{line}")


def test_missing_inhabitants_are_told_when_the_plan_is_read(small):
    """The town's only count is of 2007, and the target's base year is 2005."""
    make_per_head(small, "    population_estimate: {inhabitants: 950}\n")
    (problem,) = problems(small)
    assert "cities/porto/city.yaml:7: population: no inhabitants of 2005 or before" in problem


def test_a_plan_per_head_without_an_estimate_is_told_with_its_line(small):
    make_per_head(small, "")
    (problem,) = problems(small)
    assert "cities/porto/plan.yaml:10: targets[t2020].kind" in problem
    assert "population_estimate is missing" in problem
    assert "2020" in problem


def test_interim_points_are_read_and_their_faults_have_a_line(small):
    line = "    supra_ordinate_fraction: 0.07\n"
    small.replace(
        PLAN, line, line + "    interim:\n      - {year: 2012, reduction_fraction: 0.05}\n"
    )
    plan = load_installation(small.root).city().plan
    assert required_fraction(plan.targets[0], 2012) == 0.05
    small.replace(PLAN, "year: 2012", "year: 2031")
    (problem,) = problems(small)
    assert (
        "plan.yaml:12: targets[t2020].interim: interim point 2031 is not between 2005 and 2020"
        in problem
    )
