"""``paes import`` as a clerk uses it: the table, what was refused, twice, a dry run, the list."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from small_installation import SmallInstallation

from paes.cli import paes
from paes.errors import ConfigError

POD = "IT001E87654321"
POINT = "molo.luce/energy_import_intervals"
LABELS = ";".join(f"{q // 4:02d}:{q % 4 * 15:02d}" for q in range(96))
Call = Callable[..., Result]


def curve(*days: str, value: str = "0,25") -> str:
    """A load curve with 24 kWh a day (96 times 0.25)."""
    rows = [f"{day};" + ";".join([value] * 96) for day in days]
    return "\n".join([f"Giorno;{LABELS}", *rows]) + "\n"


@pytest.fixture
def call(small: SmallInstallation, tmp_path: Path) -> Call:
    """Runs ``paes import`` with these arguments, in an installation with an imported meter."""
    meters = small.root / "cities/porto/meters.yaml"
    meters.write_text(
        meters.read_text()
        + f"imported_meters:\n  - {{id: molo.luce, carrier: electricity, pod: {POD}}}\n"
    )
    store = f"sqlite:///{tmp_path / 'town.db'}"

    def run(*arguments: object, code: int = 0) -> Result:
        words = ["--config", str(small.root), "--store", store, *map(str, arguments)]
        result = CliRunner().invoke(paes, words, catch_exceptions=True)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def january(tmp_path: Path) -> Path:
    path = tmp_path / f"{POD} prelievo gennaio.csv"
    path.write_text(curve("15/01/2025", "16/01/2025"))
    return path


def test_a_clerk_sees_what_was_new(call: Call, january: Path) -> None:
    output = call("import", january, "--author", "Anna").stdout
    for word in (january.name, "e-distribuzione", POINT, "2025-01-15 … 2025-01-16", "192"):
        assert word in output
    energy = json.loads(
        call("energy", "--meter", "molo.luce", "--from", "2025-01-15", "--to", "2025-01-17",
             "--by", "day", "--json").stdout
    )  # fmt: skip
    assert "24.0" in json.dumps(energy)


def test_the_second_time_everything_is_the_same(call: Call, january: Path) -> None:
    call("import", january)
    document = json.loads(call("import", january, "--json").stdout)
    (file,) = document["files"]
    (point,) = file["points"]
    assert (point["new"], point["changed"], point["same"]) == (0, 0, 192)
    assert (file["written"], bool(file["imported_before"])) == (False, True)


def test_a_dry_run_writes_nothing(call: Call, january: Path) -> None:
    assert "dry run: nothing was written" in call("import", january, "--dry-run").stdout
    assert json.loads(call("import", "--list", "--json").stdout)["imports"] == []


def test_refusals_are_told_with_their_places_and_the_rest_is_taken(
    call: Call, january: Path
) -> None:
    january.write_text(curve("15/01/2025", "31/02/2025"))
    result = call("import", january, code=1)
    assert (
        f"{january.name}: refused: line 3: expected a day such as 31/12/2024, seen '31/02/2025'"
    ) in result.stdout
    (told,) = json.loads(call("import", "--list", "--json").stdout)["imports"]
    assert (told["new"], told["refused"]) == (96, 1)


def test_one_file_that_is_not_understood_does_not_keep_the_others_out(
    call: Call, january: Path, tmp_path: Path
) -> None:
    letter = tmp_path / "lettera.txt"
    letter.write_text("Gentile cliente\n")
    result = call("import", letter, january, tmp_path / "none.csv", code=1)
    assert "lettera.txt: of no format that is recognised" in result.stdout
    assert "none.csv: no such file; expected a file to import" in result.stdout
    listed = call("import", "--list").stdout
    assert january.name in listed
    assert "lettera" not in listed


def test_changed_values_are_told_loudly(call: Call, january: Path) -> None:
    call("import", january)
    january.write_text(curve("15/01/2025") + curve("16/01/2025", value="0,5").split("\n")[1] + "\n")
    output = call("import", january).stdout
    assert f"CHANGED 96 values of {POINT} in 2025-01:" in output
    assert f"{POINT} 2025-01-15T23:00Z: 0.25 -> 0.5" in output


def test_missing_months_are_named(call: Call, january: Path, tmp_path: Path) -> None:
    april = tmp_path / f"{POD} prelievo aprile.csv"
    april.write_text(curve("15/04/2025", "16/04/2025"))
    output = call("import", january, april).stdout
    assert f"{POINT}: no readings for 2025-02, 2025-03: missing, not zero" in output


def test_a_meter_and_a_mapping_may_be_named(call: Call, tmp_path: Path) -> None:
    table, mapping = tmp_path / "t.csv", tmp_path / "m.yaml"
    table.write_text("Quando;kWh\n2025-01-15T00:00;1,5\n")
    mapping.write_text(
        "what: intervals\ninterval_s: 900\ntime: {column: Quando}\n"
        "values: [{column: kWh, unit: kWh}]\n"
    )
    document = json.loads(
        call("import", table, "--map", mapping, "--meter", "molo.luce", "--json").stdout
    )
    assert [p["point"] for p in document["files"][0]["points"]] == [POINT]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--meter", "molo.lux"], "no meter 'molo.lux'; there is molo.gas, molo.luce,"),
        (["--map", "none.yaml"], "none.yaml: no such file"),
    ],
)
def test_a_wrong_wish_stops_before_any_file(
    call: Call, january: Path, arguments: list[str], message: str
) -> None:
    from paes.errors import PaesError

    with pytest.raises(PaesError) as error:
        call("import", january, *arguments)
    assert message in str(error.value)


def test_an_unknown_format_is_told_with_those_that_there_are(call: Call, january: Path) -> None:
    result = call("import", january, "--format", "sap", code=1)
    assert "no format 'sap'; there is " in result.stdout
    assert "e-distribuzione" in result.stdout


def test_without_files_the_call_is_wrong(call: Call) -> None:
    assert "name the files to import, or --list" in call("import", code=2).output


def test_json_holds_every_refusal(call: Call, january: Path) -> None:
    january.write_text(curve(*(f"{n}/13/2025" for n in range(1, 31)), "15/01/2025"))
    document: dict[str, Any] = json.loads(call("import", january, "--json", code=1).stdout)
    assert len(document["files"][0]["refused"]) == 30
    assert "and 20 more refused" in call("import", january, code=1).stdout


def test_the_exit_code_of_the_program_tells_of_refusals(
    call: Call, january: Path, small: SmallInstallation, tmp_path: Path
) -> None:
    """The program itself: what stands between click and the shell once swallowed the code."""
    january.write_text(curve("15/01/2025", "31/02/2025"))
    done = subprocess.run(
        [sys.executable, "-m", "paes", "--config", str(small.root), "--store",
         str(tmp_path / "own.db"), "import", str(january)],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "refused: line 3" in done.stdout


def test_looking_makes_no_store(call: Call, january: Path, tmp_path: Path) -> None:
    """A dry run, and the list of what was imported, where there is no store yet."""
    assert "192" in call("import", january, "--dry-run").stdout
    assert json.loads(call("import", "--list", "--json").stdout)["imports"] == []
    assert list(tmp_path.glob("town.db*")) == []


def mapped(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    return path


def test_a_mapping_says_what_a_recognised_file_leaves_open(call: Call, tmp_path: Path) -> None:
    """No --format is needed: the file tells that it is a table of bills, the mapping its sign."""
    bills = tmp_path / "bollette.csv"
    bills.write_text(f"POD;Dal;Al;kWh;Documento\n{POD};01/01/2024;31/01/2024;1.234;17\n")
    output = call("import", bills, code=1).stdout
    assert "1.234 may be 1234 or 1,234; say which sign is the decimal one" in output
    for sign, kwh in ((",", 1234.0), (".", 1.234)):
        mapping = mapped(tmp_path, f'decimal: "{sign}"\n')
        (file,) = json.loads(call("import", bills, "--map", mapping, "--json").stdout)["files"]
        assert (file["format"], file["refused"]) == ("bills-table", [])
        shown = json.loads(call("bills", "--json").stdout)
        assert f'"quantity": {kwh}' in json.dumps(shown)


def test_a_mapping_of_a_table_that_only_it_describes_names_the_format(
    call: Call, tmp_path: Path
) -> None:
    station = tmp_path / "station.csv"
    station.write_text("Quando;T\n15/01/2025 00:00;5\n")
    mapping = mapped(tmp_path, "temperature: T\nplace: [0, 0]\ntime: Quando\ntime_zone: UTC\n")
    (file,) = json.loads(call("import", station, "--map", mapping, "--json", code=1).stdout)[
        "files"
    ]
    assert "km from" in file["error"]  # the weather of another place: understood, and refused
    with pytest.raises(ConfigError, match=r"mapping\.yaml:1: what: this key is missing"):
        call("import", station, "--map", mapped(tmp_path, "interval_s: 900\n"))


def test_a_mapping_that_nobody_reads_is_refused(call: Call, january: Path, tmp_path: Path) -> None:
    result = call("import", january, "--map", mapped(tmp_path, 'decimal: "."\n'), code=1)
    assert (
        f"{january.name}: is of format e-distribuzione, which takes no mapping file; import it"
        " without --map"
    ) in result.stdout
