"""House rules that import contracts cannot say: what modules call and hold, how long they are."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import CHECKOUT, Module, importers, modules

HOUSE, LIMIT = 300, 320
"""Lines: what the house asks for (docs/adr/0001), and where it stops being a matter of taste."""

LONGER: dict[str, str] = {
    "storyrunner.model.step": "one shape per kind of step, which are read together",
    "storyrunner.model.story": "one shape per element of a story, which are read together",
    "storyrunner.gitops.kustomize.resource": "one kind of object with all that is asked of it",
}
"""Modules that may be longer, each with its reason."""

SPAWNERS = {
    "storyrunner.tools.process",
    "storyrunner.tools.child",
    "storyrunner.tools.confined",
    "storyrunner.tools.editor",
}
"""The runner, the helper it starts children with, the script that puts a command in its own place
with fewer rights, and the one interactive child: the editor."""

SPAWNING_MODULES = {"subprocess", "sh", "pty", "multiprocessing", "popen2"}
SPAWNING_CALLS = re.compile(
    r"os\.(system|popen|fork|forkpty|posix_spawnp?|exec[lv]p?e?|spawn[lv]p?e?)"
    r"|asyncio\.(subprocess\..*|create_subprocess_(exec|shell))"
    r"|.*\.subprocess_(exec|shell)"
)

ONLY_IN = {
    "pydantic": {"storyrunner.runbook.schema"},
    "platformdirs": {"storyrunner.workspace.state"},
    "promql_parser": {"storyrunner.gitops.promql"},
    "jq": {"storyrunner.gitops.query"},
    "detect_secrets": {"storyrunner.redaction.scanning"},
    "textual_diff_view": {"tui.screens.diff"},
}
"""Libraries that one module alone knows, so that another could take their place."""

HEADLESS = {"textual", "rich", "textual_diff_view"}


def dotted(node: ast.AST) -> str:
    """`os.path.join` of a chain of attributes, or an empty string."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(module: Module) -> set[str]:
    """The dotted names of all that a module calls."""
    return {dotted(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}


def test_every_module_says_why_it_exists() -> None:
    docstrings = {item.name: ast.get_docstring(item.tree) or "" for item in modules()}
    assert [name for name, text in docstrings.items() if len(text.split()) < 4] == []


def test_no_module_is_long_without_a_reason() -> None:
    long = {item.name: item.lines for item in modules() if item.lines > LIMIT}
    shown = sorted(modules(), key=lambda item: -item.lines)[:12]
    print("largest modules:", *(f"{item.lines:5d} {item.name}" for item in shown), sep="\n  ")
    assert not (set(long) - set(LONGER)), "split these, or give a reason in LONGER"


def test_reasons_for_length_are_taken_back_when_they_are_no_longer_needed() -> None:
    long = {item.name for item in modules() if item.lines > HOUSE}
    assert set(LONGER) <= long


def test_only_the_runner_and_the_editor_start_processes() -> None:
    spawners = {name for target in SPAWNING_MODULES for name in importers(target)}
    spawners |= {
        module.name
        for module in modules()
        if any(SPAWNING_CALLS.fullmatch(call) for call in calls(module))
    }
    assert spawners <= SPAWNERS


@pytest.mark.parametrize(("library", "allowed"), ONLY_IN.items(), ids=list(ONLY_IN))
def test_a_library_is_known_to_one_module(library: str, allowed: set[str]) -> None:
    assert importers(library) == allowed


def test_the_core_imports_no_screens() -> None:
    found = {
        (module.name, name)
        for module in modules("storyrunner")
        for name, _ in module.imports()
        if name.split(".")[0] in HEADLESS
    }
    assert found == set()


def test_only_the_command_line_imports_the_front_end_and_late() -> None:
    found = {
        (module.name, late)
        for module in modules("storyrunner")
        for name, late in module.imports()
        if name.split(".")[0] == "tui"
    }
    assert found, "nothing opens the session"
    assert [
        item for item in found if not item[0].startswith("storyrunner.cli") or not item[1]
    ] == []


def test_nothing_prints_but_the_one_place_that_reports_errors() -> None:
    printing = {module.name for module in modules() if "print" in calls(module)}
    assert printing <= {"storyrunner.diagnostics"}


def test_no_error_is_swallowed_unseen() -> None:
    assert [place for module in modules() for place in swallowed(module)] == []


def swallowed(module: Module) -> Iterator[str]:
    """Where a module catches everything and says nothing."""
    broad = {"", "Exception", "BaseException"}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {dotted(item) for item in getattr(node.type, "elts", [node.type]) if item}
            if (caught or {""}) & broad and all(is_silent(item) for item in node.body):
                yield f"{module.path}:{node.lineno}"
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("suppress"):
            caught = {dotted(item) for item in node.args}
            if caught & broad:
                yield f"{module.path}:{node.lineno}"


def is_silent(node: ast.stmt) -> bool:
    """A statement that does nothing."""
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass | ast.Continue)


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    ...",
        "for x in y:\n    try:\n        f()\n    except (OSError, Exception):\n        continue",
        "with contextlib.suppress(Exception):\n    f()",
    ],
)
def test_the_check_for_swallowed_errors_sees_them(text: str) -> None:
    assert list(swallowed(Module("m", Path("m.py"), text, ast.parse(text))))


def test_no_module_moves_the_process_to_another_folder() -> None:
    moving = {"os.chdir", "os.fchdir", "contextlib.chdir", "chdir"}
    movers = {module.name for module in modules() if calls(module) & moving}
    assert movers <= {"storyrunner.tools.child"}, "the folder is one for the whole process"


def test_declared_dependencies_are_those_that_are_imported() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=\[]", item)[0].lower() for item in project["dependencies"]}
    aliases = {"yaml": "pyyaml"}
    imported = {
        name.split(".")[0]
        for module in modules()
        for name, _ in module.imports()
        if name.split(".")[0] not in {*sys.stdlib_module_names, "storyrunner", "tui"}
    }
    as_packages = {aliases.get(name, name.replace("_", "-")) for name in imported}
    assert as_packages == declared
