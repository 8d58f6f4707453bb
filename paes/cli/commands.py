"""Which commands there are and what each does in one line.

The module of a command is imported when the command is called, not before: together they import
every library there is, and ``paes --help`` would take seconds for a list of names.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

SUMMARIES = {
    "actions": "The register of actions: status, money, declared effects.",
    "bands": "Electricity by the time bands of tariffs: F1, F2, F3.",
    "bench-device": "Latency, largest block and pause that a device likes.",
    "bills": "Bills beside the meter; deliveries and charging sessions.",
    "check": "Configuration, devices, factors, store and gateways.",
    "collect": "Read every meter on schedule into the store until stopped.",
    "commission": "Compare a site's meters with their displays; write a record.",
    "compare": "Municipalities and sites beside each other and what is usual.",
    "costs": "What energy and water cost, by tariffs, contracts and periods.",
    "dashboard": "The dashboard alone, over what the store holds.",
    "degree-days": "Degree days by month, heating season or year.",
    "demo": "A simulated town with its past, polled live, on the dashboard.",
    "edit": "A person's corrections of a meter's figures, with their reasons.",
    "energy": "Energy by period: measured, estimated, missing.",
    "faults": "Malfunctions: what they cost, their evidence, who sees to them.",
    "forecast": "The running year: seen so far, expected, and its band.",
    "heating": "Heating energy, raw and at a usual winter's weather.",
    "import": "Load curves, bills, tables, weather from files; compared first.",
    "inventory": "Energy and emissions of a year by sector and carrier.",
    "lighting": "Burning hours and dimming of public lighting.",
    "next": "What open actions cost a tonne; the cheapest that close the gap.",
    "plan": "What will be asked: requests, registers, time on the line.",
    "probe": "Read one device once: words, values, quality, latency.",
    "progress": "Where the town stands against a target.",
    "proxy": "Faults on the wire before any Modbus TCP server.",
    "pv": "What own plants made: used here, fed in; autarky.",
    "readings": "Raw readings of points, or by steps, as CSV, JSON or Parquet.",
    "record": "A device as a file that replay serves.",
    "replay": "Serve a recorded device until stopped.",
    "report": "Inventory and progress as JSON and CSV files.",
    "savings": "What actions really saved, beside what was declared.",
    "scan": "The units on a line, and what they are; never writes.",
    "scenarios": "What may become of the town: as usual, planned, chosen.",
    "simulate": "Serve the configured meters as Modbus servers, with faults.",
    "spool": "What waits for the store, and what it refused and why.",
    "status": "Per meter: last reading, age, coverage, state of its unit.",
    "store": "What is in the store; check, backup, retention, copy.",
    "trace": "What a figure was made from, down to reads of a register.",
    "user": "Accounts of the dashboard: who may log in, and as what.",
    "watch": "Every unit of a running collector, live in the terminal.",
}
_MODULES = {
    "bench-device": "bench_device",
    "collect": "field",
    "degree-days": "degree_days",
    "dashboard": "serve",
    "import": "import_",
    "plan": "read_plan",
    "probe": "device",
    "proxy": "simulate",
    "record": "recording",
    "replay": "recording",
    "spool": "live",
    "status": "energy",
    "watch": "live",
}
"""Where a command is whose module has another name."""


class Commands(MutableMapping[str, click.Command]):
    """The commands by name; each is imported when it is asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            if name not in SUMMARIES:
                raise KeyError(name)
            module = import_module(f"paes.cli.{_MODULES.get(name, name)}")
            self._loaded |= {str(c.name): c for c in module.COMMANDS}
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(SUMMARIES)

    def __len__(self) -> int:
        return len(SUMMARIES)


class CommandGroup(click.Group):
    """A group that lists its commands without importing them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See ``click.Group.format_commands``."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(SUMMARIES.items()))
