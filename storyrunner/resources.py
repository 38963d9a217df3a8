"""Finds the runbooks and manifest templates that ship, in a wheel as in a checkout."""

from __future__ import annotations

from pathlib import Path

from storyrunner.errors import RunbookError

PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder of `runbooks` or `manifests` that ships with this program.

    Raises RunbookError when the installation is incomplete.
    """
    for folder in (PACKAGE / "data" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise RunbookError(f"this installation lacks its {name}", hint="install storyrunner again")


def read_template(name: str) -> str:
    """The text of a template by its path below `manifests/`.

    Raises RunbookError when there is none, or when the name leads out of the folder.
    """
    folder = data_folder("manifests").resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise RunbookError(f"no template {name}", hint="templates stand below manifests/")
    return path.read_text(encoding="utf-8")
