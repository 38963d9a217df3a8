"""A tool that was found, or why it cannot be used. Version texts are compared as numbers.

It must not know which tools there are.
"""

from __future__ import annotations

import re
from pathlib import Path

from storyrunner.model.frozen import dataclass

_NUMBERS = re.compile(r"(?<![\w.])v?(\d{1,9}(?:\.\d{1,9})+)")
_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+(?:[-+][0-9A-Za-z.+-]*)?)")
_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Stated:
    """What a program says of itself. `version` without a leading `v`; "" when it states none (a
    build from source). `kustomize` is the version that kubectl has inside."""

    version: str = ""
    flavour: str = ""
    kustomize: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that can be used."""

    name: str
    path: Path
    version: str = ""
    flavour: str = ""
    kustomize: str = ""

    @property
    def shown(self) -> str:
        """Name, flavour and version for a person: `yq (mikefarah) 4.45.1`."""
        flavour = f" ({self.flavour})" if self.flavour else ""
        return f"{self.name}{flavour} {self.version or 'of unknown version'}"

    def meets(self, minimum: str) -> bool:
        """True when the version is `minimum` or newer; a version that is not stated passes, since
        that is a build from source and its own answers are judged anyway."""
        return not minimum or not self.version or at_least(self.version, minimum)


@dataclass(frozen=True, slots=True)
class Missing:
    """No program of that name."""

    name: str

    @property
    def reason(self) -> str:
        """One phrase for a person."""
        return f"{self.name} is not installed"


@dataclass(frozen=True, slots=True)
class Unusable:
    """A program of that name that cannot do the job; `tool` when it is known what it is."""

    name: str
    path: Path
    reason: str
    tool: Tool | None = None


Detected = Tool | Missing | Unusable


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of the first version in a text (`v1.32.4-dispatcher` gives 1, 32, 4), padded to
    four; empty when there is none."""
    found = _NUMBERS.search(version)
    if not found:
        return ()
    parts = tuple(int(part) for part in found.group(1).split("."))
    return parts + (0,) * (_WIDTH - len(parts))


def at_least(version: str, minimum: str) -> bool:
    """Compare by number: 1.9 is older than 1.27. A pre-release counts as its release."""
    return numbers(version) >= numbers(minimum)


def version_in(text: str) -> str:
    """The first version in a text, without its `v`; "" when there is none or it is all zeros, as
    builds from source say (`(devel)`, `v0.0.0-master+…`, Debian's `yq 0.0.0`)."""
    found = _VERSION.search(text)
    if not found or not any(numbers(found.group(0))):
        return ""
    return found.group(1)
