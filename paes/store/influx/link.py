"""The link to an InfluxDB server: line protocol goes out, series come back.

The only module that imports ``influxdb_client`` and ``urllib3``, and it uses the least of them:
one synchronous request at a time, no retries, no queue, no ``Point``. The client's batching mode
drops data without an exception; here ``write`` returns when the server has stored every line,
and raises otherwise. Whoever calls keeps what was not acknowledged.

Every failure is a StoreError in words: ``StoreBusy`` if a later attempt may succeed,
``StoreRefused`` if the data are to blame, else what to set right. Generations differ in their
answers only (``paes.store.influx.answers``).
"""

from __future__ import annotations

import logging
import os
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from numbers import Integral
from typing import Any, Literal

import urllib3
from influxdb_client import InfluxDBClient, WriteService
from influxdb_client.rest import ApiException

from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.store.influx.address import InfluxAddress
from paes.store.influx.answers import (
    Place,
    Series,
    one_line,
    query_error,
    read_series,
    write_error,
)

LOG = logging.getLogger(__name__)

MOST_LINES = 5_000
LONGEST_GET = 2_000
"""Longer statements go by POST; servers and proxies bound the length of an address."""
IN_PIECES = [("chunked", "true"), ("chunk_size", "10000")]
"""InfluxDB 1 cuts other answers at its limit of rows, and marks those above 10,000 rows as cut
even if they are whole; in pieces there is no limit, and the last one is told by its mark."""

