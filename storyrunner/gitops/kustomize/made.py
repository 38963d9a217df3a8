"""Where the data of a generator stand: the literal, the file, or the line of the env file.

It reads entries as `generators` does and makes nothing.
"""

from __future__ import annotations

import posixpath
from pathlib import Path

from storyrunner import regular
from storyrunner.errors import Place
from storyrunner.gitops.kustomize.kustomization import Kustomization

FieldPath = tuple[str | int, ...]


def generated_places(tree: Path, one: Kustomization, at: FieldPath) -> dict[str, Place]:
    """The place of each key's value, for the generator entry `at`."""
    entry = one.entries(str(at[0]))[int(at[1])]
    found: dict[str, Place] = {}
    envs = [(path, ("envs", i)) for i, path in enumerate(entry.get("envs", ()))]
    for path, where in [*envs, *([(entry["env"], ("env",))] if entry.get("env") else [])]:
        found |= _env_places(_located(tree, one, path), one.place(*at, *where))
    for i, literal in enumerate(entry.get("literals", ())):
        found[literal.partition("=")[0]] = one.place(*at, "literals", i)
    for i, source in enumerate(entry.get("files", ())):
        key, sign, path = source.partition("=")
        path = path if sign else source
        name = key if sign else posixpath.basename(source.rstrip("/"))
        shown = _located(tree, one, path)
        found[name] = Place(shown[0]) if shown else one.place(*at, "files", i)
    return found


def _located(tree: Path, one: Kustomization, path: str) -> tuple[str, Path] | None:
    real = (one.directory / path).resolve()
    if not (real.is_relative_to(tree) and real.is_file()):
        return None
    return real.relative_to(tree).as_posix(), real


def _env_places(located: tuple[str, Path] | None, entry: Place) -> dict[str, Place]:
    if located is None:
        return {}
    shown, real = located
    found = {}
    for number, line in enumerate(regular.read_text(real, "utf-8-sig", "replace").split("\n")):
        key, _, _ = line.strip().partition("=")
        if key and not key.startswith("#"):
            found[key] = Place(shown, number + 1)
    return found or {"": entry}
