"""The embedded `kustomize build`: the rung that is always there, in pure Python.

It does the documented subset (resources, components, names, namespaces, labels, annotations,
images, generators, patches, replacements) exactly as kustomize does, and refuses everything else
by name. It starts no process and knows nothing of Flux. semantics.md §5.
"""
