"""Where the state of a repository lives: outside of it, one folder for each checkout."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

OVERRIDE = "STORYRUNNER_STATE_DIR"


def state_folder(root: Path, environment: Mapping[str, str] | None = None) -> Path:
    """The state folder of the repository at `root`; it need not exist and is not made.

    `$STORYRUNNER_STATE_DIR`, else the user's state folder, then a readable name with a hash of
    the resolved root: two checkouts of one repository have two states.
    """
    environment = os.environ if environment is None else environment
    base = environment.get(OVERRIDE, "")
    if not base:
        from platformdirs import user_state_dir

        base = user_state_dir("storyrunner", appauthor=False)
    resolved = root.resolve()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", resolved.name).strip("-.")[:40] or "repository"
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
    return Path(base).expanduser() / f"{name}-{digest}"
