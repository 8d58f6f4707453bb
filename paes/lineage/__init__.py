"""What every computed figure was made from, down to the reads of a register.

Read ``figure_id`` for how a figure is named, ``figure`` for what it carries, ``formulas`` for how
it was made, and ``tracing`` for the walk. Results keep references to what they rest on
(``Inventory``, ``ActivityData``, ``FactorMatch``, terms of meters); figures are made of these only
when somebody asks.
"""
