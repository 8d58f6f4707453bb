"""Every rule, in the order in which they are explained."""

from __future__ import annotations

from typing import Any

from paes.faults.rule import Rule
from paes.faults.rules import (
    above_expected,
    base_load,
    bill_against_meter,
    contract_power,
    heating_closed_hours,
    heating_habitual,
    heating_off_season,
    water_leak,
    water_standing,
)

RULES: tuple[Rule[Any], ...] = (
    water_leak.RULE,
    water_standing.RULE,
    base_load.RULE,
    heating_closed_hours.RULE,
    heating_habitual.RULE,
    heating_off_season.RULE,
    above_expected.RULE,
    bill_against_meter.RULE,
    contract_power.RULE,
)


def rule(rule_id: str) -> Rule[Any] | None:
    """The rule with this id; None if there is none (any more)."""
    return next((one for one in RULES if one.id == rule_id), None)
