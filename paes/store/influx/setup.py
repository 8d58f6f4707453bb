"""Prepare a server for a store: its buckets with their retention, once per installation.

Each generation has its own way: InfluxDB 1 by InfluxQL, InfluxDB 2 and Cloud by
``/api/v2/buckets`` and a mapping that lets InfluxQL find the bucket (``/api/v2/dbrps``; 2.4 and
later make one by themselves), InfluxDB 3 by ``/api/v3/configure/database``. What is there stays as
it is: a shorter retention would delete readings, so a difference is told and not corrected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from paes.errors import StoreError
from paes.store.influx.address import InfluxAddress
from paes.store.influx.answers import (
    AlreadyThere,
    Cell,
    Place,
    one_line,
    read_series,
    setup_error,
)
from paes.store.influx.link import InfluxLink, quoted_name

POLICY = "autogen"
ENDLESS_SHARD = "30d"
"""Long spans are read twice as fast from shards of 30 days as from the usual seven."""
DAY = timedelta(days=1)

Prepare = Callable[[InfluxLink, Place, timedelta | None], str]


def prepare_server(address: InfluxAddress, buckets: Mapping[str, timedelta | None]) -> list[str]:
    """Create those of ``buckets`` (name to retention, None: for ever) that are missing.

    Returns a sentence a bucket. Raises StoreError if the server is out of reach, of an unknown
    kind, or refuses; what was created before stays, and the next call goes on from there.
    """
    link = InfluxLink(address)
    try:
        prepare = _way(link)
        return [prepare(link, link.place(name), kept) for name, kept in buckets.items()]
    finally:
        link.close()


def _way(link: InfluxLink) -> Prepare:
    """How this server's generation does it. Cloud tells its build, and no version."""
    place = link.place()
    version, build = _told(link, "/ping", place)
    if not version and "cloud" not in build.lower():
        version, build = _told(link, "/health", place)
    if "cloud" in build.lower():
        return _prepare_2
    ways = {"1": _prepare_1, "2": _prepare_2, "3": _prepare_3}
    way = ways.get(version.removeprefix("v").partition(".")[0])
    if way is None:
        raise StoreError(
            f"InfluxDB at {link.address.server}: its generation cannot be told from version "
            f"{version!r}, build {build!r}: create the buckets by the tools of the server"
        )
    return way


def _told(link: InfluxLink, path: str, place: Place) -> tuple[str, str]:
    """Version and build by the headers, or by the body as InfluxDB 3 and /health have it."""
    answer, headers = link.ask("GET", path, place, error_of=setup_error)
    version = headers.get("X-Influxdb-Version") or _object(answer).get("version") or ""
    return one_line(str(version)), one_line(headers.get("X-Influxdb-Build", ""))


def _prepare_1(link: InfluxLink, place: Place, kept: timedelta | None) -> str:
    name = quoted_name(place.bucket)
    if [place.bucket] in _rows(link, place, "SHOW DATABASES"):
        policies = _rows(link, place, f"SHOW RETENTION POLICIES ON {name}")
        default = [str(duration) for _, duration, *_, is_default in policies if is_default]
        return _there(place, kept, _read_duration(default[0]) if default else None)
    duration = f"{_seconds(kept)}s" if kept else f"INF SHARD DURATION {ENDLESS_SHARD}"
    _rows(link, place, f'CREATE DATABASE {name} WITH DURATION {duration} NAME "{POLICY}"')
    return _created(place, kept)


def _prepare_2(link: InfluxLink, place: Place, kept: timedelta | None) -> str:
    org_id = _organisation(link, place)
    found = _list(link, place, "buckets", [("name", place.bucket), ("orgID", org_id)])
    if found:
        (bucket, *_) = found
        kept_s = sum(
            int(rule.get("everySeconds", 0)) for rule in bucket.get("retentionRules") or []
        )
        said = _there(place, kept, timedelta(seconds=kept_s) if kept_s else None)
    else:
        rules = [{"type": "expire", "everySeconds": _seconds(kept)}] if kept else []
        body = {"name": place.bucket, "orgID": org_id, "retentionRules": rules}
        bucket = _object(_post(link, place, "/api/v2/buckets", body))
        said = _created(place, kept)
    return said + _mapped(link, place, org_id, str(bucket.get("id")))


