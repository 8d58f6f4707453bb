"""Towns and sites beside each other, and beside what is usual.

Read ``benchmarks`` for what is usual, ``key_figures`` for energy by m2, pupil, light point and
inhabitant, ``towns`` for several municipalities together.
"""
