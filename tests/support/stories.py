"""Small stories and a small repository for the import: one text, one folder, the steps it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from storyrunner.gitops.documents import parse_documents
from storyrunner.model.story import Story
from storyrunner.runbook.importing.assembling import Imported, import_story
from storyrunner.stories.parser import parse_story

PATH = "docs/stories/STORY-SMALL.md"
HEAD = """\
# 07 — STORY-SMALL — A small story

Sequence: 07/50 | Prev: — | Next: —
Status: Draft

## Acceptance Criteria

1. **It is so:**
   - somehow

"""
WEB = "docs/stories/STORY-APP-WEB.md"
WEB_STORY = """\
# 31 — STORY-APP-WEB — Create the web manifests

Sequence: 31/50 | Prev: — | Next: —
Status: Draft

## Acceptance Criteria

1. **Map Created:**
   - `kubernetes/apps/web/map.yaml` exists

## Tasks / Subtasks

### T1: Check

- [ ] Settings are there:
  ```bash
  grep -E 'SECRET_DOMAIN|CLUSTER' kubernetes/clusters/infra/cluster-settings.yaml
  ```

### T2: Create Map

- [ ] Create `kubernetes/apps/web/map.yaml`:
  ```yaml
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: web
  data:
    HOST: "web.${SECRET_DOMAIN}"
  ```

### T3: Commit

- [ ] Commit and push:
  ```bash
  git add kubernetes/apps/web
  git commit -m "feat(apps): add web for ${SECRET_DOMAIN}"
  git push origin main
  ```
"""
KS = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: NAME, namespace: flux-system}
spec:
  interval: 1m
  prune: true
  path: ./PATH
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}]}
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data:
  DOMAIN: "example.com"
  VERSION: "1.0"
"""
FILES = {
    "kubernetes/clusters/blue/cluster-settings.yaml": SETTINGS,
    "kubernetes/clusters/blue/apps.yaml": KS.replace("NAME", "apps").replace(
        "PATH", "kubernetes/apps"
    ),
    "kubernetes/apps/kustomization.yaml": "resources: [web]\n",
    "kubernetes/apps/web/kustomization.yaml": "resources: [map.yaml]\n",
    "kubernetes/apps/web/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
    "bootstrap/crds.yaml": "releases:\n  - name: cert-manager\n    version: v1.0\n",
}


def make_repository(root: Path) -> Path:
    """The files of a repository with one cluster, `blue`; no git."""
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def story_of(body: str, head: str = HEAD) -> Story:
    """A story with tasks as given."""
    return parse_story(f"{head}## Tasks / Subtasks\n\n{body}", PATH)


def imported(body: str, root: Path, head: str = HEAD) -> Imported:
    """The runbook of such a story."""
    return import_story(story_of(body, head), root)


def steps_of(made: Imported, task: str = "T1") -> list[dict[str, Any]]:
    """The steps of a task as plain keys."""
    value = parse_documents(made.text, "runbook")[0].value
    return next((one["steps"] for one in value["tasks"] if one["id"] == task), [])


def block(commands: str) -> str:
    """A task with one shell block."""
    return f"### T1: Check\n\n```bash\n{commands}\n```\n"


def step_for(commands: str, root: Path) -> dict[str, Any]:
    """The one step that a block of commands gives."""
    (step,) = steps_of(imported(block(commands), root))
    return step
