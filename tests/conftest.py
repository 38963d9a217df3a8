"""Fixtures and booby traps for every test: an empty HOME, no git identity, no real tool."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A gate says the same of the same tree; `searching` looks for new examples (CONTRIBUTING.md).
# A busy machine is no reason to fail: nothing here depends on how fast the examples come.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", PATIENT, derandomize=True)
settings.register_profile("searching", PATIENT)
settings.load_profile(os.environ.get("STORYRUNNER_HYPOTHESIS", "repeatable"))

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree the tests belong to."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference inputs beside the checkout; a test that asks for them skips without them."""
    folder = Path(os.environ.get("STORYRUNNER_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "corpus").is_dir():
        pytest.skip("the reference inputs (../shared) are not here")
    return folder


@pytest.fixture(autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test gets its own empty HOME and state folders, so that none can touch the user's."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_", "STORYRUNNER_STATE", "KUBE")):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture(scope="session")
def bare_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with git and the few programs its hooks need, and none of the tools of the trade."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("git", "sh", "env", "cat", "sleep"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return str(folder)


@pytest.fixture(autouse=True)
def no_real_tools(
    request: pytest.FixtureRequest, bare_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test finds no real kubectl, kustomize, flux or yq, unless it is marked `tools`."""
    if request.node.get_closest_marker("tools") is None:
        monkeypatch.setenv("PATH", bare_path)
