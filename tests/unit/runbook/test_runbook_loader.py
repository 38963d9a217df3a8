"""Every mistake in a runbook names file, line, column, key and the nearest word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from storyrunner.errors import Place, RunbookError
from storyrunner.model.runbook import Runbook
from storyrunner.model.step import QueryStep, RequireStep, WriteStep
from storyrunner.runbook.loader import load_runbook, parse_runbook, shipped_runbooks
from storyrunner.runbook.schema import json_schema

GOOD = """\
name: small
story: STORY-SMALL
number: 3
title: A small story
clusters:
  - name: blue
    directory: clusters/blue
    settings: clusters/blue/settings.yaml
    kustomizations: clusters/blue/infrastructure.yaml
parameters:
  folder:
    description: Where.
    type: path
    default: apps/small
  domain:
    description: Which.
    type: domain
    scope: cluster
    found: {setting: DOMAIN}
tasks:
  - id: T1
    title: Look
    steps:
      - id: T1.1
        kind: require
        title: Is it there
        needs:
          - {path: README.md}
          - {keys: [DOMAIN], file: "[[ settings ]]"}
  - id: T2
    title: Write
    needs: [T1]
    satisfies: [AC1]
    boxes:
      - {text: Write it, proved_by: [T2.1]}
    steps:
      - id: T2.1
        kind: write
        title: The file
        path: "[[ folder ]]/file.yaml"
        template: small/file.yaml
      - id: T2.2
        kind: edit
        title: The list
        path: apps/kustomization.yaml
        entry: {field: [resources], entry: small}
      - id: T2.3
        kind: query
        title: The facts
        flux: apps
        asserts:
          - select: {kind: ConfigMap, name: small}
            facts:
              - {ask: .data.domain, equals: "[[ domain ]]"}
      - id: T2.4
        kind: build
        title: The build
        folder: "[[ folder ]]"
      - id: T2.5
        kind: confirm
        title: A word
        question: Is it good?
criteria:
  - id: AC1
    text: It is there
    proved_by: [T2.1]
done:
  - {text: Written, proved_by: [AC1]}
