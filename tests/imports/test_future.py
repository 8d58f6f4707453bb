"""A date that is to come is a slip: what stands there is refused, the rest is taken."""

from __future__ import annotations

from pathlib import Path

from import_town import CURVE_POD, SAMPLES, importing
from small_installation import SmallInstallation

from paes.store import Store


def test_days_to_come_are_refused_and_the_rest_is_taken(
    town: SmallInstallation, file_store: Store, tmp_path: Path
) -> None:
    """It is 2 January 2026; the second of the sample's days was typed as one of 2042."""
    text = (SAMPLES / "load_curves" / "ExportData_marzo.csv").read_text()
    path = tmp_path / f"{CURVE_POD} prelievo.csv"
    path.write_text(text.replace("30/03/2024", "30/03/2043"))
    report = importing(town, file_store).take(path)
    (refusal,) = report.refused
    assert refusal.message == (
        "96 readings of molo.luce/energy_import_intervals from 2043-03-29 on: that is to come"
        " (it is 2026-01-02); is a date wrong, or the year?"
    )
    (point,) = report.points
    assert (point.new, point.period) == (188, "2024-03-29 … 2024-03-31")


def test_a_bill_of_a_period_to_come_is_refused(
    town: SmallInstallation, file_store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "bollette.csv"
    path.write_text("PDR;Dal;Al;Smc;Documento\n00881111222233;01/02/2062;28/02/2062;90;G/1\n")
    report = importing(town, file_store).take(path)
    (refusal,) = report.refused
    assert refusal.message == (
        "document G/1 of scuola.metano from 2062-01-31 on: that is to come (it is 2026-01-02); is"
        " a date wrong, or the year?"
    )
    assert file_store.events(name="bill.") == []


def test_a_bill_that_ends_in_another_century_is_refused(
    town: SmallInstallation, file_store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "bollette.csv"
    path.write_text("PDR;Dal;Al;Smc;Documento\n00881111222233;01/02/2025;28/02/2125;90;G/1\n")
    (refusal,) = importing(town, file_store).take(path).refused
    assert refusal.message == (
        "the end of document G/1 of scuola.metano from 2125-02-28 on: that is to come (it is"
        " 2026-01-02); is a date wrong, or the year?"
    )
