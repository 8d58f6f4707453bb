"""How much energy a town used, by sector and carrier: declared rows and what meters saw.

Read ``activity_data``, where they meet.
"""
