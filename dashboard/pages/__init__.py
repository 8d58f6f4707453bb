"""The pages: layout and words in place, made of Dash's HTML components; no arithmetic."""
