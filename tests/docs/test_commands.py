"""Every command of the documentation is run, in a copy of the demo repository and an empty home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, NAMES, PAGES, Command, Sample, steps_of
from tests.support.repositories import copy_repository, start_demo

BASH = shutil.which("bash") or "bash"  # read on import: tests run with a bare PATH
SHELL_TOOLS = {name: shutil.which(name) for name in ("grep", "ls")}
NOT_RUN = re.compile(r"(make|\.ci/[a-z-]+)( |$)")
"""Commands of the checkout: they are checked to exist. Run here, `make test` would run itself."""

WITH_COMMANDS = [
    pytest.param(path, id=name)
    for path, name in zip(PAGES, NAMES, strict=True)
    if any(isinstance(item, Command) for item in steps_of(path.read_text(encoding="utf-8")))
]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return start_demo(tmp_path_factory.mktemp("docs") / "gitops")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `storyrunner` as this checkout has it, and what the pages' lines need."""
    folder = tmp_path_factory.mktemp("programs")
    script = folder / "storyrunner"
    script.write_text(
        f'#!{BASH}\nexec "{sys.executable}" -c '
        '"from storyrunner.cli import main; raise SystemExit(main())" "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    for name, found in SHELL_TOOLS.items():
        if found:
            (folder / name).symlink_to(found)
    return folder


def run(command: Command, repository: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run one line as a reader would, without a terminal."""
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return subprocess.run(
        [BASH, "-c", command.text],
        cwd=repository,
        env={"PATH": path, "HOME": os.environ["HOME"], "PYTHONPATH": str(CHECKOUT)}
        | {"LC_ALL": "C.UTF-8", "CI": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_of_a_page_does_what_it_says(
    page: Path, started: Path, programs: Path, tmp_path: Path
) -> None:
    repository = copy_repository(started, tmp_path / "gitops")
    for step in steps_of(page.read_text(encoding="utf-8")):
        if isinstance(step, Sample):
            file = repository / step.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text, encoding="utf-8")
        elif NOT_RUN.match(step.text):
            _exists(step.text)
        else:
            done = run(step, repository, programs)
            said = f"$ {step.text}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
            if step.interactive:
                assert done.returncode == 2, said
                assert "terminal" in done.stderr, said
            else:
                assert done.returncode == step.code, said


def _exists(text: str) -> None:
    program, *words = text.split()
    if program == "make":
        makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
        targets = [word for word in words if "=" not in word and not word.startswith("-")]
        assert targets, text
        for target in targets:
            assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), text
    else:
        assert os.access(CHECKOUT / program, os.X_OK), text


def test_the_readme_names_both_commands_and_they_stand_first() -> None:
    page = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    commands = [item.text for item in steps_of(page) if isinstance(item, Command)]
    assert commands[:2] == ["make demo", "make test"]


def test_a_command_that_does_not_hold_what_it_says_is_found(
    started: Path, programs: Path, tmp_path: Path
) -> None:
    (command,) = steps_of("```bash\nstoryrunner --check  # exits 0: never true here\n```\n")
    assert isinstance(command, Command)
    repository = copy_repository(started, tmp_path / "gitops")
    assert run(command, repository, programs).returncode == 1
