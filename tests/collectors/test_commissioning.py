"""What a display says of a meter: right, wrong and why, against hand-made readings.

Ratios are those of the transformers' plates (IEC 61869-2) and of the units themselves
(1 MWh = 1000 kWh, 1 GJ = 277.8 kWh).
"""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from collectors.commissioning.judgement import (
    Judgement,
    Seen,
    Verdict,
    expected_display,
    judge,
    parse_display,
    pulse_lines,
)
from collectors.commissioning.record import (
    digest,
    document_of,
    read_record,
    write_record,
)
from collectors.commissioning.sheet import sheet
from paes.errors import DataError
from paes.gateways import Gateway
from paes.metering import Register, Site
from paes.meters import FieldMeter
from paes.periods import zone
from paes.pulse import Pulse

AT = datetime(2025, 3, 30, 9, 0, tzinfo=UTC)
KWH = Register("s.main/energy_import", "kWh", None, 0.1)


def meter(**more: object) -> FieldMeter:
    return FieldMeter.model_validate(
        {"id": "s.main", "carrier": "electricity", "device": "d", "gateway": "g", **more}
    )


def seen(value: float | None, **more: object) -> Seen:
    return replace(Seen(AT, value, (0, 1), f"{value} kWh"), **more)  # type: ignore[arg-type]


def compared(text: str, value: float, of: FieldMeter | None = None, **more: object) -> Judgement:
    """A register of ``value`` beside a display of ``text``, nothing passing meanwhile."""
    now = seen(value, **more)
    return judge(of or meter(), KWH, now, parse_display(text, "kWh"), now)


@pytest.mark.parametrize(
    ("text", "unit", "value", "step"),
    [
        ("12345.6", "kWh", 12345.6, 0.1),
        ("12345,6", "kWh", 12345.6, 0.1),
        ("12 345,6", "kWh", 12345.6, 0.1),
        ("1.234.567", "kWh", 1234567.0, 1.0),
        ("12.345,6", "kWh", 12345.6, 0.1),
        ("12,345.6", "kWh", 12345.6, 0.1),
        ("  7 ", "m3", 7.0, 1.0),
        ("12.3456 MWh", "kWh", 12345.6, 0.1),
        ("12.3456MWh", "kWh", 12345.6, 0.1),
        ("1 GJ", "kWh", 277.7778, 277.7778),
        ("250 l", "m3", 0.25, 0.001),
    ],
)
def test_a_display_is_read_as_people_write_it(
    text: str, unit: str, value: float, step: float
) -> None:
    display = parse_display(text, unit)
    assert display.value == pytest.approx(value)
    assert display.step == pytest.approx(step, rel=1e-3)


@pytest.mark.parametrize("text", ["", "off", "-5", "12..5", "1,2,3.4.5", "12 m3", "12 parsec"])
def test_what_is_no_reading_of_this_register_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_display(text, "kWh")


def test_a_display_between_the_two_readings_agrees() -> None:
    made = judge(meter(), KWH, seen(1000.0), parse_display("1000.4", "kWh"), seen(1000.9))
    assert (made.verdict, made.difference) == (Verdict.AGREES, 0.0)
    assert made.is_accepted


@pytest.mark.parametrize(("text", "agrees"), [("999.8", True), ("999.7", False), ("1000.2", True),
                                              ("1000.3", False), ("1000", True)])  # fmt: skip
def test_one_step_of_register_and_display_is_allowed(text: str, agrees: bool) -> None:
    """0.1 kWh of the register and the display's last digit: 0.2 kWh together, 1.1 without."""
    assert (compared(text, 1000.0).verdict is Verdict.AGREES) == agrees


def test_the_time_between_is_allowed_for_by_the_rated_power() -> None:
    """60 kW for 10 minutes: at most 10 kWh, 12 with the margin of 1.2."""
    display = parse_display("989.0", "kWh", AT - timedelta(minutes=10))
    rated = meter(rated_power_kw=60)
    assert judge(rated, KWH, seen(1000.0), display).verdict is Verdict.AGREES
    assert judge(meter(), KWH, seen(1000.0), display).verdict is Verdict.DIFFERS
    earlier = parse_display("985.0", "kWh", AT - timedelta(minutes=10))
    assert judge(rated, KWH, seen(1000.0), earlier).verdict is Verdict.DIFFERS
    later = parse_display("1011.0", "kWh", AT + timedelta(minutes=10))
    assert judge(rated, KWH, seen(1000.0), later).verdict is Verdict.AGREES


