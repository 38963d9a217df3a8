"""Finds the real tools for the contract suite: only those `.ci/tools` built, never one on PATH.

A contract holds for a pinned version; what a developer happens to have installed would make the
verdict depend on the machine. Knows where the tools are, not what they are asked to do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest


def _tools_folder() -> Path:
    """The folder `.ci/tools` fills, by the same rule as the script."""
    named = os.environ.get("STORYRUNNER_TOOLS_DIR")
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path("~/.cache").expanduser()) / "storyrunner" / "tools"


# Read on import: each test runs with another HOME and without the XDG variables.
TOOLS = _tools_folder()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Everything in this folder needs real tools."""
    item.add_marker("tools")


def _absent(tool: str, path: Path) -> NoReturn:
    reason = f"{tool} is not at {path}: run `.ci/tools`"
    if os.environ.get("STORYRUNNER_REQUIRE_TOOLS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _require(tool: str, path: Path) -> Path:
    if not os.access(path, os.X_OK):
        _absent(tool, path)
    return path


@pytest.fixture(scope="session")
def tools_bin() -> Path:
    """The folder that holds the tools built by `.ci/tools`."""
    folder = TOOLS / "bin"
    if not folder.is_dir():
        _absent("the folder of tools", folder)
    return folder


@pytest.fixture(scope="session")
def real_kubectl(tools_bin: Path) -> Path:
    """The newest kubectl this project is tested with."""
    return _require("kubectl", tools_bin / "kubectl")


@pytest.fixture(scope="session")
def real_oldest_kubectl(tools_bin: Path) -> Path:
    """The oldest kubectl this project supports (`.ci/tools --all`)."""
    return _require("kubectl-1.27 (`.ci/tools --all`)", tools_bin / "kubectl-1.27")


@pytest.fixture(scope="session")
def real_kustomize(tools_bin: Path) -> Path:
    """The kustomize command."""
    return _require("kustomize", tools_bin / "kustomize")


@pytest.fixture(scope="session")
def real_flux(tools_bin: Path) -> Path:
    """The flux command, without the manifests that `flux install` would need."""
    return _require("flux", tools_bin / "flux")


@pytest.fixture(scope="session")
def real_yq(tools_bin: Path) -> Path:
    """mikefarah's yq."""
    return _require("yq (mikefarah)", tools_bin / "yq")


@pytest.fixture(scope="session")
def real_kislyuk_yq(tools_bin: Path) -> Path:
    """The other yq, a wrapper around jq, which has to be on PATH."""
    return _require("yq (kislyuk)", tools_bin.parent / "kislyuk" / "yq")


@pytest.fixture(scope="session")
def real_kubeconform(tools_bin: Path) -> Path:
    """The kubeconform command."""
    return _require("kubeconform", tools_bin / "kubeconform")


@pytest.fixture(scope="session")
def oracle(tools_bin: Path) -> Path:
    """Flux's own libraries as a filter; its modes stand in `go/oracle/main.go`."""
    return _require("storyrunner-oracle", tools_bin / "storyrunner-oracle")
