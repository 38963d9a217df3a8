"""Rungs: which engine produced a verdict. A weaker proof must never look like a strong one."""

from __future__ import annotations

from enum import StrEnum

from storyrunner.model.frozen import dataclass


class Job(StrEnum):
    """The jobs that have a ladder of engines (design.md §5)."""

    RENDER = "render"
    DRY_RUN = "dry-run"
    SCHEMA = "schema"
    QUERY = "query"
    READ = "read"


class EngineChoice(StrEnum):
    """`--engine`: auto takes the highest rung that is there and able."""

    AUTO = "auto"
    FLUX = "flux"
    KUSTOMIZE = "kustomize"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Rung:
    """The engine and version behind a verdict, with the reasons for rungs stepped over."""

    job: Job
    engine: str
    version: str = ""
    stepped_over: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.engine} {self.version}".strip()
