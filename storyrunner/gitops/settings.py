"""What a Flux Kustomization's variables are worth, read from the repository alone.

`substituteFrom` is resolved by Flux's precedence (semantics.md §3.2): entries in list order, later
over earlier, inline over all of them. Values that SOPS encrypted become placeholders and are said
to be. It knows nothing of rendering.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from storyrunner.errors import ManifestError, Place, RenderError, SubstitutionError
from storyrunner.gitops.cluster_directory import (
    is_in_directory,
    rendered_directory,
    settings_files,
)
from storyrunner.gitops.documents import YamlDocument, content_of, load_file
from storyrunner.gitops.flux_metadata import is_mask
from storyrunner.gitops.flux_objects import FluxKustomization, SubstituteFrom
from storyrunner.gitops.objects import KubeObject, text_at, value_at
from storyrunner.gitops.sources import SourceIndex
from storyrunner.gitops.substitution import check_names, clean
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, warning
from storyrunner.model.frozen import dataclass

ENCRYPTED_PLACEHOLDER = "sops-encrypted"
INLINE = "inline"
_KINDS = ("ConfigMap", "Secret")


@dataclass(frozen=True, slots=True)
class SettingValue:
    """One variable's value as Flux would insert it (newlines removed), where it was set, and by
    what: `ConfigMap/cluster-settings`, or `inline`. `encrypted`: the value is a placeholder."""

    value: str
    place: Place
    source: str
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All variables of one Flux Kustomization, the files they came from, and what was odd."""

    values: Mapping[str, SettingValue]
    read: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """Names and bare values, for substitution."""
        return {name: setting.value for name, setting in self.values.items()}


@dataclass(frozen=True, slots=True)
class Holder:
    """A ConfigMap or Secret that can be substituted from.

    It stands in `document`, or a build rendered it from files that `index` knows; `near` is its
    place when neither can tell. The search is left until somebody asks: few are ever asked.
    """

    object: KubeObject
    near: Place
    document: YamlDocument | None = None
    index: SourceIndex | None = None

    @property
    def origin(self) -> Place:
        """Where the object stands."""
        return self.place()

    def place(self, *fields: str | int) -> Place:
        """Where a field stands, as near as is known."""
        if self.document is not None:
            return self.document.place(*fields)
        found = self.index.place(self.object, *fields) if self.index else None
        return found or self.near

    @property
    def is_encrypted(self) -> bool:
        """Whether SOPS encrypted it."""
        return isinstance(self.object.value("sops"), Mapping)

    @property
    def title(self) -> str:
        """`ConfigMap/cluster-settings`."""
        return f"{self.object.kind}/{self.object.name}"


@dataclass(frozen=True, slots=True)
class SettingsIndex:
    """The ConfigMaps and Secrets of a cluster: its settings file first, then its directory, or
    what the directory's own kustomization file gives. `read`: the files that decided which."""

    tree: Path
    cluster: Cluster
    holders: tuple[Holder, ...] = field(default=())
    read: frozenset[str] = frozenset()
    _values: dict[int, dict[str, SettingValue]] = field(default_factory=dict, compare=False)

    @classmethod
    def load(cls, tree: Path, cluster: Cluster) -> SettingsIndex:
        """Read the cluster's plain files. Raises ManifestError for one that is not YAML, and what
        `rendered_directory` raises."""
        holders: list[Holder] = []
        directory = rendered_directory(tree, cluster)
        for shown in settings_files(tree, cluster):
            path = tree / shown
            if directory is not None and is_in_directory(cluster, shown):
                continue
            content = content_of(path, shown)
            if any(kind.encode() in content for kind in _KINDS):
                holders += holders_in(load_file(path, shown))
        if directory is None:
            return cls(tree, cluster, tuple(holders))
        holders += [
            Holder(one, directory.place, index=directory.index)
            for one in directory.objects
            if one.kind in _KINDS and one.api_version == "v1"
        ]
        return cls(tree, cluster, tuple(holders), directory.read)

    def values(self, holder: Holder) -> Mapping[str, SettingValue]:
        """What `read_holder` says; the cluster's own are asked by every Kustomization of it."""
        if not any(holder is own for own in self.holders):
            return read_holder(holder)
        if id(holder) not in self._values:
            self._values[id(holder)] = read_holder(holder)
        return self._values[id(holder)]

    def find(
        self, wanted: SubstituteFrom, namespace: str, extra: Sequence[Holder] = ()
    ) -> Holder | None:
        """The object a reference means. One without a namespace is taken to be in the right one:
        what applies it fills that in.

        What a build made of one counts before what is written. Raises RenderError when there are
        two, in the cluster's own files or one of them rendered from elsewhere with other values:
        which one wins is not known.
        """
        own = [one for one in self.holders if _answers(one, wanted, namespace)]
        others = [one for one in extra if _answers(one, wanted, namespace)]
        rivals = own[1:] + [one for one in others if own and _is_rival(one, own[0])]
        if rivals:
            first, second = own[0].origin, rivals[0].origin
            raise RenderError(
                f"{own[0].title} stands twice for cluster {self.cluster.name}: "
                f"{first} and {second}",
                place=second,
                hint="a cluster can have only one of that name; take one of them out",
            )
        if own and own[0].is_encrypted:
            return own[0]  # a build masks what it holds
        return next(iter((*others, *own)), None)


