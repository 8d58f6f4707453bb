"""Bills, deliveries and charging sessions.

They are kept as events, settled to what was used, and held against meters. Read ``bill`` for what
one is, ``amounts`` for the series that follow from them, ``check`` for the comparison.
"""
