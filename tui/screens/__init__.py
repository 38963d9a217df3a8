"""Screens: they lay widgets out and turn keys into requests. Each has its `.tcss` beside it."""
