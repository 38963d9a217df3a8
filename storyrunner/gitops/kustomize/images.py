"""`images`: new names, tags and digests for containers, wherever a resource has a list of them.

semantics.md §5.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from storyrunner.errors import DisputedFeatureError, RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize.fieldspecs import FieldSpec, Leaf, visit
from storyrunner.gitops.kustomize.resource import ResourceList
from storyrunner.gitops.kustomize.trees import is_null, text_of

_SPECS: Final = tuple(
    FieldSpec(f"{prefix}{path}", create=True)
    for prefix in ("spec/", "spec/template/spec/")
    for path in ("containers[]/image", "initContainers[]/image", "volumes[]/image/reference")
)
_TAIL: Final = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?"
_ANY_DIGEST: Final = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?"
# Only kustomize 5.8.2 looks there; 5.8.1 (and Flux 2.9 with it) does not.
_DISPUTED_SPEC: Final = FieldSpec(
    "spec/jobTemplate/spec/template/spec/volumes[]/image/reference", create=True
)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_./:@-]*")


def set_images(resources: ResourceList, image: Mapping[str, str]) -> None:
    """One entry of `images`. Raises RenderError for lists that are not of containers."""
    name = image.get("name", "")
    if not _PLAIN_NAME.fullmatch(name):
        raise RefusedFeatureError(f"the pattern {name!r} as an image's name", able="kustomize")
    wanted, disputed = re.compile(name + _TAIL), re.compile(name + _ANY_DIGEST)

    def change(value: Any) -> Any:
        if isinstance(value, dict | list):
            raise RenderError("wrong node kind: expected a scalar as an image")
        if is_null(value) or not wanted.fullmatch(text_of(value)):
            if not is_null(value) and disputed.fullmatch(text_of(value)):
                # Only kustomize 5.8.2 matches digests other than sha256.
                raise DisputedFeatureError(f"the digest of {value}", able="flux")
            return value
        return _renamed(text_of(value), image)

    def refuse(value: Any) -> Any:
        if not is_null(value) and disputed.fullmatch(text_of(value)):
            raise DisputedFeatureError("images for image volumes of a CronJob", able="flux")
        return value

    for item in resources.items:
        if item.kind == "CustomResourceDefinition":
            continue
        visit(item, _DISPUTED_SPEC, Leaf.NOTHING, refuse)
        _visit_containers(item.data, change)
        for spec in _SPECS:
            visit(item, spec, Leaf.NOTHING, change)


def split_image(image: str) -> tuple[str, str, str]:
    """Name, tag and digest; the last two "" when absent."""
    slash = image.find("/")
    start = slash if slash > 0 else 0
    at, colon = image.find("@", start), image.find(":", start)
    if at < 0 and colon < 0:
        return image, "", ""
    if at >= 0 and (at < colon or colon < 0):
        return image[:at], "", image[at + 1 :]
    if at >= 0:
        return image[:colon], image[colon + 1 : at], image[at + 1 :]
    return image[:colon], image[colon + 1 :], ""


def _renamed(value: str, image: Mapping[str, str]) -> str:
    name, tag, digest = split_image(value)
    name = image.get("newName") or name
    new_tag, new_digest = image.get("newTag", ""), image.get("digest", "")
    if new_tag or new_digest:
        tag, digest = new_tag, new_digest
    elif suffix := image.get("tagSuffix"):
        tag, digest = tag + suffix, ""
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _visit_containers(value: Any, change: Any) -> None:
    """Every `image` of every item of a list named containers or initContainers, at any depth."""
    if isinstance(value, list):
        for item in value:
            _visit_containers(item, change)
        return
    if not isinstance(value, dict):
        return
    for key, found in value.items():
        _visit_containers(found, change)
        if key in {"containers", "initContainers"} and isinstance(found, list):
            for item in found:
                if isinstance(item, dict):
                    if "image" in item:
                        item["image"] = change(item["image"])
                elif not is_null(item):
                    raise RenderError(f"wrong node kind: expected a map in {key}")
