"""``uncertainty.yaml``: complete, every number with its origin, wrong ones told with their line."""

import pytest
import yaml
from uncertain_town import CARS, GAS, HOMES, POWER, row, shipped

from paes.config import load_installation
from paes.config_file import read_yaml
from paes.errors import ConfigError
from paes.metering import Carrier
from paes.shipped_files import shipped_config
from paes.uncertainty.assumptions import Assumptions, KnownFrom, known_from

SHIPPED = (shipped_config() / "uncertainty.yaml").read_text(encoding="utf-8")


def problems_of(path, text):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, Assumptions)
    return caught.value.problems


def figures(node):
    """Every mapping of the file that holds a number."""
    if isinstance(node, list):
        return [found for item in node for found in figures(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if any(isinstance(v, float | int) for k, v in node.items()) else []
    return own + [found for value in node.values() for found in figures(value)]


def test_every_number_says_where_it_is_from():
    found = figures(yaml.safe_load(SHIPPED))
    assert len(found) > 30
    assert all(f.get("source") or (f.get("assumed") and f.get("note")) for f in found)


def test_ranges_of_fuels_are_those_of_the_ipcc():
    """2006 Guidelines, vol. 2, table 1.4, kg CO2/GJ: gas 54.3-56.1-58.3, petrol 67.5-69.3-73.0."""
    gas, petrol = (shipped().factor(c) for c in (GAS, Carrier.GASOLINE))
    assert gas.below_fraction == pytest.approx(1.8 / 56.1)
    assert gas.above_fraction == pytest.approx(2.2 / 56.1)
    assert petrol.below_fraction == pytest.approx(1.8 / 69.3)
    assert petrol.above_fraction == pytest.approx(3.7 / 69.3)
    assert gas.between_years_correlation == 1
    life_cycle = shipped().factor(GAS, "LCA")
    assert life_cycle.below_fraction == life_cycle.above_fraction == 0.15


def test_a_row_is_known_from_what_it_says_else_from_its_marks_and_sector():
    assumed = {"assumed": True, "note": "a guess"}
    assert known_from(row(2020, HOMES, GAS, 1.0)) is KnownFrom.STATISTICS
    assert known_from(row(2020, CARS, GAS, 1.0)) is KnownFrom.MODEL
    assert known_from(row(2020, CARS, GAS, 1.0, **assumed)) is KnownFrom.ASSUMPTION
    bills = row(2020, HOMES, GAS, 1.0, known_from="bills", **assumed)
    assert known_from(bills) is KnownFrom.BILLS
    assert shipped().of_row(bills).half_width_fraction == 0.02
    own = row(2020, HOMES, POWER, 1.0, uncertainty_fraction=0.11)
    assert shipped().of_row(own).half_width_fraction == 0.11
    assert shipped().of_row(own).between_years_correlation == 0.7


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  - carrier: electricity\n    limit_fraction: 0.02",
         "  - carrier: natural_gas\n    limit_fraction: 0.02",
         "meters has 0 times electricity; expected it once"),
        ("low_kg_per_gj: 54.3, default", "default",
         "low_kg_per_gj, default_kg_per_gj and high_kg_per_gj go together"),
        ("low_kg_per_gj: 54.3", "low_kg_per_gj: 60.0",
         r"low, default, high in kg/GJ must rise, seen [60.0, 56.1, 58.3]"),
        ("low_fraction: 0.4", "low_fraction: 0.9", "low, likely and high fraction must rise"),
        ("half_width_fraction: 0.20", "half_width_fraction: 1.5", "seen 1.5"),
        ("  assumed: true\n  note: >-\n    Every half-width", "  note: >-\n    Every half-width",
         "this needs a source, or assumed: true with a note"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path, old, new, told):
    assert old in SHIPPED
    (problem,) = problems_of(tmp_path / "uncertainty.yaml", SHIPPED.replace(old, new, 1))
    path, line, rest = problem.split(":", 2)
    assert path.endswith("uncertainty.yaml")
    assert int(line) > 0
    assert told in rest


def test_an_installation_has_the_shipped_assumptions_or_its_own(small):
    assert load_installation(small.root).uncertainty.margin.fraction == 0.2
    own = SHIPPED.replace("margin:\n  fraction: 0.2", "margin:\n  fraction: 0.0")
    (small.root / "uncertainty.yaml").write_text(own, encoding="utf-8")
    assert load_installation(small.root).uncertainty.margin.times == 1.0


def test_wrong_assumptions_stop_the_start(small):
    (small.root / "uncertainty.yaml").write_text("margin: {fraction: 2}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"uncertainty.yaml:1: .*margin") as caught:
        load_installation(small.root)
    assert any("meters: this key is missing" in problem for problem in caught.value.problems)
