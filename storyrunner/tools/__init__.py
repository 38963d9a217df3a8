"""The tools of the trade: how each is called, what it says, and the one spawner."""
