"""M-Bus bytes: frames of the master, and what real meters' telegrams say by another program."""

from __future__ import annotations

from contextlib import suppress

import mbus_telegrams
import pytest
from mbus_slaves import MORE, bcd, long_frame, variable_data

from collectors.mbus.frames import Record, Telegram, telegram_of
from collectors.mbus.link import length_of, request, reset, select
from collectors.mbus.profile import RecordFunction
from paes.errors import BadReply, DataError

# libmbus's units and ours, where they differ: 1 J = 1e-6 MJ.
TO_OURS = {"MJ": 1e-6}


def said(records: bytes, **head: int) -> Telegram:
    return telegram_of(long_frame(5, variable_data("12345678", records, **head)))


def only(records: bytes) -> Record:
    (record,) = said(records).records
    return record


@pytest.mark.parametrize("name", mbus_telegrams.MEANT)
def test_real_telegrams_say_what_libmbus_reads_in_them(name: str) -> None:
    frame, meant = mbus_telegrams.MEANT[name]

    telegram = telegram_of(frame)

    assert telegram.identification == meant.identification
    assert telegram.manufacturer == meant.manufacturer
    assert (telegram.medium, telegram.status) == (meant.medium, meant.status)
    assert telegram.access_number == meant.access_number
    assert telegram.more_follow is meant.more_follow
    assert len(telegram.records) == meant.count
    assert meant.records
    for index, expected in meant.records.items():
        record = telegram.records[index]
        assert record.index == index
        assert (record.quantity, record.function) == (expected.quantity, expected.function)
        assert (record.storage, record.tariff, record.subunit) == expected[2:5]
        assert record.value == pytest.approx(expected.value * TO_OURS.get(record.unit, 1.0))


def test_there_are_telegrams_of_heat_and_water_meters_to_test() -> None:
    assert len(mbus_telegrams.MEANT) >= 12
    assert {meant.medium for _, meant in mbus_telegrams.MEANT.values()} >= {0x04, 0x06, 0x07}


def test_a_plain_text_unit_is_skipped_before_and_after_the_vife() -> None:
    """EN 13757-3 wants it after them; libmbus reads 12565 "ABC". An Elvaco meter puts it before."""
    (record,) = telegram_of(mbus_telegrams.PLAIN_TEXT_AFTER_VIFE).records
    elvaco = telegram_of(mbus_telegrams.PLAIN_TEXT_BEFORE_VIFE)

    assert (record.value, record.unit, record.quantity) == (12565.0, "ABC", None)
    assert [r.value for r in elvaco.records if r.quantity == "external_temperature"] == [
        22.56,  # D0 08: 0x08D0 = 2256 hundredths
        21.6,
        23.39,
        22.76,
        22.69,
    ]


def test_requests_are_the_frames_of_the_standard() -> None:
    """Examples of "The M-Bus: A Documentation" (rev. 4.8), sections 5.4, 6.7.2."""
    assert reset(1) == bytes.fromhex("10 40 01 41 16")
    assert request(1, True) == bytes.fromhex("10 7B 01 7C 16")
    assert request(1, False) == bytes.fromhex("10 5B 01 5C 16")
    assert select("12345678") == bytes.fromhex("68 0B 0B 68 53 FD 52 78 56 34 12 FF FF FF FF B2 16")


def test_a_secondary_address_has_eight_digits() -> None:
    with pytest.raises(DataError, match=r"1234567F.*8 digits"):
        select("1234567F")


def test_how_long_a_frame_is_shows_in_its_first_four_bytes() -> None:
    assert length_of(b"") is None
    assert length_of(b"\xe5") == 1
    assert length_of(b"\x68\x13\x13") is None
    assert length_of(b"\x68\x13\x13\x68") == 0x13 + 6
    with pytest.raises(BadReply, match="two meters answer at once"):
        length_of(b"\x68\x13\x17\x68")
    with pytest.raises(BadReply, match="no M-Bus frame"):
        length_of(b"\x00\xff")


