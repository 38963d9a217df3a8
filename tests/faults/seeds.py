"""Seeds for the fuzzer: small texts of our own, of every kind that is read."""

from __future__ import annotations

STORIES = (
    """# 07 — STORY-NET-GREETER — Greet the network

Sequence: 07/50 | Prev: STORY-A | Next: STORY-B
Sprint: 2 | Lane: Networking
Global Sequence: 7/50

Status: Draft
Owner: Platform

## Story
As a platform engineer, I want a greeter.

## Acceptance Criteria
- AC1: Manifests created (T1)
- AC2 — Renders (T2, T3)
  - `kustomize build` succeeds

## Tasks / Subtasks
- [ ] T1 — Write the manifests (AC: 1)
  - [x] Create `kubernetes/apps/greeter/ks.yaml`:
    ```yaml
    kind: Kustomization
    spec:
      path: ./kubernetes/apps/greeter
    ```
  - [ ] Run it
    ```bash
    kubectl -n greeter get pods
    # Expected: 1 Running
    ```
""",
    """# STORY-SEC-X: A title

**Status:** Ready | **Date:** 2025-01-01

## 🛠️ Tasks
### T1: First (AC1–AC3)
1. [ ] numbered `flux build kustomization x --path ./x --dry-run`
 - [X] one blank
**Deferred to Story 45:**
- ❌ later
### Phase 0: Zero
#### 0.1. Step

## Definition of Done
- [ ] All boxes
- [x] Committed

## Dev Notes
````markdown
```yaml
- [ ] not a box
```
````

## Change Log
| Date | Version | Change | Author |
|---|---|---|---|
| 2025-01-01 | 0.1 | x | y |
""",
    """## Acceptance Criteria (pre)

**AC1** (Task T2): text
### AC-1: Title
AC\u20111 → T1, T2

## Dependencies
- Story 43 (STORY-BOOT-CRDS), Stories 1-9
- dependsOn: infrastructure

## Dev Agent Record
### File List
- `a.yaml` (new)
### Completion Notes
- ok

## QA Results
Gate: PASS
\\`\\`\\`bash
echo "escaped"
\\`\\`\\`
""",
    "- [ ] a\r\n- [x] b\r\n  - [ ] c\r\n```\r\nopen fence\r\n",
)
STORY_WORDS = (
    "- [ ] ",
    "- [x] ",
    "  - [X] ",
    "```",
    "````",
    "~~~",
    "```bash\n",
    "```yaml\n",
    "\\`\\`\\`",
    "## Tasks\n",
    "## Acceptance Criteria\n",
    "### T1: A\n",
    "AC1",
    "(AC: 1, 2)",
    "STORY-A-B",
    "| a | b |\n",
    "|---|---|\n",
    "# Expected: ",
    "Story 45",
    "❌",
    "**",
    "1. ",
    "## Definition of Done\n",
    "## Status\n",
    "<!--",
    "-->",
    "> ",
)

_HEAD = """name: greeter
story: STORY-NET-GREETER
number: 7
title: Greet
"""
RUNBOOKS = (
    _HEAD
    + """clusters:
  - {name: infra, directory: clusters/infra, settings: c/s.yaml, kustomizations: c/i.yaml}
parameters:
  domain: {description: The domain, type: domain, scope: cluster, found: {setting: DOMAIN}}
  folder:
    description: Folder
    type: path
    default: apps/greeter
tasks:
  - id: T1
    title: Look
    steps:
      - id: T1.1
        kind: require
        title: Tools
        why: Because
        needs:
          - {tool: kubectl, minimum: "1.27", stands_in: nothing}
  - id: T2
    title: Write
    needs: [T1]
    steps:
      - {id: T2.1, kind: write, title: It, why: So, path: "[[ folder ]]/x.yaml", template: a/b.yaml}
criteria:
  - {id: AC1, text: Written, proved_by: [T2.1]}
""",
    _HEAD
    + """tasks:
  - id: T1
    title: Judge
    steps:
      - id: T1.1
        kind: query
        title: The greeting
        why: It is polite
        file: apps/x.yaml
        select: {kind: ConfigMap, name: greeter}
        ask: .data.greeting
        expect: {equals: hello}
      - id: T1.2
        kind: confirm
        title: Sign
        question: Is it polite?
      - id: T1.3
        kind: commit
        title: Commit
deferred:
  - {text: Later, to: STORY-B, commands: [kubectl get pods]}
criteria: []
""",
    "name: x\ntasks: []\n",
)
RUNBOOK_WORDS = (
    "kind: ",
    "require",
    "write",
    "edit",
    "dry_run",
    "build",
    "query",
    "confirm",
    "commit",
    "command",
    "needs: ",
    "proved_by: [T1.1]\n",
    "- id: T1\n",
    "[[ folder ]]",
    "[[ nothing ]]",
    "expect: {matches: '(a+)+'}",
    "timeout: -1\n",
    "timeout: .inf\n",
    "&a ",
    "*a",
    "!!python/object ",
    "!!binary ",
    "? ",
    "<<: *a\n",
    "../../etc",
    "- ",
    ": ",
)

