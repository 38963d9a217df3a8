"""`show` gives the names and counts of the reference documents, whole."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from storyrunner.stories.bindings import bind_blocks
from storyrunner.stories.library import StoryRef, ids_by_number
from storyrunner.stories.parser import parse_story
from storyrunner.stories.risks import block_risk
from storyrunner.stories.show import expectations, to_expected, to_findings
from storyrunner.stories.story_paths import expand, tree_paths

SAMPLES = (
    "06-after-implementation",
    "06-before-implementation",
    "STORY-BOOT-CORE",
    "STORY-DB-CNPG-OPERATOR",
    "STORY-NET-CILIUM-CORE-GITOPS",
    "STORY-SEC-CERT-MANAGER-ISSUERS",
    "STORY-TENANCY-BASELINE",
    "STORY-VALIDATE-STORAGE-OBSERVABILITY",
)

# The numbers that a sample refers to without a name; their stories are not among the samples.
NUMBERS = {
    16: "STORY-STO-ROOK-CEPH-CLUSTER",
    17: "STORY-OBS-VM-STACK",
    18: "STORY-OBS-VICTORIA-LOGS",
    19: "STORY-OBS-FLUENT-BIT",
    20: "STORY-OBS-VM-STACK-IMPLEMENT",
    21: "STORY-OBS-VICTORIA-LOGS-IMPLEMENT",
    22: "STORY-OBS-FLUENT-BIT-IMPLEMENT",
    23: "STORY-DB-CNPG-OPERATOR",
    24: "STORY-DB-CNPG-SHARED-CLUSTER",
    25: "STORY-DB-DRAGONFLY-OPERATOR-CLUSTER",
    26: "STORY-IDP-KEYCLOAK-OPERATOR",
    27: "STORY-SEC-NP-BASELINE",
    28: "STORY-SEC-SPIRE-CILIUM-AUTH",
    45: "STORY-VALIDATE-NETWORKING",
}


def wanted(path: Path) -> Any:
    """A reference document without what people wrote into it by hand."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for key in ("checked_by_eye", "notes"):
        document.pop(key, None)
    document["yaml_task_blocks"].pop("script_needed_correction")
    for binding in document["yaml_task_blocks"]["bindings"]:
        binding.pop("note", None)
    dependencies = document["dependencies"]
    document["dependencies"] = {
        role: dependencies.get(role, dependencies.get(f"{role}_raw"))
        for role in ("build", "deploy")
    }
    return document


@pytest.mark.shared
@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_its_whole_reference_document(shared: Path, name: str) -> None:
    text = (shared / "corpus" / "stories" / f"{name}.md").read_bytes().decode()
    document = to_expected(parse_story(text, f"docs/stories/{name}.md"), NUMBERS)
    assert json.loads(json.dumps(document)) == wanted(
        shared / "corpus" / "expected" / f"{name}.json"
    )


@pytest.mark.shared
def test_reading_costs_no_more_than_a_markdown_parser_on_the_same_text(shared: Path) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    text = (shared / "corpus/stories/STORY-VALIDATE-STORAGE-OBSERVABILITY.md").read_text("utf-8")
    parser = markdown_it.MarkdownIt("commonmark")
    ours = min(_seconds(lambda: parse_story(text, "x.md")) for _ in range(5))
    theirs = min(_seconds(lambda: parser.parse(text)) for _ in range(5))
    assert ours <= theirs


def _seconds(call: Any) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("# Expected: True", 1),
        ("#Expected routes:", 1),
        ("# Expected (infra): x", 1),
        ("# Expect: x", 1),
        ("# Should still return: x", 1),
        ("# Status: Bound", 1),
        ("# ReadyToUse: true", 1),
        ("# Output: x", 1),
        ("# Response: {}", 1),
        ("# Wait until HEALTH_OK", 1),
        ("# Look for x", 1),
        ("dig x  # expect 10.0.0.10", 1),
        ('echo "$?"  # Should be 0', 1),
        ("x # Expected: y", 1),
        ("# Target: < 1s", 0),
        ("# List all kinds (should be valid)", 0),
        ("# Ceph status", 0),
        ("echo a#should", 0),
    ],
)
def test_expectations_are_counted_by_their_words(line: str, count: int) -> None:
    assert expectations(f"ls\n  {line}\n") == count


