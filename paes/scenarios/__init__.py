"""What may become of a town by a target's year: as usual, planned, planned and chosen.

Read ``scenarios``; ``draws`` tells how likely the target is in each.
"""
