"""Whatever a story says, its import gives a valid runbook in which everything can fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storyrunner.runbook.importing.assembling import import_story
from storyrunner.runbook.loader import parse_runbook
from storyrunner.stories.parser import parse_story
from tests.support.stories import PATH, make_repository

TEXT = """
kubernetes/apps/web/map.yaml|`a/b.yaml`|Create|Update|Verify|[[ x ]]|[[folder]]|${X}|{{ y }}|-|*|**
:|::|#|"q"|'q'|`|<node>|AC1|T1|T2.1|(AC: 1)|Phase|Story 45|❌|‑|\u2028|\x00|\t|é|0|007|true|null|~
{a: 1}|[x]|&a|*a|!t|>|%|@|exists:|exists|succeeds|key: value|replicas: 2|`[[ a ]]`|`ls [[ b ]]`
"""
WORDS = st.sampled_from(TEXT.strip().replace("\n", "|").split("|"))
LINE = st.lists(WORDS, max_size=6).map(" ".join)
COMMANDS = st.sampled_from(
    [
        "grep a kubernetes/apps/web/map.yaml",
        "ls kubernetes && rm -rf x",
        "kubectl --dry-run=client -f kubernetes/apps/web",
        "kustomize build kubernetes/apps/web | yq 'select(.kind == \"A\")'",
        "flux build kustomization apps --path ./kubernetes/apps | yq 'select(.kind==\"A\") | .b'",
        'git commit -m "x: y\n\n- [[ z ]]"',
        "git push origin main",
        "cat <<EOF\n[[ name ]]\nEOF",
        "for i in 1 2; do echo $i; done",
        "# Expected: a, b, c",
        'echo "$?"  # Should be 0',
        "yq '.a' f.yaml  # expect 1",
        "if [[ name ]]; then ls; fi",
        "",
    ]
)
YAML = st.sampled_from(
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {A: '[[ no ]]'}\n",
        "---\na: 1\n---\nb: [2\n",
        "DOMAIN: x\n",
        "- a\n- b\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k}\n"
        "spec: {path: ./kubernetes/apps, dependsOn: [{name: z}]}\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: 1}\n",
        "\t",
        "",
    ]
)
PIECE = st.one_of(
    LINE,
    LINE.map(lambda text: f"- [ ] {text}"),
    LINE.map(lambda text: f"  - [x] {text}"),
    LINE.map(lambda text: f"   - {text}"),
    LINE.map(lambda text: f"1. **{text}:**"),
    st.lists(COMMANDS, max_size=4).map(lambda some: "```bash\n" + "\n".join(some) + "\n```"),
    YAML.map(lambda text: f"```yaml\n{text}```"),
    st.sampled_from(
        [
            "## Acceptance Criteria",
            "## Tasks / Subtasks",
            "### T1: Create Thing",
            "### T1: Again",
            "### T2 — Validate (AC: 1)",
            "### Phase 0: Start",
            "#### 0.1. First",
            "**T3 — Commit** (AC: 2)",
            "- [ ] T4: Boxed (AC: 1, 9)",
            "### AC-1: One",
            "**AC1**: Two",
            "## Definition of Done",
            "## Runtime Validation (MOVED TO STORY 45)",
            "## Validation Steps",
            "**Deferred to Story 45:**",
            "````markdown",
            "````",
            "",
        ]
    ),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("repo"))


def _import(text: str, root: Path) -> None:
    """A valid runbook that reads the same again. An error that says where would do as well, but no
    story is known that needs one."""
    made = import_story(parse_story(text, PATH), root)
    assert parse_runbook(made.text, "again") == made.runbook
    for criterion in made.runbook.criteria:
        assert criterion.proved_by
    ids = {step.id for step in made.runbook.steps()}
    for task in made.runbook.tasks:
        for box in task.boxes:
            assert box.proved_by
    assert len(ids) == sum(len(task.steps) for task in made.runbook.tasks)
    for step in made.runbook.steps():
        assert step.kind != "command" or step.run.strip()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECE, max_size=24))
def test_any_story_gives_a_valid_runbook(root: Path, pieces: list[str]) -> None:
    _import("# 07 — STORY-SMALL — A story\n\nStatus: Draft\n\n" + "\n".join(pieces), root)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300))
def test_any_text_at_all_does(root: Path, text: str) -> None:
    _import(text, root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# 07 — STORY-SMALL — Only a title\n",
        "# 07 — STORY-SMALL — Prose\n\n## Story\n\nAs one I want that, so that this.\n",
        "# 07 — STORY-SMALL — No criteria\n\n## Tasks\n\n### T1: Look\n\n```bash\nls x\n```\n",
        "# 07 — STORY-SMALL — No tasks\n\n## Acceptance Criteria\n\n1) It is good\n",
        "# 07 — STORY-SMALL — Boxes alone\n\n## Tasks / Subtasks\n\n- [ ] `ls x/y`\n- [ ] Look\n",
    ],
)
def test_a_story_of_almost_nothing_opens(root: Path, text: str) -> None:
    _import(text, root)