@pytest.mark.parametrize(
    ("display", "register", "ct_ratio", "name", "says"),
    [
        ("1234.5", 49380.0, 40, "ct_twice", "CT ratio applied twice"),
        ("1975200", 49380.0, 40, "ct_missing", "CT ratio not applied at all"),
        ("49380", 1234.5, 1, "ct_ratio", "ct_ratio: 40 (200/5 A or 40/1 A)"),
        ("74070", 49380.0, 40, "ct_ratio", "ct_ratio: 60 (300/5 A or 60/1 A)"),
        ("1234.5", 1234500.0, 1, "unit", "counts Wh, the profile says kWh"),
        ("1234500", 1234.5, 1, "unit", "counts MWh, the profile says kWh"),
        ("342917", 1234.5, 1, "unit", "counts GJ, the profile says kWh"),
        ("12345", 123450.0, 1, "decimals", "0.1 times the register"),
    ],
)
def test_usual_mistakes_are_told_by_their_ratio(
    display: str, register: float, ct_ratio: float, name: str, says: str
) -> None:
    made = compared(display, register, meter(ct_ratio=ct_ratio))
    assert made.verdict is Verdict.DIFFERS
    found = {f.name: f.message for f in made.findings}
    assert says in found[f"commission.{name}"]


def test_a_thousand_is_another_unit_before_it_is_a_transformer_of_5000_a() -> None:
    """What else may be is told, too; a factor of 10 is rather 50/5 A than a lost decimal."""
    first, second, *_ = (f.name for f in compared("1234500", 1234.5).findings)
    assert (first, second) == ("commission.unit", "commission.ct_ratio")
    first, second, *_ = (f.name for f in compared("12345", 1234.5).findings)
    assert (first, second) == ("commission.ct_ratio", "commission.decimals")


def test_a_wrong_word_order_is_told_by_the_display() -> None:
    """1234567 x 0.1 kWh, its two words exchanged: 0x0012D687 and 0xD6870012."""
    made = compared("123456.7", 359922892.2, other_orders={"CDAB": 123456.7, "BADC": 9.0})
    assert "word order CDAB" in made.findings[0].message
    assert made.findings[0].name == "commission.word_order"


def test_another_register_or_another_meter_is_recognised() -> None:
    made = compared("777.7", 1000.0, other_counters={"energy_export": 777.7})
    assert (made.findings[0].name, "energy_export" in made.findings[0].message) == (
        "commission.other_register",
        True,
    )
    now = seen(1000.0)
    display = parse_display("555.5", "kWh")
    made = judge(meter(), KWH, now, display, now, neighbours={"s.gym": 555.5, "s.pv": 12.0})
    assert [f.name for f in made.findings] == ["commission.other_meter"]
    assert "s.gym" in made.findings[0].message


def test_a_total_that_is_the_register_itself_explains_nothing() -> None:
    """Where nothing is exported, total and import are one: an old display is just old."""
    made = compared("998.0", 1000.0, other_counters={"energy_total": 1000.0, "tariff_2": 999.0})
    assert [f.name for f in made.findings] == ["commission.moment"]
    assert "only 2 kWh apart" in made.findings[0].message


def test_a_difference_that_nothing_explains_is_told_as_such() -> None:
    made = compared("4711.0", 1000.0)
    assert [f.name for f in made.findings] == ["commission.differs"]
    assert not made.is_accepted


def test_a_meter_near_zero_proves_nothing() -> None:
    made = compared("0.0", 0.0, meter(ct_ratio=40))
    assert made.verdict is Verdict.AGREES
    assert [f.name for f in made.problems] == ["commission.too_small"]


def test_a_secondary_display_is_multiplied_and_gas_is_divided_by_its_coefficient() -> None:
    of = meter(ct_ratio=40, vt_ratio=2)
    assert expected_display(of, KWH, 8000.0, secondary=True) == 100.0
    gas = meter(carrier="natural_gas", volume_correction=1.02)
    assert expected_display(gas, Register("s.main/volume", "m3", None, 0.1), 102.0, False) == 100.0


def test_meters_that_are_not_read_or_not_compared_are_not_accepted() -> None:
    silent = judge(meter(), KWH, Seen(AT, None, error="no answer within 2 s"))
    assert (silent.verdict, silent.is_accepted) == (Verdict.NOT_READ, False)
    assert silent.findings[0].message == "no answer within 2 s"
    skipped = judge(meter(), KWH, seen(1000.0))
    assert (skipped.verdict, skipped.is_accepted) == (Verdict.NOT_COMPARED, False)


@pytest.mark.parametrize(
    ("configured", "device", "same"),
    [("AB-1234", "ab1234", True), ("0001234", "1234", True), ("E2-00123456", "123456", True),
     ("1234", "1235", False), ("AB1234", "CD1234", False)],
)  # fmt: skip
def test_serial_numbers_are_compared_as_people_write_them(
    configured: str, device: str, same: bool
) -> None:
    made = compared("1000.0", 1000.0, meter(serial=configured), serial=device)
    assert made.is_accepted == same


