"""Every fault of the wire, seen by a client that is nothing but a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hand_client import (
    ENERGY_IMPORT,
    NOON,
    PATIENCE_S,
    HandClock,
    ask,
    exchange,
    read_request,
    running,
)

from collectors.simulator import KINDS, Fault, Framing, parse_fault, parse_kind
from paes.errors import DataError
from paes.installation import Installation

METER = "ufficio.main"  # unit 6 behind the gateway palazzi
ANSWER_BYTES = 13  # 7 of the header, function, byte count, 4 of data
NEIGHBOUR = "scuola.main"  # unit 1 behind the same


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(METER, "silent"), None),
        (Fault(METER, "busy"), bytes((6, 0x84, 6))),
        (Fault(METER, "refuse"), bytes((6, 0x84, 2))),
        (Fault(METER, "absent"), bytes((6, 0x84, 11))),
        *(
            (Fault(METER, "exception", parameter=code), bytes((6, 0x84, code)))
            for code in (1, 2, 3, 4, 5, 6, 10, 11)
        ),
    ],
)
async def test_faults_that_give_no_value(
    installation: Installation, fault: Fault, expected: bytes | None
) -> None:
    async with running(installation, [fault]) as simulator:
        assert await ask(simulator, 6, ENERGY_IMPORT, 2) == expected
        neighbour = await ask(simulator, 1, ENERGY_IMPORT, 2)

    assert neighbour is not None
    assert neighbour[:3] == bytes((1, 4, 4))


async def test_short_reply_lacks_a_register(installation: Installation) -> None:
    async with running(installation, [Fault(METER, "short")]) as simulator:
        reply = await ask(simulator, 6, ENERGY_IMPORT, 2)

    assert reply is not None
    assert reply[:3] == bytes((6, 4, 2))
    assert len(reply) == 5


async def test_wrong_unit_answers_in_anothers_name(installation: Installation) -> None:
    async with running(installation, [Fault(METER, "wrong_unit")]) as simulator:
        reply = await ask(simulator, 6, ENERGY_IMPORT, 2)

    assert reply is not None
    assert reply[:3] == bytes((7, 4, 4))


async def test_wrong_transaction_has_the_number_before(installation: Installation) -> None:
    async with running(installation, [Fault(METER, "wrong_transaction")]) as simulator:
        at = simulator.addresses["palazzi"]
        reply = await exchange(at, read_request(6, ENERGY_IMPORT, 2, transaction=0x0100))
        first = await exchange(at, read_request(6, ENERGY_IMPORT, 2, transaction=0))

    assert reply[:9] == bytes.fromhex("00FF 0000 0007 06 04 04")
    assert first[:2] == bytes.fromhex("FFFF")


async def test_a_slow_unit_holds_the_line(installation: Installation) -> None:
    loop = asyncio.get_running_loop()
    async with running(installation, [Fault(METER, "slow", parameter=0.2)]) as simulator:
        began = loop.time()
        both = await exchange(
            simulator.addresses["palazzi"],
            read_request(6, ENERGY_IMPORT, 2, transaction=1)
            + read_request(1, ENERGY_IMPORT, 2, transaction=2),
        )
        took_s = loop.time() - began

    assert took_s >= 0.2
    assert [both[1], both[ANSWER_BYTES + 1]] == [1, 2]
    assert len(both) == 2 * ANSWER_BYTES


async def in_pieces(at: tuple[str, int], sent: bytes, pieces: int, size: int) -> list[bytes]:
    """So many answers of a size, over a connection that stays open meanwhile."""
    reader, writer = await asyncio.open_connection(*at)
    writer.write(sent)
    received = [await asyncio.wait_for(reader.readexactly(size), PATIENCE_S) for _ in range(pieces)]
    writer.close()
    await writer.wait_closed()
    return received


async def test_a_late_answer_comes_after_the_next_one(installation: Installation) -> None:
    async with running(installation, [Fault(METER, "late", parameter=0.5)]) as simulator:
        first, second = await in_pieces(
            simulator.addresses["palazzi"],
            read_request(6, ENERGY_IMPORT, 2, transaction=1)
            + read_request(1, ENERGY_IMPORT, 2, transaction=2),
            pieces=2,
            size=ANSWER_BYTES,
        )

    assert (first[1], first[6]) == (2, 1)
    assert (second[1], second[6]) == (1, 6)


async def test_garbage_is_as_long_as_an_answer_and_the_same_in_every_run(
    installation: Installation,
) -> None:
    seen = []
    for _ in range(2):
        async with running(installation, [Fault(METER, "garbage")]) as simulator:
            at = simulator.addresses["palazzi"]
            sent = read_request(6, ENERGY_IMPORT, 2)
            seen.append([await exchange(at, sent), await exchange(at, sent)])

    assert [len(piece) for piece in seen[0]] == [ANSWER_BYTES, ANSWER_BYTES]
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[0][1]
    assert seen[0][0][2:4] != b"\0\0"


async def test_a_short_frame_stops_in_the_middle(installation: Installation) -> None:
    sent = read_request(6, ENERGY_IMPORT, 2)
    async with running(installation) as simulator:
        whole = await exchange(simulator.addresses["palazzi"], sent)
    async with running(installation, [Fault(METER, "short_frame")]) as simulator:
        half = await exchange(simulator.addresses["palazzi"], sent)

    assert half == whole[: ANSWER_BYTES // 2]


@pytest.mark.parametrize("sent_bytes", [0, 9])
async def test_a_cut_closes_the_connection(installation: Installation, sent_bytes: int) -> None:
    async with running(installation, [Fault(METER, "cut", parameter=sent_bytes)]) as simulator:
        reader, writer = await asyncio.open_connection(*simulator.addresses["palazzi"])
        writer.write(read_request(6, ENERGY_IMPORT, 2))
        received = await asyncio.wait_for(reader.read(), PATIENCE_S)  # ends: the server closed
        writer.close()

    assert len(received) == sent_bytes


async def test_one_client_at_a_time(installation: Installation) -> None:
    async with running(installation, [Fault(METER, "one_client")]) as simulator:
        at = simulator.addresses["palazzi"]
        reader, writer = await asyncio.open_connection(*at)
        writer.write(read_request(1, ENERGY_IMPORT, 2))
        assert len(await asyncio.wait_for(reader.readexactly(ANSWER_BYTES), PATIENCE_S))

        other, other_writer = await asyncio.open_connection(*at)
        assert await asyncio.wait_for(other.read(), PATIENCE_S) == b""
        other_writer.close()
        writer.close()
        await writer.wait_closed()

        async with asyncio.timeout(PATIENCE_S):
            while not await taken(at):
                pass


async def taken(at: tuple[str, int]) -> bool:
    """True if a new client is served."""
    reader, writer = await asyncio.open_connection(*at)
    try:
        writer.write(read_request(1, ENERGY_IMPORT, 2))
        return bool(await reader.read(1))
    except ConnectionError:
        return False
    finally:
        writer.close()


async def test_a_bad_check_sum_on_rtu(installation: Installation) -> None:
    sent = bytes.fromhex("06 04 0048 0002 F06A")
    async with running(installation, framing=Framing.RTU) as simulator:
        good = await exchange(simulator.addresses["palazzi"], sent)
    async with running(installation, [Fault(METER, "bad_crc")], framing=Framing.RTU) as simulator:
        bad = await exchange(simulator.addresses["palazzi"], sent)

    assert good[:3] == bytes.fromhex("060404")
    assert len(good) == 9
    assert bad[:8] == good[:8]
    assert bad[8] == good[8] ^ 0xFF


async def test_a_share_of_the_answers_is_struck_the_same_in_every_run(
    installation: Installation,
) -> None:
    runs = []
    for _ in range(2):
        async with running(installation, [Fault(METER, "busy", share=0.3)]) as simulator:
            sent = b"".join(read_request(6, ENERGY_IMPORT, 2, transaction=n) for n in range(200))
            received = await exchange(simulator.addresses["palazzi"], sent)
        struck = []
        while received:
            size = 6 + received[5]
            struck.append(received[7] & 0x80 != 0)
            received = received[size:]
        runs.append(struck)

    assert len(runs[0]) == 200
    assert runs[0] == runs[1]
    assert 30 < sum(runs[0]) < 90  # 60 expected; 4.6 standard deviations of 6.5


async def test_faults_of_one_meter_add_up(installation: Installation) -> None:
    faults = [Fault(METER, "wrong_unit"), Fault(METER, "wrong_transaction")]
    async with running(installation, faults) as simulator:
        reply = await exchange(
            simulator.addresses["palazzi"], read_request(6, ENERGY_IMPORT, 2, transaction=9)
        )

    assert (reply[1], reply[6]) == (8, 7)


async def test_a_fault_plays_only_in_its_time(installation: Installation) -> None:
    clock = HandClock(NOON)
    fault = Fault(
        METER,
        "busy",
        start=datetime.fromtimestamp(NOON + 60, tz=UTC),
        end=datetime.fromtimestamp(NOON + 120, tz=UTC),
    )
    busy = bytes((6, 0x84, 6))
    async with running(installation, [fault], clock) as simulator:
        replies = []
        for _ in range(3):
            replies.append(await ask(simulator, 6, ENERGY_IMPORT, 2) == busy)
            clock.now_s += 60

    assert replies == [False, True, False]


def test_fault_is_read_from_text() -> None:
    at = datetime(2026, 3, 1, 10, tzinfo=UTC)

    assert parse_fault("ufficio.main=stuck", [METER]) == Fault(METER, "stuck")
    assert parse_fault("ufficio.main=slow:1.5", [METER]) == Fault(METER, "slow", parameter=1.5)
    assert parse_fault(
        "ufficio.main=late:3,share=0.2,from=+60,to=2026-03-01T11:02:00+01:00", [METER], at
    ) == Fault(
        METER,
        "late",
        datetime(2026, 3, 1, 10, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 10, 2, tzinfo=UTC),
        3.0,
        0.2,
    )
    assert parse_kind("silent", share=0.1) == Fault("*", "silent", share=0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ufficio.main", "expected METER=KIND"),
        ("silent,share=0.5", "expected METER=KIND"),
        ("nobody.main=stuck", r"no meter 'nobody\.main'"),
        ("ufficio.main=loud", "expected one of absent, all_ones, bad_crc, base, busy"),
        ("ufficio.main=slow:fast", "'fast' is no number"),
        ("ufficio.main=slow:-1", "seconds -1; expected 0 to 86400 seconds"),
        ("ufficio.main=silent:3", "takes no number, seen 3"),
        ("ufficio.main=exception", "which code. expected exception:1, 2, 3"),
        ("ufficio.main=exception:9", "code 9; expected one of 1, 2, 3"),
        ("ufficio.main=silent,share=2", "share 2; expected more than 0, up to 1"),
        ("ufficio.main=silent,share=nan", "share nan; expected more than 0, up to 1"),
        ("ufficio.main=silent,often", "'often'; expected share=, from= or to="),
        ("ufficio.main=silent,from=noon", "time 'noon'; expected e.g. 2026-03-01T10:00:00Z"),
        ("ufficio.main=silent,from=2026-03-01", "time '2026-03-01'; expected e.g."),
        ("ufficio.main=silent,from=+60,to=+60", "it ends at .* not after its start"),
        ("ufficio.main=reset,to=+60", "it is not undone, so it takes no end"),
    ],
)
def test_a_fault_that_cannot_be_is_explained(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_fault(text, [METER], datetime(2026, 3, 1, tzinfo=UTC))


async def test_a_fault_of_the_other_framing_is_refused(installation: Installation) -> None:
    with pytest.raises(DataError, match="only with rtu framing, and this is tcp"):
        async with running(installation, [Fault(METER, "bad_crc")]):
            pass
    with pytest.raises(DataError, match="only with tcp framing, and this is rtu"):
        async with running(installation, [Fault(METER, "wrong_transaction")], framing=Framing.RTU):
            pass


def test_every_kind_of_fault_says_what_it_is() -> None:
    assert set(KINDS) == {
        "silent", "absent", "busy", "refuse", "exception", "slow", "late", "wrong_transaction",
        "wrong_unit", "short", "short_frame", "garbage", "bad_crc", "cut", "one_client",
        "stuck", "freeze", "reset", "rollover", "swap", "zero", "all_ones",
        "leak", "base", "heating_night", "heating_weekend", "heating_summer", "heating_up",
        "pv_off", "string", "soiling", "lamps", "day_burner", "switch", "peak", "saving",
    }  # fmt: skip
    assert all(kind.says for kind in KINDS.values())
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"`{name}`" not in page] == []
