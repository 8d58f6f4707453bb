"""All rules over a simulated school, a library and street lamps, on SQLite and on a real InfluxDB.

Almost four months with a leak and dead lamps: the cases with their series, the ledger of losses
and the savings of the actions are the same documents to the last digit.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from influx_server import TOKEN_VARIABLE, InfluxServer

from collectors.simulator import Town, fill_history
from collectors.simulator.malfunctions import Fault
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.faults.cases.register import all_cases, update_cases
from paes.faults.money.losses import losses_by_month
from paes.faults.money.pricing import PricingContext
from paes.installation import Installation
from paes.periods import Span
from paes.report.fault_documents import case_document
from paes.report.loss_documents import losses_document
from paes.report.savings_documents import savings_document
from paes.savings.assumptions import read_savings_assumptions
from paes.savings.measuring import MeasuredSavings
from paes.savings.other_actions import measured_sites
from paes.shipped_files import shipped_config
from paes.store import Store, open_store

pytestmark = [pytest.mark.untraced, pytest.mark.timeout(300)]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
GATEWAYS = ("gw-scuola-2-giugno", "gw-quadro-migliarina", "gw-biblioteca-civica")
FAULTS = (
    Fault("scuola-2-giugno.water", "leak", NOW - timedelta(days=25), None, 60.0),
    Fault("quadro-migliarina.main", "lamps", NOW - timedelta(days=20), None, 6.0),
)


def three_sites() -> Installation:
    """The shipped installation with the meters of three gateways, and the actions there."""
    whole = load_installation(shipped_config())
    city = whole.city()
    meters = {id_: m for id_, m in city.meters.items() if m.gateway in GATEWAYS}
    sites = {meter.site for meter in meters.values()}
    actions = [a for a in city.actions if a.measurement and not a.meters]
    here = tuple(a for a in actions if sites.issuperset(measured_sites(a)))
    assert len(meters) >= 5
    assert here
    gateways = {id_: city.gateways[id_] for id_ in GATEWAYS}
    city = replace(city, meters=meters, gateways=gateways, virtual_meters={}, actions=here)
    registers = {m: whole.registers[m] for m in meters}
    return replace(whole, cities={city.id: city}, registers=registers)


def answers(town: Installation, store: Store) -> dict[str, Any]:
    """What a night and the questions of the day after make of ``store``."""
    ledger = EnergyLedger(town, store, lambda: NOW)
    update_cases(ledger, Span(NOW - timedelta(days=60), NOW))
    cases = all_cases(store, series=True)
    savings = MeasuredSavings(ledger, town.city(), read_savings_assumptions(town.root))
    measured = savings.all()
    return {
        "cases": [case_document(case, town.root, series=True) for case in cases],
        "losses": losses_document(losses_by_month(PricingContext(ledger), cases)),
        "savings": savings_document(town.city(), measured, savings.changes, store.labels()),
    }


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, influx_server: InfluxServer
) -> dict[str, dict[str, Any]]:
    town, start = three_sites(), NOW - timedelta(days=110)
    simulated = Town(town, epoch=start).with_malfunctions(FAULTS)
    urls = {
        "sqlite": str(Path(tmp_path_factory.mktemp("town")) / "town.sqlite"),
        "influx": influx_server.url(influx_server.new_bucket()),
    }
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, influx_server.token)
        for name, url in urls.items():
            with closing(open_store(url)) as store:
                fill_history(simulated, store, start, NOW)
                found[name] = answers(town, store)
    return found


def test_what_was_planted_is_found_in_both(both: dict[str, dict[str, Any]]) -> None:
    for found in both.values():
        told = {(case["subject"], case["rule"]) for case in found["cases"]}
        assert ("scuola-2-giugno.water", "water_leak") in told


@pytest.mark.parametrize("question", ["cases", "losses", "savings"])
def test_an_answer_is_the_same_in_both(both: dict[str, dict[str, Any]], question: str) -> None:
    one, other = (json.dumps(both[name][question], default=str) for name in ("sqlite", "influx"))
    assert len(one) > 100
    assert other == one
