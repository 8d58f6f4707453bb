"""What an InfluxDB server answers, and which of our errors each refusal is.

Pure functions over status, headers and body. A statement's error hides inside an HTTP 200; an
answer that lacks its end is an error too, never a short answer. Each
generation words its refusals in its own way, so what matters is looked for in the words of all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.store.influx.address import InfluxAddress

Cell = int | float | str | bool | None

LONGEST_PAUSE_S = 900.0
"""A ``Retry-After`` beyond is a slip of a proxy's clock or configuration, not a plan."""
LONGEST_REASON = 300
DECODER = json.JSONDecoder()

NO_BUCKET = re.compile(
    r"(database|bucket|db|retention policy).{0,200}(not (be )?found|does ?n.t exist|no such)"
    r"|default retention policy not set|dbrp.{0,40}not found|no dbrp",
    re.IGNORECASE,
)
NO_RIGHT = re.compile(r"not authori[sz]ed|unauthori[sz]ed|authori[sz]ation failed", re.IGNORECASE)
FILE_LIMIT = re.compile(r"would scan .{0,20}parquet files|query.file.limit", re.IGNORECASE)
NOT_NOW = re.compile(
    r"query engine shutdown|engine is closed|max-concurrent-queries limit exceeded"
)
"""How the words of InfluxDB 1 and 2 begin when it is being restarted, or has too much to do."""
NO_ORGANISATION = "Please provide either orgID or org"
"""What InfluxDB 2 says to a write without ``org=``, as a 400; its queries do not miss it."""


@dataclass(frozen=True)
class Series:
    """Rows of one combination of tags; the first column is mostly ``time`` in whole seconds.

    What the server keeps as integer is int here, to the last digit; an absent value is None.
    """

    tags: dict[str, str]
    columns: list[str]
    rows: list[list[Cell]]
    name: str = ""


@dataclass(frozen=True)
class Place:
    """Which bucket of which server was asked, and with what token: what messages name."""

    address: InfluxAddress
    bucket: str
    has_token: bool

    def __str__(self) -> str:
        return f"InfluxDB at {self.address.server}, bucket {self.bucket!r}"


class AlreadyThere(StoreError):
    """What was to be created exists."""


def read_series(answer: object, place: Place) -> list[Series]:
    """The series in an answer to one statement, or the StoreError that hides in it.

    ``answer`` is decoded JSON, or the text of several pieces of JSON: a server cuts long answers
    into pieces of some thousand rows, each but the last marked as ``partial``.
    """
    found: list[Series] = []
    result: dict[str, Any] = {}
    pieces = _pieces(answer, place)
    for piece in pieces:
        result = _result(piece, place)
        for series in result.get("series", []):
            _append(found, series)
    if result.get("partial") or any(s.get("partial") for s in result.get("series", [])[-1:]):
        if len(pieces) > 1:
            raise StoreBusy(f"{place}: the answer ended before its last piece")
        raise StoreError(
            f"{place}: the server cut the answer short at its limit of rows: raise max-row-limit "
            "in its configuration, or ask for a shorter time"
        )
    return found


def _result(answer: object, place: Place) -> dict[str, Any]:
    """The one result in a piece of an answer."""
    if not isinstance(answer, dict):
        raise _no_influxdb(place, str(answer))
    if "error" in answer:
        raise statement_error(str(answer["error"]), place)
    results = answer.get("results")
    if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
        raise StoreError(f"{place}: the answer has not one result: {one_line(str(answer))}")
    result: dict[str, Any] = results[0]
    if "error" in result:
        raise statement_error(str(result["error"]), place)
    series = result.get("series", [])
    if not isinstance(series, list) or not all("columns" in s for s in series):
        raise StoreError(f"{place}: the answer has no series: {one_line(str(answer))}")
    return result


def _append(found: list[Series], series: dict[str, Any]) -> None:
    """Add a series of a piece, or its rows to those of the series that it continues."""
    tags, name, rows = series.get("tags", {}), series.get("name", ""), series.get("values", [])
    last = found[-1] if found else None
    if last and (last.name, last.tags, last.columns) == (name, tags, series["columns"]):
        last.rows.extend(rows)
    else:
        found.append(Series(tags, series["columns"], rows, name))


def statement_error(reason: str, place: Place) -> StoreError:
    """The error of a statement that the server took and could not carry out."""
    if FILE_LIMIT.search(reason):
        return _too_many_files(place)
    if NO_RIGHT.search(reason):
        return _no_right(place, reason)
    if NO_BUCKET.search(reason):
        return _no_bucket(place, reason)
    kind = StoreBusy if NOT_NOW.match(reason) else StoreError
    return kind(f"{place}: {one_line(reason)}")


def write_error(
    status: int, headers: Mapping[str, str], body: str, place: Place, now: datetime
) -> StoreError:
    """The error of a write that was answered by ``status``.

    The words of a 400 may quote the line to blame, so they decide nothing unless they are known
    as a whole.
    """
    if status == 400 and reason_in(body) == NO_ORGANISATION:
        return StoreError(f"{place}: {NO_ORGANISATION}: add ?org=NAME to the address of the store")
    if status in (400, 413, 422):
        return StoreRefused(f"{place}: refused: {reason_in(body) or f'HTTP {status}'}")
    return _http_error(status, headers, body, place, now)


