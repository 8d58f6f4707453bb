"""Street lamps at odd times: a night that is not over yet, cabinets that take nothing at all."""

from __future__ import annotations

import numpy as np
from lit_cabinet import LAMP_KW, LAMPS, STANDBY_KW, dead, evening, lights, morning
from test_switching_time import switching

from paes.faults.rules import lamp_failures, switching_time
from paes.faults.rules.lamp_failures import Lamp
from paes.faults.signs.lit_nights import Lights
from paes.periods import from_seconds
from paes.series import Floats
from paes.shipped_files import shipped_config

SWITCHING = switching_time.RULE.file(shipped_config()).parameters
FAILURES = lamp_failures.RULE.file(shipped_config()).parameters
LAMP = Lamp(LAMP_KW, LAMPS)


def until(whole: Lights, night: int, hour: float) -> Lights:
    """As it stands so many hours after midnight of the day of a night's evening."""
    end_s = int(evening(night).timestamp()) + round(3600 * (hour - 17.0))
    return Lights(whole.curve.between(0, end_s), *_days(whole, night, hour))


def _days(whole: Lights, night: int, hour: float) -> tuple[Floats, Floats]:
    count = night + 1 + (hour > 24)
    return whole.sunrise_s[:count], whole.sunset_s[:count]


def test_lamps_that_went_off_in_the_evening_are_not_told_until_a_morning_that_has_not_come():
    # On as usual and off at 1:45 from night 40 on; it is 3:00 of the night that begins on day 43.
    seen = until(lights(60, switching(0, -4 * 60, 40)), 43, 27.0)
    (found,) = switching_time.find(seen, SWITCHING)
    assert found.start == evening(40)
    assert found.found == morning(42)
    assert found.end == from_seconds(seen.curve.end_s)


def test_lamps_that_are_dark_are_not_told_until_a_morning_that_has_not_come():
    seen = until(lights(80, dead(10, 60)), 62, 27.0)
    (found,) = lamp_failures.find(seen, LAMP, FAILURES)
    assert found.start == evening(60)
    assert found.end <= from_seconds(seen.curve.end_s)
    assert found.found <= from_seconds(seen.curve.end_s)


def test_a_cabinet_that_took_nothing_is_no_malfunction_of_lamps():
    def nothing(kw: Floats, _night: Floats, _hour: Floats) -> Floats:
        return np.zeros(len(kw))

    shown = lights(80, nothing)
    assert switching_time.find(shown, SWITCHING) == []
    assert lamp_failures.find(shown, LAMP, FAILURES) == []
    assert STANDBY_KW > 0  # or no cabinet above would tell these from each other
