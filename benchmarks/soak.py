"""A soak: 1,000 simulated meters behind 200 gateways, collected for minutes on end.

The meters are served by another process, so that time and memory measured here are the
collector's alone: connections, plans, spool, sender, and a SQLite store. A round is late when a
mark was swallowed because the round before took too long, or when it was not complete before the
next one fell due. Exit code 1 if a round was late or failed, if a reading is missing, or if the
memory has grown by more than is allowed after the first third of the time.

    python benchmarks/soak.py [--minutes 10] [--gateways 200] [--units 5] [--period 10] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from collectors.field_task import FieldPlan, FieldTask, Sink
from collectors.round import Round
from collectors.schedule import Collector
from collectors.simulator import Simulator, Town
from collectors.spool.spool import Spool
from collectors.transports import task_for
from paes.accounted_register import accounted_register, device_counters
from paes.factors.emission_factors import FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.metering import Site
from paes.meters import FieldMeter
from paes.periods import Clock, to_seconds
from paes.plan.plan import Plan
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

SERVE = "--serve"
MOST_GROWTH_MB = 16.0
DEVICES = (
    "eastron-sdm630", "carlo-gavazzi-em340", "schneider-iem3155", "abb-b23-b24", "eastron-sdm120",
)  # fmt: skip


def town(gateways: int, units: int, period_s: int) -> Installation:
    """An installation of ``gateways`` x ``units`` electricity meters of five makes."""
    sites = [
        Site(id=f"s{g}", name=f"Site {g}", kind="office", sector="municipal_buildings",
             floor_area_m2=2000, latitude=44.1, longitude=9.8)
        for g in range(gateways)
    ]  # fmt: skip
    meters = [
        FieldMeter(id=f"s{g}.m{u}", gateway=f"g{g}", unit=u + 1, carrier="electricity",
              device=DEVICES[u % len(DEVICES)])
        for g in range(gateways)
        for u in range(units)
    ]  # fmt: skip
    folder = shipped_config() / "devices"
    counters = {d: device_counters(folder / f"{d}.yaml") for d in DEVICES}
    city = City(
        facts=CityFile(id="soak", name="Soak", latitude=44.1, longitude=9.8),
        plan=cast(Plan, None),
        sites={s.id: s for s in sites},
        gateways={
            f"g{g}": Gateway(id=f"g{g}", host="127.0.0.1", poll_period_s=period_s)
            for g in range(gateways)
        },
        meters={m.id: m for m in meters},
        actions=(),
        declared=(),
    )
    return Installation(
        root=Path("unused"),
        name="Soak",
        default_city="soak",
        cities={"soak": city},
        factors=FactorLibrary((), {}),
        device_folders=(folder,),
        registers={m.id: accounted_register(m, counters[m.device]) for m in meters},
    )


async def serve(installation: Installation) -> None:
    """Serve the town on free ports until standard input closes; the addresses are printed."""
    now = datetime.now(UTC)
    epoch = datetime(now.year, now.month, 1, tzinfo=UTC)
    simulator = Simulator(installation, port=0, town=Town(installation, epoch=epoch))
    await simulator.start()
    print(json.dumps(simulator.addresses), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await simulator.stop()


@dataclass
class Tally:
    """What the rounds brought, and how the process fared."""

    period_s: int
    rounds: dict[str, int] = field(default_factory=dict)
    """By gateway."""
    late: int = 0
    failed: int = 0
    readings: int = 0
    """By point and second, as a store keeps them: two rounds of a late line may share one."""
    last: dict[str, int] = field(default_factory=dict)
    """The second of each point's latest reading."""
    requests: int = 0
    longest_s: float = 0.0
    slowest_after_tick_s: float = 0.0
    first_finding: str = ""
    memory_mb: list[float] = field(default_factory=list)
    stored: int = 0
    cpu_s: float = 0.0
    starved_s: float = 0.0
    """How long the process was ready to run and had no processor: what the machine costs."""
    wall_s: float = 0.0

    def note(self, made: Round) -> None:
        """Count one round."""
        before = self.rounds.get(made.gateway, 0)
        self.rounds[made.gateway] = before + 1
        for reading in made.readings:
            self.readings += self.last.get(reading.point) != to_seconds(reading.at)
            self.last[reading.point] = to_seconds(reading.at)
        self.requests += made.requests
        self.failed += not made.reached or bool(made.findings)
        self.longest_s = max(self.longest_s, made.duration_s)
        if made.findings and not self.first_finding:
            self.first_finding = f"{made.findings[0].name}: {made.findings[0].message}"
        if before:  # the first round is made at once, whenever the last tick was
            after_tick_s = (made.finished - made.due).total_seconds()
            self.slowest_after_tick_s = max(self.slowest_after_tick_s, after_tick_s)
            self.late += bool(made.coalesced) or after_tick_s > self.period_s

    @property
    def growth_mb(self) -> float:
        """Memory at the end over that after the first third: what warms up has done so by then."""
        early = self.memory_mb[len(self.memory_mb) // 3]
        return self.memory_mb[-1] - early

    def problems(self, gateways: int) -> list[str]:
        """What was not as it must be."""
        ticks = int(self.wall_s // self.period_s)
        fewest = min(self.rounds.values(), default=0)
        checks = {
            f"{self.late} rounds were late": self.late,
            f"{self.failed} rounds failed; the first: {self.first_finding}": self.failed,
            f"{len(self.rounds)} gateways of {gateways} made rounds": len(self.rounds) < gateways,
            f"a gateway made {fewest} rounds in {ticks} ticks": fewest < ticks,
            f"{self.readings} readings made, {self.stored} stored": self.readings != self.stored,
            f"memory grew by {self.growth_mb:.1f} MB": self.growth_mb > MOST_GROWTH_MB,
        }
        return [text for text, wrong in checks.items() if wrong]


async def soak(installation: Installation, minutes: float, tally: Tally, folder: Path) -> None:
    """Collect for so many minutes, into ``tally``."""

    def counted(plan: FieldPlan, sink: Sink, clock: Clock, serials: Mapping[str, str]) -> FieldTask:
        async def take(made: Round) -> None:
            tally.note(made)
            waiting = sink(made)
            if waiting is not None:
                await waiting

        return task_for(plan, take, clock, serials)

    store, spool = SqliteStore(folder / "soak.sqlite"), Spool(folder / "spool.sqlite")
    collector = Collector(installation, store, spool, make_task=counted)
    stop = asyncio.Event()
    began, cpu, starved = time.monotonic(), time.process_time(), starved_s()
    running = asyncio.create_task(collector.run(stop))
    while time.monotonic() - began < minutes * 60 and not running.done():
        tally.memory_mb.append(memory_mb())
        await asyncio.sleep(min(5.0, minutes * 60 / 12))
    tally.memory_mb.append(memory_mb())
    tally.wall_s = time.monotonic() - began
    tally.cpu_s = time.process_time() - cpu
    tally.starved_s = starved_s() - starved
    stop.set()
    await running
    tally.stored = sum(len(store.read(point)) for point in store.points())
    spool.close()
    store.close()


def memory_mb() -> float:
    """Resident memory of this process now."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def starved_s() -> float:
    """How long this process has waited for a processor so far (Linux; 0 elsewhere)."""
    schedule = Path("/proc/self/schedstat")
    return int(schedule.read_text(encoding="ascii").split()[1]) / 1e9 if schedule.exists() else 0.0


def reached_at(installation: Installation, addresses: dict[str, list[str | int]]) -> Installation:
    """``installation`` with its gateways where the simulator listens."""
    (city,) = installation.cities.values()
    gateways = {
        id_: gateway.model_copy(
            update={"host": addresses[id_][0], "port": addresses[id_][1], "simulated": True}
        )
        for id_, gateway in city.gateways.items()
    }
    return replace(installation, cities={city.id: replace(city, gateways=gateways)})


def report(tally: Tally, gateways: int, units: int) -> None:
    """The figures, one a line."""
    rounds, memory = sum(tally.rounds.values()), tally.memory_mb
    print(f"{gateways * units} meters behind {gateways} gateways, every {tally.period_s} s, "
          f"for {tally.wall_s / 60:.1f} min")  # fmt: skip
    print(f"rounds     {rounds}, late {tally.late}, failed {tally.failed}")
    print(f"readings   {tally.readings} in {tally.requests} requests, {tally.stored} stored")
    print(f"duration   longest round {tally.longest_s:.2f} s, "
          f"complete at most {tally.slowest_after_tick_s:.2f} s after its tick")  # fmt: skip
    print(f"memory     {memory[0]:.1f} MB at the start, {memory[len(memory) // 3]:.1f} after a "
          f"third, {memory[-1]:.1f} at the end, {max(memory):.1f} at most")  # fmt: skip
    print(f"processor  {tally.cpu_s:.1f} s, {100 * tally.cpu_s / tally.wall_s:.1f} % of a core; "
          f"{tally.starved_s:.1f} s ready to run without one")  # fmt: skip


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--gateways", type=int, default=200)
    parser.add_argument("--units", type=int, default=5)
    parser.add_argument("--period", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(SERVE, action="store_true")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, force=True)
    installation = town(asked.gateways, asked.units, asked.period)
    if asked.serve:
        asyncio.run(serve(installation))
        return 0
    tally = Tally(asked.period)
    server = subprocess.Popen(
        [sys.executable, __file__, SERVE, *sys.argv[1:]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        reached = reached_at(installation, json.loads(server.stdout.readline()))
        with tempfile.TemporaryDirectory(prefix="paes-soak-") as folder:
            asyncio.run(soak(reached, asked.minutes, tally, Path(folder)))
    finally:
        server.stdin.close()
        server.wait(60)
    if asked.json:
        print(json.dumps(asdict(tally)))
        return 0
    report(tally, asked.gateways, asked.units)
    problems = tally.problems(asked.gateways)
    for problem in problems:
        print(f"problem    {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
