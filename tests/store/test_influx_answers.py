"""Answers that a healthy InfluxDB does not give: each ends in an error of its own, in words."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from influx_double import Answer, InfluxDouble, json_answer
from influx_links import START_S, OpenLink, lines, refusal
from influx_server import STRANGE_TOKEN as TOKEN
from influx_server import TOKEN_VARIABLE

from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.store.influx.answers import LONGEST_REASON, retry_after_s

NONE_FOUND = json_answer(200, {"results": [{"statement_id": 0}]})
STORED = Answer(204)
CORE_LIMIT = (  # influxdb 3.2, influxdb3_write/src/write_buffer/mod.rs
    "Query would scan 432 Parquet files, exceeding the file limit. InfluxDB 3 Core caps file "
    "access to prevent performance degradation and memory issues. Use a narrower time range"
)


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        (Answer(503), None),
        (Answer(500, b'{"error":"timeout"}'), None),
        (Answer(504, b'["no answer"]'), None),
        (Answer(502, "<html><h1>502 – più tardi</h1>".encode("latin-1", "replace")), None),
        (json_answer(429, {"message": "limit reached"}, Retry_After="7"), 7.0),
        (json_answer(503, {"message": "starting"}, Retry_After="86400"), 900.0),
    ],
)
def test_an_overloaded_server_is_busy_and_its_pause_is_told(
    double: InfluxDouble, open_link: OpenLink, answer: Answer, retry_after: float | None
) -> None:
    link = open_link(double.answers(answer).url())
    said = refusal(link, StoreBusy)
    assert f"InfluxDB at http://127.0.0.1:{double.port}, bucket 'energy'" in said
    with pytest.raises(StoreBusy) as error:
        link.write(lines(1))
    assert error.value.retry_after_s == retry_after


@pytest.mark.parametrize(
    ("text", "pause_s"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", 900.0),
        ("soon", None),
        ("Wed, 01 Jan 2025 00:01:30 GMT", 90.0),
        ("Wed, 01 Jan 2025 00:01:30 -0000", 90.0),
        ("Tue, 31 Dec 2024 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2055 00:00:00 GMT", 900.0),
        (f"Mon, 01 Jan {10**20} 00:00:00 GMT", None),
        (f"Wed, 01 Jan 2025 00:00:00 +{10**20}", None),
    ],
)
def test_a_pause_is_read_in_seconds_or_as_a_date_and_bounded(
    text: str | None, pause_s: float | None
) -> None:
    assert retry_after_s(text, datetime(2025, 1, 1, tzinfo=UTC)) == pause_s


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_in_the_words_of_influxdb_2_and_3(
    double: InfluxDouble, open_link: OpenLink, status: int
) -> None:
    unknown = json_answer(status, {"code": "unauthorized", "message": "unauthorized access"})
    link = open_link(double.answers(unknown).url())
    assert f"{TOKEN_VARIABLE} is unknown or lacks the right (unauthorized access)" in refusal(link)
    assert double.seen[0].headers["Authorization"] == f"Token {TOKEN}"


@pytest.mark.parametrize(
    "reason",
    [
        "database not found: energy",  # 1.x, 2.x
        "Database energy not found",  # 3
        "default retention policy not set for: energy",  # 2.x without a mapping of its own
        "retention policy not found: autogen",
        'bucket "energy" not found',
    ],
)
def test_a_missing_database_hidden_in_a_success(
    double: InfluxDouble, open_link: OpenLink, reason: str
) -> None:
    hidden = json_answer(200, {"results": [{"statement_id": 0, "error": reason}]})
    link = open_link(double.answers(hidden).url())
    with pytest.raises(StoreError, match=r"no such bucket.*`paes store init`"):
        link.query("SELECT v FROM energy")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"results": [{"error": "not implemented"}]}, StoreError, "not implemented"),
        ({"results": [{"error": "read:x is unauthorized"}]}, StoreError, TOKEN_VARIABLE),
        ({"error": "unable to parse"}, StoreError, "unable to parse"),
        ({"results": []}, StoreError, "not one result"),
        ({}, StoreError, "not one result"),
        ({"results": [{"partial": True}]}, StoreError, "max-row-limit"),
        ({"results": [{"series": [{"columns": [], "partial": True}]}]}, StoreError, "max-row"),
        ({"results": ["x"]}, StoreError, "not one result"),
        ({"results": [{"series": None}]}, StoreError, "has no series"),
        ({"results": [{"series": [{"name": "energy"}]}]}, StoreError, "has no series"),
        ([], StoreError, "does not answer like an InfluxDB"),
    ],
)
def test_a_success_that_is_none(
    double: InfluxDouble, open_link: OpenLink, body: object, kind: type[StoreError], words: str
) -> None:
    link = open_link(double.answers(json_answer(200, body)).url())
    with pytest.raises(kind, match=words):
        link.query("SELECT v FROM energy")


@pytest.mark.parametrize(
    "answer",
    [
        json_answer(200, {"results": [{"error": f"External error: {CORE_LIMIT}"}]}),
        json_answer(500, {"error": CORE_LIMIT}),
        Answer(400, CORE_LIMIT.encode()),
    ],
)
def test_the_file_limit_of_influxdb_3_core_is_named_with_what_to_do(
    double: InfluxDouble, open_link: OpenLink, answer: Answer
) -> None:
    link = open_link(double.answers(answer).url())
    with pytest.raises(StoreError, match=r"--query-file-limit.*shorter time") as error:
        link.query("SELECT v FROM energy")
    assert type(error.value) is StoreError


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("query engine shutdown", StoreBusy),  # this and the next: 1.6 while it is restarted
        ("engine is closed", StoreBusy),
        ("max-concurrent-queries limit exceeded(20, 20)", StoreBusy),
        ("query-timeout limit exceeded", StoreError),
        ("unknown function: engine is closed", StoreError),
    ],
)
def test_a_server_that_is_about_to_end_is_busy(
    double: InfluxDouble, open_link: OpenLink, reason: str, kind: type[StoreError]
) -> None:
    hidden = json_answer(200, {"results": [{"statement_id": 0, "error": reason}]})
    link = open_link(double.answers(hidden).url())
    with pytest.raises(kind, match=reason.split("(")[0]) as error:
        link.query("SELECT v FROM energy")
    assert type(error.value) is kind


@pytest.mark.parametrize("status", [400, 422])
def test_refused_data_come_with_the_reason_on_one_short_line(
    double: InfluxDouble, open_link: OpenLink, status: int
) -> None:
    long = "partial write:\nfield type conflict " + "x" * 100_000
    link = open_link(double.answers(json_answer(status, {"message": long})).url())
    with pytest.raises(StoreRefused, match="partial write: field type conflict") as error:
        link.write(lines(1))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < LONGEST_REASON + 100


def test_a_refused_line_that_speaks_of_missing_databases_is_still_refused(
    double: InfluxDouble, open_link: OpenLink
) -> None:
    quoted = {"error": 'unable to parse \'events text="database x not found": bad timestamp'}
    link = open_link(double.answers(json_answer(400, quoted)).url())
    with pytest.raises(StoreRefused, match="unable to parse"):
        link.write(lines(1))


def test_a_write_without_the_organisation_blames_the_address_and_no_reading(
    double: InfluxDouble, open_link: OpenLink
) -> None:
    # What 2.x answers to a write without org=; its queries do not miss it. influxdb 2.7, errors
    # of organizations: ErrInvalidOrgFilter.
    missing = {"code": "invalid", "message": "Please provide either orgID or org"}
    link = open_link(double.answers(json_answer(400, missing)).url())
    with pytest.raises(StoreError, match=r"orgID or org.*\?org=NAME") as error:
        link.write(lines(1))
    assert type(error.value) is StoreError


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_answer_of_nothing_but_brackets_is_no_answer(
    double: InfluxDouble, open_link: OpenLink, status: int
) -> None:
    link = open_link(double.answers(Answer(status, b"[" * 100_000)).url())
    with pytest.raises(StoreError):
        link.query("SELECT v FROM energy")


def test_too_large_on_the_way_is_halved_in_order(double: InfluxDouble, open_link: OpenLink) -> None:
    too_large = Answer(413, b"<h1>413 Request Entity Too Large</h1>")
    double.answers(too_large, too_large, STORED)
    open_link(double.url()).write(lines(8))
    sizes = [len(seen.body.splitlines()) for seen in double.seen]
    assert sizes == [8, 4, 2, 2, 4]
    accepted = b"\n".join(seen.body for seen in double.seen[2:])
    assert accepted == "\n".join(lines(8)).encode()


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_write_that_is_not_acknowledged_as_influxdb_does_is_an_error(
    double: InfluxDouble, open_link: OpenLink, status: int
) -> None:
    page = Answer(status, b"<html>Please log in to the guest network</html>")
    link = open_link(double.answers(page).url())
    with pytest.raises(StoreError, match=f"HTTP {status} in place of 204"):
        link.write(lines(1))
    with pytest.raises(StoreError, match=r"does not answer like an InfluxDB.*guest network"):
        link.query("SELECT v FROM energy")


def test_an_answer_cut_off_is_no_answer(double: InfluxDouble, open_link: OpenLink) -> None:
    rows = [[START_S + i, i] for i in range(1_000)]
    series = {"name": "energy", "columns": ["time", "v"], "values": rows}
    whole = json_answer(200, {"results": [{"series": [series]}]})
    link = open_link(double.url())

    double.answers(Answer(200, whole.body, sent=5_000))
    with pytest.raises(StoreBusy, match="the connection was lost"):
        link.query("SELECT v FROM energy")
    double.answers(Answer(200, whole.body[:5_000]))
    with pytest.raises(StoreBusy, match="the answer was cut off"):
        link.query("SELECT v FROM energy")
    double.answers(Answer(503, b"x" * 100, sent=10))
    assert "the connection was lost" in refusal(link, StoreBusy)
    double.answers(whole)
    assert link.query("SELECT v FROM energy")[0].rows == rows


def piece(first: int, count: int, partial: bool, tag: str = "p") -> bytes:
    """A part of an answer as InfluxDB 1.6 sends it."""
    rows = [[START_S + i, i] for i in range(first, first + count)]
    series: dict[str, object] = {"name": "energy", "tags": {"point": tag}}
    series |= {"columns": ["time", "v"], "values": rows} | ({"partial": True} if partial else {})
    result = {"statement_id": 0, "series": [series]} | ({"partial": True} if partial else {})
    return json.dumps({"results": [result]}).encode()


@pytest.mark.parametrize("between", [b"\n", b"", b"\r\n "])
def test_pieces_of_an_answer_are_put_together(
    double: InfluxDouble, open_link: OpenLink, between: bytes
) -> None:
    body = between.join([piece(0, 2, True), piece(2, 2, True), piece(0, 1, False, "q")])
    link = open_link(double.answers(Answer(200, body)).url())
    first, second = link.query("SELECT v FROM energy GROUP BY point")
    assert [row[1] for row in first.rows] == [0, 1, 2, 3]
    assert (first.tags, second.tags) == ({"point": "p"}, {"point": "q"})
    assert second.rows == [[START_S, 0]]


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (piece(0, 2, True) + piece(2, 2, True), StoreBusy, "ended before its last piece"),
        (piece(0, 2, True) + piece(2, 2, False)[:-9], StoreBusy, "the answer was cut off"),
        (piece(0, 2, True) + b"<html>", StoreBusy, "the answer was cut off"),
        (piece(0, 2, True) + b'{"error":"timeout"}', StoreError, "timeout"),
        (
            piece(0, 2, True) + b'{"results":[{"statement_id":0,"error":"not enough memory"}]}',
            StoreError,
            "not enough memory",
        ),
    ],
)
def test_pieces_without_their_end_are_no_answer(
    double: InfluxDouble, open_link: OpenLink, body: bytes, kind: type[StoreError], words: str
) -> None:
    link = open_link(double.answers(Answer(200, body)).url())
    with pytest.raises(kind, match=words) as error:
        link.query("SELECT v FROM energy")
    assert type(error.value) is kind


def test_an_empty_answer_is_asked_for_whole(double: InfluxDouble, open_link: OpenLink) -> None:
    link = open_link(double.answers(Answer(200), NONE_FOUND).url())  # as InfluxDB 3 does
    assert link.query("SELECT v FROM energy") == []
    assert ["chunked" in seen.query for seen in double.seen] == [True, False]

    double.answers(Answer(200))
    with pytest.raises(StoreError, match=r"does not answer like an InfluxDB.*an empty answer"):
        link.query("SELECT v FROM energy")


def test_a_silent_server_is_given_up_after_the_time_limit(
    double: InfluxDouble, open_link: OpenLink
) -> None:
    link = open_link(double.answers(Answer(silent=True)).url(arguments="?timeout_s=0.1"))
    assert "no answer within 0.1 s" in refusal(link, StoreBusy)


def test_an_unknown_host_is_busy(open_link: OpenLink, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    link = open_link("influxdb+http://meters.invalid:8086/energy", None)
    assert "the name of the host is not known" in refusal(link, StoreBusy)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_does_not_follow_a_redirect(
    double: InfluxDouble, open_link: OpenLink, status: int
) -> None:
    with InfluxDouble() as elsewhere:
        elsewhere.answers(STORED)
        target = f"http://127.0.0.1:{elsewhere.port}/api/v2/write"
        link = open_link(double.answers(Answer(status, headers={"Location": target})).url())
        assert f"sends us elsewhere ({target})" in refusal(link)
        assert elsewhere.seen == []


def test_what_a_write_and_a_query_look_like_on_the_wire(
    double: InfluxDouble, open_link: OpenLink
) -> None:
    double.answers(STORED, path="/api/v2/write").answers(NONE_FOUND, path="/query")
    link = open_link(double.url(arguments="?org=Town&gzip=1"))
    link.write(lines(2))
    link.query("SELECT v FROM energy")
    link.query("SELECT v FROM energy WHERE " + " " * 2_000 + "v > 1")

    write, short, long = double.seen
    assert (write.method, write.path) == ("POST", "/api/v2/write")
    assert write.query == {"org": "Town", "bucket": "energy", "precision": "s"}
    assert gzip.decompress(write.body) == "\n".join(lines(2)).encode()
    assert short.method == "GET"
    asked = {"db": "energy", "epoch": "s", "q": "SELECT v FROM energy"}
    assert short.query == asked | {"chunked": "true", "chunk_size": "10000"}
    assert (long.method, long.query) == ("POST", {})
    assert b"db=energy&epoch=s&q=SELECT" in long.body
    assert all(seen.headers["Authorization"] == f"Token {TOKEN}" for seen in double.seen)


def test_a_status_that_means_nothing_here_is_told(
    double: InfluxDouble, open_link: OpenLink
) -> None:
    link = open_link(double.answers(Answer(418, b"short and stout")).url())
    assert "unexpected answer, HTTP 418 (short and stout)" in refusal(link)


def test_nothing_is_sent_without_a_token(double: InfluxDouble, open_link: OpenLink) -> None:
    double.answers(STORED)
    open_link(double.url(), None).write(lines(1))
    open_link(double.url(), None).write([])
    (seen,) = double.seen
    assert "Authorization" not in seen.headers


def test_tls_needs_a_certificate_that_is_trusted(tmp_path: Path, open_link: OpenLink) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    with InfluxDouble(context) as double:
        double.answers(STORED)
        open_link(double.url(scheme="https", arguments=f"?ca={pem}")).write(lines(1))
        stranger = open_link(double.url(scheme="https"))
        said = refusal(stranger, StoreBusy)
        assert "no secure connection" in said
        assert "?ca=" in said
        assert len(double.seen) == 1


def test_a_server_without_tls_is_not_blamed_on_its_certificate(
    double: InfluxDouble, open_link: OpenLink
) -> None:
    said = refusal(open_link(double.url(scheme="https")), StoreBusy)
    assert "no secure connection" in said
    assert "influxdb+http://" in said
    assert "?ca=" not in said
