"""What comes over a line to a broker, made into rounds; the line is ``collectors.mqtt.broker``.

Messages become rounds as they come (``complete=False``), as many at once as wait; each is
acknowledged when the sink has taken its round, and not before. At each tick a round of all meters
tells which are silent. A sink that fails is tried again until it takes the round: meanwhile the
broker keeps what follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import random
from collections.abc import Callable
from datetime import datetime

from collectors.backoff import pause_after
from collectors.field_task import Sink
from collectors.mqtt.line import FIRST_RETRY_S, Arrived, Line, LineNeeds, Sleep
from collectors.mqtt.payload import Told
from collectors.mqtt.plan import Door, MqttPlan, MqttUnit, passing_doors, standing_doors
from collectors.mqtt.watch import Watch
from collectors.round import Round
from paes.metering import Finding
from paes.periods import Clock

log = logging.getLogger(__name__)

MOST_IN_A_ROUND = 500
LISTEN_ONCE_S = 10.0
"""How long ``read_round`` listens: what a device says by itself may come once an hour."""


class MessageTask:
    """Hears one broker; ``run`` as a task, ``request_round`` from anywhere in the loop."""

    def __init__(
        self,
        plan: MqttPlan,
        sink: Sink,
        clock: Clock,
        line: Callable[[LineNeeds], Line],
        jitter: Callable[[], float] = random.random,
        sleep: Sleep = asyncio.sleep,
        listen_once_s: float = LISTEN_ONCE_S,
    ) -> None:
        self.plan = plan
        self.serials: dict[str, str] = {}
        """None: a message says who sent it, and of another device it is not taken."""
        self._sink = sink
        self._clock = clock
        self._make_line = line
        self._jitter = jitter
        self._sleep = sleep
        self._listen_once_s = listen_once_s
        self._wake = asyncio.Event()
        self._due: datetime | None = None
        self._coalesced = 0

    def request_round(self, due: datetime) -> None:
        """Ask for a round; while one waits to be made, the two become one."""
        if self._due is not None:
            self._coalesced += 1
        self._due = due
        self._wake.set()

    async def run(self) -> None:
        """Hear what comes and make every round that is asked for, until cancelled."""
        watch = Watch(self.plan, self._clock())
        line = self._line(standing_doors(self.plan), watch, self._wake)
        async with asyncio.TaskGroup() as group:
            group.create_task(line.keep_open())
            group.create_task(self._work(line, watch))

    async def read_round(self, due: datetime) -> Round:
        """Listen for a while beside whoever else listens, and tell what came.

        It takes no message from a collector that runs, and tells no absence: a device that says
        nothing in 10 s is none.
        """
        started, wake = self._clock(), asyncio.Event()
        watch = Watch(self.plan, started)
        line = self._line(passing_doors(self.plan), watch, wake)
        listening = asyncio.create_task(line.keep_open())
        try:
            rounds = await self._listen_once(line, watch, wake)
            why_down = line.why_down or ("" if line.settled.is_set() else self._not_yet)
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
        findings = [f for made in rounds for f in made.findings]
        findings += self._unheard(watch, why_down)
        return Round(
            self.plan.gateway.id,
            due,
            started,
            self._clock(),
            tuple(r for made in rounds for r in made.readings),
            tuple(findings),
            sum(made.requests for made in rounds),
            reached=not why_down,
            units=watch.report(self._clock()),
            complete=False,
        )

    async def _listen_once(self, line: Line, watch: Watch, wake: asyncio.Event) -> list[Round]:
        """What comes until all meters have spoken, or the time for it is over."""
        await self._settled(line)
        rounds: list[Round] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._listen_once_s):
                while not line.why_down and watch.unheard:
                    await wake.wait()
                    wake.clear()
                    arrived = line.take(MOST_IN_A_ROUND)
                    rounds.append(self._round_of(arrived, watch))
                    for one in arrived:
                        one.acknowledge()  # a broker has only so many on the way
        return rounds

    async def _settled(self, line: Line) -> None:
        """Wait until it is known whether there is a connection, but not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3 * self.plan.gateway.timeout_s):
                await line.settled.wait()

    @property
    def _not_yet(self) -> str:
        return f"broker {self.plan.gateway.place}: not connected yet"

    async def close(self) -> None:
        """Nothing to do: a line is open only while ``run`` or ``read_round`` is at work."""

    def _line(self, doors: tuple[Door, ...], watch: Watch, wake: asyncio.Event) -> Line:
        def opened() -> None:
            watch.since = self._clock()

        return self._make_line(
            LineNeeds(
                self.plan.gateway, doors, self._clock, self._jitter, self._sleep, wake.set, opened
            )
        )

    async def _work(self, line: Line, watch: Watch) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (arrived := line.take(MOST_IN_A_ROUND)) or self._due is not None:
                made = self._round_of(arrived, watch)
                if made.readings or made.findings or made.units:
                    await self._hand_over(made, until_taken=True)
                for one in arrived:
                    one.acknowledge()
                if self._due is not None:
                    await self._safe_mark(line, watch)

    async def _safe_mark(self, line: Line, watch: Watch) -> None:
        try:
            await self._mark(line, watch)
        except Exception:
            log.exception("gateway %s: the round failed", self.plan.gateway.id)

    async def _mark(self, line: Line, watch: Watch) -> None:
        """Make the round of a tick, once it is known whether there is a connection."""
        await self._settled(line)
        assert self._due is not None
        due, self._due = self._due, None
        coalesced, self._coalesced = self._coalesced, 0
        now = self._clock()
        watch.refused = dict(line.refused)
        marked = watch.mark(now, line.is_open)
        made = Round(
            self.plan.gateway.id,
            due,
            now,
            self._clock(),
            marked.readings,
            (*self._of_line(line, now), *marked.findings),
            requests=0,
            reached=line.is_open,
            coalesced=coalesced,
            units=marked.units,
            not_due=marked.not_due,
        )
        await self._hand_over(made, until_taken=False)

    def _of_line(self, line: Line, now: datetime) -> list[Finding]:
        gateway, findings = self.plan.gateway.id, []
        if not line.is_open:
            text = line.why_down or self._not_yet
            findings.append(Finding("collect.gateway_down", gateway, text, now))
        dropped = line.take_dropped()
        if dropped:
            text = f"{dropped} messages were dropped, for they came faster than they are stored"
            findings.append(
                Finding("collect.failed", gateway, text, now, {"messages": float(dropped)})
            )
        return findings

    def _unheard(self, watch: Watch, why_down: str) -> list[Finding]:
        now = self._clock()
        if why_down:
            return [Finding("collect.gateway_down", self.plan.gateway.id, why_down, now)]
        text = f"no message within {self._listen_once_s:g} s; the device speaks when it likes"
        return [
            Finding("collect.no_reply", unit.meter.id, f"{unit.meter.id}: {text}", now)
            for unit in watch.unheard
        ]

    async def _hand_over(self, made: Round, until_taken: bool) -> None:
        failures = 0
        while True:
            try:
                waiting = self._sink(made)
                if inspect.isawaitable(waiting):
                    await waiting
            except Exception:
                log.exception("gateway %s: a round could not be handed over", made.gateway)
            else:
                return
            if not until_taken:
                return
            failures += 1
            await self._sleep(pause_after(failures, FIRST_RETRY_S, self._jitter()))

    def _round_of(self, arrived: list[Arrived], watch: Watch) -> Round:
        """What the messages of ``arrived`` say, as one round; nothing here can fail for good."""
        started = self._clock()
        said: list[Told] = []
        spoke: list[MqttUnit] = []
        for one in arrived:
            try:
                heard = watch.hear(one.message, one.is_kept)
                said += [what for _, what in heard]
                spoke += [unit for unit, _ in heard if unit]
            except Exception as err:
                log.exception("gateway %s: a message failed", self.plan.gateway.id)
                text = f"defect at a message under {one.message.topic[:80]!r}: {err!r}"
                finding = Finding("collect.failed", self.plan.gateway.id, text, one.message.at)
                said.append(Told(findings=(finding,)))
        # Of two values of one point and second the later message holds.
        readings = {(r.point, r.at): r for what in said for r in what.readings}
        now = self._clock()
        return Round(
            self.plan.gateway.id,
            arrived[0].message.at if arrived else started,
            started,
            now,
            tuple(readings.values()),
            tuple(f for what in said for f in what.findings),
            requests=len(arrived),
            reached=True,
            units=watch.report(now, spoke) if spoke else (),
            complete=False,
        )
