"""``paes bench-device``: how fast a device answers, and how much it gives at once."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from collectors.modbus.connection import ModbusConnection
from collectors.technician.bench_device import (
    MOST_TRIALS,
    PAUSES_MS,
    REPEATS,
    Bench,
    Benchmark,
    Trial,
)
from paes.cli.output import bar, print_json, print_table, say
from paes.cli.target import Target, modbus_profile, with_target
from paes.errors import FieldError


@click.command(name="bench-device")
@with_target
@click.option(
    "--repeats",
    default=REPEATS,
    show_default=True,
    type=click.IntRange(2, 100),
    help="Reads a trial.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def bench_device(target: Target, repeats: int, as_json: bool) -> None:
    """Measure one device: latency, the largest block it gives, the pause it needs.

    Reads only, and never more than some hundreds of requests. Stop the collector first where the
    gateway takes one client at a time.
    """
    profile = modbus_profile(target)
    connection = ModbusConnection.for_gateway(target.gateway)
    with bar() as progress:
        task = progress.add_task(f"unit {target.unit}", total=MOST_TRIALS)
        made = asyncio.run(
            Benchmark(
                connection,
                target.unit,
                profile,
                repeats,
                lambda done, most: progress.update(task, completed=done, total=most),
            ).run()
        )
        progress.update(task, completed=MOST_TRIALS)
    if as_json:
        print_json(_bench_document(made))
    else:
        _print_bench(made)
    if made.best is None:
        errors = [t.last_error for t in made.sizes if t.last_error]
        raise FieldError(errors[0] if errors else "no block was answered")


def _bench_document(made: Bench) -> dict[str, Any]:
    return {
        "place": made.place,
        "unit": made.unit,
        "profile": made.profile.id,
        "best_registers": made.best.count if made.best else None,
        "pause_ms": made.pause_ms,
        "profile_line": made.profile_line(),
        "sizes": [_trial_document(t) for t in made.sizes],
        "pauses": [_trial_document(t) for t in made.pauses],
    }


def _trial_document(trial: Trial) -> dict[str, Any]:
    return {
        "registers": trial.count,
        "pause_ms": trial.pause_ms,
        "answers": len(trial.latencies_ms),
        "timeouts": trial.timeouts,
        "refused": trial.refused,
        "bad": trial.bad,
        "median_ms": trial.median_ms,
        "p95_ms": trial.p95_ms,
        "error": trial.last_error,
    }


def _print_bench(made: Bench) -> None:
    columns = ["answers", "time-outs", "refused", "bad", "median ms", "p95 ms", "ms a register"]
    print_table(
        f"{made.place} unit {made.unit}, {made.profile.id}: block sizes",
        ["registers", *columns],
        [[str(t.count), *_trial_row(t)] for t in made.sizes],
        left=0,
    )
    if made.pauses:
        print_table(
            f"pauses, blocks of {made.pauses[0].count} registers and small ones in turn",
            ["pause ms", *columns],
            [[str(t.pause_ms), *_trial_row(t)] for t in made.pauses],
            left=0,
        )
    line = made.profile_line()
    if made.best is None or line is None:
        return
    told = "" if made.is_limited else " (all that the profile maps in one piece)"
    say(f"largest block answered every time: {made.best.count} registers{told}")
    if made.pause_ms is None:
        say(f"no pause up to {max(PAUSES_MS)} ms was enough: look at the wiring first")
    say(f"for {made.profile.id}.yaml, in the devices/ folder of the installation:")
    click.echo(line)


def _trial_row(trial: Trial) -> list[str]:
    middle, slow = trial.median_ms, trial.p95_ms
    shown = ["-" if ms is None else f"{ms:.1f}" for ms in (middle, slow)]
    each = "-" if middle is None else f"{middle / trial.count:.2f}"
    counts = (len(trial.latencies_ms), trial.timeouts, trial.refused, trial.bad)
    return [*map(str, counts), *shown, each]


COMMANDS: tuple[click.Command, ...] = (bench_device,)
