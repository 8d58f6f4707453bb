"""A real broker: nothing is lost, nothing is made up, and what is wrong is told in words."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from field_servers import free_port
from mqtt_broker import PATIENCE_S, Broker, make_broker, publish, publish_as_stranger
from programs import require_program
from test_mqtt_payload import profile

from collectors.mqtt.broker import MqttTask, plan_mqtt
from collectors.mqtt.plan import MqttPlan
from collectors.mqtt.profile import MqttProfile, load_mqtt_profile
from collectors.mqtt.words import tls_context
from collectors.round import Round
from paes.errors import ConnectionFailed
from paes.gateways import Gateway
from paes.metering import Finding, Reading
from paes.meters import FieldMeter
from paes.shipped_files import shipped_config

START = datetime(2025, 3, 30, 12, 0, tzinfo=UTC)
TIMED = profile()
LIVE = profile(id="live", topic="live/{topic}", time=None)


class Clock:
    """A clock that only a test moves."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Rounds:
    """Takes rounds; refuses the first ``refusals`` of those that bring readings."""

    def __init__(self, refusals: int = 0) -> None:
        self.made: list[Round] = []
        self.refused = 0
        self._refusals = refusals
        self._news = asyncio.Condition()

    async def __call__(self, made: Round) -> None:
        async with self._news:
            self._news.notify_all()
            if made.readings and self.refused < self._refusals:
                self.refused += 1
                raise OSError("disk full")
            self.made.append(made)

    @property
    def readings(self) -> list[Reading]:
        return [r for made in self.made if not made.complete for r in made.readings]

    @property
    def findings(self) -> list[Finding]:
        return [f for made in self.made for f in made.findings]

    @property
    def ticks(self) -> list[Round]:
        return [made for made in self.made if made.complete]

    async def until(self, is_there: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(is_there)


def water(name: str, topic: str, device: MqttProfile = TIMED, **fields: Any) -> FieldMeter:
    return FieldMeter.model_validate(
        {"id": f"school.{name}", "measures": "water", "device": device.id, "gateway": "broker",
         "topic": topic, **fields}
    )  # fmt: skip


def plan(port: int, *meters: FieldMeter, **gateway: Any) -> MqttPlan:
    place = {"host": "127.0.0.1", "port": port, "timeout_s": 20, "poll_period_s": 3600, **gateway}
    broker = Gateway(id="broker", transport="mqtt", **place)
    shipped = {m.device: m.device for m in meters} - {"meter": 0, "live": 0}.keys()
    folder = shipped_config() / "devices"
    return plan_mqtt(
        broker,
        meters or (water("w1", "w1"),),
        {"meter": TIMED, "live": LIVE}
        | {name: load_mqtt_profile(folder / f"{name}.yaml") for name in shipped},
    )


async def soon(_: float) -> None:
    """In place of a pause."""
    await asyncio.sleep(0.02)


@asynccontextmanager
async def at_work(
    of: MqttPlan, rounds: Rounds, clock: Clock | None = None, sleep: Any = soon
) -> AsyncIterator[MqttTask]:
    """A task that runs, with its first tick made: it is known whether the broker can be heard."""
    task = MqttTask(of, rounds, clock or Clock(), jitter=lambda: 0.5, sleep=sleep)
    task.request_round(START)
    running = asyncio.create_task(task.run())
    try:
        ticks = len(rounds.ticks)
        await rounds.until(lambda: len(rounds.ticks) > ticks)
        yield task
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def until_down(task: MqttTask, rounds: Rounds) -> None:
    """Make ticks until one of them says that the broker cannot be heard."""
    while rounds.ticks[-1].reached or "not connected yet" in rounds.ticks[-1].findings[0].message:
        before = len(rounds.ticks)
        task.request_round(START)
        await rounds.until(lambda before=before: len(rounds.ticks) > before)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with await make_broker(tmp_path / "broker") as started:
        yield started


def total(minutes: float, litres: Any) -> str:
    at = START + timedelta(minutes=minutes)
    return json.dumps({"at": at.isoformat(), "total": litres})


def litres(rounds: Rounds) -> list[int]:
    return [round(r.value * 1000) for r in rounds.readings]


async def test_a_strangers_message_becomes_readings_in_canonical_units(broker: Broker) -> None:
    """The envelope is ChirpStack's documented example, the object that of the maker's codec."""
    uplink = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2022-07-18T09:34:15.775023242+00:00",
        "deviceInfo": {"deviceName": "Test device", "devEui": "0101010101010101"},
        "fPort": 1,
        "object": {
            "type": "statusReport",
            "decoded": {"totalVolume": 5342, "ambientTemperature": 22.5, "leakState": 2},
        },
    }
    meter = water("w", "0101010101010101").model_copy(
        update={"device": "mqtt-chirpstack-quandify-cubicmeter"}
    )
    rounds, clock = Rounds(), Clock(datetime(2022, 7, 18, 9, 34, 20, tzinfo=UTC))
    async with at_work(plan(broker.port, meter), rounds, clock):
        topic = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0101010101010101/event/up"
        await asyncio.to_thread(publish_as_stranger, broker.port, topic, json.dumps(uplink))
        await rounds.until(lambda: len(rounds.readings) == 2)
    measured = datetime(2022, 7, 18, 9, 34, 15, tzinfo=UTC)
    assert [(r.point, r.value, r.at) for r in rounds.readings] == [
        ("school.w/volume", 5.342, measured),
        ("school.w/ambient_temperature", 22.5, measured),
    ]
    assert rounds.findings == []
    assert not rounds.made[-1].complete
    assert rounds.made[-1].units[0].unit == "0101010101010101"


