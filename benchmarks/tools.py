"""The programs that are measured against, and the environment that all contenders share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tools_folder() -> str:
    """Where `make tools` put the pinned tools; "" when it says nothing."""
    done = subprocess.run(
        [ROOT / ".ci" / "tools", "--dir"], capture_output=True, text=True, check=False
    )
    return f"{done.stdout.strip()}/bin" if done.returncode == 0 else ""


def shared_environment(cache: Path) -> dict[str, str]:
    """Ours, with the pinned tools first and compiled modules as an installed program has them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    path = [tools_folder(), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    return kept | {
        "PATH": os.pathsep.join(part for part in path if part),
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(cache),
        "LC_ALL": "C.UTF-8",
    }


def missing(env: dict[str, str], *names: str) -> str:
    """Which of `names` are not there, as a sentence; "" when all are."""
    gone = [name for name in names if shutil.which(name, path=env["PATH"]) is None]
    return f"not installed: {', '.join(gone)} (make tools)" if gone else ""
