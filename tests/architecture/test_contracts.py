"""The import contracts (`make contracts`) say what the plan says, and leave nothing out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storyrunner.steps.kinds import KINDS

ROOMS = (
    "cli",
    "reporters",
    "engine",
    "steps",
    "runbook",
    "stories",
    "gitops",
    "workspace",
    "tools",
    "model",
    "errors",
)
"""From the outside to the inside (docs/adr/0001)."""


@pytest.fixture(scope="module")
def contracts(checkout: Path) -> dict[str, Any]:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    return {item["id"]: item for item in project["tool"]["importlinter"]["contracts"]}


def names(layers: list[str]) -> Iterator[list[str]]:
    """The modules of each layer."""
    for layer in layers:
        yield [name for name in layer.replace("|", " ").replace(":", " ").split() if name]


def test_the_rooms_stand_in_the_order_of_the_plan(contracts: dict[str, Any]) -> None:
    layers = [layer for group in names(contracts["rooms"]["layers"]) for layer in group]
    assert [name for name in layers if name in ROOMS] == list(ROOMS)
    assert contracts["rooms"]["exhaustive"] is True


def test_every_kind_of_step_is_kept_apart_from_the_others(contracts: dict[str, Any]) -> None:
    apart = next(layer for layer in contracts["steps"]["layers"] if "|" in layer)
    kinds = {type(kind()).__module__.rpartition(".")[2] for kind in KINDS.values()}
    assert set(apart.replace("|", " ").split()) == kinds
    assert contracts["steps"]["exhaustive"] is True


def test_only_the_late_imports_of_the_command_line_are_excepted(contracts: dict[str, Any]) -> None:
    excepted = {key: item.get("ignore_imports", []) for key, item in contracts.items()}
    assert {key for key, items in excepted.items() if items} == {"headless"}
    assert all(item.startswith("storyrunner.cli.") for item in excepted["headless"])
