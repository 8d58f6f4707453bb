"""M-Bus answers to records: the only module that knows pyMeterBus.

An answer in the variable data structure (EN 13757-3, CI field 72) is a head that names the meter,
and a list of records that describe themselves. Each record is given to pyMeterBus alone, so that
one which it does not know spoils no other, a record without data keeps its place in the count,
and nothing is taken for a number that the standard calls invalid. What pyMeterBus (0.8.5) gets
wrong or leaves out is made good here: BCD digits above 9, the smallest integer as "no value",
correction factors, GJ and GJ/h.

A record that brings no number keeps its place, and says why.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import meterbus

from collectors.mbus.cut import EXTENSION, Cut, cut_apart
from collectors.mbus.link import Answer, opened
from collectors.mbus.profile import MbusQuantity, RecordFunction
from paes.errors import BadReply

_HEAD = 12
_EXTENDED = (0xFB, 0xFD)
_VARIABLE_LENGTH = 0x0D
_REAL = 0x05
_BCD = (0x09, 0x0A, 0x0B, 0x0C, 0x0E)
_INTEGER = (0x01, 0x02, 0x03, 0x04, 0x06, 0x07)

# What a meter says instead of data (CI field 70), EN 13757-3, application errors.
_APPLICATION_ERRORS = {
    1: "it does not know this kind of request",
    2: "its buffer is too small",
    3: "too many records",
    4: "a record ended too early",
    5: "too many DIFE",
    6: "too many VIFE",
    8: "it is too busy",
    9: "it was read too often (its battery allows only so many answers a day)",
}

# VIFE that tell why a record has no value, EN 13757-3, record errors.
_RECORD_ERRORS = {0x15: "no data", 0x16: "overflow", 0x17: "underflow", 0x18: "data error"}
_LAST_RECORD_ERROR = 0x1F
_FIRST_FACTOR, _LAST_FACTOR, _THOUSAND = 0x70, 0x77, 0x7D

_QUANTITIES: Mapping[str, MbusQuantity] = {
    "VIFUnit.ENERGY_WH": MbusQuantity.ENERGY,
    "VIFUnit.ENERGY_J": MbusQuantity.ENERGY,
    "Energy": MbusQuantity.ENERGY,
    "VIFUnit.VOLUME": MbusQuantity.VOLUME,
    "Volume": MbusQuantity.VOLUME,
    "VIFUnit.POWER_W": MbusQuantity.POWER,
    "VIFUnit.POWER_J_H": MbusQuantity.POWER,
    "Power": MbusQuantity.POWER,
    "VIFUnit.VOLUME_FLOW": MbusQuantity.VOLUME_FLOW,
    "VIFUnit.VOLUME_FLOW_EXT": MbusQuantity.VOLUME_FLOW,
    "VIFUnit.VOLUME_FLOW_EXT_S": MbusQuantity.VOLUME_FLOW,
    "VIFUnit.FLOW_TEMPERATURE": MbusQuantity.FLOW_TEMPERATURE,
    "VIFUnit.RETURN_TEMPERATURE": MbusQuantity.RETURN_TEMPERATURE,
    "VIFUnit.EXTERNAL_TEMPERATURE": MbusQuantity.EXTERNAL_TEMPERATURE,
    "VIFUnit.TEMPERATURE_DIFFERENCE": MbusQuantity.TEMPERATURE_DIFFERENCE,
    "VIFUnit.OPERATING_TIME": MbusQuantity.OPERATING_TIME,
    "VIFUnit.ON_TIME": MbusQuantity.ON_TIME,
    "VIFUnitExt.VOLTS": MbusQuantity.VOLTAGE,
    "VIFUnitExt.AMPERE": MbusQuantity.CURRENT,
}

# pyMeterBus's unit -> ours, and what a number is multiplied by.
_UNITS: Mapping[str, tuple[str, float]] = {
    "MeasureUnit.WH": ("Wh", 1.0),
    "MeasureUnit.J": ("MJ", 1e-6),
    "MeasureUnit.M3": ("m3", 1.0),
    "MeasureUnit.W": ("W", 1.0),
    "MeasureUnit.J_H": ("W", 1 / 3600),
    "MeasureUnit.M3_H": ("m3/h", 1.0),
    "MeasureUnit.M3_MIN": ("m3/h", 60.0),
    "MeasureUnit.M3_S": ("m3/h", 3600.0),
    "MeasureUnit.C": ("degC", 1.0),
    "MeasureUnit.K": ("K", 1.0),
    "MeasureUnit.SECONDS": ("s", 1.0),
    "MeasureUnit.V": ("V", 1.0),
    "MeasureUnit.A": ("A", 1.0),
}
# VIF FB 08…09 (GJ) and FB 30…31 (GJ/h), whose units pyMeterBus has as "Reserved" and J.
_UNITS_OF_EXTENSION: Mapping[tuple[str, str], tuple[str, float]] = {
    ("Energy", "Reserved"): ("MJ", 1e-6),
    ("Power", "MeasureUnit.J"): ("W", 1 / 3600),
}
_DIGITS = 15
"""As many as a float can hold exactly: 46.160000000000004 is 46.16."""
_FUNCTIONS = dict(enumerate(RecordFunction))
_LIBRARY_STUMBLES = (
    meterbus.MBusFrameDecodeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Record:
    """One data record; ``value`` is in ``unit``, or None and ``fault`` says why."""

    index: int
    """Its place in the answer, from zero, over all its telegrams."""
    quantity: MbusQuantity | None
    """None for what no profile can name (dates, serial numbers, a maker's own)."""
    unit: str
    value: float | str | None
    storage: int
    tariff: int
    subunit: int
    function: RecordFunction
    vife: tuple[int, ...]
    """What qualifies the quantity further, without factors; empty for a plain value."""
    fault: str = ""

    def __str__(self) -> str:
        """What it says it is, for a message."""
        what = f"{self.quantity or 'something else'}"
        if self.function is not RecordFunction.INSTANTANEOUS:
            what += f" ({self.function})"
        for name in ("storage", "tariff", "subunit"):
            if getattr(self, name):
                what += f", {name} {getattr(self, name)}"
        return what + (f", VIFE {bytes(self.vife).hex(' ').upper()}" if self.vife else "")


@dataclass(frozen=True, slots=True)
class Telegram:
    """One frame of an answer: which meter, how it is, what it says."""

    address: int
    identification: str
    """The number on its face as it was set at the factory or on site: 8 digits."""
    manufacturer: str
    version: int
    medium: int
    access_number: int
    status: int
    records: tuple[Record, ...]
    more_follow: bool


def telegram_of(frame: bytes, first_index: int = 0) -> Telegram:
    """What a whole answer says; its first record has ``first_index``.

    Raises BadReply if the frame is damaged, is no answer with data, or its records do not fit.
    """
    answer = opened(frame)
    _check_kind(answer)
    head, body = answer.data[:_HEAD], answer.data[_HEAD:]
    if head[11] & 0x1F:
        raise BadReply(f"the data are encrypted (mode {head[11] & 0x1F})")
    cuts, more = cut_apart(body)
    return Telegram(
        answer.address,
        head[3::-1].hex().upper(),
        _letters(int.from_bytes(head[4:6], "little")),
        head[6],
        head[7],
        head[8],
        head[9],
        tuple(_record(first_index + n, cut) for n, cut in enumerate(cuts)),
        more,
    )


def _check_kind(answer: Answer) -> None:
    match answer.ci:
        case 0x72 if len(answer.data) >= _HEAD:
            return
        case 0x70:
            code = answer.data[0] if answer.data else 0
            reason = _APPLICATION_ERRORS.get(code, f"error {code}")
            raise BadReply(f"the meter reports an error instead of data: {reason}")
        case 0x73:
            raise BadReply(
                "the meter sends the fixed data structure (CI 73) of before 1997, which is not "
                "supported; expected the variable one (CI 72)"
            )
    raise BadReply(f"CI field {answer.ci:02X} with {len(answer.data)} bytes, expected 72")


def _record(index: int, cut: Cut) -> Record:
    told, (storage, tariff, subunit) = _told(cut)
    vife, factor = _qualifiers(cut)
    kind, unit = str(told.get("type", "")), str(told.get("unit", ""))
    ours = _UNITS.get(unit)
    if cut.vif[0] == _EXTENDED[0]:
        ours = _UNITS_OF_EXTENSION.get((kind, unit), ours)
    unit, worth = ours or (unit.removeprefix("MeasureUnit."), 1.0)
    fault = _fault(cut, vife)
    value = None if fault else _value(cut, told.get("value"))
    if isinstance(value, float):
        value = float(f"{value * worth * factor:.{_DIGITS}g}")
    return Record(
        index,
        _QUANTITIES.get(kind),
        unit,
        value,
        storage,
        tariff,
        subunit,
        _FUNCTIONS[cut.dif[0] >> 4 & 3],
        vife,
        fault or ("" if value is not None else "this kind of data is not known"),
    )


def _told(cut: Cut) -> tuple[Mapping[str, object], tuple[int, int, int]]:
    """What pyMeterBus says of a record; nothing of a kind that it does not know."""
    record = meterbus.TelegramVariableDataRecord()
    record.dib.parts = list(cut.dif)
    record.vib.parts = list(cut.vif)
    record.vib.customVIF.parts = list(cut.label)
    record.dataField = meterbus.TelegramField(list(cut.data))
    storage, tariff, subunit = record.dib.parse_dife()
    place = (storage, tariff or 0, subunit or 0)
    try:
        return record.interpreted, place
    except _LIBRARY_STUMBLES:
        return {}, place


def _qualifiers(cut: Cut) -> tuple[tuple[int, ...], float]:
    """The VIFE that say more of the quantity, and the factor that the others make."""
    codes = [code & ~EXTENSION for code in cut.vif[1:]]
    if cut.vif[0] in _EXTENDED:
        codes = codes[1:]
    factor, rest = 1.0, []
    for code in codes:
        if _FIRST_FACTOR <= code <= _LAST_FACTOR:
            factor *= 10.0 ** (code - _FIRST_FACTOR - 6)
        elif code == _THOUSAND:
            factor *= 1000.0
        else:
            rest.append(code)
    return tuple(rest), factor


def _fault(cut: Cut, vife: tuple[int, ...]) -> str:
    """Why there is no value in a record, or nothing if there is one."""
    for code in vife:
        if 0 < code <= _LAST_RECORD_ERROR:
            return f"the meter says: {_RECORD_ERRORS.get(code, f'record error {code:02X}')}"
    kind, digits = cut.dif[0] & 0x0F, cut.data[::-1].hex().upper()
    if not cut.data:
        return "the record is empty"
    if kind in _BCD and not digits.removeprefix("F").isdecimal():
        return f"{digits} is no number"
    if kind in _INTEGER and digits.strip("0") == "8" and digits[0] == "8":
        return f"{digits} stands for no value"
    if kind == _REAL and not math.isfinite(struct.unpack("<f", cut.data)[0]):
        return f"{digits} is no number"
    return ""


def _value(cut: Cut, told: object) -> float | str | None:
    if cut.is_text:
        return cut.data[::-1].decode("latin-1")
    if cut.dif[0] & 0x0F == _VARIABLE_LENGTH or isinstance(told, str):
        return told if isinstance(told, str) else None
    return None if told is None else float(str(told))


def _letters(code: int) -> str:
    """The maker's three letters (FLAG), five bits each."""
    return "".join(chr((code >> shift & 0x1F) + 64) for shift in (10, 5, 0))
