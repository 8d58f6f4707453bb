"""A city's own factors: its district heat, and a local factor of electricity."""

from __future__ import annotations

from datetime import date

import pytest
from factor_town import (
    GAS,
    HEAT,
    HOMES,
    LIGHTING,
    OFFICES,
    POWER,
    factor,
    inventory,
    library,
    row,
    told,
    town,
)
from small_installation import SmallInstallation

from paes.cli.check import check_factors
from paes.config import load_installation
from paes.errors import ConfigError, FactorMissing
from paes.factors.declared_factors import DeclaredFactor, declared_factor
from paes.factors.emission_factors import FactorMatch, How
from paes.inventory.factor_choice import FactorChoice
from paes.inventory.method import Method

FACTORS = library(
    factor(POWER, 0.5, year=2007), factor(POWER, 0.3, year=2020), factor(GAS, 0.2)
)  # fmt: skip


def own(carrier, t_per_mwh, **more) -> DeclaredFactor:
    return DeclaredFactor(carrier=carrier, factor_t_per_mwh=t_per_mwh, source="network", **more)


def test_heat_has_the_factor_that_the_city_declares(tmp_path):
    city = town(row(2020, HEAT, 100.0), local_factors=(own(HEAT, 0.161),))
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert made.emissions_t == pytest.approx(16.1)
    match = made.lines[0].factor
    assert (match.how, match.source) == (How.DECLARED, "network")


def test_heat_without_one_is_no_zero(tmp_path):
    with pytest.raises(FactorMissing, match="and nothing says how it was made"):
        inventory(town(row(2020, HEAT, 100.0)), FACTORS, 2020, tmp_path)


@pytest.mark.parametrize(
    ("scope", "treatment", "t_per_mwh"),
    [
        ("national", "current", 0.3),
        ("local", "current", 0.245),
        ("local", "frozen", 0.4),
        ("national", "frozen", 0.5),
    ],
)
def test_a_declared_factor_of_electricity_is_the_local_one(scope, treatment, t_per_mwh):
    city = town(
        plan={"electricity_scope": scope, "electricity_factor": treatment},
        local_factors=(own(POWER, 0.4, year=2007), own(POWER, 0.245, year=2020)),
    )
    choice = FactorChoice(FACTORS, city.local_factors, Method.of(city.plan))
    match = choice.of_cell(POWER, HOMES, 2020)
    assert (match.factor_t_per_mwh, match.year_asked) == (t_per_mwh, 2020)
    assert (match.how is How.FROZEN) == (treatment == "frozen")


def test_a_factor_of_the_sector_beats_a_general_one():
    rows = (own(HEAT, 0.2), own(HEAT, 0.15, sector=OFFICES))
    found = {
        sector: declared_factor(rows, "test", HEAT, sector, 2020) for sector in (OFFICES, LIGHTING)
    }
    assert {s: m.factor_t_per_mwh for s, m in found.items() if m} == {OFFICES: 0.15, LIGHTING: 0.2}


def test_an_earlier_one_stands_in_and_says_so(tmp_path):
    city = town(row(2020, HEAT, 100.0), local_factors=(own(HEAT, 0.2, year=2015),))
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert made.emissions_t == pytest.approx(20.0)
    (finding,) = told(made.findings, "factor.earlier")
    assert finding.message == "no factor for 2020: the one of 2015 was used"
    assert declared_factor(city.local_factors, "test", HEAT, HOMES, 2014) is None


def test_one_worked_out_here_beats_an_earlier_one_and_not_the_years_own():
    computed = FactorMatch("test", HEAT, 2020, 2020, 0.18, How.LOCAL, "plants", False, None)
    plan = town().plan
    for year, expected in ((2015, 0.18), (2020, 0.2)):
        rows = (own(HEAT, 0.2, year=year),)
        choice = FactorChoice(FACTORS, rows, Method.of(plan), local={HEAT: computed})
        assert choice.of_cell(HEAT, HOMES, 2020).factor_t_per_mwh == expected


# What the configuration says

TABLE = "cities/porto/inventory/local_factors.csv"


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


def test_the_table_of_a_city_is_read_with_its_lines(small):
    small.write({TABLE: "# our heat\ncarrier,year,factor_t_per_mwh,source\nheat_cold,2020,0.2,n\n"})
    (read,) = load_installation(small.root).city().local_factors
    assert (read.factor_t_per_mwh, read.place) == (0.2, "local_factors.csv:3")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("heat_cold,2020,0.2,", "2: a factor needs a source, or assumed: true with a note"),
        ("heat_cold,2020,7,n", "2: factor_t_per_mwh: "),
        ("steam,2020,0.2,n", "2: carrier: "),
        ("heat_cold,,0.2,n\nheat_cold,,0.3,n", "3: heat_cold in all sectors, every year is there"),
    ],
)
def test_what_is_wrong_in_it_is_told_with_its_line(small, lines, problem):
    small.write({TABLE: f"carrier,year,factor_t_per_mwh,source\n{lines}\n"})
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    (told_,) = caught.value.problems
    assert told_.removeprefix(f"{small.root}/{TABLE}:").startswith(problem)


def test_a_factor_declared_later_changes_no_published_figure(tmp_path):
    """0.2 t/MWh until the network's survey of 2023, which found 0.15 for 2020."""
    first = own(HEAT, 0.2, year=2020)
    survey = own(HEAT, 0.15, year=2020, added=date(2023, 5, 1))
    published = [{"year": 2020, "published_on": date(2022, 3, 31), "source": "the council"}]
    for rows in ((first,), (survey, first)):
        city = town(row(2020, HEAT, 100.0), plan={"publications": published}, local_factors=rows)
        made = inventory(city, FACTORS, 2020, tmp_path)
        assert made.emissions_t == pytest.approx(20.0)
    (finding,) = told(made.findings, "factor.newer_known")
    assert finding.numbers["more_t"] == pytest.approx(-5.0)  # 100 x (0.15 - 0.2)


def test_an_earlier_local_factor_beats_a_national_one_with_nothing_local_in_it(tmp_path):
    """Of 2019 the town knows 0.245; of 2020 nothing of its own: 0.3 would be the national one."""
    city = town(
        row(2020, POWER, 100.0), plan={"electricity_scope": "local"},
        local_factors=(own(POWER, 0.245, year=2019),),
    )  # fmt: skip
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert made.emissions_t == pytest.approx(24.5)
    assert [f.subject for f in told(made.findings, "factor.earlier")] == ["test/electricity"]


HEATED = "cities/porto/activity/calore.csv"
HEAT_ROWS = "year,sector,carrier,mwh,source\n2005,residential_buildings,heat_cold,100,network\n"


def factors_missing(small: SmallInstallation) -> list[str]:
    told_ = check_factors(load_installation(small.root))
    return [p for p in told_ if "heat_cold" in p]


@pytest.mark.parametrize(
    "files",
    [
        {TABLE: "carrier,factor_t_per_mwh,source\nheat_cold,0.2,network\n"},
        {
            "cities/porto/inventory/heat_trade.csv": (
                "year,direction,mwh,factor_t_per_mwh,source\n2005,import,120,0.2,network\n"
            )
        },
    ],
)
def test_a_check_asks_for_a_factor_of_heat_unless_there_is_a_way_to_one(small, files):
    small.write({HEATED: HEAT_ROWS})
    assert len(factors_missing(small)) == 1
    small.write(files)
    assert factors_missing(small) == []
