"""The collector's processor time for one block read, beside a bare pymodbus loop.

Both read the same blocks of the same simulated meters over TCP on loopback; the servers run in
another process, so that only the client's processor time is counted. The reference does nothing
with the words; the collector decodes them, checks them, and makes readings of them.

    python benchmarks/collector.py [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from dataclasses import replace

from pymodbus.client import AsyncModbusTcpClient

from collectors.gateway import GatewayTask
from collectors.read_plan import GatewayPlan
from collectors.round import Round
from collectors.schedule import plan_installation
from collectors.simulator import Simulator
from paes.config import load_installation, shipped_config
from paes.periods import now_utc

SERVE = "--serve"


async def serve() -> None:
    """Serve the shipped town on free ports; the addresses go to standard output."""
    simulator = Simulator(load_installation(shipped_config()), port=0)
    await simulator.start()
    print(json.dumps(simulator.addresses), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await simulator.stop()


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument(SERVE, action="store_true")
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
        return
    server = subprocess.Popen(
        [sys.executable, __file__, SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        addresses = json.loads(server.stdout.readline())
        plans = [
            replace(
                plan,
                gateway=plan.gateway.model_copy(
                    update={"host": addresses[id_][0], "port": addresses[id_][1]}
                ),
            )
            for id_, plan in plan_installation(load_installation(shipped_config())).items()
        ]
        used, requests, readings = asyncio.run(ours(plans, arguments.rounds))
        reference, same = asyncio.run(bare(plans, arguments.rounds))
        assert requests == same, (requests, same)
    finally:
        server.stdin.close()
        server.wait(10)
    print(f"{requests} block reads from {len(plans)} gateways, {readings} readings made")
    print(f"collector    {1e6 * used / requests:8.1f} us of processor time a block")
    print(f"bare pymodbus{1e6 * reference / requests:8.1f} us")
    print(f"ratio        {used / reference:8.2f} x")


if __name__ == "__main__":
    main()
