"""What tests of the link to InfluxDB share: lines to write, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from influx_server import STRANGE_TOKEN as TOKEN

from paes.errors import StoreError
from paes.store.influx.link import InfluxLink

START_S = 1_735_689_600  # date -u -d 2025-01-01 +%s

OpenLink = Callable[..., InfluxLink]


def lines(count: int) -> list[str]:
    """Line protocol of one point, one a quarter of an hour: 0, 1, 2 …"""
    return [f"energy,point=p v={i}i {START_S + 900 * i}" for i in range(count)]


def refusal(link: InfluxLink, kind: type[StoreError] = StoreError) -> str:
    """The message of the error of this ``kind`` that a write and a query both end in."""
    with pytest.raises(StoreError) as writing:
        link.write(lines(1))
    with pytest.raises(StoreError) as reading:
        link.query("SELECT v FROM energy")
    assert type(writing.value) is kind
    assert type(reading.value) is kind
    assert str(reading.value) == str(writing.value)
    assert "\n" not in str(writing.value)
    assert TOKEN not in str(writing.value)
    return str(writing.value)
