"""The table of recipes: what is made ahead, the most wanted first."""

from __future__ import annotations

from dashboard.queries.actions import NEXT, REGISTER, SAVINGS
from dashboard.queries.cases import LOSSES, SPARKS
from dashboard.queries.coverage import COVERAGE
from dashboard.queries.gaps import GAPS
from dashboard.queries.heating import HEATING
from dashboard.queries.imported import IMPORTED
from dashboard.queries.lit_nights import LIT_NIGHTS
from dashboard.queries.meters import ACTIVITY
from dashboard.queries.photovoltaics import PV_EXPECTED, PV_TOWN, PV_VALUES
from dashboard.queries.progress import INVENTORIES
from dashboard.queries.recipe import AnyRecipe
from dashboard.queries.report import METER_YEAR
from dashboard.queries.site_events import FINDINGS
from dashboard.queries.site_load import OUTDOOR
from dashboard.queries.site_money import SITE_MONEY
from dashboard.queries.site_year import STREAM_YEAR
from dashboard.queries.town_energy import TOWN_COSTS, TOWN_ENERGY
from dashboard.queries.water import WATER

RECIPES: tuple[AnyRecipe, ...] = (
    INVENTORIES,
    TOWN_ENERGY,
    ACTIVITY,
    SPARKS,
    REGISTER,
    PV_TOWN,
    COVERAGE,
    LOSSES,
    TOWN_COSTS,
    LIT_NIGHTS,
    WATER,
    HEATING,
    GAPS,
    IMPORTED,
    METER_YEAR,
    PV_EXPECTED,
    PV_VALUES,
    OUTDOOR,
    NEXT,
    STREAM_YEAR,
    SITE_MONEY,
    FINDINGS,
    SAVINGS,  # minutes, in a large town
)