@pytest.mark.parametrize(
    ("position", "reason"),
    [(-2, "checksum"), (-1, "ends with"), (10, "checksum"), (4, "checksum")],
)
def test_a_flipped_bit_anywhere_is_no_answer(position: int, reason: str) -> None:
    frame = bytearray(mbus_telegrams.ITRON_CF_51)
    frame[position] ^= 0x04

    with pytest.raises(BadReply, match=reason):
        telegram_of(bytes(frame))


def test_a_frame_of_the_master_is_no_answer() -> None:
    with pytest.raises(BadReply, match="C field 53"):
        telegram_of(select("12345678"))
    with pytest.raises(BadReply, match="only an acknowledgement"):
        telegram_of(b"\xe5")


def test_the_fixed_data_structure_is_told_and_not_read() -> None:
    with pytest.raises(BadReply, match="fixed data structure"):
        telegram_of(mbus_telegrams.FIXED_DATA)


def test_an_application_error_is_told_in_words() -> None:
    with pytest.raises(BadReply, match="read too often"):
        telegram_of(long_frame(5, b"\x70\x09"))
    with pytest.raises(BadReply, match="too busy"):
        telegram_of(long_frame(5, b"\x70\x08"))
    with pytest.raises(BadReply, match="CI field 78"):
        telegram_of(long_frame(5, b"\x78" + bytes(14)))


def test_encrypted_data_are_not_decoded() -> None:
    body = bytearray(variable_data("12345678", b"\x04\x06" + bytes(4)))
    body[12] = 0x05  # the head's last byte: AES-CBC (mode 5)

    with pytest.raises(BadReply, match=r"encrypted \(mode 5\)"):
        telegram_of(long_frame(5, bytes(body)))


@pytest.mark.parametrize(
    ("records", "value", "unit"),
    [
        (b"\x04\x06\xe7\x91\x00\x00", 37351000.0, "Wh"),  # 0x91E7 kWh
        (b"\x0c\x06" + bcd("00037351"), 37351000.0, "Wh"),
        (b"\x0c\x0e" + bcd("00000036"), 36.0, "MJ"),  # E000 1110: 10^6 J
        (b"\x0c\xfb\x00" + bcd("00000008"), 800000.0, "Wh"),  # FB 00: 0.1 MWh
        (b"\x0c\xfb\x08" + bcd("00000012"), 1200.0, "MJ"),  # FB 08: 0.1 GJ
        (b"\x0c\xfb\x31" + bcd("00000036"), 36e9 / 3600, "W"),  # FB 31: GJ/h
        (b"\x0c\x36" + bcd("00000036"), 36e6 / 3600, "W"),  # E011 0110: 10^6 J/h
        (b"\x02\x2d\xff\xff", -100.0, "W"),  # two's complement, 10^2 W
        (b"\x0b\x3b\x34\x12\xf0", -1.234, "m3/h"),  # F in front: minus
        (b"\x02\x46\x03\x00", 18.0, "m3/h"),  # 0.1 m3/min
        (b"\x05\x5b\x00\x00\x26\x42", 41.5, "degC"),  # IEEE 754: 0x42260000
        (b"\x04\x86\x77\x05\x00\x00\x00", 50000.0, "Wh"),  # VIFE E111 0111: x 10
        (b"\x04\x86\x7d\x05\x00\x00\x00", 5000000.0, "Wh"),  # VIFE E111 1101: x 1000
        (b"\x04\x26\x02\x00\x00\x00", 7200.0, "s"),  # operating time in hours
    ],
)
def test_numbers_and_units_of_the_standard(records: bytes, value: float, unit: str) -> None:
    """Counted by hand from the VIF tables of EN 13757-3."""
    record = only(records)

    assert record.value == pytest.approx(value)
    assert (record.unit, record.vife, record.fault) == (unit, (), "")


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (b"\x0c\x06\xff\xff\xff\xff", "FFFFFFFF is no number"),
        (b"\x0c\x06\x00\x00\xa0\x00", "00A00000 is no number"),
        (b"\x04\x06\x00\x00\x00\x80", "80000000 stands for no value"),
        (b"\x02\x5b\x00\x80", "8000 stands for no value"),
        (b"\x05\x5b\x00\x00\xc0\x7f", "7FC00000 is no number"),  # NaN
        (b"\x05\x5b\x00\x00\x80\x7f", "7F800000 is no number"),  # infinity
        (b"\x00\x06", "the record is empty"),
        (b"\x08\x06", "the record is empty"),
        (b"\x04\x86\x15\x00\x00\x00\x00", "the meter says: no data"),
        (b"\x04\x86\x18\x07\x00\x00\x00", "the meter says: data error"),
    ],
)
def test_what_a_meter_marks_as_no_value_is_none(records: bytes, reason: str) -> None:
    record = only(records)

    assert record.value is None
    assert reason in record.fault


