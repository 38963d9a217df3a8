"""Stories as Markdown: reading, finding, ticking."""
