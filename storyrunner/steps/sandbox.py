"""Where a story's commands run: a private copy of the tree, a home and a temporary folder of their
own, and as little environment and as few rights as they need.

It starts nothing: it makes the `Command` that the runner gets. One sandbox lives for a session.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from storyrunner.gitops.private_copy import PrivateCopy
from storyrunner.tools import confined
from storyrunner.tools.environment import DEFAULT_PATH, environment
from storyrunner.workspace.replica import Replica

_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "TERM": "dumb",
    "NO_COLOR": "1",
}
SHELL_OPTIONS = ("--noprofile", "--norc", "-euo", "pipefail", "-c")
"""How bash is started: a failing part fails the whole, an unset variable too."""


class Sandbox:
    """Private places for the commands of one session, made when the first one needs them.

    A context manager; everything is removed at the end.
    """

    def __init__(self, root: Path, source: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._source = dict(os.environ if source is None else source)
        self._stack = ExitStack()
        self._home: Path | None = None
        self._replica: Replica | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_ended: object) -> None:
        self._stack.close()
        self._home = self._replica = None

    @property
    def home(self) -> Path:
        """The private folder of this session."""
        if self._home is None:
            private = PrivateCopy(self._root, Path(tempfile.gettempdir()))
            self._home = self._stack.enter_context(private).home
            for name in ("home", "tmp", "trees"):
                (self._home / name).mkdir()
        return self._home

    def tree(self) -> Path:
        """A private copy of the working tree as it is now, until it is asked for again. Raises
        WorkspaceError."""
        if self._replica is None:
            self._replica = Replica(self._root, self.home / "trees")
        return self._replica.renew()

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of the declared variables that are not set."""
        return [name for name in names if name not in self._source]

    def environment(self, names: Sequence[str]) -> dict[str, str]:
        """The whole environment of a command: `names` as they are set, and nothing of the user's
        else but the absolute folders of PATH outside of the repository."""
        folders = self._source.get("PATH", DEFAULT_PATH).split(os.pathsep)
        outside = [one for one in folders if one.startswith("/") and not self._is_inside(one)]
        private = {
            "PATH": os.pathsep.join(outside),
            "HOME": str(self.home / "home"),
            "TMPDIR": str(self.home / "tmp"),
        }
        declared = {name: self._source[name] for name in names if name in self._source}
        return environment({}, **_QUIET, **{**private, **declared})

    def _is_inside(self, folder: str) -> bool:
        return Path(os.path.realpath(folder)).is_relative_to(self._root)

    def confine(
        self, argv: Sequence[str], writable: Sequence[Path], *, network: bool
    ) -> tuple[str, ...]:
        """`argv` (its program an absolute path), started so that it changes files only below
        `writable` and the private folders, as far as this kernel can see to it."""
        if not self.is_confining:
            return tuple(argv)
        places = [self.home / "home", self.home / "tmp", *writable]
        words = [word for place in places for word in ("--writable", str(place))]
        head = (sys.executable, "-I", "-S", str(confined.__file__))
        return (*head, *(["--network"] if network else []), *words, "--", *argv)

    def shown(self, text: str) -> str:
        """What a command printed, without the names of its private folders: two runs say the
        same."""
        home = str(self.home)
        text = re.sub(rf"{re.escape(home)}/trees/\d+/?", "./", text)
        return text.replace(f"{home}/tmp", "$TMPDIR").replace(f"{home}/home", "$HOME")

    @property
    def is_confining(self) -> bool:
        """Whether the kernel enforces what a command may change."""
        return confined.abi() > 0