def query_error(
    status: int, headers: Mapping[str, str], body: str, place: Place, now: datetime
) -> StoreError:
    """The error of a query that was answered by ``status``."""
    reason = reason_in(body)
    if status in (400, 422) or FILE_LIMIT.search(reason):
        return statement_error(reason or f"HTTP {status}", place)
    return _http_error(status, headers, body, place, now)


def setup_error(
    status: int, headers: Mapping[str, str], body: str, place: Place, now: datetime
) -> StoreError:
    """The error of a request to create something that was answered by ``status``."""
    reason = reason_in(body) or f"HTTP {status}"
    if status == 409 or "already exists" in reason:
        return AlreadyThere(f"{place}: {reason}")
    if status in (401, 403):
        return StoreError(
            f"{place}: {_token_words(place)} ({reason}): to create buckets takes a token of an "
            "administrator, which `paes store init` alone needs"
        )
    if status == 404:
        return StoreError(
            f"{place}: {reason}: check ?org= in the address; the database of an InfluxDB Cloud "
            "Dedicated or Clustered is created by influxctl"
        )
    if status in (400, 422):
        return StoreError(f"{place}: refused: {reason}")
    return _http_error(status, headers, body, place, now)


def _http_error(
    status: int, headers: Mapping[str, str], body: str, place: Place, now: datetime
) -> StoreError:
    reason = reason_in(body) or f"HTTP {status}"
    if status in (401, 403):
        return _no_right(place, reason)
    if status == 404 and NO_BUCKET.search(reason):
        return _no_bucket(place, reason)
    if status == 404:
        return StoreError(
            f"{place}: {reason}: is that the address of an InfluxDB 1.8 or later, and is ?org= "
            "right? Then create the bucket by `paes store init`"
        )
    if status == 429 or status >= 500:
        pause_s = retry_after_s(headers.get("Retry-After"), now)
        return StoreBusy(f"{place}: cannot answer now, HTTP {status} ({reason})", pause_s)
    if 300 <= status < 400:
        return StoreError(
            f"{place}: sends us elsewhere ({one_line(headers.get('Location', '?'))}), which is not "
            "followed, so that the token goes nowhere else: write the final address"
        )
    return StoreError(f"{place}: unexpected answer, HTTP {status} ({reason})")


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """The pause asked for by ``Retry-After`` (seconds or a date), 0 to 900 s; None if none."""
    if not text:
        return None
    try:
        pause_s = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        pause_s = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    return min(max(pause_s, 0.0), LONGEST_PAUSE_S) if pause_s == pause_s else None


def reason_in(body: str) -> str:
    """The server's own words in the body of a refusal, on one line."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return one_line(re.sub(r"<[^>]*>", " ", body[:10_000]))
    if isinstance(answer, dict):
        answer = answer.get("message") or answer.get("error") or answer
    return one_line(answer if isinstance(answer, str) else json.dumps(answer))


def one_line(text: str) -> str:
    """``text`` without line breaks and control characters, and of bounded length."""
    printable = (c if c.isprintable() else " " for c in text[:10_000])
    line = " ".join("".join(printable).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def _pieces(answer: object, place: Place) -> list[object]:
    """The pieces of JSON in ``answer``, whatever stands between them."""
    if not isinstance(answer, str):
        return [answer]
    pieces: list[object] = []
    position, text = 0, answer.strip()
    while position < len(text):
        try:
            piece, position = DECODER.raw_decode(text, position)
        except ValueError as err:
            if pieces or text.startswith("{"):
                raise StoreBusy(f"{place}: the answer was cut off") from err
            raise _no_influxdb(place, text) from err
        pieces.append(piece)
        while text[position : position + 1].isspace():
            position += 1
    if not pieces:
        raise _no_influxdb(place, "an empty answer")
    return pieces


def _no_influxdb(place: Place, answer: str) -> StoreError:
    return StoreError(
        f"{place}: does not answer like an InfluxDB (is that its port?): {one_line(answer)}"
    )


def _no_right(place: Place, reason: str) -> StoreError:
    return StoreError(f"{place}: {_token_words(place)} ({one_line(reason)})")


def _token_words(place: Place) -> str:
    variable = place.address.token_variable
    if place.has_token:
        return f"the token in the environment variable {variable} is unknown or lacks the right"
    return f"the environment variable {variable} is not set, so no token was sent"


def _no_bucket(place: Place, reason: str) -> StoreError:
    return StoreError(
        f"{place}: no such bucket or database ({one_line(reason)}): create it by `paes store init`"
    )


def _too_many_files(place: Place) -> StoreError:
    return StoreError(
        f"{place}: InfluxDB 3 Core would have to open more files than its --query-file-limit: ask "
        "for a shorter time, start the server with a higher --query-file-limit, or use InfluxDB 3 "
        "Enterprise, which compacts its files"
    )
