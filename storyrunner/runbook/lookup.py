"""Reads the present values of parameters from the repository: settings, installed APIs, fields."""

from __future__ import annotations

from collections.abc import Mapping

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops import apis
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.helmfile import HelmfileRelease, read_releases
from storyrunner.gitops.query import Selection, ask
from storyrunner.gitops.query_paths import field_path_of
from storyrunner.model.cluster import Cluster
from storyrunner.model.runbook import FieldSource, Found, ServedApi
from storyrunner.workspace import Workspace

Hit = tuple[str, Place]


class RepositoryLookup:
    """The `Lookup` of `parameters.Values`. Files that cannot be read hold no value here: whatever
    needs them says so itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __call__(self, found: Found, cluster: Cluster | None) -> Hit | None:
        """The value and where it stands; None when it is not there."""
        try:
            if found.setting and cluster:
                return self._setting(found.setting, cluster)
            if found.served_api:
                return self._served(found.served_api)
            if found.field:
                return self._field(found.field, cluster)
        except ManifestError:
            return None
        return None

    def _setting(self, key: str, cluster: Cluster) -> Hit | None:
        data = self._workspace.read(cluster.settings)
        for document in parse_documents(data or b"", cluster.settings):
            table = document.value.get("data") if isinstance(document.value, Mapping) else None
            if isinstance(table, Mapping) and table.get(key) is not None:
                return str(table[key]), document.place("data", key)
        return None

    def _served(self, wanted: ServedApi) -> Hit | None:
        release = installed_release(wanted, self._workspace)
        version = apis.preferred(wanted.group, wanted.kind, release.version) if release else None
        return (f"{wanted.group}/{version}", release.place) if release and version else None

    def _field(self, wanted: FieldSource, cluster: Cluster | None) -> Hit | None:
        path = wanted.file
        for name in ("settings", "kustomizations", "directory") if cluster else ():
            path = path.replace(f"[[ {name} ]]", getattr(cluster, name))
        select = Selection(wanted.select.kind, wanted.select.name or None)
        for document in parse_documents(self._workspace.read(path) or b"", path):
            if not isinstance(document.value, Mapping):
                continue
            for answer in ask([document.value], select, wanted.ask):
                value = next((item for item in answer.values if item is not None), None)
                if value is not None:
                    return str(value), document.place(*(field_path_of(wanted.ask) or ()))
        return None


def installed_release(wanted: ServedApi, workspace: Workspace) -> HelmfileRelease | None:
    """The uncommented bootstrap release that installs the CRDs of an API."""
    for path in wanted.files:
        for release in read_releases(path, workspace.read_text(path) or ""):
            chart = release.chart.rstrip("/").rpartition("/")[2]
            if chart == wanted.release and release.is_active:
                return release
    return None