Precision = Literal["s", "ms", "ns"]
"""The units of time that all generations understand alike; ``us`` is 1970 to some."""
Parameter = str | int | float
ErrorOf = Callable[[int, Mapping[str, str], str, Place, datetime], StoreError]
PARAMETER = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\$(?P<name>[A-Za-z_]\w*)""", re.S)


class InfluxLink:
    """One server, asked by one token; threads may share it."""

    def __init__(self, address: InfluxAddress) -> None:
        """Prepare the link; the server is not contacted before the first request."""
        self.address = address
        token = address.token()
        self._has_token = bool(token)
        if token and not address.is_private:
            LOG.warning(
                "the token in %s goes to %s unencrypted: anyone on the way can read it",
                address.token_variable,
                address.server,
            )
        self._connect = partial(
            InfluxDBClient,
            url=address.server,
            token=token or None,
            org=address.org,
            timeout=max(1, round(address.timeout_s * 1000)),  # 0 would be none
            enable_gzip=address.gzip,
            ssl_context=_trust(address),
        )
        self._client, self._process = self._connect(), os.getpid()

    def write(
        self, lines: Sequence[str], bucket: str | None = None, precision: Precision = "s"
    ) -> None:
        """Store ``lines`` of line protocol, in order; back when the server has all of them.

        On any error some may be stored: write them again, which changes nothing. An empty line,
        a comment or a line break, which servers skip without a word, is StoreRefused.
        """
        place = self.place(bucket)
        texts = [_checked(line, place) for line in lines]
        for begin in range(0, len(texts), MOST_LINES):
            self._write_part(texts[begin : begin + MOST_LINES], place, precision)

    def query(
        self,
        influxql: str,
        bucket: str | None = None,
        parameters: Mapping[str, Parameter] | None = None,
    ) -> list[Series]:
        """What one InfluxQL statement gives; times in whole seconds. Nothing found: no series.

        ``$name`` outside of quotes becomes the parameter of that name: a string is quoted, a
        number written out.
        """
        place = self.place(bucket)
        statement = _with_parameters(influxql, parameters or {})
        arguments = [("db", place.bucket), ("epoch", "s"), ("q", statement)]
        answer = self._asked(place, [*arguments, *IN_PIECES])
        if answer == "":
            # InfluxDB 3 says nothing at all when it has nothing to cut into pieces.
            answer = self._asked(place, arguments)
        return read_series(answer, place)

    def close(self) -> None:
        """Let go of the connections. Nothing is pending: every write has ended before."""
        self._client.close()

    def place(self, bucket: str | None = None) -> Place:
        """``bucket`` (that of the address) on this server, as answers are told about it."""
        return Place(self.address, bucket or self.address.bucket, self._has_token)

    def ask(
        self,
        method: str,
        path: str,
        place: Place,
        query: Sequence[tuple[str, str]] = (),
        *,
        form: Sequence[tuple[str, str]] = (),
        body: Mapping[str, object] | None = None,
        error_of: ErrorOf = query_error,
    ) -> tuple[object, Mapping[str, str]]:
        """One request with arguments, a form or a JSON ``body``: the JSON answer, and headers.

        Text that is no JSON comes as str. A refusal is the error that ``error_of`` makes of it.
        """
        headers = {"Accept": "application/json"}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.address.gzip:
            headers["Accept-Encoding"] = "gzip"
        answer, _, told = self._answered(
            place,
            error_of,
            lambda: self._api().call_api(
                path,
                method,
                query_params=list(query),
                post_params=list(form),
                body=None if body is None else dict(body),
                header_params=headers,
                response_type="object",
                auth_settings=[],
            ),
        )
        return answer, told

    def _asked(self, place: Place, arguments: list[tuple[str, str]]) -> object:
        if sum(len(value) for _, value in arguments) <= LONGEST_GET:
            return self.ask("GET", "/query", place, arguments)[0]
        return self.ask("POST", "/query", place, form=arguments)[0]

    def _write_part(self, texts: list[bytes], place: Place, precision: Precision) -> None:
        try:
            self._write_request(texts, place, precision)
        except _TooLarge as err:
            if len(texts) == 1:
                raise err.refused from err
            half = len(texts) // 2
            self._write_part(texts[:half], place, precision)
            self._write_part(texts[half:], place, precision)

    def _write_request(self, texts: list[bytes], place: Place, precision: Precision) -> None:
        # The service below WriteApi, because that throws the answer's status away.
        _, status, _ = self._answered(
            place,
            write_error,
            lambda: WriteService(self._api()).post_write_with_http_info(
                self.address.org, place.bucket, b"\n".join(texts), precision=precision
            ),
        )
        if status != 204:
            raise StoreError(
                f"{place}: answered a write by HTTP {status} in place of 204, so nothing is known "
                "to be stored: is that an InfluxDB?"
            )

    def _answered(
        self,
        place: Place,
        error_of: ErrorOf,
        call: Callable[[], tuple[object, int, Mapping[str, str]]],
    ) -> tuple[object, int, Mapping[str, str]]:
        """Answer, status and headers of a successful ``call``; all else as our errors."""
        try:
            return call()
        except ApiException as err:
            raise _refusal(err, error_of, place) from err
        except urllib3.exceptions.HTTPError as err:
            raise StoreBusy(f"{place}: {_connection_words(err, place)}") from err
        except (UnicodeDecodeError, RecursionError) as err:
            raise StoreBusy(f"{place}: the answer is no readable text") from err

    def _api(self) -> Any:
        if self._client.api_client is None:
            raise StoreError(f"InfluxDB at {self.address.server}: the link is closed")
        if self._process != os.getpid():
            # Forked: on the connections of the parent, each would take the other's answers.
            self._client, self._process = self._connect(), os.getpid()
        return self._client.api_client


class _TooLarge(Exception):
    """HTTP 413: a smaller part may pass."""

    def __init__(self, refused: StoreError) -> None:
        self.refused = refused
        super().__init__(str(refused))


def quoted_name(name: str) -> str:
    """``name`` of a measurement, tag or field as InfluxQL writes it."""
    return f'"{_escaped(name, chr(34))}"'


def quoted_text(text: str) -> str:
    """``text`` as InfluxQL writes a string."""
    return f"'{_escaped(text, chr(39))}'"


def _escaped(text: str, quote: str) -> str:
    return text.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("\n", "\\n")


def _with_parameters(influxql: str, parameters: Mapping[str, Parameter]) -> str:
    """Names cannot be bound by the server, so quoting is needed anyhow: texts go the same way."""

    def written(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return found[0]
        value = parameters[name]
        return quoted_text(value) if isinstance(value, str) else _number(value)

    return PARAMETER.sub(written, influxql)


def _number(value: int | float) -> str:
    """InfluxQL knows no exponents, and tells a float by its point."""
    text = format(Decimal(str(value)), "f")
    return text if isinstance(value, Integral) or "." in text else f"{text}.0"


def _checked(line: str, place: Place) -> bytes:
    if not line.strip() or line.startswith("#") or "\n" in line or "\r" in line:
        raise StoreRefused(f"{place}: no line of line protocol: {one_line(line)!r}")
    try:
        return line.encode()
    except UnicodeEncodeError as err:
        raise StoreRefused(f"{place}: a line is no valid text: {one_line(line)!r}") from err


def _trust(address: InfluxAddress) -> ssl.SSLContext | None:
    if address.scheme != "https":
        return None
    try:
        return ssl.create_default_context(cafile=address.ca)
    except OSError as err:
        raise StoreError(
            f"{address.ca}: cannot be read as the certificate authority of {address.server} "
            f"(PEM expected): {one_line(str(err))}"
        ) from err


def _refusal(err: ApiException, error_of: ErrorOf, place: Place) -> Exception:
    if not err.status:
        said = one_line(str(err.reason))
        advice = "a server with a certificate of its own needs ?ca=FILE in the address"
        if "WRONG_VERSION_NUMBER" in said:  # what OpenSSL calls an answer that is no TLS at all
            advice = "it does not seem to speak TLS; without it the address is influxdb+http://…"
        return StoreBusy(f"{place}: no secure connection ({said}): {advice}")
    error = error_of(err.status, err.headers or {}, err.body or "", place, datetime.now(UTC))
    return _TooLarge(error) if err.status == 413 and error_of is write_error else error


def _connection_words(err: urllib3.exceptions.HTTPError, place: Place) -> str:
    """In words what kept us from an answer. The library's own text may hold the request."""
    if isinstance(err, urllib3.exceptions.NameResolutionError):
        return "the name of the host is not known"
    if isinstance(err, urllib3.exceptions.NewConnectionError):
        return f"cannot be reached ({one_line(str(err.__cause__ or 'no connection'))})"
    if isinstance(err, urllib3.exceptions.TimeoutError):
        return f"no answer within {place.address.timeout_s:g} s"
    return f"the connection was lost ({type(err).__name__})"