async def test_shipped_profiles_read_their_documented_messages(broker: Broker) -> None:
    """Payloads as their makers document them, or as users of the device published them."""
    electricity = {"measures": "withdrawal", "carrier": "electricity"}
    plug = water("plug", "plug001", **electricity)
    shelly = water("shelly", "shellypro3em-ec6260890b50", **electricity)
    meters = [
        water("tts", "dev1").model_copy(update={"device": "mqtt-tts-water"}),
        plug.model_copy(update={"device": "mqtt-tasmota-energy"}),
        shelly.model_copy(update={"device": "mqtt-shelly-pro-3em"}),
    ]
    messages: list[tuple[str, dict[str, Any]]] = [
        (
            "v3/app1@tenant/devices/dev1/up",
            {
                "received_at": "2025-03-30T11:59:59.9Z",
                "uplink_message": {
                    "normalized_payload": [{"metering": {"water": {"total": 5342}}}],
                    "received_at": "2025-03-30T11:59:58.5Z",
                },
            },
        ),
        (
            "tele/plug001/SENSOR",
            {"Time": "2019-04-02T19:31:06", "ENERGY": {"Total": 1.368, "Power": 9}},
        ),
        (
            "shellypro3em-ec6260890b50/events/rpc",
            {"method": "NotifyStatus", "params": {"ts": 1743335999.04, "em:0": {"id": 0}}},
        ),
        (
            "shellypro3em-ec6260890b50/events/rpc",
            {
                "method": "NotifyStatus",
                "params": {
                    "ts": 1743335999.04,
                    "emdata:0": {"id": 0, "total_act": 2852055.81, "total_act_ret": 0.0},
                },
            },
        ),
    ]
    rounds = Rounds()
    async with at_work(plan(broker.port, *meters), rounds):
        await publish(broker.port, *((topic, json.dumps(m)) for topic, m in messages))
        await rounds.until(lambda: len(rounds.readings) == 5)
    seen = {r.point: (round(r.value, 9), r.at) for r in rounds.readings}
    assert seen == {
        "school.tts/volume": (5.342, START - timedelta(seconds=2)),
        "school.plug/energy_import": (1.368, START),
        "school.plug/active_power": (9.0, START),
        "school.shelly/energy_import": (2852.05581, START - timedelta(seconds=1)),
        "school.shelly/energy_export": (0.0, START - timedelta(seconds=1)),
    }
    assert rounds.findings == []


