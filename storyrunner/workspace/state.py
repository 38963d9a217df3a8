"""Where the state of a repository lives: outside of it, one folder for each checkout."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

OVERRIDE = "STORYRUNNER_STATE_DIR"


TOOLS = "tools.json"
"""What the tools of this machine said of their versions (`tools.remembered`)."""


def state_base(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of all states: `$STORYRUNNER_STATE_DIR`, else the user's state folder."""
    environment = os.environ if environment is None else environment
    base = environment.get(OVERRIDE, "")
    if not base:
        from platformdirs import user_state_dir

        base = user_state_dir("storyrunner", appauthor=False)
    return Path(base).expanduser()


def state_folder(root: Path, environment: Mapping[str, str] | None = None) -> Path:
    """The state folder of the repository at `root`; it need not exist and is not made.

    Below `state_base`, a readable name with a hash of the resolved root: two checkouts of one
    repository have two states.
    """
    resolved = root.resolve()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", resolved.name).strip("-.")[:40] or "repository"
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
    return state_base(environment) / f"{name}-{digest}"
