"""YAML blocks of a story as steps: whole texts are written, fragments merged, the rest told."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.model.step import EditStep, WriteStep
from tests.support.stories import imported, make_repository, steps_of

SETTINGS = "kubernetes/clusters/blue/cluster-settings.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("repo"))


def task(words: str, yaml: str) -> str:
    return f"### T1: Make\n\n{words}\n\n```yaml\n{yaml}\n```\n"


MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata:\n  D: "${DOMAIN} [[ x ]]"'


def test_a_whole_text_is_written_to_the_letter(root: Path) -> None:
    made = imported(task("- [ ] Create `kubernetes/apps/new/map.yaml`:", MAP), root)
    (step,) = made.runbook.tasks[0].steps
    assert isinstance(step, WriteStep)
    assert (step.path, step.text) == ("kubernetes/apps/new/map.yaml", MAP + "\n")
    assert "# story lines " in made.text
    assert "YAML block (create; confidence 1.0)" in made.text


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n\n\n# end\n",
        'a: "x\\ty"\n',
        "a: |\n  b\n   c\n",
        "# é ‑ “quotes” – 🛠️\na: 'x'\n",
        "a: x   \nb: y\n",
        "a: #comment\n  b: 1\n",
        "\ta: 1\n",
        "  a: 1\nb: 2\n",
        "a: \u0085b\n",
        "--- \na: 1\n...\n",
    ],
)
def test_the_runbook_gives_a_text_back_byte_by_byte(root: Path, text: str) -> None:
    body = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n{text}"
    made = imported(task("- [ ] Create `kubernetes/apps/new/x.yaml`:", body.rstrip("\n")), root)
    written = [step.text for step in made.runbook.steps() if isinstance(step, WriteStep)]
    assert written in ([body.rstrip("\n") + "\n"], []), "as it is, or left to a person"


def test_bare_settings_are_merged_under_data(root: Path) -> None:
    yaml = '  # new\n  DOMAIN: "other.example"\n  EXTRA: "1"'
    made = imported(task(f"- [ ] Update `{SETTINGS}`:", yaml), root)
    (step,) = made.runbook.tasks[0].steps
    assert isinstance(step, EditStep)
    assert step.merge is not None
    assert step.merge.field == ("data",)
    assert step.merge.text == '# new\nDOMAIN: "other.example"\nEXTRA: "1"\n'


@pytest.mark.parametrize("verb", ["Update", "Verify", "Add to", "Append to"])
def test_a_fragment_never_replaces_a_file(root: Path, verb: str) -> None:
    yaml = "releases:\n  - name: more\n    version: v2"
    made = imported(task(f"- [ ] {verb} `bootstrap/crds.yaml`:", yaml), root)
    assert [step.kind for step in made.runbook.tasks[0].steps] == ["edit"]


def test_a_fragment_of_a_kustomization_that_is_not_there_becomes_a_whole_one(root: Path) -> None:
    yaml = "resources:\n  - ks.yaml"
    path = "kubernetes/apps/fresh/kustomization.yaml"
    made = imported(task(f"- [ ] Update `{path}`:", yaml), root)
    (step,) = made.runbook.tasks[0].steps
    assert isinstance(step, WriteStep)
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    assert step.text == head + yaml + "\n"


def test_variants_and_examples_are_told_and_not_written(root: Path) -> None:
    body = (
        "### T1: Make\n\n- [ ] Create `kubernetes/apps/new/map.yaml`:\n\n"
        f"```yaml\n{MAP}\n```\n\n"
        "**Alternative** for `kubernetes/apps/new/map.yaml` if using enterprise:\n\n"
        f"```yaml\n{MAP.replace('new', 'other')}\n```\n"
    )
    made = imported(body, root)
    first = made.runbook.tasks[0]
    assert [step.kind for step in first.steps] == ["write"]
    assert any("another way to write it" in note for note in first.notes)


def test_a_block_that_names_no_file_is_left_to_a_person(root: Path) -> None:
    made = imported(task("RBAC:", MAP), root)
    (step,) = steps_of(made)
    assert step["kind"] == "confirm"
    assert "does not say which file" in step["why"]


def test_a_block_that_is_no_yaml_is_left_to_a_person(root: Path) -> None:
    made = imported(task("- [ ] Create `kubernetes/apps/new/map.yaml`:", 'a: "x" y"'), root)
    (step,) = steps_of(made)
    assert step["kind"] == "confirm"
    assert "no valid YAML" in step["why"]


def test_one_fragment_for_several_files_is_merged_into_each(root: Path) -> None:
    words = "- [ ] Update `kubernetes/clusters/{blue,green}/cluster-settings.yaml`:"
    made = imported(task(words, 'EXTRA: "1"'), root)
    paths = [step.path for step in made.runbook.steps() if isinstance(step, EditStep)]
    assert paths == [
        "kubernetes/clusters/blue/cluster-settings.yaml",
        "kubernetes/clusters/green/cluster-settings.yaml",
    ]


def test_writes_come_first_then_checks_then_the_commit(root: Path) -> None:
    made = imported(
        "### T1: Verify Prerequisites\n\n```bash\nls kubernetes/apps\n```\n\n"
        "### T2: Validate\n\n```bash\nkustomize build kubernetes/apps/new\n```\n\n"
        "### T3: Make\n\n- [ ] Create `kubernetes/apps/new/map.yaml`:\n\n"
        f"```yaml\n{MAP}\n```\n\n"
        "### T4: Commit to Git\n\n**Steps:**\n1. Stage all files\n2. Commit\n",
        root,
    )
    needs = {one.id: one.needs for one in made.runbook.tasks}
    assert needs["T3"] == ("T1",)
    assert needs["T2"] == ("T3",)
    assert needs["T4"] == ("T3",)
    commit = made.runbook.task("T4")
    assert commit is not None
    assert [step.kind for step in commit.steps] == ["commit"]


def test_a_prerequisite_that_the_story_itself_brings_holds_nothing_up(root: Path) -> None:
    made = imported(
        f"### T1: Verify Prerequisites\n\n```bash\ngrep EXTRA {SETTINGS}\n```\n\n"
        f'### T2: Set\n\n- [ ] Update `{SETTINGS}`:\n\n```yaml\nEXTRA: "1"\n```\n',
        root,
    )
    assert steps_of(made)[0]["supplied_by"] == "T2"


def test_what_is_written_without_a_commit_task_gets_one(root: Path) -> None:
    made = imported(task("- [ ] Create `kubernetes/apps/new/map.yaml`:", MAP), root)
    assert made.runbook.tasks[-1].id == "COMMIT"
    assert [step.kind for step in made.runbook.tasks[-1].steps] == ["commit"]


@pytest.mark.parametrize(
    ("box", "proofs"),
    [
        ("Create `map.yaml` (the map)", ("T1.1",)),
        ("Add `map.yaml` under `kubernetes/apps/kustomization.yaml`", ("T1.2",)),
        ("Create `map.yaml` and `other.yaml`", ("T1.2",)),
        ("Review `map.yaml`", ("T1.2",)),
        ("Create the map", ("T1.2",)),
    ],
)
def test_a_box_is_proven_by_what_it_names_and_else_by_a_person(
    root: Path, box: str, proofs: tuple[str, ...]
) -> None:
    made = imported(
        f"### T1: Make\n\n- [ ] {box}\n- [ ] Create `kubernetes/apps/new/map.yaml`:\n\n"
        f"  ```yaml\n{MAP.replace(chr(10), chr(10) + '  ').join(['  ', ''])}\n  ```\n",
        root,
    )
    (first, second) = made.runbook.tasks[0].boxes
    assert (first.proved_by, second.proved_by) == (proofs, ("T1.1",))
    kinds = {step["id"]: step["kind"] for step in steps_of(made)}
    assert kinds["T1.1"] == "write"
    assert all(kinds[proof] == "confirm" for proof in proofs if proof != "T1.1")


@pytest.mark.parametrize(
    ("item", "proofs"),
    [
        ("Manifests committed to git", ("T2.1",)),
        ("Manifests committed (not pushed)", ("T2.1",)),
        ("Everything committed and pushed to the repository", ("T2.1", "pushed")),
        ("Documentation reviewed and committed", None),
        ("Directory created: `kubernetes/apps/new/`", ("T1.1",)),
        ("`kubernetes/apps/new/map.yaml` created", ("T1.1",)),
        ("`kubernetes/apps/new/map.yaml`", ("T1.1",)),
        ("`kubernetes/apps/new/map.yaml` created with all core components", None),
        ("`kubernetes/apps/new/map.yaml` and `kubernetes/apps/new/other.yaml` created", None),
        ("Everything is fine", None),
    ],
)
def test_an_item_of_the_definition_of_done_is_bound_only_when_it_says_no_more(
    root: Path, item: str, proofs: tuple[str, ...] | None
) -> None:
    made = imported(
        task("- [ ] Create `kubernetes/apps/new/map.yaml`:", MAP)
        + "\n### T2: Commit to Git\n\n**Steps:**\n1. Commit\n\n"
        + f"## Definition of Done\n\n- [ ] {item}\n",
        root,
    )
    assert [box.proved_by for box in made.runbook.done] == ([proofs] if proofs else [])
