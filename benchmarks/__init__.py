"""What the budgets are measured with: `python -m benchmarks`, or `make bench`.

Every budget is a ratio to what an engineer would run instead, measured in the same run on the same
machine, so that it holds on a slow one too. Nothing of `storyrunner` may import this.
"""
