"""Readings and load curves."""
