"""What a photovoltaic plant should have made: sun, weather, and the plant's own first year.

The irradiance is that of a satellite's file or of the town's other plants, else that of a clear
sky; every result says which.
"""
