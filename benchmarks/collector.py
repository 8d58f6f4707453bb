"""What the collector costs: on the line, and of the machine.

Three measurements, each against a server in another process, so that only the client is counted:

1. *Cycle*: 200 points behind one gateway that takes 0, 20 or 50 ms for every answer: how often a
   round can be made where one is asked for every second, beside the same points read one by one.
2. *Thousand meters*: processor time and memory of 1,000 meters behind 200 gateways.
3. *Bare pymodbus*: processor time of one block read beside a loop that does nothing with the words.

    python benchmarks/collector.py [--rounds N] [--only cycle|meters|bare]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient

from collectors.devices.profile import DeviceProfile
from collectors.modbus.gateway import GatewayTask
from collectors.modbus.read_plan import USUAL_POINTS, GatewayPlan, plan_gateway
from collectors.round import Round
from collectors.schedule import plan_installation
from collectors.simulator import Simulator
from paes.config import load_installation
from paes.gateways import Gateway
from paes.meters import FieldMeter
from paes.periods import now_utc
from paes.shipped_files import shipped_config

UNITS, POINTS_A_UNIT = 20, 10
ANSWER_TIMES_MS = (0, 20, 50)
GATEWAYS, METERS_A_GATEWAY = 200, 5
PERIOD_S = 60


# Servers, in a process of their own. ---------------------------------------------------------


async def serve_town() -> None:
    """Serve the shipped town on free ports; the addresses go to standard output."""
    simulator = Simulator(load_installation(shipped_config()), port=0)
    await simulator.start()
    print(json.dumps(simulator.addresses), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await simulator.stop()


async def serve_slowly(answer_ms: float) -> None:
    """A gateway that answers any read, one after the other, each after ``answer_ms``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                raw = await reader.readexactly(12)
                transaction, _, _, unit, function, _, count = struct.unpack(">HHHBBHH", raw)
                if answer_ms:
                    await asyncio.sleep(answer_ms / 1000)
                head = struct.pack(
                    ">HHHBBB", transaction, 0, 3 + 2 * count, unit, function, 2 * count
                )
                writer.write(head + b"\x00\x01" * count)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2 * GATEWAYS)
    print(json.dumps(server.sockets[0].getsockname()[1]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@contextlib.contextmanager
def server(*arguments: str) -> Iterator[object]:
    """A server process; yields what it says of its addresses."""
    command = [sys.executable, str(Path(__file__).resolve()), "--serve", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(10)


# 1. The cycle of one gateway. ----------------------------------------------------------------


def ten_points() -> DeviceProfile:
    """A meter with ten floats within 36 registers, as an SDM630 has them."""
    points = [
        {"name": name, "address": 4 * i, "type": "f32", "unit": "", "kind": "gauge"}
        for i, name in enumerate(USUAL_POINTS[:POINTS_A_UNIT])
    ]
    return DeviceProfile.model_validate(
        {
            "schema": "mbdev/1",
            "id": "ten-points",
            "vendor": "Benchmark",
            "models": ["B10"],
            "kind": "electricity_meter",
            "confidence": "high",
            "sources": ["this benchmark"],
            "link": {"transports": ["tcp"]},
            "defaults": {"fc": 3, "order": "ABCD"},
            "points": points,
        }
    )


def one_by_one(profile: DeviceProfile) -> DeviceProfile:
    """The same device, each value asked for alone."""
    return profile.model_copy(
        update={"read": profile.read.model_copy(update={"one_point_per_request": True})}
    )


def meters_of(gateway: Gateway, units: int, device: str) -> list[FieldMeter]:
    return [
        FieldMeter.model_validate(
            {
                "id": f"{gateway.id}.m{unit}",
                "carrier": "electricity",
                "device": device,
                "gateway": gateway.id,
                "unit": unit,
            }
        )
        for unit in range(1, units + 1)
    ]


def plan_for(port: int, profile: DeviceProfile, units: int, id_: str = "g") -> GatewayPlan:
    gateway = Gateway(id=id_, host="127.0.0.1", port=port, poll_period_s=PERIOD_S, timeout_s=10)
    return plan_gateway(gateway, meters_of(gateway, units, profile.id), {profile.id: profile})


async def cycle(plan: GatewayPlan, asked_s: float, rounds: int) -> tuple[float, float, int]:
    """Median seconds between rounds and of a round, and its requests; asked every ``asked_s``."""
    made: asyncio.Queue[Round] = asyncio.Queue()
    task = GatewayTask(plan, made.put, now_utc)
    running = asyncio.create_task(task.run())
    loop, starts, took, requests = asyncio.get_running_loop(), [], [], 0
    marking = asyncio.create_task(_mark(task, asked_s))
    for _ in range(rounds + 1):
        got = await made.get()
        assert not got.findings, got.findings[0]
        assert len(got.readings) == UNITS * POINTS_A_UNIT
        starts.append(loop.time() - got.duration_s)
        took.append(got.duration_s)
        requests = got.requests
    for each in (marking, running):
        each.cancel()
    await asyncio.gather(marking, running, return_exceptions=True)
    between = [b - a for a, b in itertools.pairwise(starts)]
    return statistics.median(between), statistics.median(took), requests


async def _mark(task: GatewayTask, asked_s: float) -> None:
    loop = asyncio.get_running_loop()
    began, due, number = loop.time(), now_utc(), 0
    while True:
        task.request_round(due + timedelta(seconds=number * asked_s))
        number += 1
        await asyncio.sleep(max(0.0, began + number * asked_s - loop.time()))


def measure_cycle(rounds: int) -> None:
    print(f"{UNITS * POINTS_A_UNIT} points of {UNITS} units behind one gateway, asked every 1 s")
    print("answer time   in blocks: requests, round, cycle     one by one: requests, round, cycle")
    for answer_ms in ANSWER_TIMES_MS:
        with server("slow", str(answer_ms)) as port:
            columns = [f"{answer_ms:6d} ms     "]
            for profile, times in ((ten_points(), rounds), (one_by_one(ten_points()), 3)):
                plan = plan_for(int(str(port)), profile, UNITS)
                between, took, requests = asyncio.run(cycle(plan, 1.0, times))
                columns.append(f"{requests:6d}   {took:7.3f} s {between:7.3f} s          ")
        print("".join(columns).rstrip())


# 2. A thousand meters. -----------------------------------------------------------------------


def resident_bytes() -> int:
    """Memory of this process that is in use now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def thousand(port: int, rounds: int) -> None:
    profile, before = ten_points(), resident_bytes()
    plans = [plan_for(port, profile, METERS_A_GATEWAY, f"g{i:03d}") for i in range(GATEWAYS)]
    tasks = [GatewayTask(plan, lambda _: None, now_utc) for plan in plans]
    await asyncio.gather(*(task.read_round(now_utc()) for task in tasks))
    first = resident_bytes()
    began, used = time.perf_counter(), time.process_time()
    readings = 0
    for _ in range(rounds):
        made = await asyncio.gather(*(task.read_round(now_utc()) for task in tasks))
        readings += sum(len(each.readings) for each in made)
    used, took = time.process_time() - used, time.perf_counter() - began
    last = resident_bytes()
    for task in tasks:
        await task.close()
    meters = GATEWAYS * METERS_A_GATEWAY
    assert readings == rounds * meters * POINTS_A_UNIT
    print(f"{meters} meters behind {GATEWAYS} gateways, {POINTS_A_UNIT} points each, all at once")
    print(f"processor    {1e3 * used / rounds:8.1f} ms a round")
    print(f"             {100 * used / rounds / PERIOD_S:8.2f} % of a core at {PERIOD_S} s a round")
    print(f"round        {took / rounds:8.3f} s")
    print(f"memory       {(first - before) / 2**20:8.1f} MiB, after the first round")
    print(f"             {(last - first) / 2**20:+8.1f} MiB more after {rounds} rounds")


def measure_meters(rounds: int) -> None:
    with server("slow", "0") as port:
        asyncio.run(thousand(int(str(port)), rounds))


# 3. Beside bare pymodbus. --------------------------------------------------------------------


async def ours(plans: list[GatewayPlan], rounds: int) -> tuple[float, int, int]:
    """Processor seconds, requests and readings of ``rounds`` rounds of the collector."""
    made: list[Round] = []
    tasks = [GatewayTask(plan, made.append, now_utc) for plan in plans]
    for task in tasks:
        await task.read_round(now_utc())
    start = time.process_time()
    results = [await task.read_round(now_utc()) for _ in range(rounds) for task in tasks]
    used = time.process_time() - start
    for task in tasks:
        await task.close()
    return used, sum(r.requests for r in results), sum(len(r.readings) for r in results)


async def bare(plans: list[GatewayPlan], rounds: int) -> tuple[float, int]:
    """Processor seconds and requests of the same blocks read by pymodbus alone."""
    clients = []
    for plan in plans:
        client = AsyncModbusTcpClient(plan.gateway.host, port=plan.gateway.port, retries=0)
        await client.connect()
        clients.append(client)
    requests = 0
    start = time.process_time()
    for _ in range(rounds):
        for client, plan in zip(clients, plans, strict=True):
            for unit in plan.units:
                for block in unit.blocks:
                    read = (
                        client.read_holding_registers
                        if block.function_code == 3
                        else client.read_input_registers
                    )
                    reply = await read(block.address, count=block.count, device_id=unit.unit)
                    assert not reply.isError(), reply
                    requests += 1
    used = time.process_time() - start
    for client in clients:
        client.close()
    return used, requests


def measure_bare(rounds: int) -> None:
    with server("town") as addresses:
        assert isinstance(addresses, dict)
        plans = [
            replace(
                plan,
                gateway=plan.gateway.model_copy(
                    update={"host": addresses[id_][0], "port": addresses[id_][1]}
                ),
            )
            for id_, plan in plan_installation(load_installation(shipped_config())).items()
            if isinstance(plan, GatewayPlan)
        ]
        used, requests, readings = asyncio.run(ours(plans, rounds))
        reference, same = asyncio.run(bare(plans, rounds))
        assert requests == same, (requests, same)
    print(f"{requests} block reads from {len(plans)} gateways, {readings} readings made")
    print(f"collector    {1e6 * used / requests:8.1f} us of processor time a block")
    print(f"bare pymodbus{1e6 * reference / requests:8.1f} us")
    print(f"ratio        {used / reference:8.2f} x")


MEASUREMENTS = {"cycle": measure_cycle, "meters": measure_meters, "bare": measure_bare}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", choices=sorted(MEASUREMENTS))
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        kind, *given = arguments.serve
        asyncio.run(serve_town() if kind == "town" else serve_slowly(float(given[0])))
        return
    for name in [arguments.only] if arguments.only else MEASUREMENTS:
        MEASUREMENTS[name](arguments.rounds)
        print()


if __name__ == "__main__":
    main()
