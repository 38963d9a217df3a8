"""The source tree as data: every module with its text and syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("storyrunner", "tui")


@dataclass(frozen=True)
class Module:
    """A module by its dotted name."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """How long it is."""
        return len(self.text.splitlines())

    def imports(self) -> Iterator[tuple[str, bool]]:
        """Every name it imports, and whether that happens late, inside a function."""
        late = {
            id(inner)
            for outer in ast.walk(self.tree)
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
            for inner in ast.walk(outer)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, id(node) in late
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, id(node) in late
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", id(node) in late


@cache
def modules(package: str = "") -> tuple[Module, ...]:
    """All modules of a package, or of both."""
    found = []
    for name in (package,) if package else PACKAGES:
        for path in sorted((CHECKOUT / name).rglob("*.py")):
            parts = path.relative_to(CHECKOUT).with_suffix("").parts
            dotted = ".".join(part for part in parts if part != "__init__")
            text = path.read_text(encoding="utf-8")
            found.append(Module(dotted, path, text, ast.parse(text)))
    return tuple(found)


def importers(target: str) -> set[str]:
    """The modules that import a top-level package or module, early or late."""
    return {
        module.name
        for module in modules()
        for name, _ in module.imports()
        if name == target or name.startswith(f"{target}.")
    }
