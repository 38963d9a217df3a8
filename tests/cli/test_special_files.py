"""Pipes, devices, endless links and huge files in a repository: every command ends, none crashes.

Each runs in a process of its own, with an end to its time and its memory: what hangs is killed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.repositories import CERTIFICATE, GLUE, INFRA, KS, LIST, STORY

INFRA_KS = "kubernetes/clusters/infra/infrastructure.yaml"
SECONDS = 240
MEMORY = 2 << 30
COMMANDS = (
    ("--check", "--engine", "embedded", "--fresh"),
    ("list",),
    ("lint",),
    ("vars",),
    ("explain", "ClusterIssuer/letsencrypt-production"),
    ("doctor", STORY),
    ("show", STORY),
)
PROGRAM = "import sys; from storyrunner.cli import main; sys.exit(main(sys.argv[1:]))"


def run_apart(checkout: Path, folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and all output of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "-C", str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    return done.returncode, done.stdout + done.stderr


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _endless(path: Path) -> None:
    path.symlink_to(path.name)


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 8 << 30)


MAKERS = [_pipe, _device, _endless, _huge]
Make = Callable[[Path], None]


@pytest.mark.parametrize("make", MAKERS, ids=["pipe", "device", "endless link", "8 GiB"])
def test_special_files_everywhere_stop_no_command(
    checkout: Path, finished: Path, make: Make
) -> None:
    folders = [path for path in finished.rglob("*") if path.is_dir() and ".git" not in path.parts]
    for folder in (finished, *folders):
        for name in ("zz.yaml", "zz.md", "zz.json"):
            make(folder / name)
        if not (folder / ".sourceignore").exists() and make is not _huge:
            make(folder / ".sourceignore")
    for words in COMMANDS:
        code, said = run_apart(checkout, finished, *words)
        assert code in (0, 1, 2, 3), (words, said)


REPLACED = [
    STORY,
    INFRA,
    INFRA_KS,
    KS,
    LIST,
    GLUE,
    CERTIFICATE,
    "bootstrap/helmfile.d/00-crds.yaml",
]


@pytest.mark.parametrize("path", REPLACED)
def test_a_pipe_in_the_place_of_a_file_proves_nothing(
    checkout: Path, finished: Path, path: str
) -> None:
    (finished / path).unlink()
    _pipe(finished / path)
    code, said = run_apart(checkout, finished, *COMMANDS[0])
    assert code in (1, 2, 3), said