@pytest.mark.parametrize(
    ("body", "risk"),
    [
        ("grep -i x y.yaml\n", "local_read"),
        ("flux build kustomization a --path ./b | \\\n  yq '.a | .b'\n", "local_read"),
        ("mkdir -p a\n", "local_write"),
        ("git add a\ngit commit -m 'x'\n", "local_write"),
        ('git commit -m "a\n\n- kubectl delete x"\ngit push origin main\n', "network"),
        ("kubectl --dry-run=client -f a/\n", "kubectl_dryrun_client"),
        ("kubectl apply -f - <<EOF\nmkdir x\nEOF\n", "needs_cluster"),
        ("flux --context=a reconcile kustomization b\n", "needs_cluster"),
        ("cat <<EOF > x\nkubectl get y\nEOF\n", "local_read"),
        ("# kubectl get x\n", "local_read"),
        ("", "local_read"),
    ],
)
def test_the_worst_command_is_the_risk_of_a_block(body: str, risk: str) -> None:
    assert block_risk(body) == risk


HEAD = "# 07 — STORY-X — T\n\n## Tasks\n"
YAML = "  ```yaml\n  apiVersion: v1\n  kind: X\n  ```\n"


def bound(body: str) -> list[tuple[str, str, bool, tuple[str, ...]]]:
    rows = bind_blocks(parse_story(HEAD + body, "x.md"))
    return [(row.rule, row.mode, row.fragment, row.targets) for row in rows]


def test_a_block_is_bound_by_the_nearest_words_that_name_a_file() -> None:
    assert bound(f"### T1: a\n- [ ] Create `kubernetes/a/b.yaml`:\n{YAML}") == [
        ("checkbox", "create", False, ("kubernetes/a/b.yaml",))
    ]
    assert bound(f"### T1: a\n**File**: `kubernetes/a/b.yaml`\n\n**Create:**\n{YAML}") == [
        ("File:", "create", False, ("kubernetes/a/b.yaml",))
    ]
    assert bound(
        f"### T1: a\n**Location:** `kubernetes/a/`\n\n**Create It** (`b.yaml`):\n{YAML}"
    ) == [("bold(paren)", "create", False, ("kubernetes/a/b.yaml",))]
    assert bound(
        "### T1: a\n- [ ] Verify:\n  ```yaml\n  # kubernetes/a/b.yaml\n  K: v\n  ```\n"
    ) == [("comment", "verify-or-update", True, ("kubernetes/a/b.yaml",))]


def test_a_bare_name_is_completed_by_the_story_or_by_the_folder_it_makes() -> None:
    rows = bound(
        "### T1: a\n- [ ] Folder:\n  ```bash\n  mkdir -p kubernetes/a/app\n  ```\n"
        f"- [ ] Create `kustomization.yaml`:\n{YAML}- [ ] Create `ks.yaml`:\n{YAML}"
        f"### T2: b\n- [ ] Update `kubernetes/a/kustomization.yaml`:\n"
        "  ```yaml\n  resources: [x]\n  ```\n## Notes\n- `kubernetes/a/ks.yaml`\n"
    )
    assert [targets for _, _, _, targets in rows] == [
        ("kubernetes/a/app/kustomization.yaml",),
        ("kubernetes/a/ks.yaml",),
        ("kubernetes/a/kustomization.yaml",),
    ]
    assert rows[2][1:3] == ("update", True)


def test_one_block_may_be_for_several_files() -> None:
    assert bound(f"### T1: a\n- [ ] Update `kubernetes/{{x,y}}/b.yaml`:\n{YAML}") == [
        ("checkbox", "update", False, ("kubernetes/x/b.yaml", "kubernetes/y/b.yaml"))
    ]


def test_a_block_that_nothing_names_is_unbound_and_never_replaces_a_file() -> None:
    assert bound("### T1: a\n- [ ] HelmRelease:\n  ```yaml\n  a: 1\n  ```\n") == [
        ("", "unbound", True, ())
    ]


def test_a_shared_label_with_braces_gives_each_block_its_own_file() -> None:
    rows = bound(
        "### T1: a\n**Files**: `kubernetes/p/{harbor,keycloak}-pooler.yaml`\n\n"
        f"**Harbor Pooler:**\n{YAML}\n**Keycloak Pooler:**\n{YAML}"
    )
    assert [targets for _, _, _, targets in rows] == [
        ("kubernetes/p/harbor-pooler.yaml",),
        ("kubernetes/p/keycloak-pooler.yaml",),
    ]


