"""Manifest templates filled with the parameters of a cluster."""

from __future__ import annotations

from storyrunner.resources import read_template
from storyrunner.steps.base import StepContext
from storyrunner.templates import names, render

OWN_TEMPLATES = ".storyrunner/manifests"
"""Where a repository keeps templates for runbooks of its own; they go before those that ship."""


def render_template(context: StepContext, template: str, cluster: str) -> str:
    """A template filled with the values for a cluster. Raises MissingValueError, RunbookError."""
    own = context.workspace.read_text(f"{OWN_TEMPLATES}/{template}")
    text = read_template(template) if own is None else own
    values = {name: context.values.fill(f"[[ {name} ]]", cluster) for name in names(text)}
    return render(text, values, template)
