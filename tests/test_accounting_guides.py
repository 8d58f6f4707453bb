"""Whoever has nothing but the guides to accounting and imports gets what they say.

The five minutes at the beginning of each are carried out as typed, in a folder that looks like a
fresh clone. The figures are those that the guide reckons by hand below its commands.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from field_commands import command_line
from guides import Shell, blocks, require_known

ROOT = Path(__file__).parents[1]
GUIDES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in (
    "accounting", "imports")}  # fmt: skip


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    for name in ("config", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return Shell(tmp_path, command_line(tmp_path, monkeypatch, capfd), monkeypatch)


def row(shown: str, first: str) -> list[str]:
    """The cells of the row of a table that begins with ``first``."""
    lines = [line.strip("│").split("│") for line in shown.splitlines() if line.startswith("│")]
    (found,) = [cells for cells in lines if cells[0].strip() == first]
    return [" ".join(cell.split()) for cell in found]


def test_five_minutes_of_accounting(shell: Shell) -> None:
    (walk,) = blocks(GUIDES["accounting"], "sh")
    check, imported, energy, bands, costs, edit, march, edits = shell.run(walk)
    assert "sound" in check
    assert row(imported, "readings.csv")[4] == "3"
    assert row(energy, "2025-01")[1:4] == ["750.0", "750.0", "-"]
    assert row(energy, "2025-02")[3].startswith("700.0 (")
    assert row(energy, "2025-03")[3].startswith("350.0 (")
    shares = [float(cell) for cell in row(bands, "2025-01")[1:4]]
    assert sum(shares) == pytest.approx(750, abs=0.2)
    assert row(costs, "2025-01")[6] == "189.87"
    assert row(edit, "after")[3] == "400.0"
    assert row(march, "2025-03")[3].startswith("750.0 (")
    assert "by the display" in edits


def test_five_minutes_of_imports(shell: Shell) -> None:
    (walk,) = blocks(GUIDES["imports"], "sh")
    check, dry, taken, bills, again, listed, days, months, compared = shell.run(walk)
    assert "sound" in check
    for shown in (dry, taken):
        assert row(shown, "ExportData_marzo.csv")[4] == "284"
        assert row(shown, "ExportData_ottobre.csv")[4] == "292"
    assert "nothing was written" in dry
    assert [line.split("│")[-5].strip() for line in _said(bills, "bills and")] == ["3"]
    assert [line.split("│")[-3].strip() for line in _said(again, "bills and")] == ["3"]
    assert "Anna Rossi" in listed
    assert row(days, "2024-03-31")[1] == "68.2"
    total = sum(float(_first(row(months, m)[3])) for m in ("2024-01", "2024-02"))
    assert total == pytest.approx(24475)
    assert compared.count("│ cannot be judged") == 2


def _said(shown: str, what: str) -> list[str]:
    return [line for line in shown.splitlines() if what in line]


def _first(cell: str) -> str:
    """The number before the bounds, without the space of its thousands."""
    return cell.partition(" (")[0].replace(" ", "")


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_of_the_guide_exists_with_its_options(name: str) -> None:
    told = re.sub(r"\\\n\s*", "", GUIDES[name])
    shown = re.findall(r"^(?: {4})?paes ([a-z-]+(?: .*?)?)(?: {3,}.*)?$", told, re.MULTILINE)
    shown += re.findall(r"`paes ([^`…]+)[^`]*`", told)
    assert len(shown) > 10
    for line in shown:
        require_known(re.sub(r"[\[\]|]", " ", line))


@pytest.mark.parametrize("name", GUIDES)
def test_every_example_in_yaml_can_be_read(name: str) -> None:
    examples = blocks(GUIDES[name], "yaml")
    assert len(examples) > 2
    for example in examples:
        assert yaml.safe_load(example), example


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_of_the_guide_leads_somewhere(name: str) -> None:
    text = GUIDES[name]
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert len(headings) > 8
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert [a for a in re.findall(r"\]\(#([^)]+)\)", text) if a not in anchors] == []
    for file in re.findall(r"\]\(([a-z]+\.md)\)", text):
        assert (ROOT / "docs" / file).is_file(), file
