"""``paes status`` beside a collector that does not work by the configuration on disk."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_installation import SmallInstallation

from collectors.spool.spool import Parcel, Spool
from paes.cli import paes


@pytest.mark.parametrize("problem", ["", "meters.yaml:2: gw-scuola: no device of this kind"])
def test_status_says_that_the_old_configuration_is_in_force(
    small: SmallInstallation, tmp_path: Path, problem: str
) -> None:
    store = tmp_path / "town.sqlite"
    with closing(Spool(tmp_path / "town.sqlite.spool")) as spool:
        spool.put(
            Parcel(state={"config": {"since": "2025-03-30T01:07:30+00:00", "problem": problem}})
        )
    done = CliRunner().invoke(paes, ["--config", str(small.root), "--store", str(store), "status"])
    assert done.exit_code == 0
    told = f"the collector keeps the old configuration: {problem}"
    assert (told in done.stderr) is bool(problem)


def test_a_store_that_nobody_knows_stops_the_collector_at_once(
    small: SmallInstallation, tmp_path: Path
) -> None:
    options = ["--config", str(small.root), "--store", "mysql://host/db"]
    spool = ["--spool", str(tmp_path / "a.spool"), "--monitor", "off"]
    done = CliRunner().invoke(paes, [*options, "collect", *spool])
    assert str(done.exception).startswith("unknown kind of store 'mysql'")
