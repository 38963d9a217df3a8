"""Criteria of a story: proven by what their words say to the letter, and else by a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.model.runbook import Criterion
from storyrunner.model.step import ConfirmStep, QueryStep, Step
from storyrunner.runbook.importing.assembling import Imported
from tests.support.stories import HEAD, imported, make_repository

FOLDER = "kubernetes/apps/new"
MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    example.com/enforce: restricted
spec:
  replicas: 2
  minReadySeconds: ${DELAY}
  template:
    spec:
      hostNetwork: false
"""
KS = f"""\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: new, namespace: flux-system}}
spec:
  path: ./{FOLDER}
  dependsOn: [{{name: apps}}]
  sourceRef: {{kind: GitRepository, name: flux-system}}
"""
TASKS = (
    f"### T1: Create Deployment Manifest\n\n- [ ] Create `{FOLDER}/deployment.yaml`:\n\n"
    f"```yaml\n{MANIFEST}```\n\n"
    f"### T2: Create Flux Kustomization\n\n- [ ] Create `{FOLDER}/ks.yaml`:\n\n```yaml\n{KS}```\n"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("repo"))


def made_with(criterion: str, root: Path, tasks: str = TASKS) -> Imported:
    head = HEAD.replace("1. **It is so:**\n   - somehow\n", criterion)
    return imported(tasks, root, head)


def proofs(made: Imported, which: str = "AC1") -> list[Step]:
    one: Criterion = next(item for item in made.runbook.criteria if item.id == which)
    found = [made.runbook.step(step) for step in one.proved_by]
    return [step for step in found if step is not None]


@pytest.mark.parametrize(
    ("sentence", "ask", "equals"),
    [
        ("replicas: 2", ".spec.replicas", 2),
        ("`replicas: 2`", ".spec.replicas", 2),
        ("replicas: 2 (for two nodes)", ".spec.replicas", 2),
        (
            "Host network (template.spec.hostNetwork: false)",
            ".spec.template.spec.hostNetwork",
            False,
        ),
        ("minReadySeconds: 30", ".spec.minReadySeconds | tostring", "30"),
        ("Deployment `web`", ".metadata.name", "web"),
        (
            "Security labels: enforce=restricted",
            '.metadata.labels["example.com/enforce"]',
            "restricted",
        ),
    ],
)
def test_what_is_said_exactly_is_asked_of_the_rendered_object(
    root: Path, sentence: str, ask: str, equals: object
) -> None:
    found = proofs(made_with(f"1. **Deployment Manifest Created:**\n   - {sentence}\n", root))
    assert [step.kind for step in found] == ["write", "query"]
    query = found[1]
    assert isinstance(query, QueryStep)
    assert (query.flux, query.file) == ("new", f"{FOLDER}/ks.yaml")
    (one,) = query.asserts
    assert (one.select.kind, one.select.name) == ("Deployment", "web")
    assert (one.facts[0].ask, one.facts[0].equals) == (ask, equals)


@pytest.mark.parametrize(
    "sentence",
    [
        "replicas: 3",
        "replicas are two",
        "Scaled well",
        "Deployment `other`",
        "labels: warn=restricted",
        "name: web-thing",
        "hostNetwork",
        "Not replicas: 2 but more",
        "Depends on CRDs (Story 01)",
    ],
)
def test_what_is_not_exact_is_left_to_a_person_who_is_told_why(root: Path, sentence: str) -> None:
    found = proofs(made_with(f"1. **Deployment Manifest Created:**\n   - {sentence}\n", root))
    assert [step.kind for step in found] == ["write", "confirm"]
    signed = found[1]
    assert isinstance(signed, ConfirmStep)
    assert sentence in signed.question
    assert signed.why.startswith("Not automatic:")
    assert signed.files == (f"{FOLDER}/deployment.yaml",)
    assert signed.gates is False


def test_a_criterion_that_nothing_could_prove_is_a_sign_off(root: Path) -> None:
    made = made_with("1. **Peace on earth:**\n   - for everybody\n", root)
    assert [step.kind for step in proofs(made)] == ["confirm"]


def test_a_criterion_without_bullets_is_a_sign_off_too(root: Path) -> None:
    assert [step.kind for step in proofs(made_with("1) It is done well\n", root))] == ["confirm"]


def test_a_mapped_task_proves_its_criterion(root: Path) -> None:
    tasks = "### T1: Look (AC: 1)\n\n```bash\nls kubernetes/apps\n```\n"
    made = made_with(f"1. **Something else:**\n   - `{FOLDER}/../web` exists\n", root, tasks)
    assert proofs(made)[0].kind == "require"


def test_a_path_that_exists_is_a_requirement_or_the_write_that_makes_it(root: Path) -> None:
    text = f"1. **There:**\n   - `{FOLDER}/ks.yaml` exists\n   - `bootstrap/crds.yaml` exists\n"
    found = proofs(made_with(text, root))
    kinds = [step.kind for step in found]
    assert kinds[:2] == ["write", "require"]
    assert "confirm" not in kinds


def test_a_command_that_succeeds_is_the_step_that_stands_for_it(root: Path) -> None:
    tasks = TASKS + f"\n### T3: Validate\n\n```bash\nkustomize build {FOLDER}\n```\n"
    text = f"1. **Valid:**\n   - `kustomize build {FOLDER}` succeeds\n"
    made = made_with(text, root, tasks)
    assert [step.id for step in proofs(made)] == ["T3.1"]


def test_a_kustomization_must_wait_for_something_that_is_there(root: Path) -> None:
    found = proofs(
        made_with("1. **Flux Kustomization Created:**\n   - Dependency on `apps`\n", root)
    )
    asked = [step for step in found if isinstance(step, QueryStep)]
    assert all(step.declared for step in asked)
    facts = [fact for step in asked for one in step.asserts for fact in one.facts]
    assert any(fact.resolves == "kustomization" for fact in facts)
    assert any(fact.contains == ("apps",) for fact in facts)


def test_a_setting_that_is_set_is_looked_for_in_the_cluster(root: Path) -> None:
    found = proofs(made_with("1. **Settings:**\n   - DOMAIN variable set\n", root))
    assert [(step.kind, step.cluster) for step in found] == [("require", "blue")]


def test_deferred_criteria_are_none_and_are_told(root: Path) -> None:
    text = (
        "1. **Deployment Manifest Created:**\n   - replicas: 2\n\n"
        "### Deferred to Story 45\n\n- Pods run\n"
    )
    made = made_with(text, root)
    assert [one.id for one in made.runbook.criteria] == ["AC1"]
    assert [(one.text, one.to) for one in made.runbook.deferred] == [("Pods run", "story 45")]


def test_every_criterion_has_a_proof_that_can_fail(root: Path) -> None:
    made = made_with("1. **A:**\n   - a\n2. **B:**\n   - b\n", root)
    for one in made.runbook.criteria:
        assert one.proved_by
        assert all(made.runbook.step(step) for step in one.proved_by)
