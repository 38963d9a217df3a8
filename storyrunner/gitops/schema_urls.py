"""Schemas from a web address that was given with `--schema-location`; the one thing that fetches.

A kind that the address does not have is left to the next source. One that cannot be fetched is not
judged, and says why: no silence, and no verdict without a schema.
"""

from __future__ import annotations

from dataclasses import field

from storyrunner.gitops.schema_sources import (
    CATALOGUE_LAYOUT,
    FoundSchema,
    Gvk,
    filled,
    schema_of,
)
from storyrunner.model.frozen import dataclass

TIMEOUT = 10.0
"""Seconds for one fetch."""

MAX_BYTES = 16 * 1024 * 1024


def is_url(location: str) -> bool:
    """Whether a schema location has to be fetched."""
    return location.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class SchemaUrl:
    """A kubeconform-style template of addresses; a plain address has CATALOGUE_LAYOUT. Each kind
    is fetched once in a run."""

    location: str
    _found: dict[Gvk, FoundSchema | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def find(self, gvk: Gvk) -> FoundSchema | None:
        """The schema, None when the address does not have it, `broken` when it cannot be told."""
        if not gvk.is_plain:
            return None
        if gvk not in self._found:
            template = self.location
            if "{{" not in template and not template.endswith(".json"):
                template = f"{template.rstrip('/')}/{CATALOGUE_LAYOUT}"
            self._found[gvk] = _fetch(filled(template, gvk))
        return self._found[gvk]


def _fetch(address: str) -> FoundSchema | None:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    try:
        with urlopen(Request(address), timeout=TIMEOUT) as answer:
            data = answer.read(MAX_BYTES + 1)
    except HTTPError as error:
        if error.code in (404, 410):
            return None
        return FoundSchema(address, broken=f"cannot be fetched: HTTP {error.code}")
    except (OSError, ValueError) as error:
        return FoundSchema(address, broken=f"cannot be fetched: {error}")
    if len(data) > MAX_BYTES:
        return FoundSchema(address, broken=f"is larger than {MAX_BYTES} bytes")
    return schema_of(address, data)
