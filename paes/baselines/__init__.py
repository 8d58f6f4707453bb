"""What a building usually takes on a day, by the weather and its calendar.

Read ``days`` for what a day is like, ``baseline`` for the model, ``search`` for how it is found and
``fit_quality`` for how good it is; ``billed`` is the same for who has nothing but bills. It serves
forecasts (``paes.forecast.forecast``) and any other comparison of what was used with what would
have been used.
"""
