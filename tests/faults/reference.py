"""A guided run as it goes when nobody disturbs it: what the disturbed ones are compared with."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from storyrunner.workspace.writes import TEMPORARY
from tests.faults.program import Program, Wanted
from tests.support.repositories import copy_repository, git

Files = dict[str, bytes]


def files_of(root: Path) -> Files:
    """The working tree."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


@dataclass(frozen=True, slots=True)
class Reference:
    """An undisturbed run: the working tree before it and after each of its groups of writes, the
    tree that it committed, and how long it took."""

    states: tuple[Files, ...]
    tree: str
    seconds: float

    def allowed(self, path: str) -> set[bytes | None]:
        """All that a file may hold at any moment."""
        return {state.get(path) for state in self.states}

    def torn(self, root: Path) -> list[str]:
        """Files with neither old nor new content; what is staged for a write does not count."""
        files = files_of(root)
        names = {name for state in self.states for name in state} | files.keys()
        return [
            name
            for name in sorted(names)
            if not Path(name).name.startswith(TEMPORARY)
            and files.get(name) not in self.allowed(name)
        ]

    def is_finished(self, root: Path) -> bool:
        """Whether the story is committed as it should be, once, and nothing else is different."""
        return (
            git(root, "status", "--porcelain") == ""
            and git(root, "rev-parse", "HEAD^{tree}") == self.tree
            and git(root, "rev-list", "--count", "HEAD").strip() == "2"
        )


def walk(folder: Path) -> tuple[object, ...]:
    """The arguments of a guided run."""
    return ("run", "--yes", "--engine", "embedded", "-C", folder)


def undisturbed(
    program: Program, started: Path, surroundings: dict[str, str], scratch: Path
) -> Reference:
    """Run the story on a copy of `started` and write down what happens."""
    folder = copy_repository(started, scratch / "reference")
    states = [files_of(folder)]
    record = scratch / "groups.json"
    ran = program.run(Wanted(walk(folder), surroundings, record=str(record)))
    assert ran.code == 0, ran.err
    for group in json.loads(record.read_text()):
        files = dict(states[-1])
        for path, data in group.items():
            if data is None:
                del files[path]
            else:
                files[path] = base64.b64decode(data)
        states.append(files)
    assert files_of(folder) == states[-1]
    return Reference(tuple(states), git(folder, "rev-parse", "HEAD^{tree}"), ran.seconds)
