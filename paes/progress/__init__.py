"""How far the town is from what it promised, and whom the change is owed to.

Read ``path`` for a year beside its target, ``effects`` for causes, ``progress`` for both together.
"""