SUBSTITUTIONS = (
    "host: ${a}.example.org\nurl: ${b:-none}\n",
    "${a:1:3} ${a: -1} ${b##*/} ${b%.*} ${a//l/L} ${a/#he/J} ${#u} ${u^^} ${u,,}",
    "$$ $${a} $(a) ${m:=x} ${m:?no} ${m:+y} ${m:-${a}-${n}} ${m:-{}}",
    "{{ $labels.x }} ${d} ${a:${n}} ${a[0]} ${!a}",
)
SUBSTITUTION_WORDS = (
    *("${", "}", "${a", "${m", ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,"),
    *("$$", "${a}", "${n}", "\\", "[!x]", "[a-h]", "*?[a]", ":1:2", "{{ x }}", "€"),
)

YAML = (
    "a:\n  - b\n  - c # why\n\n# next\nm:\n  k: v\n  l: 'w'\n",
    "# head\n---\na: [b, c]\nm: {k: v, l: w}\n---\nother: 1\n",
    'kind: K\na:\n- b\n- "c"\nm:\n    k: |\n      text\n      more\n    l: >-\n      x\n',
    "m:\r\n  k: v\r\na:\r\n  - b\r\n",
    "a: []\nm: {}\nz: &x {p: 1}\ny: *x\n",
    "a:\nm: ~\n",
    "? a\n: - b\n? m\n: k: v\n",
    "",
)
YAML_WORDS = (
    *(
        "a:",
        "m:",
        "k: ",
        "- b\n",
        "- ",
        "  ",
        "# c\n",
        " # c",
        "---\n",
        "...\n",
        "[",
        "]",
        "{",
        "}",
    ),
    *(
        "|\n",
        ">-\n",
        "|+\n  x\n\n",
        "&x ",
        "*x",
        "!!str ",
        "!t ",
        "'",
        '"',
        "? ",
        ": ",
        "%YAML 1.1\n",
    ),
    *("<<: *x\n", "~", "null", "[b, b]", "{k: v}", "\t", "\r\n", "\x85", "b", "new/ks.yaml"),
)

OUTPUTS = (
    '{"clientVersion": {"gitVersion": "v1.36.2"}, "kustomizeVersion": "v5.6.0"}\n',
    "configmap/x created (dry run)\nclusterissuer.cert-manager.io/y configured (dry run)\n"
    'Warning: z\nE0101 10:00:00.000000 1 memcache.go:265] "x"\n',
    'error: resource mapping not found for name: "x" namespace: "n" from "a.yaml": no matches for '
    'kind "K" in version "g/v1"\nensure CRDs are installed first\n'
    "error: error parsing b.yaml: error converting YAML to JSON: yaml: line 3: x\n",
    "flux: v2.9.4\n✗ kustomize build failed: accumulating resources\n► building\n",
    "v5.8.1\n",
    "yq (https://github.com/mikefarah/yq/) version v4.53.1\n",
    'yq 3.4.3\n[["a", null, 1], []]\n',
    '{"resources": [{"filename": "stdin", "kind": "K", "name": "n", "version": "v1", '
    '"status": "statusInvalid", "msg": "m", "validationErrors": [{"path": "/a", "msg": "b"}]}]}\n',
    "git version 2.39.5 (Apple Git-154)\nfatal: not a git repository\nhint: x\n",
    "# branch.oid 1234567890123456789012345678901234567890\0# branch.head main\0"
    "# branch.upstream origin/main\0# branch.ab +1 -2\0"
    "1 .M N... 100644 100644 100644 1234567 1234567 a.yaml\0"
    "2 R. N... 100644 100644 100644 1234567 1234567 R100 new\0old\0"
    "u UU N... 100644 100644 100644 100644 1 2 3 c.yaml\0? untracked\0! ignored\0",
    "v0.8.0\nkind: ConfigMap\napiVersion: v1\nmetadata:\n  name: x\n---\nkind: B\n",
)
OUTPUT_WORDS = (
    *("error: ", "Error: ", "✗ ", "fatal: ", "Warning: ", " created (dry run)\n", "yaml: line 3: "),
    *("{", "}", "[", "]", '"', ":", ",", "null", "1 ", "2 ", "u ", "? ", "# branch.ab +x\0"),
    *(
        "\0",
        "\udcff",
        "\udc80",
        "\x1b[2J",
        "\x9b31m",
        '"resources":',
        '"status":',
        "version v",
        "v1.",
    ),
)
