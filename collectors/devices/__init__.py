"""Device profiles as data, and what their registers mean: profile, point, words to values."""
