"""To whom a meter's energy belongs: parts of other meters, shared meters, formulas.

``tree`` makes terms of it; ``paes.accounting.site_energy`` adds them up.
"""
