"""Outdoor temperature of a city, degree days, heating seasons, and heating at a usual winter.

Read ``weather`` first; ``degree_days`` and ``heating`` rest on ``daily_temperature``.
"""
