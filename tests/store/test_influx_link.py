"""The link to InfluxDB on a real server: all is kept, to the last digit, or an error in words."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from influx_links import START_S, OpenLink, lines, refusal
from influx_server import STRANGE_TOKEN as TOKEN
from influx_server import TOKEN_VARIABLE, InfluxServer

from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.store.influx.link import InfluxLink, quoted_name, quoted_text

FORKED_LINKS = Path(__file__).with_name("forked_links.py")


@pytest.fixture
def link(influx_server: InfluxServer, open_link: OpenLink) -> InfluxLink:
    """On an empty bucket of the real server."""
    return open_link(influx_server.url(influx_server.new_bucket()), influx_server.token)


def stored(link: InfluxLink) -> int:
    found = link.query("SELECT COUNT(v) FROM energy")
    return int(str(found[0].rows[0][1])) if found else 0


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


def test_long_answers_come_whole_and_as_one_series_each(link: InfluxLink) -> None:
    lengths = {"a": 9_999, "b": 10_000, "c": 10_001, "d": 25_000, "e": 1}
    for point, length in lengths.items():
        link.write([f"energy,point={point} v={i}i {START_S + i}" for i in range(length)])

    found = link.query("SELECT v FROM energy GROUP BY point")

    assert {series.tags["point"]: len(series.rows) for series in found} == lengths
    assert found[3].rows == [[START_S + i, i] for i in range(25_000)]
    (alone,) = link.query("SELECT v FROM energy WHERE point = 'd'")
    assert alone.rows == found[3].rows


def test_a_limit_of_rows_on_the_server_cuts_nothing(
    private_influx: Callable[..., InfluxServer], open_link: OpenLink
) -> None:
    server = private_influx(max_row_limit=5)
    link = open_link(server.url(server.new_bucket()), server.token)
    link.write(lines(10_006))
    assert len(link.query("SELECT v FROM energy")[0].rows) == 10_006


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


def test_a_server_that_knows_no_such_write_is_told_from_a_missing_bucket(
    influx_server: InfluxServer, open_link: OpenLink
) -> None:
    bucket = influx_server.new_bucket()
    direct = influx_server.url(bucket).replace(str(influx_server.port), "{}")
    link = open_link(direct.format(influx_server.influxd_port))
    with pytest.raises(StoreError, match=r"404 page not found: is that .*1\.8 or later"):
        link.write(lines(1))


def test_a_wrong_token_names_its_variable_and_never_itself(
    influx_server: InfluxServer, open_link: OpenLink
) -> None:
    link = open_link(influx_server.url(influx_server.new_bucket()), TOKEN)
    said = refusal(link)
    assert f"the token in the environment variable {TOKEN_VARIABLE} is unknown or lacks" in said
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


@pytest.mark.parametrize("limit", [1e-7, 1e22, -1.5, 0.1, 9_007_199_254_740_993])
def test_numbers_are_written_so_that_the_server_reads_the_same(
    link: InfluxLink, limit: float
) -> None:
    kind = "i" if isinstance(limit, int) else ""
    link.write([f"energy,point=p v={limit!r}{kind} {START_S}"])
    (series,) = link.query("SELECT v FROM energy WHERE v = $limit", parameters={"limit": limit})
    assert series.rows == [[START_S, limit]]


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


def test_killed_in_mid_write_nothing_acknowledged_is_lost_or_doubled(
    private_influx: Callable[..., InfluxServer], open_link: OpenLink
) -> None:
    server = private_influx()
    link = open_link(server.url(server.new_bucket()), server.token)
    acknowledged: list[int] = []
    enough = threading.Event()

    def write_until_it_fails() -> int:
        for number in itertools.count():
            try:
                link.write(part(number))
            except StoreBusy:
                return number
            acknowledged.append(number)
            if number == 3:
                enough.set()
        raise AssertionError

    def part(number: int) -> list[str]:
        return lines(5_000 * (number + 1))[5_000 * number :]

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_until_it_fails)
        assert enough.wait(60)
        server.kill()
        failed = writing.result()
    server.restart()

    assert stored(link) in (5_000 * len(acknowledged), 5_000 * (len(acknowledged) + 1))
    link.write(part(failed))
    assert stored(link) == 5_000 * (failed + 1)
    assert link.query("SELECT SUM(v) FROM energy")[0].rows[0][1] == sum(range(5_000 * (failed + 1)))


def test_killed_in_mid_read_an_answer_is_whole_or_an_error(
    private_influx: Callable[..., InfluxServer], open_link: OpenLink
) -> None:
    server = private_influx()
    link = open_link(server.url(server.new_bucket()), server.token)
    link.write(lines(50_000))
    answered = threading.Event()

    def read_until_it_fails() -> set[int]:
        lengths = set()
        while True:
            try:
                (series,) = link.query("SELECT v FROM energy")
            except StoreBusy:
                return lengths
            lengths.add(len(series.rows))
            answered.set()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_until_it_fails)
        assert answered.wait(60)
        server.kill()
        assert reading.result() == {50_000}
    server.restart()
    assert stored(link) == 50_000


def test_a_closed_link_says_so(link: InfluxLink) -> None:
    link.write(lines(1))
    link.close()
    link.close()
    assert "the link is closed" in refusal(link)


def test_threads_may_share_a_link(link: InfluxLink) -> None:
    def write_and_count(number: int) -> int:
        link.write([f"energy,point=p{number} v={number}i {START_S}"])
        (series,) = link.query(f"SELECT v FROM energy WHERE point = 'p{number}'")
        return int(str(series.rows[0][1]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write_and_count, range(40))) == list(range(40))
    assert stored(link) == 40


def test_a_forked_process_has_connections_of_its_own(
    influx_server: InfluxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes on one connection take each other's answers, and each other's acknowledgements."""
    monkeypatch.setenv(TOKEN_VARIABLE, influx_server.token)
    command = [sys.executable, str(FORKED_LINKS), influx_server.url(influx_server.new_bucket())]
    done = subprocess.run(command, timeout=60, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
