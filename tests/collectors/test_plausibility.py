"""Values that were read without fault and cannot be believed, and zeros that can."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from shipped_profiles import shipped

from collectors.plausibility import Plausibility
from paes.metering import Quality, Reading
from paes.meters import FieldMeter

PROFILE = shipped("carlo-gavazzi-em340")
ENERGY = PROFILE.point("energy_import")
METER = FieldMeter.model_validate(
    {"id": "s.m", "carrier": "electricity", "device": PROFILE.id, "gateway": "gw", "ct_ratio": 2}
)
AT = datetime(2025, 10, 7, 13, 30, tzinfo=UTC)


def qualities(rollover: int | None, *values: float) -> list[Quality]:
    """What is made of ``values`` (kWh of the meter) one after the other."""
    point = ENERGY.model_copy(update={"rollover": rollover})
    judge = Plausibility()
    readings = [Reading("s.m/energy_import", AT, value) for value in values]
    return [judge.judge_value(METER, point, reading)[0].quality for reading in readings]


def test_a_zero_out_of_the_blue_is_suspect_until_it_has_stayed() -> None:
    good, suspect = Quality.GOOD, Quality.SUSPECT
    assert qualities(None, 500.0, 0.0, 0.0, 0.0, 0.1) == [good, suspect, suspect, good, good]


def test_a_counter_that_begins_at_zero_is_believed() -> None:
    assert qualities(None, 0.0, 0.0, 0.1) == [Quality.GOOD] * 3


# Tenths of a kWh behind transformers of 2:1: a million steps are 200,000 kWh.
@pytest.mark.parametrize(("last", "is_believed"), [(199_999.8, True), (150_000.0, False)])
def test_a_zero_is_believed_where_the_register_wraps(last: float, is_believed: bool) -> None:
    assert ENERGY.scale == 0.1
    wanted = Quality.GOOD if is_believed else Quality.SUSPECT
    assert qualities(1_000_000, last, 0.0) == [Quality.GOOD, wanted]
