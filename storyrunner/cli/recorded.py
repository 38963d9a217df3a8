"""What `evidence`, `verify` and `list` share: the record of a story, opened to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from storyrunner.engine.finding_stories import StoryChoice
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, evidence_folder, open_session
from storyrunner.engine.record import FOLDER, DamagedRecordError, Record, load, record_path
from storyrunner.engine.session import Mode, Session
from storyrunner.engine.standing import Standing, stand
from storyrunner.errors import StoryrunnerError, UsageError
from storyrunner.model.decision import DefaultDecider
from storyrunner.tools.process import OsRunner
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import state_folder


@contextmanager
def looking(options: Options, tools: Toolbox | None = None) -> Iterator[Session]:
    """A session in which nothing is changed and no proof is used again."""
    quiet = replace(options, fresh=True, evidence=None)
    decider = DefaultDecider()
    with open_session(quiet, mode=Mode.CHECK, decider=decider, tools=tools) as session:
        yield session


def stand_each(
    root: Path, stories: Sequence[StoryChoice]
) -> Iterator[tuple[StoryChoice, Standing]]:
    """How the user's own records of these stories stand; those without one are passed over."""
    if not (state_folder(root) / FOLDER).is_dir():
        return
    tools = Toolbox(OsRunner())
    tools.begin()  # once for all, in a thread: a story's own loop ends with it
    for story in stories:
        options = Options(root, story.reference)
        with suppress(StoryrunnerError), looking(options, tools) as session:
            if session.proofs.record.proofs:
                yield story, run_to_end(stand(session, session.proofs.record))


def record_in(session: Session, folder: Path | None) -> Record:
    """The story's record: the user's own, or the one in a folder of the repository.

    Raises UsageError when there is none, or one that was changed after it was written.
    """
    name = session.context.runbook.name
    here = session.context.workspace
    place = session.proofs.folder
    if folder is not None:
        place = here.resolve(evidence_folder(here.root, folder))
    try:
        record = load(record_path(place, name))
    except DamagedRecordError as problem:
        raise UsageError(
            f"the record of {name} is not used: {problem}",
            hint="storyrunner --check makes a new one",
        ) from problem
    if record is None or not record.proofs:
        where = f"in {folder}" if folder is not None else "here"
        raise UsageError(
            f"no proof of {name} is recorded {where}",
            hint="storyrunner --check records them; --evidence-dir DIR looks into a folder",
        )
    return record