def test_an_assumed_serial_number_and_that_of_a_pulse_counter_prove_nothing() -> None:
    pulse = {"register": "pulses", "pulse": {"weight": 0.1, "unit": "kWh"}}
    for of in (meter(serial="X1", assumed=True, note="n"), meter(serial="X1", **pulse)):
        assert compared("1000.0", 1000.0, of, serial="4711").is_accepted


def test_transformers_turned_round_are_told_and_do_not_refuse_a_meter() -> None:
    phases = {"l1": 900.0, "l2": -870.0, "l3": 910.0}
    made = compared("1000.0", 1000.0, power_w=940.0, phase_powers_w=phases)
    assert [f.name for f in made.findings] == ["commission.phase_reversed"]
    assert "l2" in made.findings[0].message
    assert made.is_accepted
    made = compared("1000.0", 1000.0, power_w=-5000.0)
    assert [f.name for f in made.findings] == ["commission.power_reversed"]


def test_power_above_the_rating_refuses_a_meter() -> None:
    made = compared("1000.0", 1000.0, meter(rated_power_kw=30), power_w=400_000.0)
    assert [f.name for f in made.problems] == ["commission.above_rating"]


def test_a_pulse_meter_gets_the_lines_that_make_it_right() -> None:
    """5000 pulses of 0.01 m3 are 50 m3; the dial shows 1234.56 m3, so it began at 1184.56."""
    of = meter(carrier="natural_gas", register="pulses", pulse={"weight": 0.01, "unit": "m3"})
    now = replace(seen(50.0), pulses=5000.0)
    display = parse_display("1234.56", "m3")
    line = pulse_lines(of, now, display, "Anna", AT, has_history=False)
    assert line is not None
    assert yaml.safe_load(line) == {"initial_reading": 1184.56}
    fixed = Pulse.model_validate({"weight": 0.01, "unit": "m3", **yaml.safe_load(line)})
    assert fixed.dial(5000) == pytest.approx(1234.56)
    line = pulse_lines(of, now, display, 'Anna "Nina" Bianchi', AT, has_history=True)
    assert line is not None
    assert "initial_reading" not in line
    fixed = Pulse.model_validate({"weight": 0.01, "unit": "m3", **yaml.safe_load(line)})
    assert fixed.dial(5001, AT) == pytest.approx(1234.57)
    assert fixed.dial(5001, AT - timedelta(days=1)) == pytest.approx(50.01)
    assert pulse_lines(meter(), now, display, "Anna", AT, False) is None


def record() -> dict[str, object]:
    site = Site.model_validate(
        {"id": "s", "name": "Scuola è così", "kind": "school", "sector": "municipal_buildings"}
    )
    gateway = Gateway.model_validate({"id": "g", "host": "192.0.2.1"})
    judged = [
        (compared("1000.0", 1000.0), gateway, None),
        (compared("1234.5", 49380.0, meter(ct_ratio=40)), gateway, "serial: 'X1'"),
    ]
    return document_of(site, "Anna Bianchi", AT, zone("Europe/Rome"), judged)


def test_a_record_that_was_changed_is_found_out(tmp_path: Path) -> None:
    document = record()
    assert document["at"] == "2025-03-30T11:00:00+02:00"
    assert document["accepted"] is False
    path = tmp_path / "new" / "s.yaml"
    write_record(document, path)
    assert read_record(path) == document
    with pytest.raises(DataError, match="is there already"):
        write_record(document, path)
    path.write_text(
        path.read_text("utf-8").replace("accepted: false", "accepted: true", 1), "utf-8"
    )
    with pytest.raises(DataError, match="was changed after it was written"):
        read_record(path)
    path.write_text("schema: other/1\n", "utf-8")
    with pytest.raises(DataError, match="expected 'commissioning/1'"):
        read_record(path)


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    document = record()
    shuffled = dict(reversed(list(copy.deepcopy(document).items())))
    assert digest(shuffled) == document["sha256"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("it", ("Verbale di messa in servizio: Scuola è così", "NON ACCETTATO", "concorda",
                "applicato due volte", "Firma del tecnico (Anna Bianchi)")),
        ("en", ("Commissioning sheet: Scuola è così", "NOT ACCEPTED", "agrees",
                "applied twice", "Technician's signature (Anna Bianchi)")),
    ],
)  # fmt: skip
def test_the_sheet_says_it_all_in_both_languages(language: str, words: tuple[str, ...]) -> None:
    document = record()
    page = sheet(document, language)
    for word in (*words, str(document["sha256"]), "0000 0001", "1234.5 kWh", "serial: 'X1'"):
        assert word in page
