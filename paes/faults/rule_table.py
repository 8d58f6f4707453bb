"""Every rule, in the order in which they are explained."""

from __future__ import annotations

from typing import Any

from paes.faults.rule import Rule
from paes.faults.rules import (
    above_expected,
    base_load,
    bill_against_meter,
    contract_power,
    day_burner,
    heating_closed_hours,
    heating_habitual,
    heating_off_season,
    lamp_failures,
    missing_data,
    pv_outage,
    pv_slow_loss,
    pv_string,
    register_step,
    spike,
    stuck_meter,
    switching_time,
    water_leak,
    water_standing,
)

RULES: tuple[Rule[Any], ...] = (
    missing_data.RULE,
    stuck_meter.RULE,
    register_step.RULE,
    spike.RULE,
    water_leak.RULE,
    water_standing.RULE,
    base_load.RULE,
    heating_closed_hours.RULE,
    heating_habitual.RULE,
    heating_off_season.RULE,
    above_expected.RULE,
    pv_outage.RULE,
    pv_string.RULE,
    pv_slow_loss.RULE,
    lamp_failures.RULE,
    day_burner.RULE,
    switching_time.RULE,
    bill_against_meter.RULE,
    contract_power.RULE,
)


def rule(rule_id: str) -> Rule[Any] | None:
    """The rule with this id; None if there is none (any more)."""
    return next((one for one in RULES if one.id == rule_id), None)
