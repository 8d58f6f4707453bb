"""What deploy/ starts must be a command that there is, with options that it has.

The compose files are read as data: that they publish nothing to the network, hold no secret and
name exact versions can be seen without a container.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from paes.cli import paes
from paes.store.influx.address import parse_influx_address

FOLDER = Path(__file__).parent.parent / "deploy"
COMPOSED = FOLDER / "compose"
COMPOSE_FILES = ("influxdb2.yaml", "influxdb3.yaml")


def started_by_systemd(name: str) -> list[str]:
    (line,) = re.findall(r"^ExecStart=\S+/paes (.+)$", (FOLDER / name).read_text(), re.MULTILINE)
    return shlex.split(line)


def started_by_container() -> list[list[str]]:
    text = (FOLDER / "Containerfile").read_text()
    (default,) = re.findall(r"^CMD \[(.+)\]$", text, re.MULTILINE)
    examples = re.findall(r"^#       paes-monitor (.+)$", text, re.MULTILINE)
    return [re.findall(r'"([^"]+)"', default), *map(shlex.split, examples)]


def composed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((COMPOSED / name).read_text("utf-8"))
    assert len(document["services"]) == 4
    return document


def started_by_compose(name: str) -> list[list[str]]:
    services = composed(name)["services"].values()
    return [s["command"] for s in services if s["image"].startswith("paes-monitor")]


COMMANDS = [
    started_by_systemd("paes-collector.service"),
    started_by_systemd("paes-dashboard.service"),
    *started_by_container(),
    *started_by_compose("influxdb2.yaml"),
    *started_by_compose("influxdb3.yaml"),
]


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
def test_what_is_started_is_there(line: list[str]) -> None:
    command = paes.commands[line[0]]
    with command.make_context(line[0], line[1:]) as context:
        assert context.params


def test_both_services_the_container_and_the_compose_files_are_covered() -> None:
    assert [c[0] for c in COMMANDS] == [
        "collect", "dashboard", "collect", "collect", "dashboard",
        "collect", "dashboard", "collect", "dashboard",
    ]  # fmt: skip


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\$\{([A-Z0-9_]+)[:?}-]", text))


def described_variables() -> dict[str, str]:
    lines = (COMPOSED / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_every_published_port_is_of_this_machine_alone(name: str) -> None:
    ports = [p for s in composed(name)["services"].values() for p in s["ports"]]
    assert len(ports) == 4
    assert [p for p in ports if not re.fullmatch(r"127\.0\.0\.1:(\d+):\1", p)] == []


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_every_image_is_built_here_or_of_an_exact_version(name: str) -> None:
    for service in composed(name)["services"].values():
        if "build" in service:
            assert (COMPOSED / service["build"]["context"] / "deploy/Containerfile").is_file()
        else:
            assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+(-core)?", service["image"])


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_no_secret_stands_in_a_compose_file(name: str) -> None:
    document = composed(name)
    settings = [
        (key, value)
        for service in document["services"].values()
        for key, value in service["environment"].items()
        if re.search("TOKEN|PASSWORD|SECRET", key)
    ]
    assert len(settings) >= 4
    for key, value in settings:
        assert re.fullmatch(r"\$\{[A-Z_]+:-\}|/run/secrets/[a-z-]+", value), key
    for secret in document["secrets"].values():
        ignored = ["git", "check-ignore", "--quiet", "--no-index", secret["file"]]
        assert subprocess.run(ignored, cwd=COMPOSED, check=False).returncode == 0


def test_every_variable_is_described_and_none_has_a_value() -> None:
    described = described_variables()
    used = {v for n in COMPOSE_FILES for v in variables_in((COMPOSED / n).read_text("utf-8"))}
    assert set(described) == used
    assert set(described.values()) == {""}


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_every_service_comes_back_says_how_it_is_and_is_not_root(name: str) -> None:
    for key, service in composed(name)["services"].items():
        assert service["restart"] == "unless-stopped", key
        assert service["healthcheck"]["test"][0] == "CMD", key
        assert service["cap_drop"] == ["ALL"], key
        assert "build" in service or not service["user"].startswith("0"), key
        assert service.get("read_only") or service["image"].startswith("influxdb:3"), key
    assert re.search(r"^USER paes$", (FOLDER / "Containerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_volumes_and_secrets_are_declared_and_files_are_there(name: str) -> None:
    document = composed(name)
    services = document["services"].values()
    sources = {v.rsplit("}", 1)[-1].split(":")[0] for s in services for v in s.get("volumes", [])}
    assert {v for v in sources if v and "/" not in v} == set(document["volumes"])
    assert {x for s in services for x in s.get("secrets", [])} == set(document["secrets"])
    shared = [v for v in sources if v.startswith("..")]
    assert len(shared) == 2
    assert all((COMPOSED / v).is_dir() for v in shared)


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_the_address_of_the_store_is_one(name: str) -> None:
    for service in composed(name)["services"].values():
        if "PAES_STORE" in service["environment"]:
            url = re.sub(r"\$\{[A-Z_]+:\?\}", "town", service["environment"]["PAES_STORE"])
            address = parse_influx_address(url)
            assert (address.host, address.bucket) == ("influxdb", "town")
