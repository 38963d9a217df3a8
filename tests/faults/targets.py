"""What is fuzzed: for each kind of input its seeds, its words, and what must hold for any text.

A check returns, or raises AssertionError for a broken promise; any other exception that is no
StoryrunnerError is a crash.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from storyrunner.errors import ManifestError
from storyrunner.gitops.cli_failure import message_of
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.edits import (
    Edited,
    add_list_entry,
    append_document,
    remove_document,
    remove_list_entry,
    set_map_key,
)
from storyrunner.gitops.substitution import referenced, substitute, unresolved
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.runbook.loader import parse_runbook
from storyrunner.stories.parser import parse_story, render
from storyrunner.stories.ticks import set_box
from storyrunner.tools import flux, git, kubeconform, kubectl, kustomize, yq
from storyrunner.tools.git_status import parse_status
from storyrunner.tools.lines import LineFeed
from tests.faults import seeds


@dataclass(frozen=True, slots=True)
class Target:
    """`share` of all inputs goes to it."""

    check: Callable[[str], None]
    seeds: tuple[str, ...]
    words: tuple[str, ...]
    share: int


# --- stories -------------------------------------------------------------------------------------


def story(text: str) -> None:
    """Nothing is lost, and a tick changes one character and one box."""
    found = parse_story(text, "docs/stories/STORY-A.md")
    assert render(found) == text, "the story is not its text"
    for box in found.boxes[:2]:
        ticked = set_box(text, box, not box.checked)
        at = box.offset
        assert ticked[:at] + text[at] + ticked[at + 1 :] == text, "more than the mark changed"
        again = parse_story(ticked, "docs/stories/STORY-A.md")
        marks = [(one.offset, one.checked) for one in found.boxes]
        marks[found.boxes.index(box)] = (at, not box.checked)
        assert [(one.offset, one.checked) for one in again.boxes] == marks, "another box changed"


# --- runbooks ------------------------------------------------------------------------------------


def runbook(text: str) -> None:
    """A runbook, or an error with a place."""
    parse_runbook(text, "x.yaml")


# --- substitution --------------------------------------------------------------------------------

VARIABLES = {"a": "hello", "b": "/path/to/file", "e": "", "n": "42", "u": "héllo €5", "d": "$x${a}"}


def substitution(text: str) -> None:
    """Substituted or refused, with and without strictness; the names are found in any text."""
    referenced(text)
    unresolved(text)
    for strict in (False, True):
        try:
            substitute(text, VARIABLES, strict=strict)
        except Exception as error:
            if not strict or type(error).__name__ != "SubstitutionError":
                raise


# --- YAML edits ----------------------------------------------------------------------------------

EMPTY = ("", "~", "null", "Null", "NULL", None)
FILLED = r"[\s\[\]{}~,nulNUL]*"
MOST_COMPARED = 400
ENTRY, KEY, VALUE = "new/ks.yaml", "zz", "v w"


def shapes(text: str) -> list[Any] | None:
    """What an independent reader sees, all scalars as text; None when it cannot or should not."""
    if text.count("*") > 4:
        return None
    try:
        return list(yaml.load_all(text, yaml.CBaseLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def edits(text: str) -> None:
    """Each edit is refused, or the text reads as intended and every other byte is the same."""
    before = shapes(text)
    for edit, intended, kept in EDITS:
        try:
            edited = edit(text)
        except ManifestError:
            continue
        if not edited.changed:
            assert edited.text == text, "unchanged, but another text"
            continue
        assert edited.text != text, "changed, but the same text"
        if before is None:
            continue
        after = shapes(edited.text)
        assert after is not None, f"not YAML any more: {edited.text!r}"
        assert is_intended(before, after, intended), f"another change: {edited.text!r}"
        assert kept(text, edited.text), f"another byte changed: {edited.text!r}"


def only_filled(old: str, new: str) -> bool:
    """Nothing went but an empty value and blanks."""
    return re.fullmatch(FILLED, lost(old, new)) is not None


def only_removed(old: str, new: str) -> bool:
    """Nothing came but the brackets of an empty list."""
    rest = iter(old)
    return all(char in rest for char in new.replace(" []", "").replace("[]", ""))


def lost(old: str, new: str) -> str:
    """What went, between the common beginning and the common end."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if len(old) + len(new) > MOST_COMPARED:
        return ""
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return "".join(old[i:j] for tag, i, j, _, _ in codes if tag != "equal")


