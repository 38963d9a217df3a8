"""The folder that a Flux Kustomization builds: inside the repository, or a clear error."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from storyrunner.errors import ConfinementError, RenderError
from storyrunner.gitops.flux_objects import FluxKustomization


def directory_of(tree: Path, kustomization: FluxKustomization) -> str:
    """The folder spec.path names. Raises RenderError or ConfinementError with the field's place."""
    directory = kustomization.path
    place = kustomization.place("spec", "path")
    if ".." in directory.split("/"):
        raise ConfinementError(
            f"{kustomization.name}: spec.path leads out of the tree", place=place
        )
    folder = tree / directory
    if not folder.is_dir():
        is_file = folder.exists()
        raise RenderError(
            f"{kustomization.name}: spec.path ./{directory} "
            + ("is not a directory" if is_file else "does not exist"),
            place=place,
            hint=_nearest_folder(tree, directory),
        )
    if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(tree)):
        raise ConfinementError(
            f"{kustomization.name}: spec.path leads out of the repository", place=place
        )
    return directory


def _nearest_folder(tree: Path, directory: str) -> str:
    """The deepest parent that exists, with the folder in it whose name is nearest."""
    parts = directory.split("/")
    for depth in range(len(parts)):
        parent = tree.joinpath(*parts[:depth])
        if parent.joinpath(parts[depth]).is_dir():
            continue
        names = sorted(entry.name for entry in parent.iterdir() if entry.is_dir())
        near = get_close_matches(parts[depth], names, n=1)
        shown = "/".join(parts[:depth]) or "."
        if near:
            return f"did you mean ./{'/'.join((*parts[:depth], near[0]))}?"
        return f"{shown} holds {', '.join(names[:6]) or 'no folder'}"
    return ""
