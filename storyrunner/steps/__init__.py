"""One module per kind of step; `kinds` is the one list of them."""
