"""Makes ``expected.json``: what OpenDSM says of the buildings of ``tests/data/estates``.

It runs outside of this project, for OpenDSM and the product cannot share an environment::

    python3.11 -m venv /tmp/opendsm
    /tmp/opendsm/bin/pip install 'opendsm==1.2.7' 'multimethod<2'
    /tmp/opendsm/bin/python tests/data/opendsm/make_expected.py

For each meter, model (``current``; ``legacy``, which is CalTRACK) and baseline year (2016, 2017):
the model of that year's days, and what it says of the next year's. Days on which the publisher has
nothing (zeros; of gas in the months of heating) are left out. OpenDSM knows the weekday and the
month of a day, not the bank holidays.
"""

from __future__ import annotations

import csv
import gzip
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from opendsm import eemeter

HERE = Path(__file__).parent
ESTATES = HERE.parent / "estates"
HEATING_MONTHS = (1, 2, 3, 11, 12)


def days() -> tuple[pd.DataFrame, pd.Series]:
    """Energy by day and meter, NaN where missing; and degrees Fahrenheit."""
    lines = (ESTATES / "daily_degc_2016_2018.csv").read_text().splitlines()
    degc = [float(line.split(",")[1]) for line in lines if line[0].isdigit()]
    index = pd.date_range("2016-01-01", periods=len(degc), freq="D", tz="UTC")
    with gzip.open(ESTATES / "hourly_2016_2018.csv.gz", "rt") as file:
        rows = csv.reader(file)
        names = next(rows)
        hours = np.array(list(rows), dtype=float).reshape(len(degc), 24, len(names))
    energy = pd.DataFrame(hours.sum(axis=1), index=index, columns=names)
    missing = (hours == 0).all(axis=1)
    cold = np.isin(index.month, HEATING_MONTHS)
    for n, name in enumerate(names):
        lost = missing[:, n] & (cold if name.startswith("gas") else True)
        energy.loc[lost, name] = np.nan
    return energy, pd.Series(np.array(degc) * 9 / 5 + 32, index=index)


def compared(kwh: pd.Series, degf: pd.Series, year: int, name: str, model: str) -> dict[str, Any]:
    """The baseline year's fit, and the year after it."""
    is_electricity = name.startswith("electricity")
    base, after = (kwh.index.year == year), (kwh.index.year == year + 1)
    data = eemeter.DailyBaselineData.from_series(kwh[base], degf[base], is_electricity)
    fitted = eemeter.DailyModel(model=model).fit(data, ignore_disqualification=True)
    found = {}
    for which, part in (("baseline", base), ("next", after)):
        asked = eemeter.DailyReportingData.from_series(kwh[part], degf[part], is_electricity)
        told = fitted.predict(asked, ignore_disqualification=True)["predicted"]
        predicted = told.reindex(kwh.index[part]).to_numpy()
        actual = kwh[part].to_numpy()
        known = ~np.isnan(actual) & ~np.isnan(predicted)
        error = actual[known] - predicted[known]
        found[which] = {
            "days": int(known.sum()),
            "predicted_kwh": round(float(predicted[known].sum()), 1),
            "actual_kwh": round(float(actual[known].sum()), 1),
            "cv_rmse_fraction": round(float(np.sqrt(np.mean(error**2)) / actual[known].mean()), 5),
        }
    return found


def main() -> None:
    """Every meter, both models, both baseline years."""
    warnings.filterwarnings("ignore")
    energy, degf = days()
    meters: dict[str, Any] = {}
    for name in energy.columns:
        for model in ("current", "legacy"):
            for year in (2016, 2017):
                found = compared(energy[name], degf, year, name, model)
                meters.setdefault(name, {}).setdefault(model, {})[str(year)] = found
    document = {"opendsm": "1.2.7", "meters": meters}
    (HERE / "expected.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
