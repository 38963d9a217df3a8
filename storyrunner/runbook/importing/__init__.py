"""A story's Markdown as a runbook: tasks, steps, checks and criteria from its own text."""