def test_an_empty_or_unknown_record_keeps_its_place_in_the_count() -> None:
    telegram = said(
        b"\x00\x06"  # no data
        b"\x01\xfd\x7f\x2a"  # a quantity that nobody knows
        b"\x2f\x2f"  # fillers, which are no records
        b"\x0d\x78\x04DCBA"  # a text
        b"\x0c\x14" + bcd("00001234")
    )

    assert [(r.index, r.value) for r in telegram.records] == [
        (0, None),
        (1, 42.0),
        (2, "ABCD"),
        (3, 12.34),
    ]


def test_storage_tariff_subunit_and_function_are_told() -> None:
    # DIF 94 = maximum, 4 bytes; DIFE 9A = subunit 0, tariff 1, storage A x 2; DIFE 41 =
    # subunit 1 x 2, tariff 0, storage 1 x 32.
    record = only(b"\x94\x9a\x41\x2d\x01\x00\x00\x00")

    assert (record.storage, record.tariff, record.subunit) == (10 * 2 + 32, 1, 2)
    assert record.function is RecordFunction.MAXIMUM
    assert str(record) == "power (maximum), storage 52, tariff 1, subunit 2"


def test_more_telegrams_are_announced_by_the_last_dif() -> None:
    records = b"\x04\x06\x01\x00\x00\x00"

    assert said(records + MORE).more_follow
    assert not said(records + b"\x0f" + MORE).more_follow  # the maker's own data
    assert telegram_of(long_frame(5, variable_data("12345678", records)), 7).records[0].index == 7


@pytest.mark.parametrize(
    "records",
    [b"\x04\x06\x01\x00\x00", b"\x04", b"\x84", b"\x0d\x78\x10abc", b"\x04\x86", b"\x02\x7c\x05a"],
)
def test_a_record_that_ends_too_early_spoils_the_telegram(records: bytes) -> None:
    with pytest.raises(BadReply, match="record 0 of the telegram ends too early"):
        said(records)


def test_bytes_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(BadReply, match="DIF 3F is reserved"):
        said(b"\x3f\x06\x00")
    with pytest.raises(BadReply, match="more than 10 extensions"):
        said(b"\x84" + 11 * b"\x80" + b"\x06\x00\x00\x00\x00")
    with pytest.raises(BadReply, match="special length F8"):
        said(b"\x0d\x06\xf8" + bytes(8))


@pytest.mark.parametrize("cut", range(1, 40))
def test_no_garbled_body_is_more_than_a_bad_reply(cut: int) -> None:
    """Whatever the bytes are, the only error that leaves is BadReply."""
    body = mbus_telegrams.KAMSTRUP_MULTICAL_601[19:-2]
    garbled = bytes(b ^ (cut * 37 + i * 11 & 0xFF) for i, b in enumerate(body[cut:]))
    with suppress(BadReply):
        for record in said(garbled).records:
            assert record.value is None or isinstance(record.value, float | str)
            assert (record.value is None) == bool(record.fault)
