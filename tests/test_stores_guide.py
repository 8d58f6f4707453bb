"""Whoever has nothing but the guide to the stores sets one up, looks after it and moves it.

The commands are those of ``docs/stores.md``, taken from it and carried out one after the other: on
an embedded store in an empty folder, and on a real InfluxDB. Only its port is another one.
"""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml
from field_commands import CommandLine, command_line
from guides import require_known
from influx_server import TOKEN_VARIABLE, InfluxServer

from paes.config import load_installation
from paes.retention import Retention
from paes.shipped_files import shipped_config
from paes.store import open_store
from paes.store.influx.address import ARGUMENTS

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "stores.md"
TEXT = GUIDE.read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """The text of a section of the guide, from its heading to the next of its rank."""
    start = TEXT.index(f"\n## {title}")
    end = TEXT.find("\n## ", start + 1)
    return TEXT[start : end if end > 0 else len(TEXT)]


def commands() -> list[str]:
    """Every command of ours that the guide writes out, without the ``paes`` before it."""
    shown = "".join([*blocks("sh"), *blocks("console")]).replace("\\\n", " ")
    found = re.findall(r"(?:^|/|… |exec collector )paes (.+?)'?$", shown, re.MULTILINE)
    found += re.findall(r"run --rm collector (.+)", shown)
    return found + re.findall(r"`paes ([^`…]+)[^`]*`", TEXT)


def test_every_command_of_the_guide_exists_with_its_options() -> None:
    lines = commands()
    assert len(lines) > 40
    for line in lines:
        require_known(line)


def spoken() -> Iterator[str]:
    """Every text in the code, with gaps where something is put into it."""
    files = [*(ROOT / "paes").rglob("*.py")]
    assert len(files) > 50
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(
                    p.value if isinstance(p, ast.Constant) and isinstance(p.value, str) else "\0"
                    for p in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_message_that_the_guide_explains_can_be_said() -> None:
    rows = re.findall(r"^\| (`.+?) \| ", section("15. "), re.MULTILINE)
    told = [message for row in rows for message in re.findall(r"`([^`]+)`", row)]
    assert len(told) > 30
    code = "\n".join(spoken())
    for message in told:
        for part in re.split(r"…", message):
            assert part.strip(" (),:") in code, message


def test_every_link_of_the_guide_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
    links = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert len(links) > 20
    assert [a for a in links if a not in anchors] == []
    assert {a for a in anchors if a not in links} == set()
    for path in re.findall(r"`((?:deploy|config|docs)/[^`*]+)`", TEXT):
        assert (ROOT / path).exists(), path


def test_every_argument_of_an_address_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)=` \|", section("3. "), re.MULTILINE)
    assert tuple(explained) == ARGUMENTS


@pytest.mark.parametrize("number", range(len(blocks("yaml"))))
def test_what_the_guide_says_to_write_is_a_retention(number: int) -> None:
    assert Retention.model_validate(yaml.safe_load(blocks("yaml")[number])).limited


METER = "scuola.palestra"
QUARTER_S = 900
SITES = "sites: [{id: scuola, name: Scuola, kind: school, sector: municipal_buildings}]\n"
METERS = """\
gateways:
  - {id: gw, host: 127.0.0.1, simulated: true}
meters:
  - {id: scuola.palestra, carrier: electricity, device: abb-b23-b24, gateway: gw, unit: 2}
"""


def installation(folder: Path) -> Path:
    """One school with one meter, and what is shipped for the rest."""
    for part in ("calendars", "cities/portovenere"):
        shutil.copytree(shipped_config() / part, folder / part)
    (folder / "cities/portovenere/contracts.yaml").unlink()  # they are of other meters
    shutil.copy(shipped_config() / "retention.yaml", folder)
    (folder / "installation.yaml").write_text("{name: Guide, default_city: portovenere}\n")
    (folder / "cities/portovenere/sites.yaml").write_text(SITES)
    (folder / "cities/portovenere/meters.yaml").write_text(METERS)
    return folder


class Terminal:
    """A shell in a folder with an embedded store, from which an InfluxDB can be reached."""

    def __init__(self, folder: Path, paes: CommandLine, server: InfluxServer) -> None:
        self.folder = folder
        self.bucket = "guide"
        self.url = server.url(self.bucket)
        self._paes = paes
        self._port = server.port
        self.done = 0

    def run(self, block: str) -> str:
        """Both outputs of all commands of a block; each must end well."""
        text = block.replace("127.0.0.1:8086/paes?", f"127.0.0.1:{self._port}/{self.bucket}?")
        shown = ""
        for line in text.splitlines():
            name, *arguments = shlex.split(line)
            assert name == "paes", line
            done = self._paes(*arguments)
            shown += done.out + done.err
            assert done.code == 0, f"{line}: {shown}"
        self.done += 1
        return shown

    def fill(self) -> None:
        """A register of the first quarter of 2024, and power: of today, and of long ago."""
        seconds = np.arange(_second(2024, 1, 1), _second(2024, 4, 1), QUARTER_S, dtype=np.int64)
        now = round(time.time())
        powers = np.concatenate([[_second(2015, 1, 1)], np.arange(now - 86400, now, QUARTER_S)])
        with closing(open_store(str(self.folder / "readings.sqlite"))) as store:
            store.write_series(f"{METER}/energy_import", seconds, (seconds - seconds[0]) / 3600)
            store.write_series(f"{METER}/active_power", powers, np.full(len(powers), 1000.0))


def _second(year: int, month: int, day: int) -> int:
    return round(datetime(year, month, day, tzinfo=UTC).timestamp())


@pytest.fixture
def terminal(
    tmp_path: Path,
    influx_server: InfluxServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Terminal:
    paes = command_line(tmp_path, monkeypatch, capfd)
    monkeypatch.setenv("PAES_CONFIG", str(installation(tmp_path / "installation")))
    monkeypatch.setenv("PAES_STORE", "readings.sqlite")
    monkeypatch.setenv(TOKEN_VARIABLE, influx_server.token)
    return Terminal(tmp_path, paes, influx_server)


def test_the_guide_leads_from_an_empty_folder_to_an_influxdb_and_back(
    terminal: Terminal,
) -> None:
    made, prepared = (section_blocks("2. ")[0], section_blocks("3. ")[0])
    assert "made" in terminal.run(made)
    shown = terminal.run(prepared)
    assert f"bucket '{terminal.bucket}-fast': created, keeps readings for 1100 days" in shown
    assert "sound" in shown
    terminal.fill()
    backup, shrink, rebuild = section_blocks("11. ")
    assert "backup.sqlite" in terminal.run(backup)
    assert "1 reading" in terminal.run(shrink)
    assert "made again" in terminal.run(rebuild)
    there, derived, back = section_blocks("12. ")
    assert "readings written" in terminal.run(there)
    assert "made again" in terminal.run(derived)
    assert "equal" in terminal.run(back)
    assert (terminal.folder / "again.sqlite").is_file()
    (files,) = section_blocks("13. ")
    assert '"measured' in terminal.run(files)
    assert len((terminal.folder / "palestra.csv").read_text().splitlines()) == 97
    assert (terminal.folder / "scuola.parquet").read_bytes()[:4] == b"PAR1"
    assert terminal.done == len(blocks("sh"))
    retention = load_installation(terminal.folder / "installation").retention
    with closing(open_store(terminal.url, retention)) as store:
        assert store.latest([f"{METER}/active_power"])


def section_blocks(title: str) -> list[str]:
    """The commands of a section that are to be carried out."""
    text = section(title)
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
