"""Formulas: sources, the thread that draws them, pictures."""