def is_intended(before: list[Any], after: list[Any], intended: Callable[[Any], Any]) -> bool:
    """Whether exactly one document changed, as intended (an empty file has none before)."""
    if all(item in EMPTY for item in before):
        return [item for item in after if item not in EMPTY] == [intended(None)]
    if len(before) != len(after):
        return False
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    return len(changed) == 1 and changed[0][1] == intended(changed[0][0])


def with_entry(value: Any) -> Any:
    """The list at `a` has the entry at its end."""
    known = value if value not in EMPTY else {}
    listed = known.get("a")
    return {**known, "a": [*(listed if listed not in EMPTY else ()), ENTRY]}


def without_entry(value: Any) -> Any:
    """The list at `a` has lost the entry."""
    kept = [
        one for one in value["a"] if not (isinstance(one, str) and posixpath.normpath(one) == "b")
    ]
    return {**value, "a": kept}


def with_key(value: Any) -> Any:
    """The map at `m` has the key."""
    known = value if value not in EMPTY else {}
    inner = known.get("m")
    return {**known, "m": {**(inner if inner not in EMPTY else {}), KEY: VALUE}}


def replaced(value: Any) -> Any:
    """The key `k` of the map at `m` has the value."""
    known = value if value not in EMPTY else {}
    inner = known.get("m")
    return {**known, "m": {**(inner if inner not in EMPTY else {}), "k": VALUE}}


Keeps = Callable[[str, str], bool]
EDITS: tuple[tuple[Callable[[str], Edited], Callable[[Any], Any], Keeps], ...] = (
    (lambda text: add_list_entry(text, "x", ("a",), ENTRY), with_entry, only_filled),
    (lambda text: remove_list_entry(text, "x", ("a",), "b"), without_entry, only_removed),
    (lambda text: set_map_key(text, "x", ("m",), KEY, VALUE), with_key, only_filled),
    (
        lambda text: set_map_key(text, "x", ("m",), "k", VALUE, replace=True),
        replaced,
        lambda _old, _new: True,
    ),
)


def documents(text: str) -> None:
    """A document comes at the end and goes again; reading any text gives documents or an error."""
    try:
        edited = append_document(text, "new: 1\n", "x")
    except ManifestError:
        return
    assert edited.text.startswith(text.rstrip("\r\n ")), "something was lost"
    before, after = shapes(text), shapes(edited.text)
    if before is not None:
        assert after is not None
        assert after[-1] == {"new": "1"}
        assert [one for one in after[:-1] if one not in EMPTY] == [
            one for one in before if one not in EMPTY
        ]
    remove_document(edited.text, "x", lambda value: value == {"new": 1})
    parse_documents(text, "x")


# --- what tools say ------------------------------------------------------------------------------

COMMAND = Command(("tool",), Path("/"))
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def tool_outputs(text: str) -> None:
    """Every parser of a tool's output takes it or says that it cannot."""
    data = text.encode("utf-8", "surrogateescape")
    for module in (flux, git, kubeconform, kubectl, kustomize, yq):
        module.identify(text)
    for code in (0, 1):
        outcome = Outcome(COMMAND, Ending.EXITED, code, stdout=data, stderr=data)
        git.complaint(outcome)
        assert kubectl.parse_dry_run(outcome).problems or code == 0, "a failure without a problem"
        for parse in (kubeconform.parse_verdicts, lambda it: yq.parse(it, 1)):
            refusable(parse, outcome)
    refusable(parse_status, data)
    refusable(lambda it: parse_documents(it, "out"), data)
    flux.error_in(text)
    message_of(text)
    feed = LineFeed()
    for line in (*feed.feed(data[: len(data) // 2]), *feed.feed(data[len(data) // 2 :])):
        assert not CONTROLS.search(line), f"{line!r} would reach the terminal"


def refusable(parse: Callable[[Any], object], given: Any) -> None:
    """Call it; the errors of the field are answers."""
    from storyrunner.errors import StoryrunnerError

    try:
        parse(given)
    except StoryrunnerError:
        return


TARGETS = {
    "story parser": Target(story, seeds.STORIES, seeds.STORY_WORDS, 200),
    "runbook loader": Target(runbook, seeds.RUNBOOKS, seeds.RUNBOOK_WORDS, 22),
    "substitution": Target(substitution, seeds.SUBSTITUTIONS, seeds.SUBSTITUTION_WORDS, 55),
    "YAML edits": Target(edits, seeds.YAML, seeds.YAML_WORDS, 33),
    "YAML documents": Target(documents, seeds.YAML, seeds.YAML_WORDS, 22),
    "tool outputs": Target(tool_outputs, seeds.OUTPUTS, seeds.OUTPUT_WORDS, 33),
}