def _answers(holder: Holder, wanted: SubstituteFrom, namespace: str) -> bool:
    found = holder.object
    return (found.kind, found.name) == (wanted.kind, wanted.name) and (
        found.namespace in ("", namespace)
    )


def _is_rival(other: Holder, own: Holder) -> bool:
    """Not the same object met again, as a build that starts at the cluster's directory does."""
    same = other.object.value("data") == own.object.value("data")
    return not same and other.origin.path != own.origin.path


def resolve_settings(
    index: SettingsIndex, kustomization: FluxKustomization, extra: Sequence[Holder] = ()
) -> Settings:
    """The variables of `kustomization`. `extra` holds objects that other builds rendered.

    Raises RenderError for a reference that nothing answers (unless optional), SubstitutionError
    for a name Flux would refuse, ManifestError for a value that is no string.
    """
    values: dict[str, SettingValue] = {}
    read: set[str] = set()
    findings: list[Finding] = []
    for wanted in kustomization.substitute_from:
        holder = index.find(wanted, kustomization.namespace, extra)
        if holder is None:
            if wanted.optional:
                continue
            raise _missing(index, kustomization, wanted, extra)
        found = index.values(holder)
        values |= found
        read.add(holder.origin.path)
        findings += _report_encrypted(holder, found)
    for name, value in kustomization.substitute.items():
        place = kustomization.place("spec", "postBuild", "substitute", name)
        values[name] = SettingValue(_clean(value or ""), place, INLINE)
    _check_names(values)
    return Settings(values, frozenset(read), tuple(findings))


def holders_in(documents: Sequence[YamlDocument]) -> list[Holder]:
    """The ConfigMaps and Secrets among the documents of a file."""
    return [
        Holder(KubeObject(document.value), document.place(), document)
        for document in documents
        if text_at(document.value, "kind") in _KINDS
        and text_at(document.value, "apiVersion") == "v1"
    ]


def read_holder(holder: Holder) -> dict[str, SettingValue]:
    """The variables a ConfigMap or Secret gives. Raises ManifestError for what is no string."""
    values: dict[str, SettingValue] = {}
    fields = ("data",) if holder.object.kind == "ConfigMap" else ("data", "stringData")
    for section in fields:
        entries = holder.object.value(section)
        if entries is None:
            continue
        if not isinstance(entries, Mapping):
            raise ManifestError(f"{holder.title}: {section} must be a map", place=holder.place())
        for name, raw in entries.items():
            values[name] = _read_value(holder, section, name, raw)
    return values


def _read_value(holder: Holder, section: str, name: str, raw: Any) -> SettingValue:
    place = holder.place(section, name)
    if raw is not None and not isinstance(raw, str):
        raise ManifestError(
            f"{holder.title}: {section}.{name} must be a string, the cluster refuses {raw!r}",
            place=place,
            hint="write the value in quotes",
        )
    text = raw or ""
    if _is_encrypted(holder.object.data, text):
        return SettingValue(ENCRYPTED_PLACEHOLDER, place, holder.title, encrypted=True)
    if holder.object.kind == "Secret" and section == "data":
        try:
            text = base64.b64decode(text, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError) as error:
            raise ManifestError(
                f"{holder.title}: data.{name} is not base64",
                place=place,
                hint="plain text goes under stringData",
            ) from error
    if holder.document is None and is_mask(text):
        return SettingValue(ENCRYPTED_PLACEHOLDER, place, holder.title, encrypted=True)
    return SettingValue(_clean(text), place, holder.title)


def _is_encrypted(data: Mapping[str, Any], text: str) -> bool:
    return text.startswith("ENC[") and isinstance(value_at(data, "sops"), Mapping)


def _clean(value: str) -> str:
    return clean({"value": value})["value"]


def _check_names(values: Mapping[str, SettingValue]) -> None:
    for name, setting in values.items():
        try:
            check_names([name])
        except SubstitutionError as error:
            raise SubstitutionError(
                f"{error.message} (from {setting.source})",
                variable=name,
                place=setting.place,
                hint="one bad key fails the whole build: move it to another ConfigMap",
            ) from error


def _report_encrypted(holder: Holder, found: Mapping[str, SettingValue]) -> list[Finding]:
    names = [name for name, setting in found.items() if setting.encrypted]
    if not names:
        return []
    message = f"{holder.title} is encrypted: a placeholder stands in for {', '.join(names)}"
    return [warning("flux.encrypted-setting", message, found[names[0]].place)]


def _missing(
    index: SettingsIndex,
    kustomization: FluxKustomization,
    wanted: SubstituteFrom,
    extra: Sequence[Holder],
) -> RenderError:
    place = kustomization.place("spec", "postBuild", "substituteFrom", wanted.index, "name")
    where = f"namespace {kustomization.namespace} under {index.cluster.directory}"
    known = (*index.holders, *extra)
    same_name = [one for one in known if one.object.name == wanted.name]
    if same_name:
        other = same_name[0]
        near = f"{other.title} in namespace {other.object.namespace} at {other.origin}"
    else:
        titles = {holder.title: holder for holder in known}
        close = get_close_matches(str(wanted), titles, n=1, cutoff=0.5) or list(titles)[:1]
        near = f"{close[0]} at {titles[close[0]].origin}" if close else "none at all"
    return RenderError(
        f"{kustomization.name}: substitute from '{wanted}' error: no such {wanted.kind} in {where}",
        place=place,
        hint=f"the nearest that exists: {near}",
    )
