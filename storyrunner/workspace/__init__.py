"""The only door to the working tree: confined paths, atomic writes, diffs, undo and the lock.

It knows nothing of YAML, stories, git or processes.
"""

from __future__ import annotations

from storyrunner.workspace.diffs import diff, safe, shown
from storyrunner.workspace.disk import Disk
from storyrunner.workspace.lock import Held, HeldBy, Lock
from storyrunner.workspace.proposals import Proposal, Receipt, Recovery
from storyrunner.workspace.reads import ABSENT, PRESENT, Reads, file_fingerprint
from storyrunner.workspace.space import Workspace
from storyrunner.workspace.state import state_folder

__all__ = [
    "ABSENT",
    "PRESENT",
    "Disk",
    "Held",
    "HeldBy",
    "Lock",
    "Proposal",
    "Reads",
    "Receipt",
    "Recovery",
    "Workspace",
    "diff",
    "file_fingerprint",
    "safe",
    "shown",
    "state_folder",
]
