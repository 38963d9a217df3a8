"""Widgets, each of which shows one view model. They start nothing and know no engine."""
