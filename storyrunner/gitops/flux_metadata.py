"""What Flux does to rendered objects last: owner labels, masked SOPS values, common metadata.

Rules: semantics.md §1.1 and §1.7. Every function takes plain data and returns new plain data.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Mapping
from typing import Any

from storyrunner.errors import RenderError
from storyrunner.gitops.flux_objects import FLUX_GROUP, FluxKustomization
from storyrunner.gitops.objects import text_at, value_at

OWNER_NAME = f"{FLUX_GROUP}/name"
OWNER_NAMESPACE = f"{FLUX_GROUP}/namespace"
MASK = "**SOPS**"

_DOCKER_TYPE = "kubernetes.io/dockerconfigjson"
_DOCKER_KEY = ".dockerconfigjson"
_DOCKER_MASK = f'{{"mask":"{MASK}"}}'
_BASE64 = frozenset(string.ascii_letters + string.digits + "+/=\r\n")


def finish(data: Mapping[str, Any], kustomization: FluxKustomization) -> dict[str, Any] | None:
    """One rendered and substituted object as Flux hands it to the cluster.

    None for what Flux drops without a word: an object whose apiVersion, kind or name is empty or
    no string, and a kustomize configuration. Raises RenderError for a Secret it cannot read.
    """
    labelled = _with_metadata(
        data,
        "labels",
        {OWNER_NAME: kustomization.name, OWNER_NAMESPACE: kustomization.namespace},
    )
    masked = mask_secret(labelled)
    if is_dropped(masked):
        return None
    final = _with_common(masked, "labels", kustomization.common_labels)
    return _with_common(final, "annotations", kustomization.common_annotations)


def is_dropped(data: Mapping[str, Any]) -> bool:
    """True for what Flux passes over when it reads a build's objects back."""
    api_version, kind = text_at(data, "apiVersion"), text_at(data, "kind")
    if not (api_version and kind and text_at(data, "metadata", "name")):
        return True
    return kind.lower() == "kustomization" and api_version.startswith("kustomize.config.k8s.io/")


def mask_secret(data: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret with what SOPS encrypted masked, and without empty `data`, as Flux writes it anew;
    anything else as it is."""
    masked = dict(data)
    if data.get("kind") != "Secret":
        return masked
    if "data" in masked and not masked["data"]:
        del masked["data"]
    mac = text_at(data, "sops", "mac")
    if mac.startswith("ENC["):
        masked.pop("sops")
        for field, mask in (("data", _encode(MASK)), ("stringData", MASK)):
            values = masked.get(field)
            if isinstance(values, Mapping):
                masked[field] = _mask_all(values, mask, text_at(data, "type"), field)
        return masked
    for field in ("data", "stringData"):
        values = masked.get(field)
        if isinstance(values, Mapping):
            name = text_at(data, "metadata", "name")
            masked[field] = {
                key: _mask_if_encrypted(value, field, name) for key, value in values.items()
            }
    return masked


def is_mask(text: str) -> bool:
    """True for what stands in a built Secret in place of an encrypted value."""
    return text in (MASK, _encode(MASK), _DOCKER_MASK)


def _mask_all(values: Mapping[str, Any], mask: str, type_: str, field: str) -> dict[str, Any]:
    if type_ == _DOCKER_TYPE and _DOCKER_KEY in values:
        docker = _encode(_DOCKER_MASK) if field == "data" else _DOCKER_MASK
        return {key: docker if key == _DOCKER_KEY else values[key] for key in values}
    return dict.fromkeys(values, mask)


def _mask_if_encrypted(value: Any, field: str, name: str) -> Any:
    if not isinstance(value, str):
        return value
    content = _decode(value, name) if field == "data" else value.encode()
    # Flux writes the encoded mask into stringData too.
    return _encode(MASK) if b"sops" in content and b"ENC[" in content else value


def _decode(value: str, name: str) -> bytes:
    try:
        return base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError as error:
        wrong = (at for at, char in enumerate(value) if char not in _BASE64)
        at = next(wrong, len(value))
        raise RenderError(
            f"failed to mask secret {name} sops data: illegal base64 data at input byte {at}",
            hint="plain text goes under stringData",
        ) from error


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _with_common(data: Mapping[str, Any], field: str, entries: Mapping[str, str]) -> dict[str, Any]:
    """As `_with_metadata`; where one is no text, Flux takes none of the others to be there."""
    known = value_at(data, "metadata", field)
    texts = known.values() if isinstance(known, Mapping) else ()
    if entries and not all(isinstance(value, str) for value in texts):
        data = {**data, "metadata": {**data["metadata"], field: None}}
    return _with_metadata(data, field, entries)


def _with_metadata(
    data: Mapping[str, Any], field: str, entries: Mapping[str, str]
) -> dict[str, Any]:
    changed = dict(data)
    if not entries:
        return changed
    metadata = data.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, Mapping) else {}
    known = metadata.get(field)
    metadata[field] = {**known, **entries} if isinstance(known, Mapping) else dict(entries)
    changed["metadata"] = metadata
    return changed
