"""How long readings are kept: what a class takes, and that nothing which counts is given up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from small_installation import SmallInstallation

from paes.accounted_register import DeviceFile
from paes.config import load_installation
from paes.config_file import read_yaml
from paes.errors import ConfigError
from paes.installation import Installation
from paes.retention import Retention, RetentionClass
from paes.shipped_files import shipped_config

NOW = datetime(2025, 7, 1, tzinfo=UTC)
FILE = "retention.yaml"
POWER = """\
classes:
  - name: fast
    quantities: ["voltage*", "power*"]
    keep_days: 365
"""


def problems(small: SmallInstallation, text: str) -> list[str]:
    small.write({FILE: text})
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    return [p.removeprefix(f"{small.root}/") for p in caught.value.problems]


def classes(**limits: int | None) -> Retention:
    """A class for each keyword, which takes the quantity of that name."""
    made = [RetentionClass(name=n, quantities=(f"{n}*",), keep_days=d) for n, d in limits.items()]
    return Retention(classes=tuple(made))


# What a class takes


def test_without_a_file_everything_is_kept_for_ever(small: SmallInstallation) -> None:
    town = load_installation(small.root)
    assert town.retention.classes == ()
    points = ["scuola.main/power", "scuola.main/energy_import"]
    assert [town.retention.bucket_class(p) for p in points] == [None, None]
    assert town.retention.expiring(points, town.registers, NOW) == []


def test_a_class_takes_quantities_of_every_meter_by_their_pattern() -> None:
    kept = classes(power=400)
    assert kept.bucket_class("scuola.main/power_l1") == "power"
    assert kept.bucket_class("molo.gas/power") == "power"
    assert kept.bucket_class("molo.gas/reactive_power") is None
    assert kept.bucket_class("molo.gas/Power") is None


def test_what_stands_before_the_last_slash_is_no_quantity() -> None:
    assert classes(power=400).bucket_class("power/volume") is None
    assert classes(power=400).bucket_class("a/b/power") == "power"


def test_the_first_class_that_fits_has_the_point() -> None:
    kept = Retention(
        classes=(
            RetentionClass(name="total", quantities=("power",)),
            RetentionClass(name="fast", quantities=("power*",), keep_days=90),
        )
    )
    assert kept.bucket_class("a.b/power") is None
    assert kept.bucket_class("a.b/power_l1") == "fast"
    assert [c.name for c in kept.limited] == ["fast"]


# What may go


def test_points_may_go_after_the_days_of_their_class(small: SmallInstallation) -> None:
    registers = load_installation(small.root).registers
    points = ["scuola.main/power", "scuola.main/voltage", "scuola.main/energy_import"]
    power, voltage = classes(power=365, voltage=30).expiring(points, registers, NOW)
    assert (power.of.name, power.points) == ("power", ["scuola.main/power"])
    assert power.before == datetime(2024, 7, 1, tzinfo=UTC)
    assert (voltage.points, voltage.before) == (
        ["scuola.main/voltage"],
        datetime(2025, 6, 1, tzinfo=UTC),
    )


def test_an_accounted_register_never_goes_whatever_a_class_says(small: SmallInstallation) -> None:
    registers = load_installation(small.root).registers
    points = [r.point for r in registers.values()]
    assert len(points) == 3
    careless = Retention(
        classes=(RetentionClass(name="all", quantities=("*",), keep_days=30),)
    )  # as the configuration would refuse it
    (nothing,) = careless.expiring([*points, "scuola.main/power"], registers, NOW)
    assert nothing.points == ["scuola.main/power"]


def test_points_of_a_meter_that_nobody_knows_any_more_are_kept(small: SmallInstallation) -> None:
    registers = load_installation(small.root).registers
    (power,) = classes(power=365).expiring(["taken.away/power"], registers, NOW)
    assert power.points == []


# What is wrong with the file


def test_a_sound_file_is_the_installations(small: SmallInstallation) -> None:
    small.write({FILE: POWER})
    assert load_installation(small.root).retention.bucket_class("scuola.main/power") == "fast"


@pytest.mark.parametrize(
    ("pattern", "caught"),
    [
        ("energy_*", "'energy_import' of contatore"),
        ("*", "'energy_import' of contatore"),
        ("pulses_[2-9]", "'pulses_2' of impulsi"),
    ],
)
def test_a_pattern_that_catches_a_counter_stops_the_start(
    small: SmallInstallation, pattern: str, caught: str
) -> None:
    (problem,) = problems(small, POWER.replace('"power*"', f'"{pattern}"'))
    assert problem.startswith(f"{FILE}:3: classes[0].quantities[1]: catches {caught}")
    assert "expected a pattern that leaves it out" in problem


def test_a_counter_may_stand_in_a_class_that_keeps_for_ever(small: SmallInstallation) -> None:
    for_ever = '  - {name: energy, quantities: ["energy_*"]}\n'
    all_else = '  - {name: fast, quantities: ["[ev]*", "power"], keep_days: 365}\n'
    small.write({FILE: f"classes:\n{for_ever}{all_else}"})
    assert load_installation(small.root).retention.bucket_class("a.b/energy_export") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("365", "3", f"{FILE}:4: classes[0].keep_days: expected greater than or equal to 30"),
        ("365", "a year", f"{FILE}:4: classes[0].keep_days: expected a whole number, seen"),
        ('["voltage*", "power*"]', "[]", f"{FILE}:3: classes[0].quantities: expected at"),
        ('"power*"', '"meter/power"', f"{FILE}:3: classes[0].quantities[1]: expected text that"),
        ("fast", "Fast ones", f"{FILE}:2: classes[0].name: expected text that matches"),
        ("keep_days", "keep", f"{FILE}:4: classes[0].keep: unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_file_line_and_key(
    small: SmallInstallation, old: str, new: str, says: str
) -> None:
    (problem,) = problems(small, POWER.replace(old, new))
    assert problem.startswith(says)


def test_two_classes_of_one_name_are_refused(small: SmallInstallation) -> None:
    (problem,) = problems(small, POWER + "  - {name: fast, quantities: [x]}\n")
    assert problem.startswith(f"{FILE}:1: classes: classes hold the name 'fast' twice")


# The shipped file


@pytest.fixture(scope="module")
def shipped() -> Installation:
    return load_installation(shipped_config())


def test_the_shipped_classes_give_up_courses_and_keep_registers(shipped: Installation) -> None:
    kept = shipped.retention
    assert [(c.name, c.keep_days) for c in kept.limited] == [("fast", 1100)]
    for quantity in ("active_power", "reactive_power_l2", "voltage_l1l2", "current_n", "W", "WphA"):
        assert kept.bucket_class(f"a.b/{quantity}") == "fast", quantity
    registers = [r.point for r in shipped.registers.values()]
    assert len(registers) >= 80
    assert {kept.bucket_class(p) for p in registers} == {None}


def test_the_shipped_classes_catch_no_counter_of_any_shipped_profile(shipped: Installation) -> None:
    names = [
        name
        for path in shipped_config().glob("devices/*.yaml")
        for name in read_yaml(path, DeviceFile).counting
    ]
    assert len(names) > 200
    assert [n for n in names if shipped.retention.bucket_class(f"a.b/{n}")] == []
