"""How far the town is from what it promised.

Read ``path`` for a year beside its target, ``progress`` for all years and their causes
(``paes.causes``), ``action_factors`` for how what actions declare becomes tonnes.
"""
