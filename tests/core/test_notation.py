"""Notation keys: cells without a figure, and that none of them passes for a saving.

The town of 2007 declares 200 MWh of gas in homes (0.2 t/MWh: 40 t) and 100 MWh in offices.
"""

from __future__ import annotations

import math

import pytest
from factor_town import (
    GAS,
    HOMES,
    LIGHTING,
    OFFICES,
    POWER,
    factor,
    inventory,
    ledger_of,
    library,
    row,
    told,
    town,
)
from pydantic import ValidationError
from small_installation import SmallInstallation

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import activity_data
from paes.activity.declared_row import DeclaredRow
from paes.cli.verdicts import open_verdicts, verdict_words
from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.metering import Carrier
from paes.progress.path import Emissions, OpenBy, Verdict, open_by
from paes.progress.progress import make_progress

FACTORS = library(factor(GAS, 0.2), factor(POWER, 0.3))
BASE = (row(2007, GAS, 200.0), row(2007, GAS, 100.0, OFFICES))


def key(year: int, notation: str, carrier=GAS, sector=HOMES, **more) -> DeclaredRow:
    return row(year, carrier, None, sector, notation=notation, note="because", **more)


@pytest.mark.parametrize("notation", ["NE", "C"])
def test_what_is_left_out_since_the_base_year_is_no_saving(tmp_path, notation):
    city = town(*BASE, key(2020, notation), row(2020, GAS, 90.0, OFFICES))
    made = inventory(city, FACTORS, 2020, tmp_path)
    (finding,) = told(made.findings, "notation.not_comparable")
    assert finding.subject == "2020/residential_buildings/natural_gas"
    assert finding.numbers == {"base_mwh": 200.0, "base_t": 40.0}
    assert made.emissions_t == pytest.approx(18.0)  # the offices' 90 x 0.2
    assert made.bounds_t == (pytest.approx(18.0), math.inf)
    assert made.missing_t == (0.0, math.inf)


def test_no_target_is_reached_by_leaving_out(tmp_path):
    """60 t in 2007, 18 t told of 2020: -70 % on paper, and nobody knows; no meter is to blame."""
    city = town(*BASE, key(2020, "NE"), row(2020, GAS, 90.0, OFFICES))
    progress = make_progress(city, ledger_of(city, FACTORS, tmp_path))
    assert progress.at_target is not None
    assert progress.at_target.verdict is Verdict.UNCERTAIN
    assert progress.at_target.open_by is OpenBy.KEYS
    assert verdict_words(progress.at_target) == "open"
    told = open_verdicts(progress.years)
    assert told == ["open in 2020: what is left out (notation keys NE, C) decides"]


def test_what_leaves_a_verdict_open_is_told_apart():
    """A path of 80 t without bounds; of the year 60 t are told, and 20 or 40 t may be missing."""
    path = Emissions(80.0, 80.0, 80.0)
    given = [
        Emissions(60.0, 60.0, 100.0),
        Emissions(60.0, 60.0, math.inf, 80.0),
        Emissions(60.0, 60.0, math.inf, 100.0),
        Emissions(60.0, 60.0, 80.0),
        Emissions(90.0, 90.0, math.inf, 90.0),
    ]
    found = [open_by(one, path) for one in given]
    assert found == [OpenBy.METERS, OpenBy.KEYS, OpenBy.BOTH, None, None]