async def test_nothing_is_lost_when_the_broker_is_killed(tmp_path: Path) -> None:
    """The collector is still in its pause when the broker is back and the meters speak again."""
    broker, rounds, back = await make_broker(tmp_path / "broker"), Rounds(), asyncio.Event()
    pauses: list[float] = []

    async def until_back(seconds: float) -> None:
        pauses.append(seconds)
        await back.wait()

    async with broker, at_work(plan(broker.port), rounds, sleep=until_back) as task:
        await publish(broker.port, ("water/w1", total(0, 1)))
        await rounds.until(lambda: litres(rounds) == [1])
        await broker.saved(b"paes-broker", b"water/w1")
        await broker.kill()
        await until_down(task, rounds)
        await broker.start()
        await publish(broker.port, *(("water/w1", total(-n, n)) for n in (3, 5, 4, 2)))
        back.set()
        await rounds.until(lambda: len(rounds.readings) == 5)
    assert litres(rounds) == [1, 3, 5, 4, 2]
    assert [r.at for r in rounds.readings] == [
        START - timedelta(minutes=n) for n in (0, 3, 5, 4, 2)
    ]
    assert pauses[0] == 1.0  # half of the jitter is none
    assert rounds.ticks[-1].findings[0].name == "collect.gateway_down"


async def test_broker_keeps_what_comes_while_the_collector_is_away(broker: Broker) -> None:
    async with at_work(plan(broker.port), Rounds()):
        pass
    await publish(broker.port, *(("water/w1", total(-n, n)) for n in range(60)))
    await broker.stop()
    await broker.start()
    rounds = Rounds()
    async with at_work(plan(broker.port), rounds):
        await rounds.until(lambda: len(rounds.readings) == 60)
    assert litres(rounds) == list(range(60))


async def test_message_is_acknowledged_only_when_its_round_was_taken(broker: Broker) -> None:
    """A collector that dies with the round in its hands gets the message again."""
    dying, stuck = Rounds(), asyncio.Event()

    class Stuck(Rounds):
        async def __call__(self, made: Round) -> None:
            if made.readings:
                stuck.set()
                await asyncio.Event().wait()
            await super().__call__(made)

    dying = Stuck()
    async with at_work(plan(broker.port), dying):
        await publish(broker.port, ("water/w1", total(0, 7)))
        async with asyncio.timeout(PATIENCE_S):
            await stuck.wait()
    assert dying.readings == []
    rounds = Rounds()
    async with at_work(plan(broker.port), rounds):
        await rounds.until(lambda: litres(rounds) == [7])
        await broker.acknowledged(1)
    again = Rounds()
    async with at_work(plan(broker.port), again):
        await publish(broker.port, ("water/w1", total(1, 8)))
        await again.until(lambda: bool(again.readings))
    assert litres(again) == [8]  # and not 7 once more


async def test_sink_that_fails_is_tried_again_with_growing_pauses(broker: Broker) -> None:
    rounds, pauses = Rounds(refusals=3), []

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async with at_work(plan(broker.port), rounds, sleep=note):
        await publish(broker.port, ("water/w1", total(0, 1)))
        await rounds.until(lambda: litres(rounds) == [1])
    assert (rounds.refused, pauses) == (3, [1.0, 2.0, 4.0])


async def test_what_a_device_without_a_clock_said_meanwhile_is_not_taken(broker: Broker) -> None:
    """Its readings would get the time at which the collector came back."""
    of = plan(broker.port, water("w1", "w1"), water("w2", "w2", LIVE))
    async with at_work(of, Rounds()):
        pass
    await publish(broker.port, ("live/w2", '{"total": 1}'), ("water/w1", total(0, 1)))
    rounds = Rounds()
    async with at_work(of, rounds):
        await rounds.until(lambda: len(rounds.readings) == 1)
        await publish(broker.port, ("live/w2", '{"total": 2}'))
        await rounds.until(lambda: len(rounds.readings) == 2)
    assert [r.point for r in rounds.readings] == ["school.w1/volume", "school.w2/volume"]
    assert litres(rounds) == [1, 2]


