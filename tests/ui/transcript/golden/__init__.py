"""Whole messages as they are drawn: the pages, how they are drawn, and what that gave before."""
