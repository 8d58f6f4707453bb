"""The inventory: energy by sector and carrier times emission factors, baseline or monitoring.

Read ``line`` for one cell, ``method`` for the choices every figure is made with, ``inventory`` for
the whole and ``making`` for how it comes about.
"""
