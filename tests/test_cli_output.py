"""Tables as a person sees them: nothing is cut off, however narrow the terminal."""

from __future__ import annotations

import pytest
from rich.console import Console

from paes.cli import output
from paes.cli.output import parts, percent, table, wrapped

COLUMNS = ["point", "address", "words", "quality", "value", "unit", "stored as"]
ROWS = [
    [name, address, words, "good", value, "kWh", f"{value} kWh"]
    for name, address, words, value in [
        ("energy_import_l1", "3:21600", "0000 0000 0030 0CDE", "31490.22"),
        ("energy_import_l2", "3:21604", "0000 0000 0037 CCE0", "36569.28"),
    ]
]


def shown(columns: list[str], rows: list[list[str]], left: int, width: int) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(table(columns, rows, left, width))
    return captured.get().splitlines()


def column(lines: list[str], number: int) -> str:
    """All that stands in a column, without the places where it was wrapped."""
    cells = [line.strip("│").split("│")[number] for line in lines if line.startswith("│")]
    return "".join("".join(cells).split())


@pytest.mark.parametrize("width", [80, 120])
def test_a_probe_fits_into_the_terminal_with_whole_names(width: int) -> None:
    lines = shown(COLUMNS, ROWS, 4, width)
    assert max(map(len, lines)) <= width
    assert {name for name, *_ in ROWS} <= set(" ".join(lines).replace("│", " ").split())


@pytest.mark.parametrize("width", [60, 80])
def test_nothing_is_cut_off_in_a_narrow_terminal(width: int) -> None:
    rows = [
        ["gateway-of-the-swimming-pool", "1", "piscina.main, piscina.heat-pump", "1234567.125"],
        ["gw", "247", "scuola.main", "-"],
    ]
    lines = shown(["gateway", "unit", "meters", "value"], rows, 3, width)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    for number in range(4):
        told = "".join("".join(row[number].split()) for row in rows)
        assert column(lines, number) == told


def test_numbers_are_never_broken_over_two_lines() -> None:
    rows = [["a-rather-long-name-of-a-meter-in-the-town", "123456789.125", "987654321.125"]]
    lines = shown(["meter", "from", "to"], rows, 1, 40)
    assert any("123456789.125" in line and "987654321.125" in line for line in lines)


def test_a_narrow_table_keeps_a_number_and_its_thousands_together() -> None:
    rows = [["municipal_buildings", "natural_gas", "1 441.5", "0.0 to 18 301.4", "12 714.0"]]
    lines = shown(["sector", "carrier", "MWh", "missing", "t"], rows, 2, 50)
    assert max(map(len, lines)) <= 50
    for number in ("1 441.5", "18 301.4", "12 714.0"):
        assert any(number in line for line in lines), number


def test_brackets_in_a_cell_are_text() -> None:
    """The address of a gateway in IPv6, for example."""
    (line,) = [n for n in shown(["place"], [["[fe80::1]:502"]], 1, 80) if n.startswith("│")]
    assert "[fe80::1]:502" in line


def test_a_wide_terminal_shows_each_row_on_one_line() -> None:
    assert len(shown(COLUMNS, ROWS, 4, 160)) == 4 + len(ROWS)


COSTS = ["from", "kWh", "energy", "power", "fixed", "taxes", "VAT", "cost EUR", "true between"]
COST_ROWS = [
    ["2025-01", "15 811", "2 889.15", "350.00", "19.00", "197.64", "760.27", "4 216.06", "-"],
    ["2025-02", "15 009", "2 746.01", "350.00", "19.00", "187.62", "726.58", "4 029.21",
     "4 029.18 to 4 029.23"],
]  # fmt: skip


def test_columns_that_do_not_fit_side_by_side_follow_below_with_their_rows_named() -> None:
    """At 80 signs, by hand: natural widths 7, 6, 8, 6, 5, 6, 6, 8, 20 with lines are 82."""
    assert parts(COSTS, COST_ROWS, 1, 120) == [list(range(9))]
    assert parts(COSTS, COST_ROWS, 1, 60) == [[0, 1, 2, 3, 4, 5, 6], [0, 7, 8]]


def test_the_first_column_and_days_are_never_broken() -> None:
    columns = ["document", "from", "to", "verdict", "billed", "metered", "difference", "EUR"]
    rows = [["2025/28", "2025-02-01", "2025-02-28", "wrong factor?", "150 095.0 kWh", "15 009.5",
             "+135 085.5", "27 150.22"]]  # fmt: skip
    found = parts(columns, rows, 4, 60)
    assert len(found) > 1
    for part in found:
        lines = shown([columns[i] for i in part], [[rows[0][i] for i in part]],
                      sum(i < 4 for i in part), 60)  # fmt: skip
        assert max(map(len, lines)) <= 60
        words = " ".join(lines).replace("│", " ")
        assert all(rows[0][i] in words for i in part if i in (0, 1, 2, 4, 5, 6, 7)), lines


def test_what_fits_when_its_texts_are_wrapped_stays_one_table() -> None:
    assert parts(["meter", "what is said", "kWh"],
                 [["scuola.main", "a text of many words that may well be wrapped", "12.5"]],
                 2, 40) == [[0, 1, 2]]  # fmt: skip


def test_a_sentence_is_wrapped_at_words_and_no_number_loses_its_thousands() -> None:
    told = "allowed in 2030: 177 795 t; as usual is 2025 per inhabitant"
    assert wrapped(told, 20) == [
        "allowed in 2030:",
        "  177 795 t; as",
        "  usual is 2025 per",
        "  inhabitant",
    ]
    assert wrapped(told, 100) == [told]
    assert wrapped("", 100) == [""]
    assert wrapped("  an indented line of words", 20) == ["  an indented line", "  of words"]
    assert wrapped("a-word-longer-than-all", 10) == ["a-word-longer-than-all"]


def test_nothing_is_ever_minus_nothing() -> None:
    """A saving of -46 kWh is 0.0 MWh and 0 % of what was declared."""
    assert output.number(-0.046, 1) == "0.0"
    assert output.number(-0.4) == "0"
    assert output.number(-0.0) == "0"
    assert percent(-0.0027, 0) == "0 %"
    assert output.number(-0.06, 1) == "-0.1"
