"""How far a figure of the inventory may be from the truth, and how likely a target is met.

Read ``assumptions`` for how wrong meters, tables and factors may be, ``errors`` for which errors
are shared, ``simulation`` for the draws and ``chances`` for what follows for a target.
"""
