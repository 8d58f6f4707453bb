"""Whom a change of emissions is owed to: decomposition by log means, exact to the gram.

Read ``lmdi`` for the arithmetic, ``drivers`` for what energy follows, ``effects`` for the causes of
a year and ``cause`` for how they are told.
"""
