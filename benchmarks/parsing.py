"""Reading a story against markdown-it-py on the same text, and how its cost grows with the text.

Processor time counts: both run in this process, and what else the machine does is not theirs.
"""

from __future__ import annotations

import gc
import importlib.util
import math
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Contender, Cost, measure
from benchmarks.result import Row, absent
from benchmarks.scale import slope
from benchmarks.tools import ROOT
from storyrunner.stories.parser import parse_story

MARKDOWN, EXPONENT, HOSTILE = 1.0, 1.15, 1.3
SIZES = (1, 2, 4, 8, 16)
"""How often the text is repeated."""
_AGAINST = "parsing a story, against markdown-it-py"
_TASK = """\
### T{n}: Create the manifests of part {n}

**File**: `kubernetes/infrastructure/part-{n}/release.yaml`

- [ ] **T{n}.1**: Create `release.yaml` (AC: 1, 2) with the values of both clusters
  - [ ] the chart's version is pinned \u2014 see **Story {n}** (STORY-PART-{n})
  ```yaml
  apiVersion: helm.toolkit.fluxcd.io/v2
  kind: HelmRelease
  metadata:
    name: part-{n}
  ```
- [x] Validate: `kustomize build kubernetes/infrastructure/part-{n}`
  ```bash
  kustomize build kubernetes/infrastructure/part-{n} | yq '.kind'
  # Expected: HelmRelease
  ```

**Acceptance:** the release is rendered for both clusters, and nothing else changes.

"""
_HEAD = """\
# 06 \u2014 STORY-A-B \u2014 A story

Sequence: 06/50 | Prev: STORY-A-A.md | Next: STORY-A-C.md
Status: Draft

## Acceptance Criteria
1. **First:** text
   - bullet with `code` and **words**
2. **Second:** text

## Tasks / Subtasks

"""
_HOSTILE = {
    "open fences": "```bash\n## Definition of Done\n",
    "open documents": "```markdown\n## Definition of Done\n",
    "bare fences": "```\n",
    "two kinds of fences": "```a\n## X\n~~~\n",
    "escaped fences": "\\`\\`\\`bash\n",
    "twin tasks": "## Tasks\n### T1: x\n- [ ] y\n",
    "subtasks": "## Tasks\n### T1: x\n- [ ] **T1.1**: y\n",
    "arrows": "- AC1 \u2192 T1, T2, T1-T60\n",
    "twin criteria": "## Acceptance Criteria\n1. **x:**\n",
    "deep items": "  - [ ] x\n    - y\n",
    "rows": "## Change Log\n| a | `b | c |\n",
    "labels": "**Deferred to Story 45:**\n- x\n",
    "headings": "### a\n#### b\n",
    "dependencies": "## Dependencies\n- Story 1-60, 1-60 (STORY-A)\n",
    "one long row": "| `|",
    "one long item": "`kubectl x` (",
    "one long range": "T1-",
    "one long run of blanks": " ",
    "one long run of stars": "* ",
    "one long run of backticks": "`",
    "one long bold": "**",
    "one long run of digits": "1",
    "one long list of criteria": "(AC: 1 ",
    "one long list of stories": "Story 1, ",
    "one long escape": "\\`",
}


def run(_env: dict[str, str], rounds: int, _work: Path) -> list[Row]:
    """Three rows."""
    return [_against_markdown_it(rounds), _growth(rounds), _hostile(max(3, rounds // 2))]


def generated(tasks: int) -> str:
    """A story of our own with so many tasks, in the form that stories have."""
    return _HEAD + "".join(_TASK.format(n=number) for number in range(1, tasks + 1))


def _texts() -> dict[str, str]:
    """Real stories when they are beside the checkout, and one of our own."""
    folder = ROOT.parent / "shared" / "corpus" / "stories"
    found = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))}
    return {**found, "generated": generated(40)}


def _against_markdown_it(rounds: int) -> Row:
    """The worst of all texts counts."""
    if importlib.util.find_spec("markdown_it") is None:
        return absent(_AGAINST, MARKDOWN, "markdown-it-py is not installed (rich brings it)")
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    ratios: dict[str, float] = {}
    figures: dict[str, float] = {}
    for name, text in _texts().items():
        ours = Contender("ours", _timed(lambda text=text: parse_story(text, "x.md")))
        theirs = Contender("theirs", _timed(lambda text=text: parser.parse(text)))
        measure([ours, theirs], rounds)
        ratios[name] = ours.cpu / theirs.cpu
        figures |= {f"{name} ours": ours.cpu, f"{name} theirs": theirs.cpu}
    worst = max(ratios, key=lambda name: ratios[name])
    ours_ms, theirs_ms = figures[f"{worst} ours"] * 1e3, figures[f"{worst} theirs"] * 1e3
    return Row(
        _AGAINST,
        ratios[worst],
        MARKDOWN,
        detail=f"worst of {len(ratios)} texts ({worst}): {ours_ms:.1f} ms against {theirs_ms:.1f}",
        note=f"best {min(ratios.values()):.2f} x; markdown-it builds its tokens, we a whole story",
        figures=figures,
    )


def _growth(rounds: int) -> Row:
    """The exponent of a power law through the medians: 1 is linear."""
    texts = {size: generated(40 * size) for size in SIZES}
    all_sizes = [
        Contender(str(size), _timed(lambda text=text: parse_story(text, "x.md")))
        for size, text in texts.items()
    ]
    measure(all_sizes, max(3, rounds // 2))
    points = [
        (math.log(len(text)), math.log(one.cpu))
        for text, one in zip(texts.values(), all_sizes, strict=True)
    ]
    shown = ", ".join(
        f"{len(text) // 1024} KiB: {one.cpu * 1e3:.0f} ms"
        for text, one in zip(texts.values(), all_sizes, strict=True)
    )
    return Row("parsing grows with the text to the power of", slope(points), EXPONENT, "", shown)


def _hostile(rounds: int) -> Row:
    """The worst exponent of texts made to be slow, from eight times as much of the same."""
    found: dict[str, float] = {}
    for name, piece in _HOSTILE.items():
        head = (
            "# 07 \u2014 STORY-A \u2014 T\n## Tasks\n- " if "\n" not in piece else "# 07 \u2014 S\n"
        )
        small, large = (
            Contender(str(count), _timed(lambda text=text: parse_story(text, "x.md")))
            for count in (800, 6400)
            for text in (head + piece * count,)
        )
        measure([small, large], rounds)
        least = min(cost.cpu for cost in small.costs), min(cost.cpu for cost in large.costs)
        found[name] = math.log(least[1] / least[0], 8)
    worst = max(found, key=lambda name: found[name])
    return Row(
        "parsing hostile texts, to the power of",
        found[worst],
        HOSTILE,
        "",
        detail=f"worst of {len(found)} ({worst}), eight times the text",
        figures=found,
    )


def _timed(call: Callable[[], object]) -> Callable[[], Cost]:
    """A call in this process as a contender, without a collection in its middle."""

    def run() -> Cost:
        gc.collect()
        gc.disable()
        try:
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            return Cost(time.perf_counter() - wall, time.process_time() - cpu)
        finally:
            gc.enable()

    return run
