"""The root kustomization that Flux builds: generated when there is none, merged with the spec.

Rules: semantics.md §2.1 and §2.2. The result is plain data for the `root` of a Kustomizer; nothing
is ever written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from storyrunner import regular
from storyrunner.errors import ManifestError, Place, RenderError, SubstitutionError
from storyrunner.gitops.documents import YamlDocument, load_file
from storyrunner.gitops.flux_objects import FluxKustomization
from storyrunner.gitops.flux_scan import join, kustomization_file, scan_manifests
from storyrunner.gitops.goyaml import load_yaml11
from storyrunner.gitops.objects import value_at
from storyrunner.gitops.root_texts import read_as_texts
from storyrunner.gitops.sourceignore import Ignore, load_ignore
from storyrunner.model.finding import Finding, warning
from storyrunner.model.frozen import dataclass

PLACEHOLDER_NAMESPACE = "_placeholder"

_TEXTS = ("apiVersion", "kind", "namespace", "namePrefix", "nameSuffix")
_TEXT_LISTS = [
    "resources",
    "components",
    "crds",
    "bases",
    "patchesStrategicMerge",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
]
_MAP_LISTS = [
    "patches",
    "patchesJson6902",
    "images",
    "imageTags",
    "labels",
    "replacements",
    "replicas",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "helmCharts",
    "helmChartInflationGenerator",
]
_MAPS = [
    "metadata",
    "openapi",
    "commonLabels",
    "commonAnnotations",
    "sortOptions",
    "helmGlobals",
    "generatorOptions",
]
KNOWN_FIELDS = frozenset([*_TEXTS, *_TEXT_LISTS, *_MAP_LISTS, *_MAPS])
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_REMOTE = ("git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/")


@dataclass(frozen=True, slots=True)
class FluxRoot:
    """`data` is the root kustomization, `read` the files it came from (posix, relative to the
    repository), `place` the file that stands for it, `generated` whether there was none."""

    data: dict[str, Any]
    read: frozenset[str]
    place: Place
    generated: bool
    findings: tuple[Finding, ...] = ()


def build_root(tree: Path, directory: str, kustomization: FluxKustomization) -> FluxRoot:
    """The root kustomization of `directory` (posix, relative to `tree`) as Flux would build it.

    Raises RenderError or ManifestError, with the place, for what Flux would refuse.
    """
    ignore = load_ignore(tree / directory)
    name = kustomization_file(tree / directory, directory)
    if name is None:
        root = _generate(tree, directory, ignore)
    else:
        root = _load(tree, directory, name, ignore)
    _merge_spec(root.data, tree / directory, kustomization)
    return replace(root, findings=(*root.findings, *_what_the_api_drops(kustomization)))


def _generate(tree: Path, directory: str, ignore: Ignore) -> FluxRoot:
    resources, read = scan_manifests(tree, directory, ignore)
    data = _with_type({"resources": resources} if resources else {})
    if not resources:
        data["namespace"] = PLACEHOLDER_NAMESPACE
    # Folders are filtered only here: the scan looks at files.
    kept = [
        entry
        for entry in resources
        if not ignore.excludes(entry[2:], (tree / directory / entry).is_dir())
    ]
    if resources:
        data["resources"] = kept
    return FluxRoot(data, read, Place(directory), generated=True)


def _load(tree: Path, directory: str, name: str, ignore: Ignore) -> FluxRoot:
    shown = join(directory, name)
    documents = load_file(tree / directory / name, shown)
    if not documents:
        data = _with_type({"buildMetadata": ["originAnnotations"]})
        return FluxRoot(data, frozenset({shown}), Place(shown), generated=False)
    document = documents[0]
    value = _read_values(tree / directory / name, document)
    data = _with_type(_copy({key: value[key] for key in value if key in KNOWN_FIELDS}))
    read_as_texts(data, document)
    _check_types(data, document)
    if not data.get("resources"):
        # Without it kustomize calls a file with only generators or components empty.
        data["buildMetadata"] = ["originAnnotations"]
    _filter_entries(data, tree / directory, document, ignore)
    findings = _what_flux_drops(value, documents)
    return FluxRoot(data, frozenset({shown}), document.place(), generated=False, findings=findings)


def _read_values(path: Path, document: YamlDocument) -> Mapping[str, Any]:
    """The values as Flux reads this one file: by YAML 1.1, where `on` is no string."""
    try:
        value = load_yaml11(regular.read_text(path, "utf-8-sig"), exact=True)
    except SubstitutionError as error:
        raise RenderError(error.message, place=document.place()) from error
    if not isinstance(value, Mapping):
        raise ManifestError("a kustomization file holds a map", place=document.place())
    return value


def _what_flux_drops(
    value: Mapping[str, Any], documents: Sequence[YamlDocument]
) -> tuple[Finding, ...]:
    found = [
        warning(
            "flux.unknown-field",
            f"Flux drops {field!r} here without a word, kustomize refuses it",
            documents[0].place(field, key=True),
        )
        for field in value
        if field not in KNOWN_FIELDS
    ]
    found += [
        warning("flux.unknown-field", "only the file's first document is read", one.place())
        for one in documents[1:]
    ]
    return tuple(found)


def _what_the_api_drops(kustomization: FluxKustomization) -> tuple[Finding, ...]:
    """Fields that left the API with v1: the library merges them, but nothing hands them to it."""
    return tuple(
        warning(
            "flux.unknown-field",
            f"spec.{field} is no field of Flux's v1 API, which drops it: use spec.patches",
            kustomization.place("spec", field),
        )
        for field in ("patchesStrategicMerge", "patchesJson6902")
        if kustomization.spec.get(field)
    )


def _with_type(data: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"} | data


def _copy(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list) else data


def _check_types(data: dict[str, Any], document: YamlDocument) -> None:
    """Refuse what Go could not decode; a null is the same as an absent field."""
    for field in [name for name in data if data[name] is None]:
        del data[field]
    for field, value in data.items():
        if field in _TEXTS:
            wanted, fits = "a string", isinstance(value, str)
        elif field in _MAPS:
            wanted, fits = "a map", isinstance(value, Mapping)
        else:
            entry_type: Any = str if field in _TEXT_LISTS else Mapping
            wanted = f"a list of {'strings' if entry_type is str else 'maps'}"
            fits = isinstance(value, list)
            for index, entry in enumerate(value if fits else ()):
                if not isinstance(entry, entry_type):
                    place = document.place(field, index)
                    raise RenderError(f"{field} must be {wanted}", place=place)
        if not fits:
            raise RenderError(f"{field} must be {wanted}", place=document.place(field))


def _filter_entries(
    data: dict[str, Any], folder: Path, document: YamlDocument, ignore: Ignore
) -> None:
    """Drop ignored resources, components and crds; a local one that does not exist is an error."""
    for field in ("resources", "components", "crds"):
        kept = []
        for index, entry in enumerate(data.get(field, ())):
            if field != "crds" and _SCHEME.match(entry):
                kept.append(entry)
                continue
            inside = join(".", entry.lstrip("/"))
            path = folder / inside
            if not (path.exists() or path.is_symlink()):
                missing = f"lstat {join(document.path, f'../{inside}')}: no such file or directory"
                raise RenderError(
                    f"{field} names {entry!r}, which does not exist ({missing})",
                    place=document.place(field, index),
                    hint=_nearest(folder, entry),
                )
            is_folder = path.is_dir() and not path.is_symlink()
            if inside.startswith("../") or not ignore.excludes(inside, is_folder):
                kept.append(entry)
        if field in data:
            data[field] = kept


def _nearest(folder: Path, entry: str) -> str:
    parent = (folder / entry).parent
    if not parent.is_dir():
        return ""
    near = get_close_matches(Path(entry).name, [path.name for path in parent.iterdir()], n=1)
    return f"did you mean {entry.removesuffix(Path(entry).name)}{near[0]}?" if near else ""


def _merge_spec(data: dict[str, Any], folder: Path, kustomization: FluxKustomization) -> None:
    spec = kustomization.spec
    for field, target in (
        ("targetNamespace", "namespace"),
        ("namePrefix", "namePrefix"),
        ("nameSuffix", "nameSuffix"),
    ):
        if isinstance(spec.get(field), str):
            data[target] = spec[field]
    for patch in kustomization.patches:
        _append(data, "patches", {key: patch[key] for key in ("patch", "target") if key in patch})
    _merge_components(data, folder, kustomization)
    for image in kustomization.images:
        _merge_image(data, image)
    if kustomization.build_metadata:
        data["buildMetadata"] = list(kustomization.build_metadata)


def _merge_components(data: dict[str, Any], folder: Path, kustomization: FluxKustomization) -> None:
    for index, component in enumerate(kustomization.components):
        place = kustomization.place("spec", "components", index)
        if component.lower().removeprefix("file://").startswith((*_REMOTE, "/")):
            raise RenderError(
                f"component path '{component}' must be local and relative", place=place
            )
        if not (folder / component).exists():
            if kustomization.ignore_missing_components:
                continue
            raise RenderError(f"component {component!r} does not exist", place=place)
        _append(data, "components", component)


def _merge_image(data: dict[str, Any], image: Mapping[str, Any]) -> None:
    """One image of the spec into the root's; a tag and a digest replace each other as one."""
    fields = {key: image[key] for key in ("name", "newName", "newTag", "digest") if image.get(key)}
    for known in data.get("images", ()):
        if value_at(known, "name") == fields.get("name"):
            if "newName" in fields:
                known["newName"] = fields["newName"]
            if "newTag" in fields or "digest" in fields:
                known.pop("newTag", None)
                known.pop("digest", None)
                known |= {key: fields[key] for key in ("newTag", "digest") if key in fields}
            return
    _append(data, "images", fields)


def _append(data: dict[str, Any], field: str, entry: Any) -> None:
    data[field] = [*data.get(field, ()), entry]
