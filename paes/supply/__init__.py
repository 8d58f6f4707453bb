"""Local electricity and heat: what a territory makes itself, and the factors that follow.

Read ``plants`` for what a city declares, ``formulas`` for the arithmetic, ``local_supply`` for
the Covenant's tables C and D of a year, ``paes.inventory.local_factors`` for the choice of factor.
"""
