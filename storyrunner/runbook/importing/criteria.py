"""What proves each criterion: the steps of its tasks, what its text names, else a person.

A sentence that nothing proves to the letter is signed: one sign-off for all such of a criterion. A
step is a proof only for what it was found by: its task is mapped, titled alike, or it is about a
file or command that the text names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from storyrunner.gitops.flux_objects import FLUX_GROUP
from storyrunner.model.story import Story, StoryCriterion
from storyrunner.runbook.importing.commands import CommandReader
from storyrunner.runbook.importing.draft import (
    CHECKS,
    CriterionDraft,
    Draft,
    Keys,
    StepDraft,
    TaskDraft,
)
from storyrunner.runbook.importing.facts import Meaning, Stated, read_fact
from storyrunner.runbook.importing.manual import confirm, shortened
from storyrunner.runbook.importing.reaching import add_others, manifest_of, waits_of
from storyrunner.runbook.importing.repository import Repository
from storyrunner.stories.doctor_model import normal
from storyrunner.stories.story_paths import expand, full_paths, named_paths

_QUOTED = re.compile(r"`([^`]+)`")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_HEAD = re.compile(r"[ \t]*(?:#+|\d{1,3}[.)]|\*\*)")
_SUCCEEDS = re.compile(
    r"\s*(?:succeeds?|passes|passed|works|is clean|validates manifests|runs without errors?)\.?$",
    re.IGNORECASE,
)
_COMMON = """
a an and the for of to with in on is are be create created creates creation update updated
 manifest manifests yaml file files add added define defined
"""
_EMPTY_WORDS = frozenset(_COMMON.split())
_MAPPED = re.compile(r"^\(Tasks? [^()]*\):?[ \t]*", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9][\w.-]*")
CHECKS_TASK = "CHECKS"


class CriteriaReader:
    """Draws the criteria; checks that no task has yet go into a task of their own."""

    def __init__(
        self, story: Story, repository: Repository, commands: CommandReader, draft: Draft
    ) -> None:
        self._story = story
        self._repository = repository
        self._commands = commands
        self._draft = draft
        self.checks = TaskDraft(CHECKS_TASK, "Check what the criteria say", _first_line(story))
        self.checks.story_task = False

    def criteria(self) -> list[CriterionDraft]:
        """The story's criteria, each with at least one proof."""
        waits = waits_of(self._draft, self._repository, self._story, self.checks)
        drafts = [self._criterion(one) for one in self._story.criteria]
        for draft in drafts:
            for step in list(draft.proofs):
                for wait in waits.get(str(step.keys.get("path", "")), ()):
                    draft.prove(wait)
        add_others(self._draft, self._repository, self.checks)
        return drafts

    def _criterion(self, criterion: StoryCriterion) -> CriterionDraft:
        sentences = list(_sentences(criterion))
        first = sentences[0][1] if sentences else criterion.id
        text = _MAPPED.sub("", criterion.title).rstrip(": ") or first
        draft = CriterionDraft(criterion.id, shortened(text), criterion.span.first)
        draft.bullets = [sentence for _, sentence in sentences]
        tasks = self._tasks_of(criterion)
        stated = self._stated(criterion, tasks)
        for task in tasks:
            if criterion.id not in task.satisfies and task.story_task:
                task.satisfies.append(criterion.id)
        for step in self._steps_of(criterion, tasks, stated):
            draft.prove(step)
        open_sentences = [
            (line, sentence)
            for line, sentence in sentences or [(criterion.span.first, text)]
            if not self._judge(draft, criterion, line, sentence, stated)
        ]
        if open_sentences or not draft.proofs:
            draft.prove(self.checks.add(_signed(criterion, text, open_sentences, stated)))
        return draft

    # --- tasks and steps -----------------------------------------------------------------------

    def _tasks_of(self, criterion: StoryCriterion) -> list[TaskDraft]:
        """The tasks mapped to a criterion; without a mapping those of the same title."""
        mapped = [
            task
            for task in self._draft.tasks
            if criterion.id in task.satisfies or task.id in criterion.tasks
        ]
        if mapped:
            return mapped
        words = words_of(criterion.title)
        alike = [task for task in self._draft.tasks if words and words_of(task.title) == words]
        return alike if len(alike) == 1 else []

    def _stated(self, criterion: StoryCriterion, tasks: Sequence[TaskDraft]) -> tuple[Stated, ...]:
        """The manifests a criterion is about: those of the files it names, else of its tasks."""
        named = set(self._files(criterion.span.raw))
        writes = [step for step in self._draft.steps() if step.kind in ("write", "edit")]
        chosen = [step for step in writes if step.keys["path"] in named]
        if not chosen:
            chosen = [step for step in writes if any(step in task.steps for task in tasks)]
        return tuple(manifest_of(step, self._story) for step in chosen)

    def _steps_of(
        self, criterion: StoryCriterion, tasks: Sequence[TaskDraft], stated: Sequence[Stated]
    ) -> Iterator[StepDraft]:
        """All of a task that serves this criterion alone; of one that serves several only the
        steps about its files."""
        paths = {one.path for one in stated}
        named = set(self._files(criterion.span.raw))
        for task in tasks:
            alone = len(task.satisfies) <= 1 or not paths & named
            for step in task.steps:
                own = step.keys.get("path") in paths
                if own or (alone and step.kind in CHECKS | {"write", "edit"}):
                    yield step
        for step in self._draft.steps():
            if step.keys.get("path") in named:
                yield step

    def _files(self, text: str) -> list[str]:
        """The paths a text names, braces expanded."""
        quoted = chain.from_iterable(expand(name) for name in _QUOTED.findall(text) if "/" in name)
        found = [path for path in quoted if full_paths(path) or "." in path]
        return [normal(path.rstrip("/")) for path in (*found, *named_paths(text))]

    # --- sentences -----------------------------------------------------------------------------

    def _judge(
        self,
        draft: CriterionDraft,
        criterion: StoryCriterion,
        line: int,
        sentence: str,
        stated: Sequence[Stated],
    ) -> bool:
        """Whether the sentence is proven by steps, which are added when they are new."""
        steps = self._of_command(line, sentence)
        if steps is None:
            meaning = read_fact(sentence, stated)
            steps = self._of_meaning(line, sentence, meaning) if meaning else None
        for step in steps or ():
            draft.prove(step)
        return bool(steps)

    def _of_command(self, line: int, sentence: str) -> list[StepDraft] | None:
        """`cmd` succeeds: the steps that stand for the command."""
        quoted = _QUOTED.match(sentence)
        if quoted is None or not _SUCCEEDS.match(sentence[quoted.end() :]):
            return None
        if " " not in quoted[1].strip():
            return None
        reads = self._commands.text(line, quoted[1])
        steps = [step for read in reads for step in read.steps]
        if not steps or any(step.kind == "confirm" for step in steps):
            return None
        return [self._known(step) for step in steps]

    def _of_meaning(self, line: int, sentence: str, meaning: Meaning) -> list[StepDraft] | None:
        if meaning.setting:
            return self._of_setting(line, meaning.setting)
        if not meaning.facts:
            return self._of_path(line, meaning.path)
        select = dict(meaning.select)
        own = select.get("group") == FLUX_GROUP and select["kind"] == "Kustomization"
        where = self._repository
        # A Flux Kustomization is not rendered by itself: its declaration is asked.
        target = where.target(select["name"]) if own else where.applying(meaning.path)
        if target is None:
            return None
        why = f"The criterion says: {sentence.rstrip('.')}"
        facts: list[Keys] = [{**fact, "why": why} for fact in meaning.facts]
        title = f"{select['kind']}/{select['name']}: {shortened(sentence)}"
        found = []
        for keys in target.each():
            asserts = [{"select": select, "facts": facts}]
            step: Keys = {"kind": "query", "title": shortened(title), **keys}
            step |= {"declared": True, "asserts": asserts} if own else {"asserts": asserts}
            found.append(self._known(StepDraft(step, (line, line), "a criterion's words")))
        return found

    def _of_path(self, line: int, path: str) -> list[StepDraft]:
        found = []
        for one in expand(path):
            plain = normal(one)
            writes = [s for s in self._draft.steps() if s.keys.get("path") == plain]
            if writes:
                found += writes
                continue
            wanted = f"{plain}/" if one.endswith("/") else plain
            keys: Keys = {"kind": "require", "title": shortened(f"{plain} is there")}
            keys["needs"] = [{"path": wanted}]
            found.append(self._known(StepDraft(keys, (line, line), "a criterion's words")))
        return found

    def _of_setting(self, line: int, key: str) -> list[StepDraft] | None:
        """A key of the settings, in every cluster the story is about."""
        named = self._repository.named
        clusters = [c for c in self._repository.clusters if not named or c.name in named]
        found = []
        for cluster in clusters:
            merged = [s for s in self._draft.steps() if _sets(s, key, cluster.settings)]
            if merged:
                found += merged
                continue
            keys: Keys = {
                "kind": "require",
                "title": f"{key} is set for {cluster.name}",
                "cluster": cluster.name,
                "needs": [{"keys": [key], "file": cluster.settings}],
            }
            found.append(self._known(StepDraft(keys, (line, line), "a criterion's words")))
        return found or None

    def _known(self, step: StepDraft) -> StepDraft:
        """The step of the story that checks the same, else this one among the checks."""
        same = next((one for one in self._draft.steps() if one.same_as(step)), None)
        return same or self.checks.add(step)


