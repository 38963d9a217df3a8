"""What the screens show, as plain data out of a runbook and its results. Knows no Textual."""
