"""Declared energy: activity tables, the Covenant's template, the JRC's rows."""
