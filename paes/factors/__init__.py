"""Emission factors and calorific values: with a source, and a look-up that says how it matched."""