async def test_retained_message_is_taken_only_with_its_own_time(broker: Broker) -> None:
    await publish(
        broker.port, ("live/w2", '{"total": 1}'), ("water/w1", total(-90, 9)), retain=True
    )
    rounds = Rounds()
    of = plan(broker.port, water("w1", "w1"), water("w2", "w2", LIVE))
    async with at_work(of, rounds):
        await rounds.until(lambda: bool(rounds.readings and rounds.findings))
    assert [(r.point, r.at) for r in rounds.readings] == [
        ("school.w1/volume", START - timedelta(minutes=90))
    ]
    assert {(f.name, f.subject) for f in rounds.findings} == {("collect.stale", "school.w2")}


async def test_garbage_is_told_and_does_not_come_again(broker: Broker) -> None:
    rounds = Rounds()
    async with at_work(plan(broker.port), rounds):
        await publish(
            broker.port,
            ("water/w1", b"\xff\xfe not json"),
            ("water/w1", b" " * 70_000),
            ("water/w1", total(0, "12")),
            ("water/w1", total(0, 3)),
        )
        await rounds.until(lambda: litres(rounds) == [3])
        await broker.acknowledged(4)
    told = rounds.findings
    assert [f.name for f in told] == [
        "collect.bad_reply",
        "collect.bad_reply",
        "collect.out_of_range",
    ]
    assert "not JSON, it begins with b'\\xff\\xfe not json'" in told[0].message
    again = Rounds()
    async with at_work(plan(broker.port), again):
        await publish(broker.port, ("water/w1", total(0, 4)))
        await again.until(lambda: litres(again) == [4])
    assert again.findings == []


async def test_silent_meter_is_told_at_the_tick_and_the_others_are_not(broker: Broker) -> None:
    rounds, clock = Rounds(), Clock()
    of = plan(broker.port, water("w1", "w1"), water("w2", "w2"))
    async with at_work(of, rounds, clock) as task:
        clock.now += timedelta(hours=3)
        await publish(broker.port, ("water/w1", total(180, 1)))
        await rounds.until(lambda: bool(rounds.readings))
        task.request_round(clock.now)
        await rounds.until(lambda: len(rounds.ticks) == 2)
    tick = rounds.ticks[1]
    assert tick.reached
    assert [(f.name, f.subject) for f in tick.findings] == [("collect.no_reply", "school.w2")]
    assert "no message yet; heard for 3 h; expected every 1 h" in tick.findings[0].message
    assert tick.not_due == {"school.w1"}
    assert rounds.ticks[0].not_due == {"school.w1", "school.w2"}


async def why_down(of: MqttPlan) -> str:
    """What the tick of a task says that cannot hear its broker."""
    rounds = Rounds()
    async with at_work(of, rounds) as task:
        await until_down(task, rounds)
    tick = rounds.ticks[-1]
    assert [(f.name, f.subject) for f in tick.findings] == [("collect.gateway_down", "broker")]
    return tick.findings[0].message


async def test_why_there_is_no_connection_is_told_in_words() -> None:
    port = await free_port()
    assert await why_down(plan(port)) == f"broker 127.0.0.1:{port}: refused, nobody listens there"
    nowhere = plan(port, host="broker.invalid")
    assert "unknown host 'broker.invalid'" in await why_down(nowhere)


async def test_broker_that_wants_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    program = require_program("mosquitto_passwd", "mosquitto")
    subprocess.run([program, "-b", "-c", str(passwords), "paes", "secret-word"], check=True)
    config = f"password_file {passwords}"
    named = {"username_env": "TEST_MQTT_USER", "password_env": "TEST_MQTT_PASSWORD"}
    monkeypatch.setenv("TEST_MQTT_USER", "paes")
    monkeypatch.delenv("TEST_MQTT_PASSWORD", raising=False)
    async with await make_broker(tmp_path / "broker", config=config, anonymous=False) as broker:
        text = await why_down(plan(broker.port))
        assert "wants a user name" in text
        assert "set username_env" in text
        text = await why_down(plan(broker.port, **named))
        assert "environment variable TEST_MQTT_PASSWORD (password_env) is not set" in text
        monkeypatch.setenv("TEST_MQTT_PASSWORD", "wrong-word")
        text = await why_down(plan(broker.port, **named))
        assert "refuses user name or password" in text
        assert text.endswith("see TEST_MQTT_USER and TEST_MQTT_PASSWORD")
        assert "wrong-word" not in text
        monkeypatch.setenv("TEST_MQTT_PASSWORD", "secret-word")
        rounds = Rounds()
        async with at_work(plan(broker.port, **named), rounds):
            publisher = ("-u", "paes", "-P", "secret-word")
            await asyncio.to_thread(
                publish_as_stranger, broker.port, "water/w1", total(0, 1), *publisher
            )
            await rounds.until(lambda: litres(rounds) == [1])