def _sets(step: StepDraft, key: str, settings: str) -> bool:
    """Whether an edit puts a key into the settings of a cluster."""
    merge = step.keys.get("merge")
    if step.keys.get("path") != settings or not isinstance(merge, dict):
        return False
    return re.search(rf"(?m)^\s*{re.escape(key)}:", merge["text"]) is not None


def _signed(
    criterion: StoryCriterion,
    text: str,
    open_sentences: Sequence[tuple[int, str]],
    stated: Sequence[Stated],
) -> StepDraft:
    said = "; ".join(sentence for _, sentence in open_sentences) or text
    lines = [line for line, _ in open_sentences] or [criterion.span.first]
    why = "the story does not say it in words that a check could stand for"
    title = f"{criterion.id} by hand: {text}"
    question = f"{criterion.id} {text}: is this so? {said}"
    return confirm(title, question, why, (lines[0], lines[-1]), [one.path for one in stated])


def _sentences(criterion: StoryCriterion) -> Iterator[tuple[int, str]]:
    """The bullets of a criterion with their lines; without bullets its own text."""
    fenced = False
    for offset, line in enumerate(criterion.span.raw.splitlines()):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        match = _ITEM.match(line)
        if fenced or match is None or (offset == 0 and _HEAD.match(line)):
            continue
        text = line[match.end() :].strip()
        if text and not text.endswith(":"):
            yield criterion.span.first + offset, text


def words_of(title: str) -> frozenset[str]:
    """The words of a title that tell it from others."""
    words = (word.casefold().rstrip(".") for word in _WORD.findall(title))
    return frozenset(word for word in words if word not in _EMPTY_WORDS)


def _first_line(story: Story) -> int:
    return story.criteria[0].span.first if story.criteria else 1
