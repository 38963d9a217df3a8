"""The embedded `kustomize build`: the rung that is always there, in pure Python.

It does the documented subset (resources, components, names, namespaces, labels, annotations,
images, generators, patches, replacements) exactly as kustomize does, and refuses everything else
by name. It starts no process and knows nothing of Flux. semantics.md §5.
"""

from storyrunner.gitops.kustomize.engine import (
    EmbeddedKustomizer,
    Rendered,
    RenderedResource,
    render,
)

__all__ = ["EmbeddedKustomizer", "Rendered", "RenderedResource", "render"]