def _mapped(link: InfluxLink, place: Place, org_id: str, bucket_id: str) -> str:
    """Let InfluxQL find the bucket as a database of the same name; says so if it was missing."""
    maps = _list(link, place, "dbrps", [("orgID", org_id), ("db", place.bucket)], key="content")
    default = [str(m.get("bucketID")) for m in maps if m.get("default")]
    if bucket_id in default:
        return ""
    if default:
        raise StoreError(
            f"{place}: InfluxQL finds another bucket ({one_line(default[0])}) under this name: "
            "remove that mapping (`influx v1 dbrp delete`), or choose another name"
        )
    body = {"orgID": org_id, "bucketID": bucket_id, "database": place.bucket,
            "retention_policy": POLICY, "default": True}  # fmt: skip
    _post(link, place, "/api/v2/dbrps", body)
    return "; mapped for InfluxQL"


def _organisation(link: InfluxLink, place: Place) -> str:
    org = place.address.org
    found = _list(link, place, "orgs", [("org", org)] if org else [])
    if len(found) == 1:
        return str(found[0].get("id"))
    if found:
        names = ", ".join(one_line(str(o.get("name"))) for o in found)
        raise StoreError(f"{place}: which organisation? Add ?org=NAME to the address: {names}")
    raise StoreError(
        f"{place}: the token in {place.address.token_variable} sees no organisation {org!r}: check "
        "?org= in the address, and the token"
    )


def _prepare_3(link: InfluxLink, place: Place, kept: timedelta | None) -> str:
    # Its makers name hours as the smallest unit of a retention.
    body = {"db": place.bucket} | ({"retention_period": f"{_hours(kept)}h"} if kept else {})
    try:
        _post(link, place, "/api/v3/configure/database", body)
    except AlreadyThere:
        return f"bucket {place.bucket!r}: there already"
    return _created(place, kept)


def _rows(link: InfluxLink, place: Place, statement: str) -> list[list[Cell]]:
    answer, _ = link.ask("POST", "/query", place, form=[("q", statement)], error_of=setup_error)
    return [row for series in read_series(answer, place) for row in series.rows]


def _list(
    link: InfluxLink, place: Place, what: str, query: list[tuple[str, str]], key: str = ""
) -> list[dict[str, Any]]:
    answer, _ = link.ask("GET", f"/api/v2/{what}", place, query, error_of=setup_error)
    found = _object(answer).get(key or what) or []
    return [_object(item) for item in found]


def _post(link: InfluxLink, place: Place, path: str, body: Mapping[str, object]) -> object:
    answer, _ = link.ask("POST", path, place, body=body, error_of=setup_error)
    return answer


def _object(answer: object) -> dict[str, Any]:
    return answer if isinstance(answer, dict) else {}


def _created(place: Place, kept: timedelta | None) -> str:
    return f"bucket {place.bucket!r}: created, keeps readings {_how_long(kept)}"


def _there(place: Place, wanted: timedelta | None, kept: timedelta | None) -> str:
    said = f"bucket {place.bucket!r}: there already, keeps readings {_how_long(kept)}"
    return said if kept == wanted else f"{said}, not {_how_long(wanted)} as asked"


def _how_long(kept: timedelta | None) -> str:
    if kept is None:
        return "for ever"
    return "for 1 day" if kept == DAY else f"for {kept / DAY:g} days"


def _seconds(kept: timedelta) -> int:
    return round(kept.total_seconds())


def _hours(kept: timedelta) -> int:
    return max(1, round(kept / timedelta(hours=1)))


def _read_duration(text: str) -> timedelta | None:
    """A duration as InfluxDB 1 shows it (``720h0m0s``); 0 stands for ever."""
    counts = {unit: int(number) for number, unit in re.findall(r"(\d+)([hms])", text)}
    kept = timedelta(
        hours=counts.get("h", 0), minutes=counts.get("m", 0), seconds=counts.get("s", 0)
    )
    return kept or None
