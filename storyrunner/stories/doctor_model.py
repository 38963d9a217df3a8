"""What the command doctor looks at and what it says: data shared by its rules.

A `Draft` collects complaints about one command and the edits that cure it, so that rules that know
nothing of each other still give one corrected command.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from storyrunner.errors import Place
from storyrunner.model.finding import Severity
from storyrunner.stories.commands_in import StoryCommand
from storyrunner.stories.repository_lint import RepositoryFiles
from storyrunner.stories.shell_words import Word

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reason why a command cannot work, or not as it reads."""

    rule: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """A command that does what the written one was meant to do; `own` when it is one of ours.

    `note` says what it still needs, empty when it can be run as it is.
    """

    command: str
    own: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with one command. `source` is `block`, `inline` or `record`."""

    place: Place
    task: str
    source: str
    written: str
    complaints: tuple[Complaint, ...]
    works: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A Flux Kustomization and the file that declares it; `path` is normalized.

    `source` is its sourceRef as `Kind/namespace/name`. `inline` says that it has variables of its
    own, `substitute_from` names ConfigMaps and Secrets as `Kind/name`. `cluster` and `settings` are
    those of the cluster whose folder holds the file, empty for other files.
    """

    name: str
    namespace: str
    file: str
    path: str
    source: str = ""
    inline: bool = False
    substitute_from: tuple[str, ...] = ()
    cluster: str = ""
    settings: str = ""
    settings_name: str = ""


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A step of the story's runbook, by task and kind (`dry_run`, `build`, `require`…)."""

    id: str
    task: str
    kind: str


@dataclass(frozen=True, slots=True)
class View:
    """The repository and the story as the rules see them. `made` are paths the story creates,
    folders included; `touched` the files it changes; `story` its id, for our own commands."""

    files: RepositoryFiles
    declared: tuple[Declared, ...] = ()
    made: frozenset[str] = frozenset()
    touched: tuple[str, ...] = ()
    story: str = ""
    steps: tuple[OwnStep, ...] = ()

    def holds(self, path: str) -> bool:
        """True when the path is there, or the story makes it."""
        plain = normal(path)
        return plain in ("", ".") or self.files.holds(plain) or plain in self.made

    def is_folder(self, path: str) -> bool:
        """True when the path is a folder that is there."""
        return normal(path) in self.files.folders

    def has_kustomization(self, folder: str) -> bool:
        """True when a folder has a kustomization file, or the story makes one."""
        plain = normal(folder)
        return any(self.holds(posixpath.join(plain, name)) for name in KUSTOMIZATION_FILES)

    def check(self, task: str, *kinds: str) -> str:
        """Our own command that judges the same: the steps of these kinds of the task."""
        found = [step for step in self.steps if step.task == task and step.kind in kinds]
        if not found:
            return ""
        only = found[0].id if len(found) == 1 else task
        return f"storyrunner --check {self.story} --only {only}"

    def check_any(self, *kinds: str) -> str:
        """The same for the whole story, when exactly one step is of these kinds."""
        found = [step for step in self.steps if step.kind in kinds]
        return f"storyrunner --check {self.story} --only {found[0].id}" if len(found) == 1 else ""


def normal(path: str) -> str:
    """A path without `./` and a slash at its end."""
    return posixpath.normpath(path) if path else ""


@dataclass(slots=True)
class Draft:
    """The diagnosis of one command while its rules are applied."""

    command: StoryCommand
    view: View
    complaints: list[Complaint] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    incurable: bool = False
    _edits: list[tuple[int, int, str]] = field(default_factory=list)
    _before: dict[int, str] = field(default_factory=dict)
    _after: dict[int, str] = field(default_factory=dict)

    def error(self, rule: str, message: str) -> None:
        """It cannot work as written."""
        self.complaints.append(Complaint(rule, Severity.ERROR, message))

    def warn(self, rule: str, message: str) -> None:
        """It runs, but does or proves something else."""
        self.complaints.append(Complaint(rule, Severity.WARNING, message))

    def replace(self, word: Word, text: str) -> None:
        """Write `text` for a word."""
        self.cut(word.start, word.start + len(word.raw), text)

    def is_replaced(self, word: Word) -> bool:
        """True when a rule has written something else for a word."""
        return any(start <= word.start < end for start, end, _new in self._edits)

    def text_of(self, word: Word) -> str:
        """What stands for a word now: its correction, or the word as written."""
        end = word.start + len(word.raw)
        same = (new for start, stop, new in self._edits if (start, stop) == (word.start, end))
        return next(same, word.raw)

    def cut(self, start: int, end: int, text: str) -> None:
        """Write `text` for a range of offsets; an earlier edit of the same range is given up."""
        self._edits = [
            e for e in self._edits if not (start <= e[0] and e[1] <= end and e[0] < e[1])
        ]
        self._edits.append((start, end, text))

    def open(self, at: int, text: str) -> None:
        """Put `text` before the word that starts at an offset."""
        self._before[at] = text

    def close(self, at: int, text: str) -> None:
        """Put `text` after the word that ends at an offset."""
        self._after[at] = text

    def own(self, command: str, note: str = "") -> None:
        """Offer one of our own commands."""
        if command:
            self.remedies.append(Remedy(command, own=True, note=note))

    def keep(self) -> None:
        """The command itself is right; what follows it is not."""
        self._edits.append((self.command.pipeline.start, self.command.pipeline.start, ""))

    def stand_alone(self, command: str, note: str = "") -> None:
        """Offer a command of other tools in place of the written one."""
        self.remedies.append(Remedy(command, note=note))

    def corrected(self) -> str:
        """The written command with all edits; empty when there are none or none can help."""
        edits = list(self._edits)
        for at, text in self._before.items():
            edits = [(s, e, text + new if s == at else new) for s, e, new in edits]
            if not any(s == at for s, _e, _new in edits):
                edits.append((at, at, text))
        for at, text in self._after.items():
            edits = [(s, e, new + text if e == at else new) for s, e, new in edits]
            if not any(e == at for _s, e, _new in edits):
                edits.append((at, at, text))
        if self.incurable or not edits:
            return ""
        return _apply(self.command.pipeline.text, self.command.pipeline.start, edits)


def _apply(text: str, base: int, edits: list[tuple[int, int, str]]) -> str:
    out, at = [], base
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        if start < at:
            continue
        out += [text[at - base : start - base], new]
        at = end
    return "".join([*out, text[at - base :]]).strip()
