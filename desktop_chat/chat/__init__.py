"""Use cases: what the window and the terminal do, without either."""
