"""From store to screen: pages, queries, figures, texts. Never the collectors."""
