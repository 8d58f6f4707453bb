"""What ``measurement:`` of an action may say, and what stops the start with file, line and key."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import ConfigError
from paes.plan.measurement import Measurement, Option

ACTIONS = "cities/porto/actions.yaml"
HEAD = """\
actions:
  - id: led
    name: {it: Lampade LED, en: LED lamps}
    sector: municipal_buildings
    status: completed
    end: 2025-03-31
    carrier: electricity
    declared_saving_mwh: 10
    sites: [scuola]
    source: a letter
"""
GOOD = HEAD + "    measurement: {option: C, works_start: 2025-03-01, works_end: 2025-03-31}\n"


def problem(small: SmallInstallation, text: str) -> str:
    """The one problem of the installation with these actions."""
    small.write({ACTIONS: text})
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    (only,) = caught.value.problems
    return only


def test_a_measured_action_is_read(small: SmallInstallation) -> None:
    small.write({ACTIONS: GOOD})
    (action,) = load_installation(small.root).city().actions
    assert action.measurement is not None
    assert action.measurement.option is Option.C
    assert action.measurement.works_end == date(2025, 3, 31)


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        ("option: C", "option: D", "option", "'A', 'B' or 'C'"),
        ("works_end: 2025-03-31", "works_end: 2025-02-01", "measurement", "before they begin"),
        ("option: C", "option: A", "measurement", "option A needs installed_before_kw"),
        ("option: C", "option: C, sites: [asilo]", "sites", "no site 'asilo' in sites.yaml"),
        ("option: C", "option: C, meters: [x.main]", "meters", "no meter 'x.main' in meters.yaml"),
        ("option: C", "option: C, installed_before_kw: 3", "measurement", "is of option A"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_key(
    small: SmallInstallation, old: str, new: str, key: str, told: str
) -> None:
    found = problem(small, GOOD.replace(old, new))
    assert "actions.yaml:11" in found
    assert key in found
    assert told in found


def test_an_action_without_places_cannot_be_measured(small: SmallInstallation) -> None:
    assert "nothing to measure" in problem(small, GOOD.replace("    sites: [scuola]\n", ""))


def test_an_action_without_a_carrier_cannot_be_measured(small: SmallInstallation) -> None:
    assert "no carrier" in problem(small, GOOD.replace("    carrier: electricity\n", ""))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("first: 2022-01-01, last: 2022-02-01, kwh_per_day: 5, source: s", "before the baseline"),
        ("first: 2025-06-01, source: s", "kwh_per_day or factor"),
        ("first: 2025-06-01, kwh_per_day: 5, factor: 2, source: s", "kwh_per_day or factor"),
        ("first: 2025-06-01, kwh_per_day: 5", "needs a source"),
        ("first: 2025-06-01, kwh_per_day: 5, site: asilo, source: s", "no site 'asilo'"),
    ],
)
def test_events_are_data_with_a_reason_and_a_source(
    small: SmallInstallation, event: str, told: str
) -> None:
    events = f"works_end: 2025-03-31, non_routine: [{{{event}, reason: a new class}}]"
    assert told in problem(small, GOOD.replace("works_end: 2025-03-31", events))


def test_events_need_a_reason() -> None:
    with pytest.raises(ValidationError, match="reason"):
        Measurement.model_validate(
            {"option": "C", "works_start": "2025-03-01", "works_end": "2025-03-31",
             "non_routine": [{"first": "2025-06-01", "factor": 2, "source": "s"}]}
        )  # fmt: skip
