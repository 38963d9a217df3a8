"""Whole stories in the shapes that real ones have, each with its counts made by hand.

The texts are our own; what is odd about each is what is odd about some real story.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from storyrunner.stories.parser import parse_story, render
from storyrunner.stories.show import to_expected

B = "```"
HEAD = """\
# {number} — {id} — A title

Sequence: {number}/50 | Prev: STORY-A.md | Next: STORY-C.md
Sprint: 2 | Lane: Lane
Global Sequence: {number}/50

Status: Draft (v3.0 Refinement)
Owner: Team
Date: 2025-10-26 (v3.0 Refinement)
Links: docs/a.md; docs/b.md

"""
PLAIN = {
    "prev": "STORY-A.md",
    "next": "STORY-C.md",
    "sprint": "2",
    "lane": "Lane",
    "status": "Draft (v3.0 Refinement)",
    "owner": "Team",
    "date": "2025-10-26 (v3.0 Refinement)",
    "links": 2,
    "style": "plain",
}


@dataclass(frozen=True)
class Witness:
    """A story and what must come out of it. `boxes` and `bash` are by zone; `tasks` maps ids to
    what is not zero or empty of `ac, checked, unchecked, bash, yaml, expectations, inline`."""

    body: str
    ids: str = ""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    boxes: dict[str, tuple[int, int]] = field(default_factory=dict)
    bash: dict[str, int] = field(default_factory=dict)
    top: dict[str, int] = field(default_factory=dict)
    nested: dict[str, int] = field(default_factory=dict)
    deferred: tuple[int, int, int, int] = (0, 0, 0, 0)
    more: dict[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    head: str = HEAD
    header: dict[str, Any] = field(default_factory=lambda: PLAIN)


WITNESSES = {
    "a task under the QA results, a status section, later work inside them": Witness(
        head="""\
# 03 — STORY-X — A title

Sequence: 03/50 | Prev: STORY-A.md | Next: STORY-C.md
Sprint: 2 | Lane: Lane
Global Sequence: 03/50

## Status
Draft (v3.0 Refinement)
Owner: Team
Date: 2025-10-26 (v3.0 Refinement)
Links: docs/a.md; docs/b.md

""",
        header={**PLAIN, "style": "plain+h2-status"},
        body=f"""\
## Acceptance Criteria
1) **Class:** a
   - bullet
2) **Listener:** b

## Tasks / Subtasks
### T1: Look
- [x] Check the CRDs:
  {B}bash
  ls x
  {B}
### T2: Create (AC1–AC2)
- [ ] Create `kubernetes/net/gateway/ks.yaml`:
  {B}yaml
  a: 1
  {B}
## Definition of Done
- [ ] one
  - [x] nested
### NOT Part of DoD (Moved to Story 45)
- ❌ later
## QA Results
<populated by QA agent after implementation>

### T6: Commit
- [ ] Commit:
  {B}bash
  git commit -m "feat: x"
  {B}
### Runtime Validation (MOVED TO STORY 45)
{B}bash
kubectl get gateway
# Expected: Programmed
{B}
- [ ] later box
""",
        ids="AC1 AC2",
        tasks={
            "T1": {"checked": 1, "bash": 1},
            "T2": {"ac": [1, 2], "unchecked": 1, "yaml": 1},
            "T6": {"unchecked": 1, "bash": 1},
        },
        boxes={"task": (1, 2), "dod_this": (1, 1), "runtime": (0, 1)},
        bash={"task": 2, "runtime": 1},
        top={"bash": 3, "yaml": 1},
        deferred=(0, 0, 1, 0),
        more={"expectation_comments": {"runtime": 1}},
        rules=("story-task-misplaced",),
    ),
    "a document closed by an escaped fence does not swallow the tasks after it": Witness(
        body=f"""\
