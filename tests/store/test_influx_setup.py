"""Buckets and their retention: on a real InfluxDB 1.6, and on what 2, Cloud and 3 are known to say.

What the double answers for InfluxDB 2 follows its API reference (v2.7: buckets, orgs, dbrps, ping),
for InfluxDB 3 the reference of ``/api/v3/configure/database``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from influx_double import Answer, InfluxDouble, json_answer
from influx_server import STRANGE_TOKEN as TOKEN
from influx_server import TOKEN_VARIABLE, InfluxServer

from paes.errors import StoreBusy, StoreError
from paes.store.influx.address import parse_influx_address
from paes.store.influx.link import InfluxLink
from paes.store.influx.setup import prepare_server

BUCKETS = {"energy": None, "power": timedelta(days=400)}

PING_2 = Answer(204, headers={"X-Influxdb-Build": "OSS", "X-Influxdb-Version": "v2.7.12"})
PING_CLOUD = Answer(204, headers={"X-Influxdb-Build": "Cloud"})
PING_3 = json_answer(200, {"version": "3.2.1", "revision": "1ca3168bee", "process_id": "a-b"})
HEALTH_2 = json_answer(200, {"name": "influxdb", "status": "pass", "version": "v2.0.9"})
ORGS = json_answer(200, {"orgs": [{"id": "0a1", "name": "Town"}]})
NO_BUCKETS = json_answer(200, {"buckets": []})
CREATED = json_answer(201, {"id": "b1", "name": "energy"})
VIRTUAL = json_answer(200, {"content": [{"bucketID": "b1", "default": True, "virtual": True}]})
NO_MAPPING = json_answer(200, {"content": []})


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)


@pytest.fixture
def server(
    private_influx: Callable[..., InfluxServer], monkeypatch: pytest.MonkeyPatch
) -> InfluxServer:
    server = private_influx()
    monkeypatch.setenv(TOKEN_VARIABLE, server.token)
    return server


def prepare(url: str, buckets: dict[str, timedelta | None] | None = None) -> list[str]:
    return prepare_server(parse_influx_address(url), BUCKETS if buckets is None else buckets)


def influxdb_2(double: InfluxDouble, ping: Answer = PING_2) -> InfluxDouble:
    """An InfluxDB 2 without buckets."""
    double.answers(ping, path="/ping").answers(ORGS, path="/api/v2/orgs")
    double.answers(NO_BUCKETS, path="/api/v2/buckets", method="GET")
    double.answers(CREATED, path="/api/v2/buckets", method="POST")
    double.answers(VIRTUAL, path="/api/v2/dbrps", method="GET")
    return double.answers(json_answer(201, {"id": "d1"}), path="/api/v2/dbrps", method="POST")


def policies(server: InfluxServer, bucket: str) -> object:
    (series,) = server.query(f'SHOW RETENTION POLICIES ON "{bucket}"')
    return series["values"]


# InfluxDB 1, a real one


def test_databases_are_created_with_their_retention(server: InfluxServer) -> None:
    said = prepare(server.url("energy"))
    assert said == [
        "bucket 'energy': created, keeps readings for ever",
        "bucket 'power': created, keeps readings for 400 days",
    ]
    assert policies(server, "energy") == [["autogen", "0s", "720h0m0s", 1, True]]
    assert policies(server, "power") == [["autogen", "9600h0m0s", "168h0m0s", 1, True]]


def test_what_was_created_can_be_written_and_read(server: InfluxServer) -> None:
    prepare(server.url("x"), {'odd "name" è': None})
    link = InfluxLink(parse_influx_address(server.url("odd%20%22name%22%20%C3%A8")))
    link.write(["energy v=1i 1735689600"])
    assert link.query("SELECT v FROM energy")[0].rows == [[1735689600, 1]]
    link.close()


def test_preparing_again_changes_nothing_and_tells_differences(server: InfluxServer) -> None:
    prepare(server.url("energy"))
    before = [policies(server, bucket) for bucket in BUCKETS]
    assert prepare(server.url("energy")) == [
        "bucket 'energy': there already, keeps readings for ever",
        "bucket 'power': there already, keeps readings for 400 days",
    ]
    swapped: dict[str, timedelta | None] = {"energy": timedelta(days=1), "power": None}
    assert prepare(server.url("energy"), swapped) == [
        "bucket 'energy': there already, keeps readings for ever, not for 1 day as asked",
        "bucket 'power': there already, keeps readings for 400 days, not for ever as asked",
    ]
    assert [policies(server, bucket) for bucket in BUCKETS] == before


def test_a_retention_that_the_server_will_not_have_is_told(server: InfluxServer) -> None:
    with pytest.raises(StoreError, match="'energy': retention policy duration must be at least"):
        prepare(server.url("energy"), {"energy": timedelta(minutes=5)})


def test_a_wrong_token_creates_nothing(
    server: InfluxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    with pytest.raises(StoreError, match=f"{TOKEN_VARIABLE} is unknown or lacks.*administrator"):
        prepare(server.url("energy"))
    monkeypatch.delenv(TOKEN_VARIABLE)
    with pytest.raises(StoreError, match=f"{TOKEN_VARIABLE} is not set.*administrator"):
        prepare(server.url("energy"))
    assert server.query("SHOW DATABASES") == [{"name": "databases", "columns": ["name"]}]


def test_a_server_out_of_reach_is_busy(server: InfluxServer) -> None:
    server.kill()
    with pytest.raises(StoreBusy, match="HTTP 502"):
        prepare(server.url("energy"))
    server.stop()
    with pytest.raises(StoreBusy, match="cannot be reached"):
        prepare(server.url("energy"))


# InfluxDB 2 and Cloud


def test_influxdb_2_is_asked_for_buckets_with_their_retention(double: InfluxDouble) -> None:
    assert prepare(influxdb_2(double).url(arguments="?org=Town")) == [
        "bucket 'energy': created, keeps readings for ever",
        "bucket 'power': created, keeps readings for 400 days",
    ]
    created = [seen.json for seen in double.seen if seen.method == "POST"]
    assert created == [
        {"name": "energy", "orgID": "0a1", "retentionRules": []},
        {
            "name": "power",
            "orgID": "0a1",
            "retentionRules": [{"type": "expire", "everySeconds": 34_560_000}],  # 400 x 86400
        },
    ]
    (orgs, *_) = [seen for seen in double.seen if seen.path == "/api/v2/orgs"]
    assert orgs.query == {"org": "Town"}
    assert all(seen.headers["Authorization"] == f"Token {TOKEN}" for seen in double.seen)


def test_influxdb_2_with_the_buckets_is_left_as_it_is(double: InfluxDouble) -> None:
    there = {"id": "b1", "retentionRules": [{"type": "expire", "everySeconds": 86_400 * 400}]}
    influxdb_2(double).answers(
        json_answer(200, {"buckets": [there]}), path="/api/v2/buckets", method="GET"
    )
    assert prepare(double.url()) == [
        "bucket 'energy': there already, keeps readings for 400 days, not for ever as asked",
        "bucket 'power': there already, keeps readings for 400 days",
    ]
    assert {seen.method for seen in double.seen} == {"GET"}


@pytest.mark.parametrize("ping", [PING_CLOUD, Answer(204, headers=dict(PING_2.headers))])
def test_a_bucket_that_influxql_would_not_find_is_mapped(
    double: InfluxDouble, ping: Answer
) -> None:
    influxdb_2(double, ping).answers(NO_MAPPING, path="/api/v2/dbrps", method="GET")
    assert prepare(double.url(), {"energy": None}) == [
        "bucket 'energy': created, keeps readings for ever; mapped for InfluxQL"
    ]
    assert double.seen[-1].path == "/api/v2/dbrps"
    assert double.seen[-1].json == {
        "orgID": "0a1",
        "bucketID": "b1",
        "database": "energy",
        "retention_policy": "autogen",
        "default": True,
    }


def test_a_name_that_influxql_takes_for_another_bucket_is_an_error(double: InfluxDouble) -> None:
    other = json_answer(200, {"content": [{"bucketID": "b9", "default": True}]})
    influxdb_2(double).answers(other, path="/api/v2/dbrps", method="GET")
    with pytest.raises(StoreError, match=r"another bucket \(b9\).*dbrp delete"):
        prepare(double.url())


@pytest.mark.parametrize(
    ("orgs", "words"),
    [
        ([], "sees no organisation 'Town'"),
        ([{"id": "1", "name": "A"}, {"id": "2", "name": "B"}], r"\?org=NAME.*: A, B"),
    ],
)
def test_the_organisation_must_be_one(double: InfluxDouble, orgs: object, words: str) -> None:
    influxdb_2(double).answers(json_answer(200, {"orgs": orgs}), path="/api/v2/orgs")
    with pytest.raises(StoreError, match=words):
        prepare(double.url(arguments="?org=Town"))


def test_an_unknown_organisation_is_told(double: InfluxDouble) -> None:
    unknown = {"code": "not found", "message": 'organization name "Twon" not found'}
    influxdb_2(double).answers(json_answer(404, unknown), path="/api/v2/orgs")
    with pytest.raises(StoreError, match=r'"Twon" not found: check \?org='):
        prepare(double.url(arguments="?org=Twon"))


def test_a_token_that_may_only_write_cannot_create(double: InfluxDouble) -> None:
    denied = {"code": "unauthorized", "message": "write:orgs/0a1/buckets is unauthorized"}
    refused = json_answer(401, denied)
    influxdb_2(double).answers(refused, path="/api/v2/buckets", method="POST")
    with pytest.raises(StoreError, match=r"write:orgs/0a1/buckets is unauth.*administrator") as e:
        prepare(double.url())
    assert TOKEN not in str(e.value)


def test_a_version_told_by_health_alone_is_enough(double: InfluxDouble) -> None:
    influxdb_2(double, Answer(204)).answers(HEALTH_2, path="/health")
    assert len(prepare(double.url())) == 2


# InfluxDB 3


def test_influxdb_3_is_asked_for_databases_with_their_retention(double: InfluxDouble) -> None:
    double.answers(PING_3, path="/ping")
    double.answers(Answer(200), path="/api/v3/configure/database", method="POST")
    assert prepare(double.url()) == [
        "bucket 'energy': created, keeps readings for ever",
        "bucket 'power': created, keeps readings for 400 days",
    ]
    created = [seen for seen in double.seen if seen.method == "POST"]
    assert [seen.json for seen in created] == [
        {"db": "energy"},
        {"db": "power", "retention_period": "9600h"},
    ]
    assert created[0].headers["Content-Type"] == "application/json"


def test_influxdb_3_with_the_databases_is_left_as_it_is(double: InfluxDouble) -> None:
    double.answers(PING_3, path="/ping")
    there = json_answer(409, {"error": "attempted to create a resource that already exists"})
    double.answers(there, Answer(200), path="/api/v3/configure/database")
    assert prepare(double.url()) == [
        "bucket 'energy': there already",
        "bucket 'power': created, keeps readings for 400 days",
    ]


def test_influxdb_3_at_its_limit_says_so(double: InfluxDouble) -> None:
    double.answers(PING_3, path="/ping")
    limit = {"error": "Adding a new database would exceed limit of 5 databases"}
    double.answers(json_answer(422, limit), path="/api/v3/configure/database")
    with pytest.raises(StoreError, match=r"'energy': refused: .*limit of 5 databases"):
        prepare(double.url())


# Others


@pytest.mark.parametrize(
    ("ping", "health"),
    [
        (Answer(204), json_answer(200, {"status": "pass"})),
        (Answer(200, b"<html>hello</html>"), Answer(200, b"hello")),
        (Answer(204, headers={"X-Influxdb-Version": "12.0"}), Answer(204)),
    ],
)
def test_a_server_of_unknown_generation_is_left_alone(
    double: InfluxDouble, ping: Answer, health: Answer
) -> None:
    double.answers(ping, path="/ping").answers(health, path="/health")
    with pytest.raises(StoreError, match="its generation cannot be told"):
        prepare(double.url())
    assert {seen.method for seen in double.seen} == {"GET"}
