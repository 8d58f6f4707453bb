"""What the running year will be: seen so far, and expected at usual weather.

Read ``forecast`` for the town, ``cells`` for one cell, ``expected_rest`` for the rest of a year.
"""