async def test_tls_with_certificates_from_the_configuration(tmp_path: Path) -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    server, client = ours.issue_cert("broker.example"), ours.issue_cert("paes@collector")
    for name, blob in [
        ("ca.pem", ours.cert_pem),
        ("other.pem", theirs.cert_pem),
        ("server.key", server.private_key_pem),
        ("client.key", client.private_key_pem),
        ("server.pem", server.cert_chain_pems[0]),
        ("client.pem", client.cert_chain_pems[0]),
    ]:
        blob.write_to_path(tmp_path / name)
    config = (
        f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
        "require_certificate true\n"
    )
    tls = {
        "ca": tmp_path / "ca.pem",
        "certificate": tmp_path / "client.pem",
        "key": tmp_path / "client.key",
        "server_name": "broker.example",
    }
    async with await make_broker(tmp_path / "broker", config=config) as broker:
        rounds = Rounds()
        async with at_work(plan(broker.port, tls=tls), rounds):
            files = ("--cafile", tls["ca"], "--cert", tls["certificate"], "--key", tls["key"])
            await asyncio.to_thread(
                publish_as_stranger, broker.port, "water/w1", total(0, 1),
                *map(str, files), "--insecure",
            )  # fmt: skip
            await rounds.until(lambda: litres(rounds) == [1])
        wrong_name = {k: v for k, v in tls.items() if k != "server_name"}
        assert "certificate is not accepted" in await why_down(plan(broker.port, tls=wrong_name))
        wrong_ca = {**tls, "ca": tmp_path / "other.pem"}
        assert "certificate is not accepted" in await why_down(plan(broker.port, tls=wrong_ca))


def test_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "text.pem").write_text("not a certificate", encoding="utf-8")
    tls = {"ca": tmp_path / "ca.pem"}
    assert tls_context(plan(1, tls=tls).gateway)
    missing = {**tls, "certificate": tmp_path / "ca.pem", "key": tmp_path / "lost.key"}
    with pytest.raises(ConnectionFailed, match=r"gateway \S+: no file for tls: key .*lost\.key"):
        tls_context(plan(1, tls=missing).gateway)
    with pytest.raises(ConnectionFailed, match=r"tls: ca .*text\.pem cannot be used"):
        tls_context(plan(1, tls={"ca": tmp_path / "text.pem"}).gateway)


async def test_second_collector_with_the_same_name_is_told(broker: Broker) -> None:
    """Two of them would take the session from each other for ever."""
    rounds = Rounds()
    pause = asyncio.Event()

    async def wait(_: float) -> None:
        await pause.wait()

    async with at_work(plan(broker.port), rounds, sleep=wait) as first:
        async with at_work(plan(broker.port), Rounds()):
            await until_down(first, rounds)
        pause.set()
    words = "soon after it was made; does a second collector with a gateway broker run?"
    assert words in rounds.ticks[-1].findings[0].message


