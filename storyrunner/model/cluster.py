"""A cluster of the repository: where its settings and its Flux Kustomizations stand."""

from __future__ import annotations

from typing import Any, ClassVar

from storyrunner.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """Paths are posix and relative to the repository.

    `directory` is what the cluster's Flux syncs (`kubernetes/clusters/infra`), `settings` the file
    of the ConfigMap `settings_name` that `substituteFrom` names, `kustomizations` the file that
    holds the cluster's top Flux Kustomizations.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    name: str
    directory: str
    settings: str
    kustomizations: str
    settings_name: str = "cluster-settings"
