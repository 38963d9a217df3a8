"""The private copy: tools see the repository, never touch it, and leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flux_repo import write

from storyrunner.errors import ConfinementError, Place, WorkspaceError
from storyrunner.gitops.private_copy import PREFIX, PrivateCopy, sweep

FILES = {
    "app/kustomization.yml": "resources: [a.yaml, ../../lib/b.yaml]\n",
    "app/a.yaml": "a: 1\n",
    "app/sub/c.yaml": "c: 1\n",
    "lib/b.yaml": "b: 1\n",
    "unused/huge.bin": "x",
    ".git/HEAD": "x",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", {f"top/{name}": text for name, text in FILES.items()})


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "base").mkdir()
    return tmp_path / "base"


def test_a_view_shows_the_tree_with_another_root_and_is_gone_afterwards(
    tree: Path, base: Path
) -> None:
    root = {"resources": ["a.yaml"]}
    with PrivateCopy(tree, base) as copy, copy.view("top/app", root) as view:
        folder = view / "top/app"
        # Under the name that it had: origin annotations name the file.
        assert json.loads((folder / "kustomization.yml").read_text()) == {"resources": ["a.yaml"]}
        assert not (folder / "kustomization.yaml").exists()
        assert (folder / "a.yaml").read_text() == "a: 1\n"
        assert (folder / "../lib/b.yaml").read_text() == "b: 1\n"
    assert list(base.iterdir()) == []


def test_what_a_tool_writes_never_reaches_the_repository(tree: Path, base: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    with PrivateCopy(tree, base) as copy, copy.view("top/app", links=False) as view:
        folder = view / "top/app"
        for path in folder.rglob("*.y*ml"):
            assert not path.is_symlink()
            path.write_text("overwritten")
        (folder / "../lib/b.yaml").write_text("overwritten")
        (folder / "kustomization.yaml").write_text("new")
    assert before == {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}


def test_only_the_top_level_folders_that_are_needed_are_copied(tmp_path: Path, base: Path) -> None:
    tree = write(
        tmp_path / "tree",
        {
            "app/kustomization.yaml": "resources:\n- ../lib/x\n",
            "lib/x/kustomization.yaml": "components: ['../../parts/c']\n",
            "parts/c/kustomization.yaml": "kind: Component\n",
            "unused/huge.bin": "x",
            ".git/HEAD": "x",
        },
    )
    with PrivateCopy(tree, base) as copy, copy.view("app"):
        assert sorted(path.name for path in (copy.home / "copy").iterdir()) == [
            "app",
            "lib",
            "parts",
        ]
    with PrivateCopy(tree, base) as copy, copy.view(".") as view:
        assert sorted(path.name for path in view.iterdir()) == ["app", "lib", "parts", "unused"]


def test_a_file_that_changed_is_seen_by_the_next_build(tree: Path, base: Path) -> None:
    with PrivateCopy(tree, base) as copy:
        with copy.view("top/app"):
            pass
        (tree / "top/app/a.yaml").write_text("changed: true\n")
        (tree / "top/app/sub/c.yaml").unlink()
        with copy.view("top/app") as view:
            assert (view / "top/app/a.yaml").read_text() == "changed: true\n"
            assert not (view / "top/app/sub/c.yaml").exists()


def test_builds_side_by_side_have_roots_of_their_own(tree: Path, base: Path) -> None:
    async def use(copy: PrivateCopy, number: int) -> str:
        with copy.view("top/app", {"namespace": str(number)}) as view:
            await asyncio.sleep(0.01)
            return (view / "top/app/kustomization.yml").read_text()

    async def all_at_once(copy: PrivateCopy) -> list[str]:
        return await asyncio.gather(*(use(copy, number) for number in range(8)))

    with PrivateCopy(tree, base) as copy:
        found = asyncio.run(all_at_once(copy))
    assert [json.loads(text)["namespace"] for text in found] == [str(n) for n in range(8)]


def test_a_link_that_leads_out_of_the_repository_is_refused(tree: Path, base: Path) -> None:
    (tree / "top/app/secret.yaml").symlink_to("/etc/passwd")
    with (
        PrivateCopy(tree, base) as copy,
        pytest.raises(ConfinementError) as caught,
        copy.view("top/app"),
    ):
        pass
    assert caught.value.place == Place("top/app/secret.yaml")


def test_links_inside_the_repository_work_in_the_copy(tree: Path, base: Path) -> None:
    (tree / "top/app/near.yaml").symlink_to("../lib/b.yaml")
    (tree / "top/app/absolute.yaml").symlink_to(tree / "top/lib/b.yaml")
    with PrivateCopy(tree, base) as copy, copy.view("top/app", links=False) as view:
        assert (view / "top/app/near.yaml").read_text() == "b: 1\n"
        inside = (view / "top/app/absolute.yaml").resolve()
        assert inside.is_relative_to(base.resolve())


def test_links_that_go_in_a_circle_stop_nobody_and_stay_what_they_are(
    tree: Path, base: Path
) -> None:
    for link, target in (("self", "self"), ("one", "two"), ("two", str(tree / "top/app/one"))):
        (tree / "top/app" / link).symlink_to(target)
    with PrivateCopy(tree, base) as copy, copy.view("top/app", links=False) as view:
        assert (view / "top/app/a.yaml").read_text() == "a: 1\n"
        for link in ("self", "one", "two"):
            assert (view / "top/app" / link).is_symlink()
            assert not (view / "top/app" / link).exists()


def test_the_copy_is_gone_after_an_error_too(tree: Path, base: Path) -> None:
    with pytest.raises(KeyError), PrivateCopy(tree, base) as copy, copy.view("top/app"):
        raise KeyError("x")
    assert list(base.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_holds_is_not(
    tree: Path, base: Path
) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from storyrunner.gitops.private_copy import PrivateCopy\n"
        "with PrivateCopy(Path(sys.argv[1]), Path(sys.argv[2])) as copy:\n"
        "    with copy.view('top/app'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tree), str(base)], check=False)
    assert len(list(base.glob(f"{PREFIX}*"))) == 1
    with PrivateCopy(tree, base) as living:
        assert list(base.iterdir()) == [living.home]
        sweep(base)
        assert list(base.iterdir()) == [living.home]


def test_messages_show_repository_paths(tree: Path, base: Path) -> None:
    with PrivateCopy(tree, base) as copy, copy.view("top/app") as view:
        text = f"lstat {os.path.realpath(view)}/top/app/x.yaml: no such file"
        assert copy.shown(text) == "lstat top/app/x.yaml: no such file"
        text = f"read {copy.home}/copy/top/lib/b.yaml"
        assert copy.shown(text) == "read top/lib/b.yaml"


def test_a_copy_that_is_not_open_says_so(tree: Path) -> None:
    with pytest.raises(WorkspaceError, match="not open"):
        _ = PrivateCopy(tree).home


def test_what_only_a_root_or_a_spec_names_is_copied_too(tmp_path: Path, base: Path) -> None:
    files = {"app/a.yaml": "a: 1\n", "part/kustomization.yaml": "b: 1\n", "more/c.yaml": "c: 1\n"}
    tree = write(tmp_path / "other", files)
    with PrivateCopy(tree, base) as copy:
        with copy.view("app", {"components": ["../part"]}) as view:
            assert (view / "part/kustomization.yaml").is_file()
            assert not (view / "more").exists()
        with copy.view("app", naming='{"components": ["x/../../more"]}') as view:
            assert (view / "more/c.yaml").is_file()


def test_a_root_is_written_as_gos_yaml_readers_take_it(tree: Path, base: Path) -> None:
    root = {"namePrefix": "\U0001f600\u00e9\u0085\u2028\x7f"}
    with PrivateCopy(tree, base) as copy, copy.view("top/app", root) as view:
        text = (view / "top/app/kustomization.yml").read_text("utf-8")
    assert text == '{"namePrefix": "\U0001f600\u00e9\\u0085\\u2028\\u007f"}'
    assert json.loads(text) == root
