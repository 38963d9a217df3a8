"""What discovery has to tell of a kind. It knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from storyrunner.model.frozen import dataclass

CRD_GROUP = "apiextensions.k8s.io"


@dataclass(frozen=True, slots=True, order=True)
class CrdFact:
    """One served version of a kind; `group` is "" for the core group, `plural` its word in URLs."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def group_version(self) -> str:
        """The apiVersion that manifests write."""
        return f"{self.group}/{self.version}" if self.group else self.version


def facts_of_crd(crd: Mapping[str, Any]) -> Iterator[CrdFact]:
    """The served versions of a CustomResourceDefinition; nothing for any other or broken object."""
    if crd.get("kind") != "CustomResourceDefinition" or not str(
        crd.get("apiVersion", "")
    ).startswith(f"{CRD_GROUP}/"):
        return
    spec = _mapping(crd.get("spec"))
    names = _mapping(spec.get("names"))
    group, kind, plural = spec.get("group"), names.get("kind"), names.get("plural")
    if not (isinstance(group, str) and isinstance(kind, str) and isinstance(plural, str)):
        return
    versions = spec.get("versions")
    for version in versions if isinstance(versions, list) else ():
        entry = _mapping(version)
        if isinstance(name := entry.get("name"), str) and entry.get("served", True) is not False:
            yield CrdFact(group, name, kind, plural, spec.get("scope") != "Cluster")


def rows(table: str, *, namespaced: bool) -> tuple[CrdFact, ...]:
    """Facts from lines of `group version,version Kind/plural Kind/plural …`; `core` is the core
    group."""
    facts = []
    for line in table.strip().splitlines():
        group, versions, *kinds = line.split()
        for version in versions.split(","):
            for word in kinds:
                kind, _, plural = word.partition("/")
                facts.append(
                    CrdFact("" if group == "core" else group, version, kind, plural, namespaced)
                )
    return tuple(facts)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
