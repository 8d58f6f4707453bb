"""Local generation and self-consumption as plain data: table C, and the balances of sites."""

from __future__ import annotations

from typing import Any

from paes.accounting.energy_total import EnergyTotal
from paes.inventory.local_generation import GenerationRow, LocalGeneration
from paes.metering import Plant
from paes.report.documents import Document, finding_document, finite
from paes.self_consumption import BalancePeriod, Share
from paes.solar.made_beside import PlantBeside
from paes.units import KWH_PER_MWH

LABELS = {
    Plant.WIND: "Wind power",
    Plant.HYDRO: "Hydroelectric power",
    Plant.PHOTOVOLTAIC: "Photovoltaic",
    Plant.CHP: "Combined heat and power",
    Plant.OTHER: "Other",
}
"""The rows of table C as the Covenant's template has them."""
TOTAL = "M129"


def generation_document(made: LocalGeneration) -> Document:
    """Table C of the year, and what was used on the spot by sector; energy in MWh."""
    return {
        "year": made.year,
        "table": "C",
        "rows": [generation_row(row) for row in made.rows],
        "total": {"code": TOTAL, **energy_mwh(made.total)},
        "self_consumed": [
            {"sector": str(sector), **self_consumed(balance)}
            for sector, balance in made.self_consumed.items()
        ],
        "findings": [finding_document(f) for f in made.findings],
    }


def generation_rows(made: LocalGeneration) -> list[Document]:
    """Table C as rows of a spreadsheet, the total last."""
    total = {"code": TOTAL, "plant": "", "label": "Total"}
    meters = sum(row.meters for row in made.rows)
    return [
        *map(generation_row, made.rows),
        {**total, "meters": meters, **energy_mwh(made.total)},
    ]


def generation_row(row: GenerationRow) -> Document:
    """One kind of plant."""
    return {
        "code": row.code,
        "plant": str(row.plant),
        "label": LABELS[row.plant],
        "meters": row.meters,
        **energy_mwh(row.energy),
    }


def self_consumed(balance: BalancePeriod) -> Document:
    """What was used on the spot; None where nobody meters what was fed in."""
    used = balance.self_consumption
    return {
        "self_consumed_mwh": used.kwh / KWH_PER_MWH if balance.has_feed_in else None,
        "self_consumed_low_mwh": finite(used.low_kwh / KWH_PER_MWH),
        "self_consumed_high_mwh": finite(used.high_kwh / KWH_PER_MWH),
        "produced_mwh": balance.production.kwh / KWH_PER_MWH,
    }


def energy_mwh(total: EnergyTotal) -> Document:
    """An amount with what is estimated and missing of it, in MWh."""
    return {
        "energy_mwh": total.kwh / KWH_PER_MWH,
        "estimated_mwh": total.estimated_kwh / KWH_PER_MWH,
        "low_mwh": finite(total.low_kwh / KWH_PER_MWH),
        "high_mwh": finite(total.high_kwh / KWH_PER_MWH),
        "coverage": total.coverage,
    }


def balance_document(period: BalancePeriod) -> Document:
    """One period of a balance, in kWh; a figure that only bounds can tell is None."""
    known = {
        "production": (period.production, True),
        "feed_in": (period.feed_in, period.has_feed_in),
        "withdrawal": (period.withdrawal, period.has_withdrawal),
        "self_consumption": (period.self_consumption, period.has_feed_in),
        "consumption": (period.consumption, period.has_feed_in and period.has_withdrawal),
    }
    return {
        "start": period.start.isoformat(),
        **{name: _figure(total, told) for name, (total, told) in known.items()},
        "self_consumption_fraction": share_document(period.self_consumption_share),
        "autarky_fraction": share_document(period.autarky),
    }


def beside_document(one: PlantBeside) -> Document:
    """A plant with what it made and what was expected of the same hours, by periods."""
    return {
        "meter": one.plant.id,
        "peak_kw": one.plant.model.peak_kw,
        "expected_by": str(one.how),
        "neighbours": list(one.neighbours),
        "calibration_factor": one.calibration.factor,
        "calibrated": one.calibration.is_own,
        "periods": [
            {
                "start": period.start.isoformat(),
                "made_kwh": period.made_kwh,
                "expected_kwh": period.expected_kwh,
                "expected_low_kwh": period.low_kwh,
                "expected_high_kwh": period.high_kwh,
                "made_of_expected_fraction": period.ratio,
                "known_light_fraction": period.known_fraction,
            }
            for period in one.periods
        ],
    }


def share_document(share: Share) -> dict[str, float | None]:
    """A share with its bounds."""
    return {"value": share.value, "low": share.low, "high": share.high}


def _figure(total: EnergyTotal, told: bool) -> dict[str, Any]:
    return {
        "kwh": total.kwh if told else None,
        "measured_kwh": total.measured_kwh if told else None,
        "estimated_kwh": total.estimated_kwh if told else None,
        "low_kwh": finite(total.low_kwh),
        "high_kwh": finite(total.high_kwh),
        "coverage": total.coverage if told else None,
    }