@asynccontextmanager
async def small_broker(granted: int, goodbye: asyncio.Event) -> AsyncIterator[int]:
    """A broker of MQTT 5 (OASIS 2019) that answers a subscription with ``granted``, and at
    ``goodbye`` hangs up because the session was taken over (DISCONNECT, reason 0x8E)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_packet(reader)
        writer.write(bytes([0x20, 3, 0, 0, 0]))
        subscribe = await read_packet(reader)
        writer.write(bytes([0x90, 4]) + subscribe[2:4] + bytes([0, granted]))
        await goodbye.wait()
        writer.write(bytes([0xE0, 2, 0x8E, 0]))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def test_broker_that_says_why_it_hangs_up_is_repeated() -> None:
    rounds, goodbye, pause = Rounds(), asyncio.Event(), asyncio.Event()

    async def wait(_: float) -> None:
        await pause.wait()

    async with (
        small_broker(1, goodbye) as port,
        at_work(plan(port), rounds, sleep=wait) as task,
    ):
        goodbye.set()
        await until_down(task, rounds)
    assert "another client took our session" in rounds.ticks[-1].findings[0].message


async def test_topic_that_we_may_not_hear_is_told_of_its_meter() -> None:
    """Reason 0x87 in SUBACK: not authorized."""
    rounds, goodbye = Rounds(), asyncio.Event()
    async with small_broker(0x87, goodbye) as port, at_work(plan(port), rounds):
        goodbye.set()
    (finding,) = rounds.ticks[0].findings
    assert (finding.name, finding.subject) == ("collect.refused", "school.w1")
    assert "does not let us hear water/w1 (Not authorized)" in finding.message


async def test_one_look_takes_nothing_from_the_collector(broker: Broker) -> None:
    """30 meters: more than mosquitto sends before the first is acknowledged (20)."""
    names = [f"w{n}" for n in range(30)]
    await publish(broker.port, *((f"water/{n}", total(-5, 5)) for n in names), retain=True)
    of, rounds = plan(broker.port, *(water(n, n) for n in names)), Rounds()
    async with at_work(of, rounds):
        await rounds.until(lambda: len(rounds.readings) == 30)
        looking = MqttTask(of, lambda _: None, Clock(), listen_once_s=PATIENCE_S)
        made = await looking.read_round(START)
        await publish(broker.port, ("water/w1", total(0, 6)))
        await rounds.until(lambda: litres(rounds)[30:] == [6])
    assert made.reached
    assert not made.complete
    assert {r.point for r in made.readings} == {f"school.{n}/volume" for n in names}
    assert made.findings == ()
    assert all(tick.reached for tick in rounds.ticks)


async def test_one_look_says_who_did_not_speak_meanwhile(broker: Broker) -> None:
    looking = MqttTask(plan(broker.port), lambda _: None, Clock(), listen_once_s=0.1)
    made = await looking.read_round(START)
    assert made.reached
    assert [(f.name, f.subject) for f in made.findings] == [("collect.no_reply", "school.w1")]
    assert "no message within 0.1 s; the device speaks when it likes" in made.findings[0].message


async def test_one_look_ends_at_once_where_there_is_no_broker() -> None:
    of = plan(await free_port())
    made = await MqttTask(of, lambda _: None, Clock(), listen_once_s=3600).read_round(START)
    assert not made.reached
    assert "nobody listens there" in made.findings[0].message


def connack(packet: bytes) -> bytes:
    """What a broker of MQTT 3.1.1 answers to CONNECT (OASIS 2014, 3.2): code 1 to version 5."""
    version = packet[packet.index(b"MQTT") + 4]
    return bytes([0x20, 2, 0, 0 if version == 4 else 1])


async def read_packet(reader: asyncio.StreamReader) -> bytes:
    """One MQTT packet; its length is below 128, in one byte."""
    head = await reader.readexactly(2)
    return head + await reader.readexactly(head[1])


async def test_broker_of_the_older_version_is_asked_again_in_it() -> None:
    message = total(0, 4).encode()
    publish_packet = bytes([0x30, 2 + 8 + len(message), 0, 8]) + b"water/w1" + message
    versions = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await read_packet(reader)
            versions.append(asked[asked.index(b"MQTT") + 4])
            writer.write(connack(asked))
            if versions[-1] == 4:
                subscribe = await read_packet(reader)
                writer.write(bytes([0x90, 3]) + subscribe[2:4] + b"\0" + publish_packet)
                await reader.read()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        rounds = Rounds()
        async with at_work(plan(server.sockets[0].getsockname()[1]), rounds):
            await rounds.until(lambda: litres(rounds) == [4])
    assert versions == [5, 4]


async def test_listener_that_is_no_broker_is_told() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert "connected, but no answer" in await why_down(plan(port, timeout_s=0.3))
