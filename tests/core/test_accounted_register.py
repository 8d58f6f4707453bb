"""Which counter is accounted, and its unit, step and modulus; figures are worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paes.accounted_register import MeasuredPoint, accounted_register, device_counters
from paes.errors import ConfigError, DataError
from paes.metering import Register
from paes.meters import FieldMeter

IMPORT = {"name": "energy_import", "quantity": "active_energy", "direction": "import"}
EXPORT = {"name": "energy_export", "quantity": "active_energy", "direction": "export"}
TOTAL = {"name": "energy_total", "quantity": "active_energy", "direction": "sum"}
PLAIN = {"name": "energy", "quantity": "active_energy"}
HEAT = {"name": "heat_energy", "quantity": "heat_energy", "unit": "GJ"}
VOLUME = {"name": "volume", "quantity": "volume", "unit": "m3"}
PULSES = {"name": "pulses_1", "quantity": "pulse", "unit": "pulse", "rollover": 2**32}


def counter(described: dict[str, Any], **more: Any) -> MeasuredPoint:
    return MeasuredPoint(**({"kind": "counter", "unit": "kWh", "type": "u32"} | described | more))


def meter(**more: Any) -> FieldMeter:
    facts = {"id": "scuola.main", "carrier": "electricity", "device": "d", "gateway": "g"}
    return FieldMeter(**(facts | more))


def register(of: FieldMeter, *described: dict[str, Any], **more: Any) -> Register:
    return accounted_register(of, tuple(counter(d, **more) for d in described))


# Which one


@pytest.mark.parametrize(
    ("facts", "there", "chosen"),
    [
        ({}, (EXPORT, IMPORT, TOTAL), "energy_import"),
        ({}, (EXPORT, TOTAL), "energy_total"),
        ({}, (PLAIN, EXPORT), "energy"),
        ({"measures": "generation"}, (IMPORT, TOTAL, EXPORT), "energy_export"),
        ({"measures": "generation"}, (IMPORT, PLAIN), "energy"),
        ({"measures": "feed_in"}, (IMPORT, TOTAL, PLAIN, EXPORT), "energy_export"),
        ({"measures": "submeter", "parent": "scuola.a"}, (EXPORT, IMPORT), "energy_import"),
        ({"carrier": "heat_cold"}, (VOLUME, HEAT), "heat_energy"),
        ({"carrier": "natural_gas"}, (HEAT, VOLUME), "volume"),
        ({"carrier": None, "measures": "water"}, (HEAT, VOLUME), "volume"),
        ({}, (IMPORT, {**IMPORT, "name": "energy_import_l1", "phase": "l1"}), "energy_import"),
    ],
)
def test_the_counter_that_fits_is_taken(
    facts: dict[str, Any], there: tuple[dict[str, Any], ...], chosen: str
) -> None:
    assert register(meter(**facts), *there).point == f"scuola.main/{chosen}"


def test_what_is_fed_in_is_never_taken_from_what_comes_in() -> None:
    with pytest.raises(DataError, match="no counter of d measures electricity"):
        register(meter(measures="feed_in"), IMPORT, TOTAL, PLAIN)


def test_a_named_register_is_taken_whatever_else_would_fit() -> None:
    assert register(meter(register="energy_export"), IMPORT, EXPORT).point.endswith(
        "/energy_export"
    )


def test_several_that_fit_are_named() -> None:
    tariffs = [{**IMPORT, "name": f"energy_import_t{n}"} for n in (1, 2)]
    with pytest.raises(
        DataError, match=r"scuola\.main: several .*energy_import_t1, energy_import_t2.*register:"
    ):
        register(meter(), *tariffs)


def test_none_that_fits_is_told_with_what_there_is() -> None:
    with pytest.raises(DataError, match=r"no counter of d measures electricity; it has volume"):
        register(meter(), VOLUME)
    with pytest.raises(DataError, match=r"it has no counter at all"):
        register(meter())


def test_an_unknown_register_is_told_with_what_there_is() -> None:
    with pytest.raises(DataError, match=r"d has no counter 'import'; it has energy_import"):
        register(meter(register="import"), IMPORT)


@pytest.mark.parametrize(
    ("facts", "there", "says"),
    [
        ({"register": "volume"}, VOLUME, r"'volume' counts m3; expected kWh for electricity"),
        ({"carrier": "natural_gas", "register": "energy"}, PLAIN, "expected m3 for natural_gas"),
        ({"carrier": None, "measures": "water", "register": "energy"}, PLAIN, "for water"),
        ({"register": "pulses_1"}, PULSES, r"expected kWh .*; say with pulse: what one is worth"),
        ({"pulse": {"weight": 1, "unit": "l"}}, PULSES, r"counts l; expected kWh"),
        (
            {"register": "energy", "pulse": {"weight": 1, "unit": "Wh"}},
            PLAIN,
            "'energy' counts kWh, not pulses",
        ),
        ({"register": "energy"}, {**PLAIN, "unit": "kwh"}, "unknown unit 'kwh'"),
    ],
)
def test_a_counter_of_something_else_is_refused(
    facts: dict[str, Any], there: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        register(meter(**facts), there)


# Unit, step and modulus


def test_a_register_is_described_in_its_canonical_unit() -> None:
    # One count is 10 Wh = 0.01 kWh; eight digits wrap at 100 000 000 counts = 1 000 000 kWh.
    found = register(meter(), IMPORT, unit="Wh", scale=10, rollover=100_000_000)
    assert found == Register("scuola.main/energy_import", "kWh", 1_000_000.0, 0.01)


def test_transformer_ratios_multiply_step_and_modulus() -> None:
    # 200/5 A and 15000/100 V: 40 x 150 = 6000. One count is 0.1 kWh x 6000 = 600 kWh.
    of = meter(ct_ratio=40, vt_ratio=150)
    found = register(of, IMPORT, scale=0.1, rollover=1_000_000)
    assert found.resolution == pytest.approx(600.0)
    assert found.modulus == pytest.approx(600_000_000.0)


def test_gas_is_accounted_in_standard_cubic_metres() -> None:
    # C = 1.02 Sm3/m3; one count is 10 l = 0.01 m3; six digits of m3 wrap at 10^8 counts.
    of = meter(carrier="natural_gas", volume_correction=1.02)
    found = register(of, VOLUME, unit="l", scale=10, rollover=100_000_000)
    assert found.unit == "m3"
    assert found.resolution == pytest.approx(0.0102)
    assert found.modulus == pytest.approx(1_020_000.0)


def test_heat_in_gigajoule_is_accounted_in_kwh() -> None:
    # 0.001 GJ = 0.2777… kWh
    found = register(meter(carrier="heat_cold"), HEAT, scale=0.001)
    assert (found.unit, found.modulus) == ("kWh", None)
    assert found.resolution == pytest.approx(1 / 3.6)


def test_a_negative_scale_does_not_make_a_negative_step() -> None:
    assert register(meter(), IMPORT, scale=-0.1).resolution == pytest.approx(0.1)


def test_a_counter_that_does_not_say_where_it_wraps_has_no_modulus() -> None:
    assert register(meter(), IMPORT).modulus is None


def test_a_step_that_only_the_device_knows_gives_no_modulus() -> None:
    found = register(meter(), IMPORT, unit="Wh", scale_from="WH_SF", rollover=2**32)
    assert found.modulus is None


@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_a_float_counter_is_taken_to_count_thousandths(kind: str) -> None:
    assert register(meter(), IMPORT, type=kind).resolution == pytest.approx(0.001)
    assert register(meter(ct_ratio=40), IMPORT, type=kind).resolution == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("facts", "pulse", "expected"),
    [
        # 0.1 m3 a pulse, C = 1.02; 2^32 pulses until the counter wraps.
        (
            {"carrier": "natural_gas", "volume_correction": 1.02},
            {"weight": 0.1, "unit": "m3"},
            ("volume", "m3", 438_086_664.192, 0.102),
        ),
        (
            {"carrier": None, "measures": "water"},
            {"weight": 10, "unit": "l"},
            ("volume", "m3", 42_949_672.96, 0.01),
        ),
        # 1000 pulses a kWh behind 100/5 A: 1 Wh x 20 a pulse.
        (
            {"ct_ratio": 20},
            {"weight": 1, "unit": "Wh"},
            ("energy_import", "kWh", 85_899_345.92, 0.02),
        ),
    ],
)
def test_pulses_become_what_one_is_worth(
    facts: dict[str, Any], pulse: dict[str, Any], expected: tuple[str, str, float, float]
) -> None:
    found = register(meter(pulse=pulse, **facts), PULSES)
    name, unit, modulus, step = expected
    assert (found.point, found.unit) == (f"scuola.main/{name}", unit)
    assert found.modulus == pytest.approx(modulus)
    assert found.resolution == pytest.approx(step)


def test_one_of_several_pulse_inputs_must_be_named() -> None:
    inputs = [{**PULSES, "name": f"pulses_{n}"} for n in (1, 2)]
    of = {"carrier": "natural_gas", "pulse": {"weight": 0.1, "unit": "m3"}}
    with pytest.raises(DataError, match="pulses_1, pulses_2"):
        register(meter(**of), *inputs)
    assert register(meter(**of, register="pulses_2"), *inputs).point == "scuola.main/volume"


# Reading device files


def test_only_counters_that_never_start_again_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(
        "points:\n"
        "  - {name: power, kind: gauge, unit: W, type: f32}\n"
        "  - {name: energy, kind: counter, unit: kWh, type: u32, address: 7}\n"
        "  - {name: energy_today, kind: counter, unit: kWh, type: u32, resets: daily}\n"
        "  - {name: energy_old, kind: counter, unit: kWh, type: u32, poll: never}\n",
        encoding="utf-8",
    )
    assert [c.name for c in device_counters(path)] == ["energy"]


def test_a_broken_device_file_is_told_with_line_and_point(tmp_path: Path) -> None:
    path = tmp_path / "d.yaml"
    path.write_text("points:\n  - {name: energy, kind: counter, type: u32}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"d\.yaml:2: points\[0\]\.unit: this key is missing"):
        device_counters(path)
