"""The steps a runbook is made of: one frozen shape per kind, as they stand in its YAML.

Text fields may hold `[[ name ]]`, filled with the values of the parameters for one cluster when
the step runs. These shapes know nothing of how a step is checked or carried out (`steps/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from storyrunner.model.frozen import dataclass
from storyrunner.model.need import STRICT, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A command of the story that cannot work as it is written, and why: the step stands for it."""

    __pydantic_config__: ClassVar[Any] = STRICT
    written: str
    because: tuple[str, ...]
    line: int = 0
    """Line of the story's Markdown, from 1."""
    instead: str = ""
    """The command that does what the written one was meant to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireStep:
    """Something must be there before the work can start."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["require"]
    id: str
    title: str
    needs: tuple[Need, ...]
    why: str = ""
    hint: str = ""
    timeout: float = 60.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()
    supplied_by: str = ""
    """The task that supplies what is missing here; such a miss blocks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteStep:
    """A file made from a template, or from a text that stands here; exactly one of both.

    What a template's file must say is proven by queries, not by equality. A file that is to be a
    text has to say all that the text says; it may say more.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["write"]
    id: str
    title: str
    path: str
    template: str = ""
    """Path below `manifests/`."""
    text: str = ""
    """The file's text as it is: nothing in it is filled in."""
    why: str = ""
    hint: str = ""
    timeout: float = 60.0
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """An entry of a list in a YAML file."""

    __pydantic_config__: ClassVar[Any] = STRICT
    field: tuple[str, ...]
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapKeys:
    """Keys of a map in a YAML file, with the values they get when they are missing."""

    __pydantic_config__: ClassVar[Any] = STRICT
    field: tuple[str, ...]
    values: Mapping[str, str]
    after: str = ""
    """Key that new ones are put after, when it is there; else they go to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document of a multi-document YAML file, known by the object it holds."""

    __pydantic_config__: ClassVar[Any] = STRICT
    object: str
    """`Kind/name`."""
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """YAML that a file must hold: keys and values that are missing or differ are set.

    List items with a `name` are matched by it. What only a person can put in is left to one.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    text: str
    """The YAML as it is: nothing in it is filled in."""
    field: tuple[str, ...] = ()
    """Where it belongs; the top of the document when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditStep:
    """A change inside a file that keeps every other byte of it."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["edit"]
    id: str
    title: str
    path: str
    entry: ListEntry | None = None
    keys: MapKeys | None = None
    document: NewDocument | None = None
    merge: Merge | None = None
    create_from: str = ""
    """Template for the file when it does not exist; without it an absent file is a failure."""
    when: str = ""
    """Path that must exist for the step to matter; else it is skipped."""
    offer: str = ""
    """Why this is offered though the story does not name it; empty for what the story names."""
    why: str = ""
    hint: str = ""
    timeout: float = 60.0
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunStep:
    """The manifests of a folder against an API without a cluster, and against the schemas."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["dry_run"]
    id: str
    title: str
    folder: str
    """The folder, or one manifest."""
    through: str
    """Name of the Flux Kustomization whose rendered objects the schemas judge."""
    flux: str
    """Name of the top Flux Kustomization that renders them."""
    file: str = ""
    """The file that declares `flux`, where it is not one of the cluster's own."""
    why: str = ""
    hint: str = ""
    timeout: float = 120.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStep:
    """A kustomize build of a folder, or the Flux build of one Kustomization of a cluster."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["build"]
    id: str
    title: str
    folder: str = ""
    flux: str = ""
    file: str = ""
    """The file that declares `flux`, where it is not one of the cluster's own: that the cluster
    never applies it is then a warning."""
    why: str = ""
    hint: str = ""
    timeout: float = 120.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which rendered objects a query is about."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: str
    name: str = ""
    namespace: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One expression and one expectation of what it gives, for every selected object.

    Exactly one of the expectation fields is set. `note` makes a miss a note: the story's own
    choice where the facts allow another.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    ask: str
    equals: Any = None
    one_of: tuple[Any, ...] | None = None
    contains: tuple[Any, ...] | None = None
    set_equals: tuple[Any, ...] | None = None
    matches: str | None = None
    count: int | None = None
    absent: bool = False
    present: bool = False
    promql: bool = False
    resolves: Literal["", "kustomization", "folder"] = ""
    source_holds: str = ""
    """Text that the source must hold where the value comes from, for example `${SECRET_DOMAIN}`."""
    optional: bool = False
    """An object where `ask` gives nothing is left out: what is not there is right."""
    note: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """Facts about the objects of one selection."""

    __pydantic_config__: ClassVar[Any] = STRICT
    select: Selector
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryStep:
    """Questions to the rendered objects of each cluster, with typed expectations."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["query"]
    id: str
    title: str
    flux: str
    asserts: tuple[Assertion, ...]
    through: str = ""
    """Name of the Flux Kustomization that must have rendered the objects; others do not count."""
    file: str = ""
    """The file that declares `flux`, where it is not one of the cluster's own."""
    declared: bool = False
    """Ask the Flux Kustomizations that the cluster's own files declare, not what is rendered."""
    tool: Literal["", "yq"] = ""
    """A tool of the trade that answers when it is usable; the library answers otherwise."""
    why: str = ""
    hint: str = ""
    timeout: float = 60.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmStep:
    """Something only a human can say; it is signed with a name and a reason."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["confirm"]
    id: str
    title: str
    question: str
    files: tuple[str, ...] = ()
    """Files and folders the sign-off is about; it expires when one of them, or a file below one,
    changes, appears or vanishes."""
    gates: bool = True
    """Whether tasks that need this one wait for the signature."""
    why: str = ""
    hint: str = ""
    timeout: float = 60.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputExpectation:
    """What a command's output must be. Exactly one field besides `source` is set.

    Output and texts are compared without the white space around them. Lists are compared as data:
    a JSON list, a YAML list and one item a line are the same. Nothing is never right, but for
    `empty`, `lines: 0` and `lacks`.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    equals: str | None = None
    """The whole output, as text or as the same YAML or JSON value."""
    one_of: tuple[str, ...] | None = None
    """Alternatives of `equals`."""
    contains: tuple[str, ...] | None = None
    """Texts that all stand in the output."""
    lacks: tuple[str, ...] | None = None
    """Texts that must not stand in the output."""
    set_equals: tuple[str, ...] | None = None
    """Exactly these items, in any order."""
    matches: str | None = None
    """Regular expression that is found in the output."""
    lines: int | None = None
    """How many lines that are not blank."""
    empty: bool = False
    source: str = ""
    """The story's words that this was read from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStep:
    """A command as the story has it. It runs only when this very command was approved.

    Its class (read, write, network, …) is computed from its text and never declared.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["command"]
    id: str
    title: str
    run: str
    """The exact command, one simple command or shell text (bash)."""
    expect: tuple[OutputExpectation, ...] = ()
    """What the output must be; without any, the exit code decides."""
    folder: str = ""
    """Folder it runs in, relative to the repository."""
    env: tuple[str, ...] = ()
    """Names of the environment variables it gets; nothing else is inherited."""
    exit_codes: tuple[int, ...] = (0,)
    """Exit codes that are right."""
    why: str = ""
    hint: str = ""
    timeout: float = 60.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStep:
    """The story's files as one commit."""

    __pydantic_config__: ClassVar[Any] = STRICT
    kind: Literal["commit"]
    id: str
    title: str
    why: str = ""
    hint: str = ""
    timeout: float = 120.0
    cluster: str = ""
    corrects: tuple[Corrected, ...] = ()


Step = (
    RequireStep
    | WriteStep
    | EditStep
    | DryRunStep
    | BuildStep
    | QueryStep
    | CommandStep
    | ConfirmStep
    | CommitStep
)
