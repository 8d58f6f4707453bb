"""The link to InfluxDB: a real server, and a double for what a healthy one does not answer."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from influx_double import Answer, InfluxDouble, json_answer
from influx_server import TOKEN_VARIABLE, InfluxServer

from paes.errors import DataError, StoreBusy, StoreError, StoreRefused
from paes.store.influx_address import InfluxAddress, parse_influx_address
from paes.store.influx_answers import LONGEST_REASON, retry_after_s
from paes.store.influx_link import InfluxLink, quoted_name, quoted_text

TOKEN = "geheim-0123456789"
START_S = 1_735_689_600  # date -u -d 2025-01-01 +%s
NONE_FOUND = json_answer(200, {"results": [{"statement_id": 0}]})
STORED = Answer(204)
CORE_LIMIT = (  # influxdb 3.2, influxdb3_write/src/write_buffer/mod.rs
    "Query would scan 432 Parquet files, exceeding the file limit. InfluxDB 3 Core caps file "
    "access to prevent performance degradation and memory issues. Use a narrower time range"
)

OpenLink = Callable[..., InfluxLink]


@pytest.fixture
def open_link(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLink]:
    """A link by address, with ``token`` in the usual variable; None: the variable is not set."""
    links: list[InfluxLink] = []

    def open_one(url: str, token: str | None = TOKEN) -> InfluxLink:
        if token is None:
            monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(TOKEN_VARIABLE, token)
        links.append(InfluxLink(parse_influx_address(url)))
        return links[-1]

    yield open_one
    for link in links:
        link.close()


@pytest.fixture
def link(influx_server: InfluxServer, open_link: OpenLink) -> InfluxLink:
    """On an empty bucket of the real server."""
    return open_link(influx_server.url(influx_server.new_bucket()), influx_server.token)


@pytest.fixture
def double() -> Iterator[InfluxDouble]:
    with InfluxDouble() as double:
        yield double


def lines(count: int, measurement: str = "energy") -> list[str]:
    return [f"{measurement},point=p v={i}i {START_S + 900 * i}" for i in range(count)]


def stored(link: InfluxLink) -> int:
    found = link.query("SELECT COUNT(v) FROM energy")
    return int(str(found[0].rows[0][1])) if found else 0


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


# A real server


def test_what_is_written_is_read_to_the_last_digit(link: InfluxLink) -> None:
    link.write([f"energy,point=a v=9223372036854775807i,w=-1i {START_S}"])
    link.write([f"energy,point=b v=-9007199254740993i,t=0.1 {START_S + 1}"])

    by_tag = link.query("SELECT v, w, t FROM energy GROUP BY point")

    assert [series.tags for series in by_tag] == [{"point": "a"}, {"point": "b"}]
    assert [series.columns for series in by_tag] == [["time", "v", "w", "t"]] * 2
    assert by_tag[0].rows == [[START_S, 9223372036854775807, -1, None]]
    assert by_tag[1].rows == [[START_S + 1, -9007199254740993, None, 0.1]]
    assert all(type(value) is int for value in by_tag[0].rows[0][:3])
    assert by_tag[0].name == "energy"


def test_nothing_found_is_no_series(link: InfluxLink) -> None:
    assert link.query("SELECT v FROM energy") == []


def test_more_lines_than_a_request_takes_are_all_stored_once(link: InfluxLink) -> None:
    link.write(lines(12_001))
    link.write(lines(12_001))
    assert stored(link) == 12_001


def test_other_buckets_of_the_server_are_reached_by_name(
    influx_server: InfluxServer, link: InfluxLink
) -> None:
    other = influx_server.new_bucket()
    link.write(lines(3), bucket=other)
    assert stored(link) == 0
    assert link.query("SELECT COUNT(v) FROM energy", bucket=other)[0].rows == [[0, 3]]


def test_compressed_writes_and_answers_are_the_same(
    influx_server: InfluxServer, open_link: OpenLink
) -> None:
    address = influx_server.url(influx_server.new_bucket(), gzip="1")
    link = open_link(address, influx_server.token)
    link.write(lines(100))
    assert stored(link) == 100
    assert len(link.query("SELECT v FROM energy")[0].rows) == 100


def test_a_part_that_is_too_large_is_halved_until_it_passes(
    private_influx: Callable[..., InfluxServer], open_link: OpenLink
) -> None:
    server = private_influx(max_body_size=300)  # about 7 of these lines
    link = open_link(server.url(server.new_bucket()), server.token)
    link.write(lines(50))
    assert stored(link) == 50
    with pytest.raises(StoreRefused, match="Request Entity Too Large"):
        link.write([f'energy v=1i,note="{"x" * 300}" {START_S}'])


def test_an_answer_cut_short_by_the_server_is_an_error(
    private_influx: Callable[..., InfluxServer], open_link: OpenLink
) -> None:
    server = private_influx(max_row_limit=5)
    link = open_link(server.url(server.new_bucket()), server.token)
    link.write(lines(6))
    assert len(link.query("SELECT v FROM energy LIMIT 5")[0].rows) == 5
    with pytest.raises(StoreError, match="max-row-limit"):
        link.query("SELECT v FROM energy")


def test_a_missing_bucket_says_how_to_create_it(
    influx_server: InfluxServer, open_link: OpenLink
) -> None:
    link = open_link(influx_server.url("nowhere"), influx_server.token)
    with pytest.raises(
        StoreError, match=r"'nowhere': no such bucket.*`paes store init`"
    ) as writing:
        link.write(lines(1))
    with pytest.raises(StoreError, match=r"'nowhere': no such bucket.*`paes store init`"):
        link.query("SELECT v FROM energy")
    assert not isinstance(writing.value, StoreRefused)


def test_a_wrong_token_names_its_variable_and_never_itself(
    influx_server: InfluxServer, open_link: OpenLink
) -> None:
    link = open_link(influx_server.url(influx_server.new_bucket()), TOKEN)
    said = refusal(link)
    assert f"the token in the environment variable {TOKEN_VARIABLE} is unknown or lacks" in said
    assert "readings are kept" in said
    assert TOKEN not in repr(link.address)


def test_without_a_token_the_unset_variable_is_named(
    influx_server: InfluxServer, open_link: OpenLink
) -> None:
    link = open_link(influx_server.url(influx_server.new_bucket()), None)
    assert f"the environment variable {TOKEN_VARIABLE} is not set" in refusal(link)


def test_the_token_may_be_in_a_variable_of_another_name(
    influx_server: InfluxServer, open_link: OpenLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_TOKEN", influx_server.token + "\n")
    bucket = influx_server.new_bucket()
    link = open_link(influx_server.url(bucket, token_env="TOWN_TOKEN"), None)
    link.write(lines(1))
    assert stored(link) == 1


@pytest.mark.parametrize(
    "bad", [f"energy v= {START_S}", "energy", f"energy v=1x {START_S}", "energy v=1i then"]
)
def test_a_line_that_is_none_is_refused_with_the_reason(link: InfluxLink, bad: str) -> None:
    with pytest.raises(StoreRefused, match="unable to parse"):
        link.write([bad])


def test_another_type_than_before_is_refused(link: InfluxLink) -> None:
    link.write(lines(1))
    with pytest.raises(StoreRefused, match="field type conflict"):
        link.write([f"energy,point=p v=1.5 {START_S + 1}"])


@pytest.mark.parametrize("bad", ["", "  ", "# v=1i", "a v=1i\nb v=2i", "a v=1i\r", "a v=\ud800"])
def test_what_servers_skip_without_a_word_is_refused_before_anything_is_sent(
    link: InfluxLink, bad: str
) -> None:
    with pytest.raises(StoreRefused, match="line"):
        link.write([*lines(5_000), bad])
    assert stored(link) == 0


def test_a_question_that_is_none_is_no_fault_of_the_data(link: InfluxLink) -> None:
    with pytest.raises(StoreError, match="error parsing query: found SELEC") as error:
        link.query("SELEC v FROM energy")
    assert type(error.value) is StoreError


def test_a_long_question_is_answered_too(link: InfluxLink) -> None:
    link.write(lines(3))
    values = " OR ".join(f"v = {i}" for i in range(300))
    found = link.query(f"SELECT v FROM energy WHERE {values}")
    assert [row[1] for row in found[0].rows] == [0, 1, 2]


@pytest.mark.parametrize(
    "text",
    ["it's", 'a "b"', "back\\slash", "\\", "\\'", "'", "$p", "x' OR 'a'='a", "è, ü = €", "a\\nb"],
)
def test_texts_and_names_are_quoted_so_that_they_stay_themselves(
    link: InfluxLink, text: str
) -> None:
    field_text = text.replace("\\", "\\\\").replace('"', '\\"')
    link.write([f'energy,point=p note="{field_text}" {START_S}', f'energy note="" {START_S + 1}'])

    by_text = f"SELECT note FROM energy WHERE note = {quoted_text(text)}"
    by_parameter = "SELECT note FROM energy WHERE note = $p AND point = $other"
    given = {"p": text, "other": "p"}

    assert link.query(by_text)[0].rows == [[START_S, text]]
    assert link.query(by_parameter, parameters=given)[0].rows == [[START_S, text]]
    renamed = link.query(f"SELECT note AS {quoted_name(text)} FROM energy WHERE point = 'p'")
    assert renamed[0].columns == ["time", text]


def test_numbers_are_parameters_and_quoted_dollars_are_not(link: InfluxLink) -> None:
    link.write(lines(5))
    statement = "SELECT v FROM energy WHERE v >= $least AND v < $most AND point != '$least'"
    found = link.query(statement, parameters={"least": 1, "most": 2.5})
    assert [row[1] for row in found[0].rows] == [1, 2]


def test_a_server_that_comes_back_is_found_by_the_same_link(
    private_influx: Callable[..., InfluxServer], open_link: OpenLink
) -> None:
    server = private_influx()
    link = open_link(server.url(server.new_bucket()), server.token)
    link.write(lines(10))

    server.kill()
    assert "cannot answer now, HTTP 502" in refusal(link, StoreBusy)
    server.restart()
    assert stored(link) == 10
    link.write(lines(20))

    server.stop()
    assert "cannot be reached ([Errno 111] Connection refused)" in refusal(link, StoreBusy)
    server.start()
    assert stored(link) == 20


def test_a_closed_link_says_so(link: InfluxLink) -> None:
    link.write(lines(1))
    link.close()
    link.close()
    assert "the link is closed" in refusal(link)


# Answers that a healthy server does not give


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        (Answer(503), None),
        (Answer(500, b'{"error":"timeout"}'), None),
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
    with pytest.raises(StoreBusy, match="cut off after 5000 characters"):
        link.query("SELECT v FROM energy")
    double.answers(Answer(503, b"x" * 100, sent=10))
    assert "the connection was lost" in refusal(link, StoreBusy)
    double.answers(whole)
    assert link.query("SELECT v FROM energy")[0].rows == rows


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


def test_threads_may_share_a_link(link: InfluxLink) -> None:
    def write_and_count(number: int) -> int:
        link.write([f"energy,point=p{number} v={number}i {START_S}"])
        (series,) = link.query(f"SELECT v FROM energy WHERE point = 'p{number}'")
        return int(str(series.rows[0][1]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write_and_count, range(40))) == list(range(40))
    assert stored(link) == 40


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
    assert short.query == {"db": "energy", "epoch": "s", "q": "SELECT v FROM energy"}
    assert (long.method, long.query) == ("POST", {})
    assert b"db=energy&epoch=s&q=SELECT" in long.body
    assert all(seen.headers["Authorization"] == f"Token {TOKEN}" for seen in double.seen)


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


# Addresses


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
