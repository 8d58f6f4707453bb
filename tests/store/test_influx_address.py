"""Addresses of InfluxDB stores: what they say, what they must not hold, and whom they trust."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from influx_links import OpenLink
from influx_server import STRANGE_TOKEN as TOKEN
from influx_server import TOKEN_VARIABLE

from paes.errors import DataError, StoreError
from paes.store.influx.address import InfluxAddress, parse_influx_address


def test_an_address_is_read_with_all_its_arguments() -> None:
    address = parse_influx_address(
        "influxdb+https://influx.example/energy%20town"
        "?org=My%20Town&token_env=TOWN_TOKEN&ca=/etc/ca.pem&gzip=1&timeout_s=2.5"
    )
    assert address == InfluxAddress(
        scheme="https", host="influx.example", port=443, bucket="energy town", org="My Town",
        token_variable="TOWN_TOKEN", ca=Path("/etc/ca.pem"), gzip=True, timeout_s=2.5,
    )  # fmt: skip
    assert address.server == "https://influx.example:443"
    plain = parse_influx_address("influxdb+http://[::1]:8086/energy")
    assert str(plain) == "http://[::1]:8086/energy"
    assert (plain.token_variable, plain.timeout_s, plain.gzip) == (TOKEN_VARIABLE, 10.0, False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("influxdb+http://host/energy", "no port.*8086.*8181"),
        ("influxdb+http://host:port/energy", "port"),
        ("influxdb+http://host:0/energy", "no port"),
        ("influxdb+http://host:99999/energy", "port"),
        ("influxdb+http://:8086/energy", "no host"),
        ("influxdb+http://[::1:8086/energy", "not understood"),
        (f"influxdb+http://{'h' * 64}:1/x", "not understood"),
        ("influxdb+http://a..b:1/x", "not understood"),
        ("influxdb+http://host:1/", "no name of a bucket"),
        ("influxdb+http://host:1", "no name of a bucket"),
        ("influxdb+http://host:1/db/rp", "no name of a bucket"),
        ("influxdb+http://host:1/a%0Ab", "no name of a bucket"),
        ("influxdb+http://host:1/x#y", "%23"),
        ("influxdb+http://host:1/x?orgg=y", "unknown argument 'orgg'.*org, token_env"),
        ("influxdb+http://host:1/x?org=a&org=b", "org= twice"),
        ("influxdb+http://host:1/x?gzip=yes", "gzip='yes'.*0 or 1"),
        ("influxdb+http://host:1/x?timeout_s=0", "timeout_s='0'"),
        ("influxdb+http://host:1/x?timeout_s=nan", "timeout_s='nan'"),
        ("influxdb+http://host:1/x?timeout_s=soon", "timeout_s='soon'"),
        ("influxdb://host:1/x", "unknown kind of store 'influxdb'"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(url: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_influx_address(url)


@pytest.mark.parametrize(
    "url",
    [
        f"influxdb+http://{TOKEN}@host:1/x",
        f"influxdb+http://user:{TOKEN}@host:1/x",
        f"influxdb+http://host:1/x?token={TOKEN}",
        f"influxdb+http://host:1/x?Token={TOKEN}",
        f"influxdb+http://host:1/x?u=me&p={TOKEN}",
        f"influxdb+http://host:1/x?password={TOKEN}",
        f"influxdb+http://host:1/x?token_env={TOKEN}",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(DataError, match="environment variable") as error:
        parse_influx_address(url)
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_is_named(
    tmp_path: Path, open_link: OpenLink, content: str | None
) -> None:
    pem = tmp_path / "authority.pem"
    if content is not None:
        pem.write_text(content)
    with pytest.raises(StoreError, match=r"authority\.pem: cannot be read"):
        open_link(f"influxdb+https://influx.example/energy?ca={pem}")


@pytest.mark.parametrize("token", ["two\nlines", "città", "control\x01sign"])
def test_a_token_that_cannot_be_one_is_not_shown(open_link: OpenLink, token: str) -> None:
    with pytest.raises(StoreError, match=f"variable {TOKEN_VARIABLE} holds characters") as error:
        open_link("influxdb+http://localhost:8086/energy", token)
    assert token not in str(error.value)


def test_a_token_that_goes_unencrypted_to_others_is_warned_of_once(
    open_link: OpenLink, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        open_link("influxdb+http://localhost:8086/energy")
        open_link("influxdb+http://127.3.2.1:8086/energy")
        open_link("influxdb+http://[::1]:8086/energy")
        open_link("influxdb+https://192.0.2.1/energy")
        open_link("influxdb+http://192.0.2.1:8086/energy", None)
        assert caplog.messages == []
        open_link("influxdb+http://192.0.2.1:8086/energy")
    (said,) = caplog.messages
    assert "unencrypted" in said
    assert TOKEN_VARIABLE in said
    assert TOKEN not in said
