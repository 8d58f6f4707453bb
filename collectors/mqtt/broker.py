"""A broker as a second door: messages become rounds as they come, each acknowledged when stored.

::

    broker ── kept session, QoS 1 ──┐                       ┌─> Round (complete=False), as they come
           ── live, QoS 0 ──────────┴─> BrokerLine ─> Task ─┴─> Round of all meters, at each tick
                  <── acknowledged, once the sink has taken its round

Invariants: a message of the kept session is acknowledged only after the sink took what it says,
so that what comes while we are away, or is cut off in the middle, comes (again) later; a message
is stamped when it arrives, once; a lost connection is made again with growing pauses.

The broker keeps a session for two weeks; how many messages it keeps is its own setting
(``max_queued_messages`` of mosquitto, by default 1000). MQTT 5 is spoken first; a broker that
does not know it is asked again in 3.1.1. The only user of ``aiomqtt``, and of the paho client in
it.

Read next: ``collectors.mqtt.task`` (messages to rounds).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from collectors.backoff import pause_after
from collectors.field_task import Sink
from collectors.mqtt.line import FIRST_RETRY_S, Arrived, LineNeeds, Sleep
from collectors.mqtt.payload import Message
from collectors.mqtt.plan import Door, MqttPlan, MqttUnit, plan_mqtt
from collectors.mqtt.task import LISTEN_ONCE_S, MessageTask
from collectors.mqtt.words import (
    OLD_BROKER,
    credentials,
    lost,
    no_way,
    not_granted,
    refusal,
    tls_context,
    unheard,
)
from paes.errors import ConnectionFailed, FieldError
from paes.periods import Clock

__all__ = ["BrokerLine", "MqttPlan", "MqttTask", "MqttUnit", "plan_mqtt"]

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
LARGEST_PACKET = 1024 * 1024
"""A broker of MQTT 5 does not even send what is larger."""
STEADY_S = 30.0
"""A connection that lasted so long was a good one: the next attempt comes soon."""
MOST_WAITING = 10_000
"""Messages heard live that wait for the sink; beyond them the oldest go, and are counted."""
_FILTERS_A_PACKET = 50
_V5, _V311 = aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311


class MqttTask(MessageTask):
    """Hears one broker; satisfies ``collectors.field_task.FieldTask``."""

    def __init__(
        self,
        plan: MqttPlan,
        sink: Sink,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        sleep: Sleep = asyncio.sleep,
        listen_once_s: float = LISTEN_ONCE_S,
    ) -> None:
        super().__init__(plan, sink, clock, BrokerLine, jitter, sleep, listen_once_s)


class BrokerLine:
    """Our connections to one broker, each made again when it is lost."""

    def __init__(self, needs: LineNeeds) -> None:
        self.settled = asyncio.Event()
        self.refused: dict[str, str] = {}
        self._needs = needs
        self._gateway = needs.gateway
        self._arrived: deque[Arrived] = deque()
        self._dropped = 0
        self._down: dict[str, str] = {}  # why, by client id; empty if it is open
        self._protocol = _V5
        self._is_low_qos_told = False

    @property
    def is_open(self) -> bool:
        """True if everything that we want to hear can be heard."""
        return len(self._down) == len(self._needs.doors) and not self.why_down

    @property
    def why_down(self) -> str:
        """Why something cannot be heard; empty if all can, or nothing was tried yet."""
        return next((why for why in self._down.values() if why), "")

    def take(self, most: int) -> list[Arrived]:
        """The messages that wait, oldest first."""
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    def take_dropped(self) -> int:
        """How many messages were dropped since it was asked last."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    async def keep_open(self) -> None:
        """Connect, and connect again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for door in self._needs.doors:
                group.create_task(self._keep_open(door))

    async def _keep_open(self, door: Door) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._listen(door)
            except FieldError as err:
                self._note(door, str(err))
            except Exception as err:
                log.exception("gateway %s: the connection failed", self._gateway.id)
                self._note(door, f"defect: {err!r}")
            failures = 1 if loop.time() - began > STEADY_S else failures + 1
            await self._needs.sleep(pause_after(failures, FIRST_RETRY_S, self._needs.jitter()))

    async def _listen(self, door: Door) -> None:
        """Hear what ``door`` lets in until the line breaks; raises FieldError then."""
        loop = asyncio.get_running_loop()
        async with self._connected(door) as client:
            began = loop.time()
            try:
                await self._subscribe(client, door)
                self._note(door, "")
                async for message in client.messages:
                    self._take_in(door, client, message)
            except aiomqtt.MqttError as err:
                cause = err.__cause__
                code = _reason(cause.rc)[0] if isinstance(cause, aiomqtt.MqttCodeError) else 0
                was_short = loop.time() - began < STEADY_S
                raise ConnectionFailed(lost(self._gateway, code, was_short)) from err

    def _take_in(self, door: Door, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        heard = Message(
            message.topic.value, message.payload, self._needs.clock(), bool(message.retain)
        )

        def acknowledge() -> None:
            # aiomqtt leaves this to paho's client. On a line that was lost the number of the
            # message means nothing any more: the broker sends it again on the next one.
            if door.is_kept and not client._disconnected.done():
                client._client.ack(message.mid, message.qos)

        self._arrived.append(Arrived(heard, door.is_kept, acknowledge))
        if not door.is_kept and len(self._arrived) > MOST_WAITING:
            self._drop_oldest()
        self._needs.on_news()

    def _drop_oldest(self) -> None:
        for index, waiting in enumerate(self._arrived):
            if not waiting.is_kept:
                del self._arrived[index]
                self._dropped += 1
                return

    async def _subscribe(self, client: aiomqtt.Client, door: Door) -> None:
        """Ask for every topic filter; what is not granted is noted, and told of its meters."""
        qos = 1 if door.is_kept else 0
        filters = door.topic_filters
        for start in range(0, len(filters), _FILTERS_A_PACKET):
            some = filters[start : start + _FILTERS_A_PACKET]
            wanted: Any = [(f, SubscribeOptions(qos)) for f in some]
            if self._protocol is _V311:
                wanted = [(f, qos) for f in some]
            granted = await client.subscribe(wanted)
            for topic_filter, reply in zip(some, granted, strict=True):
                self._note_granted(topic_filter, *_reason(reply), qos)

    def _note_granted(self, topic_filter: str, code: int, text: str, qos: int) -> None:
        before = self.refused.pop(topic_filter, None)
        if code >= 0x80:
            self.refused[topic_filter] = not_granted(topic_filter, text)
            if not before:
                log.warning("gateway %s: %s", self._gateway.id, self.refused[topic_filter])
        elif code < qos and not self._is_low_qos_told:
            self._is_low_qos_told = True
            log.warning(
                "gateway %s: the broker grants QoS %d for %s: what comes while the collector is "
                "away is lost",
                self._gateway.id,
                code,
                topic_filter,
            )

    @contextlib.asynccontextmanager
    async def _connected(self, door: Door) -> AsyncIterator[aiomqtt.Client]:
        """A client that is connected; ConnectionFailed in words, and always cleaned up."""
        client = self._client(door)
        # A thread connects: if we are cancelled meanwhile it must be waited for, or its socket
        # would stay open for ever.
        entering = asyncio.ensure_future(client.__aenter__())
        try:
            try:
                await asyncio.shield(entering)
            except aiomqtt.MqttError as err:
                raise ConnectionFailed(self._why_not(err)) from err
            yield client
        finally:
            await _left(client, entering)

    def _client(self, door: Door) -> aiomqtt.Client:
        """A client for ``door``, not yet connected; ConnectionFailed for what is not set up."""
        gateway = self._gateway
        username, password = credentials(gateway)
        options: dict[str, Any] = {"clean_session": door.session_s == 0}
        if self._protocol is _V5:
            options = {"clean_start": door.session_s == 0, "properties": _asked(door)}
        client = aiomqtt.Client(
            gateway.host,
            gateway.port,
            username=username,
            password=password,
            identifier=door.client_id,
            protocol=self._protocol,
            tls_context=tls_context(gateway),
            timeout=gateway.timeout_s,
            keepalive=KEEPALIVE_S,
            **options,
        )
        client._client.connect_timeout = gateway.timeout_s
        client._client.manual_ack_set(door.is_kept)
        return client

    def _why_not(self, err: aiomqtt.MqttError) -> str:
        """Why there is no connection; may decide to speak the other version of MQTT next time."""
        if isinstance(err, aiomqtt.MqttCodeError):
            code, text = _reason(err.rc)
            if code == OLD_BROKER:
                self._protocol = _V311
            return refusal(self._gateway, code, text)
        cause = err.__context__
        if isinstance(cause, OSError) and not isinstance(cause, asyncio.TimeoutError):
            return no_way(self._gateway, cause)
        # Some brokers hang up without a word when they hear of a version they do not know.
        self._protocol = _V311 if self._protocol is _V5 else _V5
        return unheard(self._gateway)

    def _note(self, door: Door, why_down: str) -> None:
        """Remember, and log once, that ``door`` is down, or open again."""
        before = self._down.get(door.client_id)
        self._down[door.client_id] = why_down
        if why_down and not before:
            log.warning("gateway %s lost: %s", self._gateway.id, why_down)
        elif before and not why_down:
            log.info("gateway %s is back", self._gateway.id)
        if not why_down and self.is_open:
            self._needs.on_open()
        if len(self._down) == len(self._needs.doors):
            self.settled.set()
        self._needs.on_news()


async def _left(client: aiomqtt.Client, entering: asyncio.Future[aiomqtt.Client]) -> None:
    """Disconnect politely if there is a connection, and close the socket in any case."""
    with contextlib.suppress(aiomqtt.MqttError):
        await entering
        await client.__aexit__(None, None, None)
    if client._disconnected.done() and not client._disconnected.cancelled():
        client._disconnected.exception()  # looked at, so that asyncio does not complain
    # aiomqtt leaves the socket open, and watched by the loop, when no answer came to CONNECT.
    client._client._sock_close()


def _asked(door: Door) -> Properties:
    """What we ask of a broker of MQTT 5 when we connect."""
    asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    asked.SessionExpiryInterval = door.session_s
    asked.MaximumPacketSize = LARGEST_PACKET
    return asked


def _reason(rc: object) -> tuple[int, str]:
    """The broker's answer as a number and in its own words."""
    if isinstance(rc, ReasonCode):
        return rc.value, str(rc)
    return (rc if isinstance(rc, int) else 0), f"code {rc}"
