"""The table of recipes: what is made ahead, the most wanted first."""

from __future__ import annotations

from dashboard.queries.progress import INVENTORIES
from dashboard.queries.recipe import AnyRecipe

RECIPES: tuple[AnyRecipe, ...] = (INVENTORIES,)
