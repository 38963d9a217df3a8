"""A Kubernetes API for one run on the loopback interface, so that kubectl works without a cluster.

kubectl asks a server even for `--dry-run=client`: which kinds there are, and whether an object is
there already. This answers the first from tables and the second with no. It knows no manifest and
judges none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storyrunner.gitops.offline_api.builtin import BUILTIN
from storyrunner.gitops.offline_api.facts import CrdFact, facts_of_crd
from storyrunner.gitops.offline_api.known_crds import KNOWN_CRDS

if TYPE_CHECKING:
    from storyrunner.gitops.offline_api.server import OfflineApi, Request

__all__ = ["BUILTIN", "KNOWN_CRDS", "CrdFact", "OfflineApi", "Request", "facts_of_crd"]


def __getattr__(name: str) -> Any:
    """The server is loaded by the first who asks for it: without kubectl nobody does."""
    if name not in ("OfflineApi", "Request"):
        raise AttributeError(name)
    from storyrunner.gitops.offline_api import server

    return getattr(server, name)
