"""Kubernetes objects as data: identity, labels, and the reading of a tool's multi-document output.

It knows nothing of files, of engines, or of what any kind means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storyrunner.errors import ManifestError, ToolError
from storyrunner.gitops.documents import parse_documents
from storyrunner.model.frozen import dataclass


def group_of(api_version: str) -> str:
    """The API group of an apiVersion; the core group is the empty string."""
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


def text_at(data: object, *fields: str) -> str:
    """The string at `fields` below `data`, or "" when it is absent or is no string."""
    for name in fields:
        if not isinstance(data, Mapping):
            return ""
        data = data.get(name)
    return data if isinstance(data, str) else ""


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One object. `data` is plain data (dicts, lists, scalars) and is not to be changed.

    Identity that is absent, or that is no string, reads as "".
    """

    data: Mapping[str, Any]

    @property
    def api_version(self) -> str:
        """`cert-manager.io/v1`, or `v1`."""
        return text_at(self.data, "apiVersion")

    @property
    def group(self) -> str:
        """`cert-manager.io`; the core group is ""."""
        return group_of(self.api_version)

    @property
    def kind(self) -> str:
        """`ClusterIssuer`."""
        return text_at(self.data, "kind")

    @property
    def name(self) -> str:
        """metadata.name."""
        return text_at(self.data, "metadata", "name")

    @property
    def namespace(self) -> str:
        """metadata.namespace, "" when the object has none."""
        return text_at(self.data, "metadata", "namespace")

    @property
    def labels(self) -> Mapping[str, Any]:
        """metadata.labels, empty when there are none."""
        return self._metadata("labels")

    @property
    def annotations(self) -> Mapping[str, Any]:
        """metadata.annotations, empty when there are none."""
        return self._metadata("annotations")

    @property
    def key(self) -> str:
        """`ns/name`, or the name alone when there is no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def ident(self) -> str:
        """`Kind/ns/name`, or `Kind/name` when there is no namespace."""
        return f"{self.kind}/{self.key}"

    def value(self, *fields: str | int) -> Any:
        """The value at `fields`, or None when there is none."""
        return value_at(self.data, *fields)

    def _metadata(self, field: str) -> Mapping[str, Any]:
        found = value_at(self.data, "metadata", field)
        return found if isinstance(found, Mapping) else {}


def value_at(data: Any, *fields: str | int) -> Any:
    """The value at a path of keys and list indexes below `data`, or None when there is none."""
    for name in fields:
        if isinstance(data, Mapping):
            data = data.get(name)
        elif isinstance(data, list) and isinstance(name, int) and 0 <= name < len(data):
            data = data[name]
        else:
            return None
    return data


def parse_objects(text: str, origin: str) -> tuple[KubeObject, ...]:
    """The objects in what a tool printed; empty documents (a trailing `---`) are passed over.

    `origin` names the tool in messages. Raises ToolError when the text is no list of objects.
    """
    try:
        documents = parse_documents(text, origin)
    except ManifestError as error:
        raise ToolError(f"{origin} printed what is not YAML: {error.message}") from error
    objects = []
    for document in documents:
        if document.value is None:
            continue
        if not isinstance(document.value, Mapping):
            found = type(document.value).__name__
            raise ToolError(f"{origin} printed a {found} where an object was expected")
        objects.append(KubeObject(document.value))
    return tuple(objects)
