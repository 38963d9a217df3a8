"""What is rendered again after a change: all that rests on it, and nothing else."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flux_repo import EAST, FROM_SETTINGS, SETTINGS, config, flux, repository, write

from storyrunner.errors import StoryrunnerError
from storyrunner.gitops import embedded, tree_state
from storyrunner.gitops.book import BuildBook
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.tree_state import look
from storyrunner.model.rung import EngineChoice
from storyrunner.tools.process import OsRunner
from storyrunner.tools.toolbox import Toolbox


class Rebuilding:
    """A book on a tree, and the folders that its renderer was asked for since the last build."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.rendered: list[str] = []
        runner = OsRunner()
        self.book = BuildBook(tree, runner, Toolbox(runner, ()), EngineChoice.EMBEDDED)

    def build(self) -> FluxBuild:
        """The build as it is now; what it rendered stands in `rendered`."""
        self.rendered.clear()
        return asyncio.run(self._build())

    async def _build(self) -> FluxBuild:
        self.book.forget()
        self.book._opening = asyncio.Lock()
        return await self.book.flux(EAST, "top")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository whose files are old enough to be known by their stamps alone."""
    return repository(tmp_path)


@pytest.fixture
def rebuilding(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rebuilding]:
    """A book whose renders are counted; every file counts as old."""
    monkeypatch.setattr(tree_state, "RACY", -1e9)
    found = Rebuilding(tree)
    real = embedded.EmbeddedEngine.render

    def render(self: embedded.EmbeddedEngine, *args: object) -> object:
        found.rendered.append(str(args[1]))
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(embedded.EmbeddedEngine, "render", render)
    with found.book:
        yield found


def test_nothing_is_rendered_again_while_nothing_changes(rebuilding: Rebuilding) -> None:
    first = rebuilding.build()
    assert rebuilding.rendered == ["base", "web"]
    assert rebuilding.build().objects == first.objects
    assert rebuilding.rendered == []


def test_a_changed_manifest_renders_its_own_layer_alone(rebuilding: Rebuilding) -> None:
    rebuilding.build()
    write(rebuilding.tree, {"base/zone.yaml": config("zone", domain="changed")})
    found = rebuilding.build()
    assert rebuilding.rendered == ["base"]
    [zone] = [one.object for one in found.objects if one.object.name == "zone"]
    assert zone.value("data", "domain") == "changed"


def test_a_changed_setting_renders_every_layer_that_takes_it(rebuilding: Rebuilding) -> None:
    rebuilding.build()
    write(rebuilding.tree, {"clusters/east/settings.yaml": SETTINGS.replace("east.", "west.")})
    found = rebuilding.build()
    assert rebuilding.rendered == ["base", "web"]
    assert {one.object.value("data", "domain") for one in found.objects} >= {"west.example.org"}


def test_a_changed_kustomization_renders_what_it_builds(rebuilding: Rebuilding) -> None:
    rebuilding.build()
    more = FROM_SETTINGS + "  targetNamespace: elsewhere\n"
    write(rebuilding.tree, {"base/ks.yaml": flux("web", "./web", extra=more)})
    found = rebuilding.build()
    assert rebuilding.rendered == ["base", "web"]
    assert [one.namespace for one in found.through("flux-system/web")] == ["elsewhere"]


def test_a_line_that_moves_what_stands_below_it_moves_the_places_too(
    rebuilding: Rebuilding,
) -> None:
    rebuilding.build()
    text = "# a comment\n" + flux("web", "./web", extra=FROM_SETTINGS)
    write(rebuilding.tree, {"base/ks.yaml": text})
    [web] = [one for one in rebuilding.build().kustomizations if one.name == "web"]
    assert web.origin.line == 3


@pytest.mark.parametrize("appears", ["web/more.yaml", "new/folder/x.yaml", "web/.sourceignore"])
def test_a_file_that_appears_anywhere_forgets_every_layer(
    rebuilding: Rebuilding, appears: str
) -> None:
    rebuilding.build()
    write(rebuilding.tree, {appears: config("more")})
    rebuilding.build()
    assert rebuilding.rendered == ["base", "web"]


def test_a_changed_ignore_file_forgets_every_layer(rebuilding: Rebuilding) -> None:
    write(rebuilding.tree, {"web/.sourceignore": "nothing\n"})
    rebuilding.build()
    write(rebuilding.tree, {"web/.sourceignore": "page.yaml\n"})
    rebuilding.build()
    assert rebuilding.rendered == ["base", "web"]


def test_a_file_of_the_same_size_and_time_is_a_changed_one(rebuilding: Rebuilding) -> None:
    write(rebuilding.tree, {"base/zone.yaml": config("zone", domain="aaaa")})
    file = rebuilding.tree / "base/zone.yaml"
    before = file.stat()
    rebuilding.build()
    time.sleep(0.02)
    file.write_text(file.read_text("utf-8").replace("aaaa", "bbbb"), "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = rebuilding.build()
    [zone] = [one.object for one in found.objects if one.object.name == "zone"]
    assert zone.value("data", "domain") == "bbbb"


def test_an_error_is_never_kept(rebuilding: Rebuilding) -> None:
    write(rebuilding.tree, {"base/zone.yaml": config("zone", domain="${UNKNOWN}")})
    for _ in range(2):
        with pytest.raises(StoryrunnerError, match="UNKNOWN"):
            rebuilding.build()
        assert rebuilding.rendered == ["base"]


def test_a_file_just_written_is_known_by_its_content(tree: Path) -> None:
    first = look(tree)
    assert first is not None
    assert len(first.stamps["base/zone.yaml"][-1]) == 64


def test_a_tree_beyond_the_limit_is_not_looked_at(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_state, "MOST_ENTRIES", 3)
    assert look(tree) is None


@pytest.mark.parametrize("seed", range(8))
def test_after_any_series_of_changes_a_kept_build_is_a_fresh_one(
    rebuilding: Rebuilding, seed: int
) -> None:
    chance = random.Random(seed)
    tree = rebuilding.tree
    for step in range(12):
        value = f"v{chance.randrange(3)}"
        path, text = chance.choice(
            [
                ("base/zone.yaml", config("zone", domain=value)),
                ("web/page.yaml", config("page", url=value, host="${DOMAIN}")),
                (f"web/extra{chance.randrange(2)}.yaml", config(f"extra-{step}", key=value)),
                ("clusters/east/settings.yaml", SETTINGS.replace("eu", value)),
                ("base/ks.yaml", flux("web", "./web", extra=chance.choice(["", FROM_SETTINGS]))),
            ]
        )
        time.sleep(0.01)  # no two changes in one tick of the clock that stamps files
        write(tree, {path: text})
        kept, fresh = rebuilding.build(), Rebuilding(tree)
        with fresh.book:
            found = fresh.build()
        assert kept.objects == found.objects
        assert kept.read == found.read
        assert kept.findings == found.findings
        assert kept.kustomizations == found.kustomizations
