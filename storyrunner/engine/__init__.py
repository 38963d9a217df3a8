"""Runs a story: order, gates, questions, results; and opens the pieces a run needs."""
