"""The table of recipes: what is made ahead, the most wanted first."""

from __future__ import annotations

from dashboard.queries.cases import LOSSES, SPARKS
from dashboard.queries.meters import ACTIVITY
from dashboard.queries.photovoltaics import PV_EXPECTED, PV_TOWN, PV_VALUES
from dashboard.queries.progress import INVENTORIES
from dashboard.queries.recipe import AnyRecipe
from dashboard.queries.site_events import FINDINGS
from dashboard.queries.site_load import OUTDOOR
from dashboard.queries.site_money import SITE_MONEY
from dashboard.queries.site_year import STREAM_YEAR
from dashboard.queries.town_energy import TOWN_COSTS, TOWN_ENERGY

RECIPES: tuple[AnyRecipe, ...] = (
    INVENTORIES,
    TOWN_ENERGY,
    ACTIVITY,
    SPARKS,
    PV_TOWN,
    LOSSES,
    TOWN_COSTS,
    OUTDOOR,
    PV_EXPECTED,
    PV_VALUES,
    STREAM_YEAR,
    SITE_MONEY,
    FINDINGS,
)