## Acceptance Criteria
**AC1**: one
**AC2**: two
## Tasks / Subtasks
### T16: Docs
- [ ] **T16.1**: Create `docs/runbooks/a.md`:
  {B}markdown
  # Runbook
  ## Backup
  - [ ] a box of the document
  {B}bash
  kubectl get x
  {B}
  ## More
  \\`\\`\\`bash
  op read x
  \\`\\`\\`
  Text.
  \\`\\`\\`

### T17: Next
- [ ] **T17.1**: x
  {B}bash
  ls
  {B}
### T18: Escaped
- [ ] **T18.1**: y
  \\`\\`\\`bash
  flux build kustomization x
  # Expected: y
  \\`\\`\\`
### T19: Commit
- [ ] z
## Definition of Done
- [ ] a
## Change Log
| Date | Version | Description | Author |
|---|---|---|---|
| 2025-01-01 | 1 | x | y |
""",
        ids="AC1 AC2",
        tasks={
            "T16": {"unchecked": 1},
            "T17": {"unchecked": 1, "bash": 1},
            "T18": {"unchecked": 1, "bash": 1, "expectations": 1},
            "T19": {"unchecked": 1},
        },
        boxes={"task": (0, 4), "dod_this": (0, 1)},
        bash={"task": 2, "nested": 2},
        top={"markdown": 1, "bash": 2},
        nested={"bash": 2},
        more={
            "subtask_ids": 3,
            "expectation_comments": {"task": 1},
            "change_log": {"form": "table", "entries": 1},
        },
        rules=("story-fence-escaped", "story-fence-escaped"),
    ),
    "a heredoc at the margin inside an indented block, and boxes after one blank": Witness(
        body=f"""\
## Scope
 - [ ] one blank
 - two
## Acceptance Criteria
1. **A:** x
2. **B:** y
## Tasks / Subtasks
### T1: Make (AC1, AC2)
- [ ] heredoc
  {B}bash
  python3 - <<'PY'
import sys
# Expected: 1
PY
  kubectl drain <node>
  {B}
 - [ ] after one blank
   {B}bash
   cat <<EOF
   x
   EOF
   {B}
### T2: Other
- [x] done\u2011ish
""",
        ids="AC1 AC2",
        tasks={
            "T1": {"ac": [1, 2], "unchecked": 2, "bash": 2, "expectations": 1},
            "T2": {"checked": 1},
        },
        boxes={"task": (1, 2), "other": (0, 1)},
        bash={"task": 2},
        top={"bash": 2},
        more={"expectation_comments": {"task": 1}},
    ),
    "summary boxes and bold details, and a label that defers boxes and blocks": Witness(
        body=f"""\
## Acceptance Criteria (Manifest Completeness)
1) **Pools:** x
2) **Policy:** y
### AC ↔ Files Checklist
- AC1 → `a.yaml`
- AC2 → `b.yaml`
## Tasks / Subtasks (3 Tasks)
- [ ] T1 — Look
- [ ] T2 — Create
- [x] T3 — Commit

**T1 — Look (AC: 1)**
 - [x] a
{B}bash
grep x y
{B}
**T2 — Create things** (AC: 1, 2)
- [ ] Create `x.yaml`
**Runtime Validation (MOVED TO STORY 45):**
- [ ] one
- [ ] two
{B}bash
kubectl get a
{B}
{B}bash
kubectl get b
{B}
**T3 — Commit**
- [ ] c
## Definition of Done
- [ ] a
**NOT Part of DoD (Story 45):**
- [ ] b
- c
""",
        ids="AC1 AC2",
        tasks={
            "T1": {"ac": [1], "checked": 1, "unchecked": 1, "bash": 1},
            "T2": {"ac": [1, 2], "unchecked": 2},
            "T3": {"checked": 1, "unchecked": 1},
        },
        boxes={"task": (2, 4), "runtime": (0, 2), "dod_this": (0, 1), "dod_deferred": (0, 1)},
        bash={"task": 1, "runtime": 2},
        top={"bash": 3},
        deferred=(0, 0, 2, 0),
        rules=("story-ticks-disagree", "story-task-titles-differ", "story-ticks-disagree"),
    ),
    "two dates in one field, and a whole story that is deferred": Witness(
        head="""\
# 28 — STORY-X — A title

Sequence: 28/50 | Prev: STORY-A.md | Next: STORY-C.md
Sprint: 2 | Lane: Lane
Global Sequence: 28/50

Status: ⛔ **DEFERRED** (until later)
Owner: Team
Date: 2025-10-21 (Original) | 2025-10-26 (Deferred)
Links: docs/a.md; docs/b.md

""",
        header={
            **PLAIN,
            "status": "⛔ **DEFERRED** (until later)",
            "date": "2025-10-21 (Original) | 2025-10-26 (Deferred)",
        },
        body="""\
## Acceptance Criteria
1) a
2) b
## Reevaluation Criteria
- [ ] a
- [ ] b
## Tasks / Subtasks
### T1 — One (30 min)
**Steps:**
1. one
2. two
""",
        ids="AC1 AC2",
        tasks={"T1": {}},
        boxes={"other": (0, 2)},
    ),
    "phases with plain bullets, and completion criteria": Witness(
        body=f"""\
## Acceptance Criteria
**AC1**: One
- detail

**AC2**: Two
## Implementation Tasks
### Phase 1: Setup
- Create `kubernetes/obs/a.yaml`:
  {B}yaml
  a: 1
  {B}
### Phase 2: More
#### 2.1. Sub
{B}bash
kubectl --dry-run=client -f x
{B}
#### 2.3. Sub
### Phase 6: Last
- x
## Story Completion Criteria
- [ ] a
- [x] b
""",
        ids="AC1 AC2",
        tasks={"Phase 1": {"yaml": 1}, "Phase 2": {"bash": 1}, "Phase 6": {}},
        boxes={"dod_this": (1, 1)},
        bash={"task": 1},
        top={"yaml": 1, "bash": 1},
        more={"subtask_ids": 2},
    ),
    "numbered steps inside criteria are no criteria": Witness(
        body="""\
## Acceptance Criteria
### AC1: Kafka deployed
**Validation Steps**:
1. Deploy
2. Check
   - [ ] nested box
3. More

**Success Criteria**:
- [ ] a
**Evidence**:
1. log
### AC2: Schema
**Validation Steps**:
1. x
## Tasks / Subtasks
### T0: Prepare
**Steps:**
1. one
**Success Criteria** (AC1):
- ok
### T1: Next
**Success Criteria** (AC1, AC2):
- x
## QA Results — Test Design
- AC2 (Schema) → T0-T1 tests
## Definition of Done
- [ ] x
**Deferred to Story 49:**
- y
""",
        ids="AC1 AC2",
        tasks={"T0": {"ac": [1, 2]}, "T1": {"ac": [1, 2]}},
        boxes={"ac": (0, 2), "dod_this": (0, 1)},
        deferred=(0, 0, 1, 0),
    ),
    "tasks as bullets, with a letter in an id, and a record": Witness(
        body=f"""\
## Acceptance Criteria
1) One thing.
2) Two things.
   a) sub
### AC → Task Map
- AC1 (Boot) → T0, T1
- AC2 → T0b–T2
## Tasks / Subtasks — Implementation Plan (Story Only)
- T0 — Prep
  - [x] a
  - [x] b: `talosctl version --client` (should show v1.2.3)
  {B}bash
  ls talos
  {B}
- T0b — More prep
  - [x] c
- T1 — Boot
  - [ ] d
- T2 — End
## Runtime Validation
- [ ] x
## Dev Agent Record
### File List
- `talos/a.yaml` (created)
- talos/b.yaml (modified - x)
- <to be filled by dev>
""",
        ids="AC1 AC2",
        tasks={
            "T0": {"ac": [1], "checked": 2, "bash": 1, "inline_commands": 1},
            "T0b": {"ac": [2], "checked": 1},
            "T1": {"ac": [1], "unchecked": 1},
            "T2": {},
        },
        boxes={"task": (3, 1), "runtime": (0, 1)},
        bash={"task": 1},
        top={"bash": 1},
        more={
            "dev_agent_record": {
                "present": True,
                "file_list_entries": 2,
                "subheadings": ["File List"],
            }
        },
    ),
    "bold tasks, runtime work between them, sections twice, work after the end": Witness(
        body=f"""\
## Acceptance Criteria
1) **One:** a
2) **Two:** b
   1. inner
## Tasks / Subtasks — Implementation Plan (Story Only)
**T0 — Prerequisites (AC: — prerequisites only)**
- [ ] a
**T1 — Create (AC: 1, 2)**
- [ ] b
  {B}bash
  helmfile template
  # Expected: CRDs
  {B}
**Runtime Validation (MOVED TO STORY 45)**
- [ ] d
**T3 — Commit (DoD only)**
- [ ] e
## PO Validation (2025)
- [ ] x
*** End of Story ***
## PO Validation (2026)
- [x] y
""",
        ids="AC1 AC2",
        tasks={
            "T0": {"unchecked": 1},
            "T1": {"ac": [1, 2], "unchecked": 1, "bash": 1, "expectations": 1},
            "T3": {"unchecked": 1},
        },
        boxes={"task": (0, 3), "runtime": (0, 1), "other": (1, 1)},
        bash={"task": 1},
        top={"bash": 1},
        more={"expectation_comments": {"task": 1}},
    ),
    "boxes without ids, invalid YAML, and what is left in three more forms": Witness(
        body=f"""\
## Acceptance Criteria
1) a
## Tasks / Subtasks
- [ ] Namespace
  {B}yaml
  a: 1
  {B}
- [ ] HelmRelease
  {B}yaml
  x: "{{{{ x | default "53" }}}}"
  {B}
1. [ ] Validate: `kustomize build x`
### Runtime Validation (MOVED TO STORY 45)
- [ ] x
## Definition of Done
- [ ] a
- [ ] **Runtime validation**: Deferred to Story 45
### Deployment and Validation (Story 45)
- [ ] b
**Runtime Validation (Story 45)**:
- [ ] c
""",
        ids="AC1",
        boxes={"task": (0, 3), "runtime": (0, 1), "dod_this": (0, 1), "dod_deferred": (0, 3)},
        top={"yaml": 2},
        deferred=(0, 0, 3, 0),
        more={"yaml_task_blocks": {"total": 2, "bound": 0, "unbound": 2}},
        rules=("story-tasks-none",),
    ),
    "criteria that name tasks, nested boxes, and a task that writes a runbook": Witness(
        body=f"""\
## Acceptance Criteria
**AC1** (Task T2): a
- b
**AC2** (Tasks T1, T3): b
**AC3**: c
## Tasks / Subtasks
### T1 — Prep (1 hour)
- [ ] T1.1 — One
  - [ ] nested
    - [ ] deeper
  - [ ] File: `kubernetes/a/b.yaml`
  - [ ] Content:
    {B}yaml
    a: 1
    {B}
- [ ] T1.2 — Two
**Acceptance:** all good
### T2 — Operations runbook (1 hour)
- [ ] T2.1 — Create `docs/runbooks/x.md`
  {B}bash
  kubectl get x
  {B}
### T3 — Commit
- [ ] T3.1 — Commit
## Definition of Done
- [ ] committed (not pushed)
""",
        ids="AC1 AC2 AC3",
        tasks={
            "T1": {"ac": [2], "unchecked": 6, "yaml": 1},
            "T2": {"ac": [1], "unchecked": 1},
            "T3": {"ac": [2], "unchecked": 1},
        },
        boxes={"task": (0, 8), "dod_this": (0, 1)},
        bash={"task_doc_payload": 1},
        top={"yaml": 1, "bash": 1},
        more={
            "subtask_ids": 4,
            "yaml_task_blocks": {"total": 1, "bound": 1, "by_mode": {"create": 1}},
        },
    ),
    "labels that defer in scope, criteria and dependencies": Witness(
        body="""\
## Scope
**In Scope:**
- a
**Out of Scope (Deferred to Story 45)**
- ❌ b
  - ❌ nested
- ~~c~~
### Story 45: Deployment and Validation
- d
### Deferred to Story 45 (Deployment & Validation)
**Runtime:**
- e
**Other:**
- f
## Acceptance Criteria
**This Story (Manifest Creation):**
1. **AC1-Default**: x
   - y
2. **AC2-Other**: x
**Deferred to Story 45 (Deployment & Validation):**
1. **AC3-Run**: z
2. z2
## Dependencies / Inputs
**Build-Time Prerequisites:**
- **STORY-EARLY** (Story 05): x
- Stories 16-18 and Story 20
**NOT Required (Deferred to Story 45):**
- ❌ Running cluster (Story 45)
- ❌ Ceph
**Runtime (Story 45):**
- STORY-LATE
**Downstream:**
- Story 30 (STORY-X-Y)
## Tasks / Subtasks
### T1: x
""",
        ids="AC1 AC2",
        tasks={"T1": {}},
        deferred=(6, 2, 0, 2),
        more={"dependencies": {"build": ["STORY-EARLY"], "deploy": ["STORY-LATE"]}},
    ),
    "bold header fields in another order, emoji titles, a tree and a document in a block": Witness(
        head="""\
# 36 — STORY-X — A title

**Status:** Draft (v3.0 Refinement) | **Date:** 2025-10-26 (v3.0 Refinement)
**Sequence:** 36/50 | **Prev:** STORY-A.md | **Next:** STORY-C.md
**Sprint:** 2 | **Lane:** Lane | **Global Sequence:** 36/50
**Owner:** Team | **Links:** docs/a.md; docs/b.md

""",
        header={**PLAIN, "style": "bold-inline"},
        body=f"""\
## ✅ Acceptance Criteria
**AC1**: x
## 🛠️ Tasks / Subtasks
### T1: Prep
- [ ] **T1.1**: Look
  {B}
  kubernetes/x/
  ├── a/
  │   └── b.yaml
  └── c.yaml
  {B}
- [ ] **T1.2**: Create `c.yaml`
{B}yaml
---
a: 1
{B}
- [x] **T1.3**: Create `docs/x.md`
{B}markdown
# Title
{B}
tree/
{B}
## Section
{B}bash
op read x
{B}
{B}

## 🧪 Runtime Validation (Story 45)
{B}bash
kubectl x
{B}
## 🎯 Definition of Done
**This story (manifest creation):**
- [ ] x
**Story 45 (deployment):**
- [ ] y
## 📝 Change Log
### v3.0 - 2025-10-26
- a
### v2.0 - 2025-10-22
- b
""",
        ids="AC1",
        tasks={"T1": {"checked": 1, "unchecked": 2, "yaml": 1}},
        boxes={"task": (1, 2), "dod_this": (0, 1), "dod_deferred": (0, 1)},
        bash={"runtime": 1, "nested": 1},
        top={"(none)": 1, "yaml": 1, "markdown": 1, "bash": 1},
        nested={"(none)": 1, "bash": 1},
        deferred=(0, 0, 1, 0),
        more={
            "subtask_ids": 3,
            "change_log": {"form": "sections", "entries": 2},
            "yaml_task_blocks": {"total": 1, "bound": 1},
        },
    ),
}


def text_of(witness: Witness, ending: str = "\n") -> str:
    text = witness.head.format(number="12", id="STORY-X") + witness.body
    return text.replace("\n", ending)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", list(WITNESSES))
def test_every_count_is_right(name: str, ending: str) -> None:
    wanted = WITNESSES[name]
    text = text_of(wanted, ending)
    story = parse_story(text, "docs/stories/STORY-X.md")
    found: Any = to_expected(story)
    assert render(story) == text
    header = {key: found["header"][key] for key in wanted.header}
    assert header == wanted.header
    assert found["acceptance_criteria"]["ids"] == wanted.ids.split()
    assert _tasks(found["tasks"]["detail"]) == wanted.tasks
    assert _boxes(found["checkboxes"]) == wanted.boxes
    assert found["bash_blocks"] == wanted.bash
    assert found["blocks"] == {"top_level": wanted.top, "nested_in_markdown": wanted.nested}
    assert tuple(found["deferred"].values()) == wanted.deferred
    for key, value in wanted.more.items():
        part = found[key]
        assert ({k: part[k] for k in value} if isinstance(value, dict) else part) == value
    assert tuple(finding.rule for finding in story.findings) == wanted.rules


def _tasks(detail: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    left_out = ("title", "lines")
    return {
        id_: {key: value for key, value in task.items() if value and key not in left_out}
        for id_, task in detail.items()
    }


def _boxes(zones: dict[str, dict[str, int]]) -> dict[str, tuple[int, int]]:
    return {
        zone: (count["checked"], count["unchecked"])
        for zone, count in zones.items()
        if zone != "total" and any(count.values())
    }
