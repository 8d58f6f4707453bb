"""The pictures: pure functions from data and a language to a Plotly figure, a module a page."""
