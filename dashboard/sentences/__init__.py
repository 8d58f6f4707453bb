"""The answers in words, a module a page; each says in numbers what its figure shows."""
