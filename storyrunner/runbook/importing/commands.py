"""The commands of a task as steps: our own checks where they mean the same, else commands.

What runs is the corrected command of the doctor, never one that is known not to work; what has no
correction is left to a person. Expectations are bound to their command; prose is signed off.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyrunner.model.finding import Severity
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import CodeBlock, Story
from storyrunner.runbook.consistency import PLACEHOLDER
from storyrunner.runbook.importing.draft import Keys, StepDraft
from storyrunner.runbook.importing.files import READERS
from storyrunner.runbook.importing.grouping import ended, groups_of, without_true
from storyrunner.runbook.importing.manual import confirm, shortened
from storyrunner.runbook.importing.rendering import read_rendering
from storyrunner.runbook.importing.repository import Repository
from storyrunner.runbook.importing.shell import is_linear, joins, plain_argv
from storyrunner.runbook.importing.wording import (
    allow_others,
    is_mention,
    near_names,
    noted,
    one_line,
    output_of,
    signed,
    title_of,
    without_remark,
)
from storyrunner.stories.commands_in import StoryCommand, commands_of
from storyrunner.stories.doctor import examine
from storyrunner.stories.expected import Expected, expectations_in, read_hint
from storyrunner.stories.shell_pipelines import Pipeline, read_pipelines

_GIT_COMMIT = frozenset({"add", "commit", "push"})


@dataclass(frozen=True, slots=True)
class Read:
    """What a command became: its steps, and whether the commit step stands for it."""

    steps: tuple[StepDraft, ...] = ()
    commits: bool = False
    pushes: bool = False
    made: tuple[str, ...] = ()
    """Folders it would make."""


@dataclass(frozen=True, slots=True)
class CommandReader:
    """Reads the commands of one story in one repository."""

    story: Story
    repository: Repository
    commands: tuple[StoryCommand, ...]

    @classmethod
    def of(cls, story: Story, repository: Repository) -> CommandReader:
        """A reader of the story's own commands; those its record tells of are history."""
        found = (one for one in commands_of(story) if one.source != "record")
        return cls(story, repository, tuple(found))

    def block(self, block: CodeBlock) -> list[Read]:
        """The commands of a shell block."""
        inside = range(block.span.first, block.span.last + 1)
        found = [c for c in self.commands if c.source == "block" and c.place.line in inside]
        commands = without_true(found)
        pipelines = [command.pipeline for command in commands]
        if not pipelines:
            return []
        bound: dict[int, list[Expected]] = {}
        for index, one in expectations_in(block.body, pipelines):
            bound.setdefault(index, []).append(one)
        if not is_linear(pipelines):
            text, lines = block.body.strip("\n"), (block.span.first, block.span.last)
            every = [one for some in bound.values() for one in some]
            return [self._unit(commands, text, lines, every)]
        reads = []
        for group in groups_of(ended(pipelines, commands)):
            expected = [one for index in group for one in bound.get(index, [])]
            first, last = commands[group[0]], commands[group[-1]]
            lines = (first.place.line, _end(block, last))
            if len(group) == 1:
                reads.append(self._one(first, expected, lines[1]))
                continue
            text = block.body[first.pipeline.start : last.pipeline.end].strip()
            reads.append(self._unit([commands[index] for index in group], text, lines, expected))
        return reads

    def inline(self, line: int, text: str, hint: str) -> list[Read]:
        """A command in backticks of a checkbox, with the parenthesis after it."""
        expected = read_hint(hint, line) if hint else None
        commands = [c for c in self.commands if c.source == "inline" and c.place.line == line]
        own = {one.text for one in read_pipelines(text) if not is_mention(one)}
        return [
            self._one(command, [expected] if expected else [], line)
            for command in commands
            if command.pipeline.text in own
        ]

    def text(self, line: int, text: str) -> list[Read]:
        """Commands named elsewhere, such as in a criterion."""
        from storyrunner.errors import Place

        place = Place(self.story.path, line)
        pipelines = read_pipelines(text)
        if not pipelines or not is_linear(pipelines) or any(map(joins, pipelines)):
            return []
        commands = (StoryCommand(one, place, "", "inline") for one in pipelines)
        return [self._one(command, [], line) for command in commands]

    # --- one command -----------------------------------------------------------------------------

    def _one(self, command: StoryCommand, expected: Sequence[Expected], last: int) -> Read:
        first = command.pipeline.parts[0]
        argv = first.argv
        if _is_commit(command.pipeline):
            return Read(commits=argv[1] != "push", pushes=argv[1] == "push")
        if first.program == "mkdir" and len(command.pipeline.parts) == 1:
            made = plain_argv(first)
            if made is not None:
                folders = [word.rstrip("/") for word in made[1:] if not word.startswith("-")]
                return Read(made=tuple(folders))
        if first.program == "echo" and len(command.pipeline.parts) == 1 and not first.writes:
            return Read()
        lines = (command.place.line, last)
        prose = [one for one in expected if one.kind == "prose"]
        typed = [one for one in expected if one.kind != "prose"]
        if PLACEHOLDER.search(command.pipeline.text):
            steps = [_ours(command, lines)]
        else:
            steps = self._checks(command, typed, lines) or self._command(command, typed, lines)
        steps += signed(command.pipeline.text, prose, lines)
        return Read(steps=tuple(steps))

    def _checks(
        self, command: StoryCommand, expected: Sequence[Expected], lines: tuple[int, int]
    ) -> list[StepDraft]:
        """Our own steps that judge the same; none when there are none."""
        pipeline = command.pipeline
        if pipeline.placeholders:
            return []
        keys = self._needs(pipeline, expected)
        found = [keys] if keys else read_rendering(pipeline, expected, self.repository) or []
        diagnosis = examine(command, self.repository.view)
        steps = []
        for one in found:
            titled = {"kind": one["kind"], "title": title_of(one), **one}
            draft = StepDraft(titled, lines, f"`{shortened(pipeline.text)}`")
            noted(draft, command, diagnosis, instead="")
            allow_others(draft, expected)
            steps.append(draft)
        return steps

    def _needs(self, pipeline: Pipeline, expected: Sequence[Expected]) -> Keys | None:
        argv = plain_argv(pipeline.parts[0]) if len(pipeline.parts) == 1 else None
        for read in READERS if argv else ():
            needs = read(argv or [], expected)
            if needs:
                return {"kind": "require", "needs": [self._moved(need) for need in needs]}
        return None

    def _moved(self, need: Keys) -> Keys:
        """The need, at the path that is there where the story's is not and one is near."""
        view = self.repository.view
        for key in ("path", "file", "yaml"):
            path = need.get(key)
            if path and not view.holds(path):
                near = [o for o in near_names(path) if view.files.holds(o)]
                if near:
                    return {**need, key: near[0]}
        return need

    def _command(
        self, command: StoryCommand, expected: Sequence[Expected], lines: tuple[int, int]
    ) -> list[StepDraft]:
        """The command as it is run: corrected; a person's where it cannot be."""
        diagnosis = examine(command, self.repository.view)
        run = without_remark(command.pipeline.text)
        instead = ""
        if diagnosis is not None and not command.pipeline.placeholders:
            cures = [one.command for one in diagnosis.works if not one.own]
            broken = any(c.severity is Severity.ERROR for c in diagnosis.complaints)
            if broken and not cures:
                why = "; ".join(one.message for one in diagnosis.complaints)
                said = "; ".join(one.source.lstrip("# ") for one in expected)
                shown = f" ({said})" if said else ""
                question = f"Is what `{one_line(run)}` was meant to show true{shown}?"
                step = confirm(f"By hand: {run}", question, why, lines)
                return [noted(step, command, diagnosis, instead="")]
            instead = cures[0] if cures else ""
        keys: Keys = {"kind": "command", "title": f"Run {shortened(run)}", "run": instead or run}
        outputs = [output_of(one) for one in expected]
        if outputs:
            keys["expect"] = outputs
        draft = StepDraft(keys, lines, f"`{shortened(run)}`")
        if instead:
            noted(draft, command, diagnosis, instead=instead)
        allow_others(draft, expected)
        return [draft]

    def _unit(
        self,
        commands: Sequence[StoryCommand],
        text: str,
        lines: tuple[int, int],
        expected: Sequence[Expected],
    ) -> Read:
        """Commands that lean on each other are one command; what they should print cannot be told
        apart then, so it is signed."""
        if PLACEHOLDER.search(text):
            return Read(steps=(_ours(commands[0], lines),))
        git = [_is_commit(command.pipeline) for command in commands]
        rest = [c for c, is_git in zip(commands, git, strict=True) if not is_git]
        if any(git):
            pushes = any("push" in c.pipeline.parts[0].argv[1:2] for c in commands)
            left = [c for c in rest if c.pipeline.parts[0].program not in ("echo", "cd")]
            why = "it stands in one line with the commit, which is a step of its own"
            steps = [_by_hand(c, why) for c in left]
            return Read(tuple(steps), commits=len(rest) < len(commands), pushes=pushes)
        for command in commands:
            diagnosis = examine(command, self.repository.view)
            if diagnosis is None or command.pipeline.placeholders:
                continue
            if any(one.severity is Severity.ERROR for one in diagnosis.complaints):
                said = "; ".join(one.message for one in diagnosis.complaints)
                step = _by_hand(command, f"a command of it cannot be run as written: {said}")
                step.lines = lines
                return Read(steps=(noted(step, command, diagnosis, instead=""),))
        keys: Keys = {"kind": "command", "title": f"Run {shortened(text)}", "run": text}
        draft = StepDraft(keys, lines, "commands that lean on each other")
        return Read(steps=(draft, *signed(text, expected, lines)))


def _is_commit(pipeline: Pipeline) -> bool:
    argv = pipeline.parts[0].argv
    return argv[:1] == ("git",) and bool(_GIT_COMMIT & set(argv[1:2]))


def _by_hand(command: StoryCommand, why: str) -> StepDraft:
    text = one_line(command.pipeline.text)
    line = command.place.line
    return confirm(f"By hand: {text}", f"Has `{text}` shown what it should?", why, (line, line))


def _ours(command: StoryCommand, lines: tuple[int, int]) -> StepDraft:
    """A command that holds what a runbook fills in: it cannot be carried as it is."""
    step = _by_hand(command, "it holds `[[ … ]]`, which a runbook fills in")
    step.lines = lines
    return step


def _end(block: CodeBlock, command: StoryCommand) -> int:
    return min(block.span.last, command.place.line + command.pipeline.text.count("\n"))