def test_something_added_to_a_file_is_for_that_file() -> None:
    assert bound(
        "### T1: a\n- [ ] Add `x/ks.yaml` to `kubernetes/k.yaml`:\n  ```yaml\n  - x\n  ```\n"
    ) == [("checkbox", "update", True, ("kubernetes/k.yaml",))]
    rows = bound(f"### T1: a\n- [ ] Update `kubernetes/a.yaml` and `kubernetes/b.yaml`:\n{YAML}")
    assert rows[0][3] == ("kubernetes/a.yaml", "kubernetes/b.yaml")


def test_words_before_another_block_bind_nothing_but_a_file_label_does() -> None:
    rows = bound(
        f"### T1: a\n- [ ] Create `kubernetes/a.yaml`:\n{YAML}- [ ] RBAC:\n{YAML}"
        f"### T2: b\n**File**: `kubernetes/b.yaml`\n{YAML}\n**Other:**\n{YAML}"
    )
    assert [(mode, targets) for _, mode, _, targets in rows] == [
        ("create", ("kubernetes/a.yaml",)),
        ("unbound", ()),
        ("create", ("kubernetes/b.yaml",)),
        ("variant", ("kubernetes/b.yaml",)),
    ]


def test_the_flux_kustomization_of_an_app_folder_stands_beside_it() -> None:
    rows = bound(
        "### T1: a\n- [ ] Folder:\n  ```bash\n  mkdir -p kubernetes/x/app\n  ```\n"
        f"- [ ] Create `ks.yaml`:\n{YAML}- [ ] Create `pdb.yaml`:\n{YAML}"
    )
    assert [targets for _, _, _, targets in rows] == [
        ("kubernetes/x/ks.yaml",),
        ("kubernetes/x/app/pdb.yaml",),
    ]


def test_a_drawn_tree_names_files() -> None:
    tree = "kubernetes/x/\n├── a/\n│   ├── b.yaml  # note\n│   └── c.yaml\n└── d.yaml\n"
    assert list(tree_paths(tree)) == [
        "kubernetes/x/a/b.yaml",
        "kubernetes/x/a/c.yaml",
        "kubernetes/x/d.yaml",
    ]
    assert list(tree_paths("├── lost\n")) == []


def test_braces_are_expanded() -> None:
    assert expand("a/{b,c}/d") == ["a/b/d", "a/c/d"]
    assert expand("a/{b,c}/{d,e}") == ["a/b/d", "a/b/e", "a/c/d", "a/c/e"]
    assert expand("a{b") == ["a{b"]


def test_references_by_number_are_resolved_by_the_library() -> None:
    story = parse_story("# 07 — STORY-X — T\n## Dependencies\n- Story 6\n- STORY-Y\n", "x.md")
    numbers = ids_by_number([StoryRef("a.md", "STORY-A", 6, "A")])
    assert to_expected(story, numbers)["dependencies"] == {
        "build": ["STORY-A", "STORY-Y"],
        "deploy": [],
    }
    assert to_expected(story)["dependencies"] == {"build": ["STORY-Y"], "deploy": []}


def test_findings_are_plain_data_with_line_and_rule() -> None:
    (first, *_) = to_findings(parse_story("# nothing\n", "x.md"))
    assert first["rule"] == "story-title"
    assert first["line"] == 1


def test_what_an_updated_file_is_to_include_is_not_the_file_that_is_updated() -> None:
    rows = bound(
        "### T1: a\n- [ ] Update `kubernetes/kustomization.yaml` to include `a/ks.yaml`:\n"
        "  ```yaml\n  resources: [a/ks.yaml]\n  ```\n"
    )
    assert rows == [("checkbox", "update", True, ("kubernetes/kustomization.yaml",))]


def test_a_heading_or_a_label_without_backticks_names_a_file_too() -> None:
    rows = bound(
        f"### T1: Create `kubernetes/a.yaml`\n{YAML}\n{YAML}"
        f"### T2: b\n**File:** kubernetes/b.yaml\n{YAML}"
    )
    assert [targets for _, _, _, targets in rows] == [
        ("kubernetes/a.yaml",),
        (),
        ("kubernetes/b.yaml",),
    ]


def test_a_part_of_a_values_file_never_replaces_it() -> None:
    rows = bound(
        "### T1: a\n- [ ] Create the values:\n  ```yaml\n"
        "  # In kubernetes/a/values.yaml values section\n  a: 1\n  ```\n"
        "- [ ] Create more:\n  ```yaml\n  # kubernetes/b/hr.yaml (values excerpt)\n  a: 1\n  ```\n"
    )
    assert [(mode, fragment) for _, mode, fragment, _ in rows] == [("update", True)] * 2
