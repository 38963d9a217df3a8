"""What must be there before work can start: one frozen shape per need, as it stands in a runbook.

The first field of each shape tells which need it is.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from storyrunner.model.frozen import dataclass

STRICT: dict[str, Any] = {"extra": "forbid"}
"""Read by the loader's validator: an unknown key is an error. Not read anywhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolNeed:
    """A program, with its oldest usable version; absent or older is stepped over, never fatal."""

    __pydantic_config__: ClassVar[Any] = STRICT
    tool: Literal["kubectl", "kustomize", "flux", "yq", "kubeconform", "git"]
    minimum: str = ""
    """Oldest usable version, for example `1.27`."""
    flavour: str = ""
    """The program meant where two share a name: `mikefarah` or `kislyuk` for yq."""
    stands_in: str = ""
    """What does the job when the tool is not usable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathNeed:
    """A file or folder that must exist; one that ends in `/` must be a folder. `also` are paths
    that serve as well, with a warning."""

    __pydantic_config__: ClassVar[Any] = STRICT
    path: str
    is_file: bool = False
    """A folder does not count."""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextNeed:
    """A text that a line of a file must hold (comment lines do not count)."""

    __pydantic_config__: ClassVar[Any] = STRICT
    text: str
    file: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNeed:
    """A field that the documents of a YAML file must hold, not null; with what it must be."""

    __pydantic_config__: ClassVar[Any] = STRICT
    field: str
    """A plain path such as `.data.KEY` or `.resources[]`."""
    file: str
    equals: str | None = None
    """The one value, as yq prints it."""
    contains: tuple[str, ...] = ()
    """Values that are all among those the path gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlNeed:
    """A file that must be YAML and hold something."""

    __pydantic_config__: ClassVar[Any] = STRICT
    yaml: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysNeed:
    """Keys that must stand, not empty, under `data` of the ConfigMap in a file."""

    __pydantic_config__: ClassVar[Any] = STRICT
    keys: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseNeed:
    """An uncommented helmfile release of a chart. The first of `files` is the one the story
    names; another that exists serves too, with a warning."""

    __pydantic_config__: ClassVar[Any] = STRICT
    release: str
    """Last part of the chart's name, for example `cert-manager`."""
    files: tuple[str, ...]
    name: str = ""
    """Name of the release, when the chart alone does not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectNeed:
    """An object that a file, or the files of a folder, must declare."""

    __pydantic_config__: ClassVar[Any] = STRICT
    object: str
    """`Kind/name`."""
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryNeed:
    """The artefacts of an earlier story, each by its own check; its ticks are not believed."""

    __pydantic_config__: ClassVar[Any] = STRICT
    story: str
    artefacts: tuple[PathNeed | TextNeed | KeysNeed | ReleaseNeed | ObjectNeed, ...]


Need = (
    ToolNeed
    | PathNeed
    | TextNeed
    | FieldNeed
    | YamlNeed
    | KeysNeed
    | ReleaseNeed
    | ObjectNeed
    | StoryNeed
)
