"""storyrunner: walks GitOps stories and ticks a criterion only when it is proven."""

__version__ = "0.1.0"
