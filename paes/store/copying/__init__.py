"""From one store into another, of whatever kinds: ``copier`` copies, and compares by ``checksums``.

``halving`` finds what a store refuses, ``patience`` waits for one that is busy.
"""