def test_what_may_be_anything_stays_so_in_any_part():
    part = Emissions(60.0, 60.0, math.inf, 80.0).times(0.5)
    assert part == Emissions(30.0, 30.0, math.inf, 40.0)
    assert part.times(0.0) == Emissions(0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("notation", ["NO", "IE"])
def test_what_ended_or_moved_has_bounds_like_any_other(tmp_path, notation):
    city = town(*BASE, key(2020, notation), row(2020, GAS, 90.0, OFFICES))
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert told(made.findings, "notation.not_comparable") == []
    assert made.bounds_t == (pytest.approx(18.0), pytest.approx(18.0))


def test_what_was_never_estimated_is_as_comparable_as_ever(tmp_path):
    """Left out in the base year too: both years are without it."""
    city = town(key(2007, "NE", POWER, LIGHTING), *BASE)
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert told(made.findings, "notation.not_comparable") == []
    assert made.emissions_t == pytest.approx(60.0)
    assert not made.lacks_cells


def test_a_key_is_a_line_without_a_figure(tmp_path):
    city = town(*BASE, key(2020, "NO", Carrier.COAL))
    made = inventory(city, FACTORS, 2020, tmp_path)  # the set has no factor for coal
    (noted,) = made.noted
    assert (noted.sector, noted.carrier, str(noted.notation)) == (HOMES, Carrier.COAL, "NO")
    assert (noted.explanation, noted.base_mwh) == ("because", None)
    assert all(line.activity.carrier is GAS for line in made.lines)


def test_a_key_stands_in_for_later_years_and_says_so(tmp_path):
    city = town(*BASE, key(2015, "NE"), row(2020, GAS, 90.0, OFFICES))
    made = inventory(city, FACTORS, 2020, tmp_path)
    (finding,) = told(made.findings, "notation.carried")
    assert "the key NE of 2015 stands in" in finding.message
    assert made.lacks_cells
    again = town(*BASE, key(2015, "NE"), row(2020, GAS, 150.0))
    assert not inventory(again, FACTORS, 2020, tmp_path).lacks_cells


def test_a_key_of_one_use_leaves_the_others_their_figures(tmp_path):
    """70 MWh of trolleybuses and 30 of e-buses in 2007; the e-buses are not estimated in 2020."""
    city = town(
        row(2007, POWER, 70.0, use="trolleybus"),
        row(2007, POWER, 30.0, use="e-buses"),
        row(2020, POWER, 60.0, use="trolleybus"),
        key(2020, "NE", POWER, use="e-buses"),
    )
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert made.emissions_t == pytest.approx(18.0)  # 60 x 0.3
    (finding,) = told(made.findings, "notation.not_comparable")
    assert finding.numbers == {"base_mwh": 30.0, "base_t": pytest.approx(9.0)}
    assert finding.subject.endswith("electricity/e-buses")


def test_a_key_for_the_rest_of_a_cell_leaves_out_what_no_use_names(tmp_path):
    city = town(
        row(2007, POWER, 70.0, use="trolleybus"),
        row(2007, POWER, 30.0),
        row(2020, POWER, 60.0, use="trolleybus"),
        key(2020, "NE", POWER),
    )
    (noted,) = inventory(city, FACTORS, 2020, tmp_path).noted
    assert noted.base_mwh == 30.0


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (None, "IE, and nothing says where: name the cell under included_in"),
        ("public_lighting", "IE in public_lighting/natural_gas, which has no figure"),
        ("municipal_buildings/coal", "IE in municipal_buildings/coal, which has no figure"),
        ("municipal_buildings", None),
    ],
)
def test_what_is_included_elsewhere_says_where(tmp_path, inside, message):
    city = town(*BASE, key(2020, "IE", included_in=inside), row(2020, GAS, 250.0, OFFICES))
    found = told(inventory(city, FACTORS, 2020, tmp_path).findings, "notation.nowhere_included")
    assert [f.message.startswith(message or "?") for f in found] == ([True] if message else [])


METERED = {(HOMES, GAS): EnergyTotal(measured_kwh=5000.0, covered_s=1, span_s=1)}


def test_meters_that_see_what_does_not_occur_are_told_and_count():
    rows, findings = activity_data(2020, [key(2020, "NO")], METERED)
    assert rows[0].energy_mwh == 5.0
    (finding,) = told(findings, "notation.metered")
    assert finding.numbers == {"metered_mwh": 5.0}
    assert "NO: it counts; correct the key" in finding.message


def test_what_meters_see_of_a_cell_included_elsewhere_does_not_count_twice():
    rows, findings = activity_data(2020, [key(2020, "IE")], METERED)
    assert (rows[0].energy_mwh, rows[0].metered_mwh) == (0.0, 5.0)
    assert "it does not count here" in told(findings, "notation.metered")[0].message


def test_a_key_has_no_energy_that_could_be_taken_for_nothing():
    with pytest.raises(DataError, match="2020: notation key NE in place of a figure"):
        _ = key(2020, "NE").energy_mwh
    with pytest.raises(DataError, match="no activity data for 2020 or any earlier"):
        activity_data(2020, [key(2020, "NE")], {})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"mwh": 3.0, "notation": "NE", "note": "n"},
            "3.0 is there beside notation key NE; expected one",
        ),
        ({"notation": "NE"}, "notation key NE needs a note that explains it"),
        ({"notation": "XX", "note": "n"}, "notation"),
        ({"notation": "NO", "note": "n", "sustainable_fraction": 1}, "sustainable_fraction is"),
        ({"notation": "NO", "note": "n", "included_in": "industry"}, "goes with notation key IE"),
        ({"notation": "IE", "note": "n", "included_in": "roads"}, "expected a sector, or"),
        (
            {"notation": "IE", "note": "n", "included_in": "residential_buildings"},
            "names the row's own cell",
        ),
    ],
)
def test_a_row_with_a_key_is_one_or_the_other(given, message):
    with pytest.raises(ValidationError, match=message):
        DeclaredRow(year=2020, sector=HOMES, carrier=GAS, **given)


# What the configuration says

TABLE = "cities/porto/activity/trasporti.csv"
HEAD = "year,sector,carrier,mwh,notation,note,source\n"


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


def test_a_key_is_read_with_its_line(small):
    small.write({TABLE: f"{HEAD}2005,private_transport,diesel,,NE,no survey,\n"})
    (read,) = [r for r in load_installation(small.root).city().declared if r.notation]
    assert (read.notation, read.note, read.place) == ("NE", "no survey", "trasporti.csv:2")


def test_a_key_beside_a_figure_of_the_same_cell_is_told(small):
    small.write({TABLE: f"{HEAD}2005,private_transport,diesel,9,,,stats\n"
                 "2005,private_transport,diesel,,NE,no survey,\n"})  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    (problem,) = caught.value.problems
    assert problem.removeprefix(f"{small.root / TABLE}:") == (
        "3: diesel in private_transport, 2005 is there already (trasporti.csv:2)"
    )
