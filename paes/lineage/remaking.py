"""A figure worked out again from its inputs, by its formula, in the order that made it.

Sums are floating point: two orders of adding may differ in the last digit. So each formula here
adds up as the accounting does, and a value that is remade is the same to the last bit. The only
exception is a day, whose amount is kept to a millionth of the register's unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import add

from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input
from paes.supply.formulas import ElectricityTerms
from paes.units import KWH_PER_MWH

MILLIONTH = 1e-6
"""To which days are kept."""
INSIDE = "inside"
"""Role of what is told beside a figure and is not counted."""


def remade(figure: Figure) -> float | None:
    """The value that its formula makes of its inputs; None of a leaf, or of a formula in words."""
    make = _MAKE.get(figure.formula.name) if figure.formula else None
    counted = [one for one in figure.inputs if one.role != INSIDE]
    return make(counted) if make and counted else None


def agrees(figure: Figure) -> bool:
    """True if its inputs make its value again; a leaf agrees with itself."""
    found = remade(figure)
    if found is None:
        return True
    if figure.formula in (f.INTERVALS, f.INTERVAL, f.AMOUNT):
        return abs(found - figure.value) <= MILLIONTH
    return found == figure.value


def addends(inputs: Iterable[Input]) -> tuple[float, ...]:
    """The numbers of nested sums, before any of them was rounded."""
    return tuple(value for one in inputs for value in (one.addends or (one.value,)))


def _sum(inputs: Sequence[Input]) -> float:
    return math.fsum(addends(inputs))


def _product(inputs: Sequence[Input]) -> float:
    return math.prod(one.value for one in inputs)


def _final_energy(inputs: Sequence[Input]) -> float:
    declared = math.fsum(_of(inputs, "declared"))
    metered = _of(inputs, "metered")
    return declared + (metered[0] / KWH_PER_MWH if metered else 0.0)


def _conversion(inputs: Sequence[Input]) -> float:
    return _of(inputs, "energy")[0] / KWH_PER_MWH


def _site_use(inputs: Sequence[Input]) -> float:
    return math.fsum(one.value * one.weight for one in inputs)


def _metered(inputs: Sequence[Input]) -> float:
    """Row by row, live meters and billed ones, each by groups of meters that are in each other."""
    rows = dict.fromkeys(one.group.partition("/")[0] for one in inputs)
    measured, estimated = 0.0, 0.0
    for row in rows:
        of = [one for one in inputs if one.group.partition("/")[0] == row]
        live, billed = ([one for one in of if one.role == role] for role in ("live", "billed"))
        measured += _grouped(live, "measured_kwh") + _grouped(billed, "measured_kwh")
        estimated += _grouped(live, "estimated_kwh") + _grouped(billed, "estimated_kwh")
    return measured + estimated


def _grouped(inputs: Sequence[Input], amount: str) -> float:
    groups: dict[str, list[float]] = {}
    for one in inputs:
        value: float = getattr(one.amounts, amount)
        groups.setdefault(one.group, []).append(value if one.weight == 1 else value * one.weight)
    return _in_order([reduce(add, of) for of in groups.values()])


def _meter_span(inputs: Sequence[Input]) -> float:
    """As ``paes.accounting.energy_table.tabled`` adds up one period."""
    roles = ("course", "catch_up", "gap_read", "gap_known")
    course, catch_up, read, known = (_in_order(_of(inputs, role)) for role in roles)
    measured = course + ((catch_up + read) + known)
    estimates = [one for one in inputs if one.role == "estimate"]
    estimated = _in_order([one.value for one in estimates if not one.group])
    shared: dict[str, list[float]] = {}
    for one in estimates:
        if one.group:
            shared.setdefault(one.group, []).append(one.value)
    for of in shared.values():
        estimated += _in_order(of)
    (per_unit,) = _of(inputs, "kwh_per_unit") or [1.0]
    return measured * per_unit + estimated * per_unit


def _rows(inputs: Sequence[Input]) -> float:
    """As ``paes.accounting.energy_rows.month_rows`` adds up days, then gaps within the month."""
    gaps = _of(inputs, "gap_read")
    days = _in_order([one.value for one in inputs if one.role != "gap_read"])
    return days + sum(gaps) if gaps else days


def _in_order(values: Iterable[float]) -> float:
    return reduce(add, values, 0.0)


def _of(inputs: Sequence[Input], role: str) -> list[float]:
    return [one.value for one in inputs if one.role == role]


def _interval(inputs: Sequence[Input]) -> float:
    (start,), (end,) = _of(inputs, "start"), _of(inputs, "end")
    (part,) = _of(inputs, "part") or [1.0]
    return (end - start) * part


def _one(role: str, inputs: Sequence[Input]) -> float:
    return _of(inputs, role)[0]


def _reduction(inputs: Sequence[Input]) -> float:
    base = _one("base", inputs)
    return 1 - _one("emissions", inputs) / base if base > 0 else 0.0


def _path(inputs: Sequence[Input]) -> float:
    return _one("base", inputs) * (1 - _one("required", inputs))


def _efe(inputs: Sequence[Input]) -> float:
    terms = {one.role: one.value for one in inputs}
    return ElectricityTerms(
        consumption_mwh=terms["tce_mwh"],
        delivered_mwh=terms["lpe_mwh"],
        used_on_the_spot_mwh=terms["own_use_mwh"],
        green_mwh=terms["gep_mwh"],
        national_t_per_mwh=terms["neefe_t_per_mwh"],
        production_t=terms["co2lpe_t"],
        green_t=terms["co2gep_t"],
    ).factor_t_per_mwh


def _efh(inputs: Sequence[Input]) -> float:
    emitted_t = _one("co2lph_t", inputs) + _one("co2ih_t", inputs) - _one("co2eh_t", inputs)
    used_mwh = _one("lhc_mwh", inputs)
    return emitted_t / used_mwh if used_mwh else 0.0


def _factor(inputs: Sequence[Input]) -> float:
    """Of gases and their warming potentials, or of what is sustainable and what is not."""
    number = {one.role: one.value for one in inputs}
    if "gwp_ch4" in number:
        methane = number["ch4_t_per_mwh"] * number["gwp_ch4"]
        return number["co2_t_per_mwh"] + methane + number["n2o_t_per_mwh"] * number["gwp_n2o"]
    part = number["sustainable_fraction"]
    other = (1 - part) * number["not_sustainable_t_per_mwh"]
    return part * number["sustainable_t_per_mwh"] + other


def _rest(inputs: Sequence[Input]) -> float:
    return math.fsum((_one("total", inputs), *(-value for value in _of(inputs, "told"))))


_MAKE: Mapping[str, Callable[[Sequence[Input]], float]] = {
    f.SUM.name: _sum,
    f.EMISSIONS.name: _product,
    f.FINAL_ENERGY.name: _final_energy,
    f.DECLARED_ENERGY.name: _sum,
    f.CONVERSION.name: _conversion,
    f.METERED.name: _metered,
    f.SITE_USE.name: _site_use,
    f.METER_SPAN.name: _meter_span,
    f.COUNTED.name: _rows,
    f.INTERVALS.name: _sum,
    f.INTERVAL.name: _interval,
    f.KNOWN_GAP.name: _interval,
    f.AMOUNT.name: lambda i: _one("amount", i),
    f.FACTOR.name: _factor,
    f.EFE.name: _efe,
    f.EFH.name: _efh,
    f.REST.name: _rest,
    f.REDUCTION.name: _reduction,
    f.PATH.name: _path,
    f.PER_HEAD.name: lambda i: _one("emissions", i) / _one("inhabitants", i),
    f.DISTANCE.name: lambda i: _one("emissions", i) - _one("path", i),
    f.CHANGE.name: lambda i: _one("base", i) - _one("emissions", i),
}