"""


def mistake(old: str, new: str, *, text: str = GOOD) -> RunbookError:
    """What the loader says of the good runbook with one thing changed."""
    assert text.count(old) >= 1, old
    with pytest.raises(RunbookError) as caught:
        parse_runbook(text.replace(old, new, 1), "small.yaml")
    return caught.value


def line_of(word: str, text: str = GOOD) -> int:
    """The 1-based line that holds a word first."""
    return text[: text.index(word)].count("\n") + 1


def test_the_good_one_is_read() -> None:
    runbook = parse_runbook(GOOD, "small.yaml")
    assert isinstance(runbook, Runbook)
    assert [step.id for step in runbook.steps()] == ["T1.1", "T2.1", "T2.2", "T2.3", "T2.4", "T2.5"]
    assert isinstance(runbook.step("T1.1"), RequireStep)
    assert isinstance(runbook.step("T2.1"), WriteStep)
    assert isinstance(runbook.step("T2.3"), QueryStep)
    assert runbook.task_of("T2.2").id == "T2"


@pytest.mark.parametrize(
    ("key", "wrong", "dotted", "near"),
    [
        ("story: ", "storry: ", "storry", "story"),
        ("    directory:", "    directry:", "clusters[0].directry", "directory"),
        ("    default:", "    defualt:", "parameters.folder.defualt", "default"),
        ("{setting:", "{seting:", "parameters.domain.found.seting", "setting"),
        ("    satisfies:", "    satisfys:", "tasks[1].satisfys", "satisfies"),
        ("        template:", "        tempalte:", "tasks[1].steps[0].tempalte", "template"),
        ("{field:", "{feild:", "tasks[1].steps[1].entry.feild", "field"),
        ("select: {kind", "select: {kinds", "tasks[1].steps[2].asserts[0].select.kinds", "kind"),
        ("equals: ", "equal: ", "tasks[1].steps[2].asserts[0].facts[0].equal", "equals"),
        ("    text: It", "    texte: It", "criteria[0].texte", "text"),
        ("{text: Written", "{txt: Written", "done[0].txt", "text"),
        ("{text: Write it", "{tekst: Write it", "tasks[1].boxes[0].tekst", "text"),
    ],
)
def test_an_unknown_key_is_named_at_its_place_with_the_nearest_word(
    key: str, wrong: str, dotted: str, near: str
) -> None:
    found = mistake(key, wrong)
    assert found.message == f"`{dotted}` is not a key of a runbook"
    assert near in found.hint
    text = GOOD.replace(key, wrong, 1)
    word = dotted.rpartition(".")[2].rpartition("]")[2] or dotted
    line = line_of(f"{word}:", text)
    column = text.splitlines()[line - 1].index(word) + 1
    assert found.place == Place("small.yaml", line, column)


def test_an_unknown_kind_is_named_with_the_nearest() -> None:
    found = mistake("kind: require", "kind: requires")
    assert found.place == Place("small.yaml", line_of("kind: require"), 15)
    assert "`tasks[0].steps[0].kind`: no kind of step is called 'requires'" in found.message
    assert "require" in found.hint


def test_a_step_without_a_kind_lists_them() -> None:
    found = mistake("        kind: build\n", "")
    assert found.message == "`tasks[1].steps[3]` has no `kind`"
    assert "dry_run" in found.hint


@pytest.mark.parametrize(("lone", "what"), [("-", "nothing"), ("- words", "'words'")])
def test_a_step_that_is_no_step_is_named_with_its_place(lone: str, what: str) -> None:
    step = GOOD[: GOOD.index("kind: require")].rpartition("\n")[2]
    indent = " " * (len(step) - len(step.lstrip()) - 2)
    line = next(one for one in GOOD.splitlines() if one.startswith(f"{indent}- id: "))
    found = mistake(f"{line}\n", f"{indent}{lone}\n{line}\n")
    assert "needs keys, and is " + what in found.message
    assert found.place is not None
    assert found.place.line > 1


def test_a_need_of_no_known_sort_is_named_with_the_nearest() -> None:
    found = mistake("{path: README.md}", "{paths: README.md}")
    assert "a need says one of: " in found.message
    assert "path" in found.hint
    assert found.place is not None
    assert found.place.line == line_of("{path: README.md}")


@pytest.mark.parametrize(
    ("line", "dotted"),
    [
        ("number: 3\n", "number"),
        ("    directory: clusters/blue\n", "clusters[0].directory"),
        ('        path: "[[ folder ]]/file.yaml"\n', "tasks[1].steps[0].path"),
        ("    proved_by: [T2.1]\ndone", "criteria[0].proved_by"),
        ("        question: Is it good?\n", "tasks[1].steps[4].question"),
    ],
)
def test_a_missing_key_is_named_at_its_parent(line: str, dotted: str) -> None:
    found = mistake(line, "done" if line.endswith("done") else "")
    assert found.message == f"`{dotted}` is missing"
    assert found.place is not None
    assert found.place.path == "small.yaml"


@pytest.mark.parametrize(
    ("old", "new", "dotted"),
    [
        ("number: 3", "number: three", "number"),
        ("number: 3", "number: true", "number"),
        ("number: 3", 'number: "3"', "number"),
        ("needs: [T1]", "needs: T1", "tasks[1].needs"),
        ("title: A small story", "title: [A]", "title"),
        ("title: A small story", "title: 5", "title"),
        ("    default: apps/small", "    default: {a: b}", "parameters.folder.default"),
        ("type: path", "type: paths", "parameters.folder.type"),
        ("scope: cluster", "scope: clusters", "parameters.domain.scope"),
        ("asserts:\n", "asserts: 5\n#", "tasks[1].steps[2].asserts"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_key(old: str, new: str, dotted: str) -> None:
    if new.endswith("#"):
        text = GOOD[: GOOD.index("        asserts:")] + "        asserts: 5\ncriteria: []\n"
        with pytest.raises(RunbookError) as caught:
            parse_runbook(text, "small.yaml")
        found = caught.value
    else:
        found = mistake(old, new)
    assert found.message.startswith(f"`{dotted}`")
    assert found.place is not None
    assert found.place.line > 1 or dotted in ("title", "number")


@pytest.mark.parametrize(
    ("old", "new", "said", "near"),
    [
        ("needs: [T1]", "needs: [T0]", "no task is called T0", "T1"),
        ("satisfies: [AC1]", "satisfies: [AC2]", "no criterion is called AC2", "AC1"),
        ("    proved_by: [T2.1]", "    proved_by: [T2.9]", "no step is called T2.9", "T2."),
        ("Written, proved_by: [AC1]", "Written, proved_by: [AC9]", "is called AC9", "AC1"),
        ("Write it, proved_by: [T2.1]", "Write it, proved_by: [push]", "is called push", "pushed"),
        (
            "        title: The file",
            "        title: The file\n        cluster: blu",
            "no cluster is called blu",
            "blue",
        ),
        (
            "        title: Is it there",
            "        title: Is it there\n        supplied_by: T3",
            "no task is called T3",
            "T",
        ),
        ("[[ folder ]]/file", "[[ foldr ]]/file", "no parameter is called foldr", "folder"),
        ('equals: "[[ domain ]]"', 'equals: "[[ domian ]]"', "parameter is called domian", "dom"),
    ],
)
def test_a_name_that_nothing_declares_is_named_with_the_nearest(
    old: str, new: str, said: str, near: str
) -> None:
    found = mistake(old, new)
    assert said in found.message
    assert near in found.hint
    text = GOOD.replace(old, new, 1)
    word = said.rsplit(maxsplit=1)[-1]
    assert found.place is not None
    assert word in text.splitlines()[found.place.line - 1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- id: T2.2", "- id: T2.1", "the id T2.1 is used twice"),
        ("- id: T2\n", "- id: T1\n", "the id T1 is used twice"),
        ("- id: T2.2", "- id: T2", "the id T2 is used twice"),
        (', equals: "[[ domain ]]"', "", "needs exactly one expectation"),
        (', equals: "[[ domain ]]"', ", present: true, optional: true", "cannot be optional and"),
        (
            'equals: "[[ domain ]]"',
            'equals: "[[ domain ]]", present: true',
            "needs exactly one expectation",
        ),
        (
            'facts:\n              - {ask: .data.domain, equals: "[[ domain ]]"}',
            "facts: []",
            "an assertion without facts could not fail",
        ),
        ("    proved_by: [T2.1]\ndone", "    proved_by: []\ndone", "nothing proves AC1"),
        (
            "entry: {field: [resources], entry: small}",
            "hint: nothing",
            "T2.2 needs exactly one of: entry, keys, document",
        ),
        (
            'folder: "[[ folder ]]"\n',
            'folder: "[[ folder ]]"\n        flux: apps\n',
            "T2.4 needs exactly one of: folder, flux",
        ),
        ('folder: "[[ folder ]]"\n', "hint: none\n", "T2.4 needs exactly one of: folder, flux"),
        (
            "  folder:\n    description: Where.",
            '  folder:\n    pattern: "["\n    description: Where.',
            "not a regular expression",
        ),
        (
            "  domain:\n    description: Which.",
            "  settings: {description: x}\n  domain:\n    description: Which.",
            "settings is given by the cluster and cannot be a parameter",
        ),
    ],
)
def test_what_could_not_fail_or_not_be_meant_is_refused(old: str, new: str, said: str) -> None:
    found = mistake(old, new)
    assert said in found.message
    assert found.place is not None
    assert found.place.line > 1


def test_tasks_that_need_each_other_are_named() -> None:
    found = mistake("    title: Look\n", "    title: Look\n    needs: [T2]\n")
    assert found.message == "these tasks need each other, so none can start: T1, T2"
    assert found.place == Place("small.yaml", line_of("tasks:"), 1) or found.place is not None


def test_a_task_that_needs_itself_is_a_circle() -> None:
    assert "need each other" in mistake("needs: [T1]", "needs: [T2]").message


def test_a_step_that_requires_nothing_is_refused() -> None:
    text = GOOD.replace(
        "needs:\n          - {path: README.md}\n"
        '          - {keys: [DOMAIN], file: "[[ settings ]]"}',
        "needs: []",
    )
    with pytest.raises(RunbookError, match="requires nothing, so it could not fail"):
        parse_runbook(text, "small.yaml")


def test_further_mistakes_are_counted() -> None:
    found = mistake("name: small\nstory:", "nam: small\nstorry:")
    assert "more in this runbook" in found.hint


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "5\n", f"{GOOD}---\n{GOOD}"])
def test_what_is_not_one_document_with_keys_is_refused(text: str) -> None:
    with pytest.raises(RunbookError, match="one YAML document with keys"):
        parse_runbook(text, "small.yaml")


def test_what_is_not_yaml_is_refused_at_its_line() -> None:
    found = mistake("story: STORY-SMALL", "story: [STORY")
    assert found.place is not None
    assert found.place.path == "small.yaml"
    assert found.place.line >= 2


def test_keys_that_are_no_text_are_no_bug() -> None:
    with pytest.raises(RunbookError):
        parse_runbook(GOOD + "5: x\n", "small.yaml")
    with pytest.raises(RunbookError):
        parse_runbook(GOOD + "? [a, b]\n: x\n", "small.yaml")
    with pytest.raises(RunbookError):
        parse_runbook(GOOD + "null: x\n", "small.yaml")


@pytest.mark.parametrize("value", ["null", "5", "[]", "{}", "text", "[null]", "[5]", "{a: b}"])
@pytest.mark.parametrize("key", ["tasks", "criteria", "clusters", "parameters", "done", "commit"])
def test_any_value_under_a_known_key_is_read_or_refused_and_never_a_bug(
    key: str, value: str
) -> None:
    document = yaml.safe_load(GOOD)
    document[key] = yaml.safe_load(value)
    problem: RunbookError | None = None
    try:
        parse_runbook(yaml.safe_dump(document), "small.yaml")
    except RunbookError as caught:
        problem = caught
    assert problem is None or (problem.place is not None and problem.message)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match="cannot read the runbook"):
        load_runbook(tmp_path / "none.yaml")


# --- the schema for editors ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def editor() -> Any:
    """What an editor would validate with."""
    return jsonschema_rs.validator_for(json.loads(json.dumps(json_schema())))


@pytest.mark.parametrize("path", shipped_runbooks().values(), ids=lambda path: path.stem)
def test_every_shipped_runbook_loads_and_fits_the_exported_schema(path: Path, editor: Any) -> None:
    assert load_runbook(path).name == path.stem
    errors = list(editor.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8"))))
    assert errors == []


def test_the_good_one_fits_the_exported_schema(editor: Any) -> None:
    assert editor.is_valid(yaml.safe_load(GOOD))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("story: ", "storry: "),
        ("        template:", "        tempalte:"),
        ("equals: ", "equal: "),
        ("kind: require", "kind: requires"),
        ("number: 3", "number: three"),
        ("type: path", "type: paths"),
        ("{path: README.md}", "{paths: README.md}"),
        ("        question: Is it good?\n", ""),
    ],
)
def test_what_the_loader_refuses_by_shape_the_schema_refuses_too(
    editor: Any, old: str, new: str
) -> None:
    assert mistake(old, new).message
    assert not editor.is_valid(yaml.safe_load(GOOD.replace(old, new, 1)))
