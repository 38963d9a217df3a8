"""Lint as a whole: order, purity, speed, and the stories of the reference inputs."""

from __future__ import annotations

import ast
import random
import re
import time
from pathlib import Path

import pytest

from storyrunner.model.finding import Finding, Severity
from storyrunner.stories import lint_rules
from storyrunner.stories.library import find_stories
from storyrunner.stories.lint import lint_repository, lint_story, surroundings
from storyrunner.stories.lint_reading import read_documents, read_names, read_stories
from storyrunner.stories.lint_rules import HINTS, RULES
from storyrunner.stories.parser import parse_story
from tests.support.lint_stories import around, findings, of_rule, parsed, text_of

CERT = "STORY-SEC-CERT-MANAGER-ISSUERS"


def test_what_the_parser_reports_is_reported_too_and_in_the_order_of_the_text() -> None:
    text = text_of(
        status="Done",
        body="## Tasks\n\n### T1: A\n\n- [~] odd\n- [ ] open\n\n### T1: A\n\n- [x] `docs/x.md`\n",
    )
    found = findings(text)
    rules = [item.rule for item in found]
    assert rules == ["story-status-ahead", "story-box-unknown", "story-task-twice", *rules[3:]]
    assert "story-ticked-absent" in rules
    assert [item.place for item in found] == sorted(item.place for item in found)


def test_every_rule_stands_in_the_table_with_its_severity_and_no_other() -> None:
    made: dict[str, set[str]] = {"story-ticks-disagree": {"error"}}
    for file in sorted(Path(lint_rules.__file__).parent.glob("*.py")):
        if not file.name.startswith(("lint", "contra", "repository_lint", "portfolio", "tracker")):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and "-" in str(first.value):
                    made.setdefault(str(first.value), set()).add(node.func.id)
    made["story-duplicate-key"] = {"error"}
    assert {rule: {severity.value} for rule, (severity, _) in RULES.items()} == made


def test_every_rule_has_a_hint_and_every_finding_has_one() -> None:
    rule = re.compile(r'"((?:story|qa|tracker)-[a-z]+(?:-[a-z]+)*)",')
    made: set[str] = set()
    for file in Path(lint_rules.__file__).parent.glob("*.py"):
        if file.name not in ("lint_rules.py", "ticks.py"):
            made.update(rule.findall(file.read_text(encoding="utf-8")))
    assert made == set(HINTS)
    text = text_of(status="Done", body="## Odd\n\n## Tasks\n\n### T1: A\n\n- [~] odd\n### T1: A\n")
    assert all(item.hint for item in findings(text))


def test_a_story_without_faults_has_no_findings() -> None:
    done = "## Definition of Done\n\n- [x] b\n"
    body = f"## Tasks\n\n### T1: A\n\n- [x] a\n\n{done}"
    assert findings(text_of(status="Done", body=body)) == []


def test_no_text_makes_lint_fail() -> None:
    pieces = [
        *(
            "## Tasks\n",
            "### T1: A\n",
            "- [x] `kubernetes/{a,b}/c.yaml`\n",
            "  - [ ] Story 6 (X-Y)\n",
        ),
        *("```yaml\n", "a: 1\n", "```\n", "| 06-INT-001 | P1 |\n", "Story 06 (STORY-A) complete\n"),
        *(
            "## Definition of Done\n",
            "Status: Done\n",
            "\r",
            "\u2011",
            "# 06 — STORY-A — T\n",
            "{" * 9,
        ),
        *("## Dependencies\n", "- STORY-A (Story 9)\n", "- [x] Story 9 complete\n", "`a/{`\n"),
    ]
    rng = random.Random(6)
    for _ in range(150):
        text = "".join(rng.choices(pieces, k=rng.randint(0, 40)))
        story = parse_story(text, "docs/stories/STORY-A.md")
        texts = {"docs/STORY-PROGRESS.md": text, "docs/qa/a-test-design.md": text}
        near = around(story, parsed(text_of()), files=["kubernetes/a/c.yaml"], texts=texts)
        for finding in (*lint_story(story, near), *lint_repository(near)):
            assert isinstance(finding, Finding)


def test_fifty_stories_of_a_thousand_lines_take_less_than_three_seconds() -> None:
    chapter = (
        "- [x] Create `kubernetes/apps/{n}/x.yaml` for STORY-S{n} (Story 3)\n  ```yaml\n"
        "  apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: x\n  ```\n"
        "- [ ] Verify Story {n} complete\n  - [ ] below it\n\n"
    )
    stories = []
    for number in range(1, 52):
        work = "".join(chapter.format(n=part % 51 + 1) for part in range(100))
        text = text_of(number, f"STORY-S{number}", f"## Tasks\n\n### T1: A\n\n{work}", total=51)
        stories.append(text)
    assert min(text.count("\n") for text in stories) > 1000
    start = time.thread_time()
    near = around(*map(parsed, stories))
    count = sum(len(lint_story(story, near)) for story in near.stories.values())
    assert count > 51
    assert time.thread_time() - start < 3.0


@pytest.fixture
def corpus(shared: Path, tmp_path: Path) -> Path:
    """The reference repository after story 06, with all reference stories and QA documents."""
    for source in sorted((shared / "corpus" / "repo-after").rglob("*")):
        if source.is_file():
            file = tmp_path / source.relative_to(shared / "corpus" / "repo-after")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(source.read_bytes())
    stories = tmp_path / "docs" / "stories"
    stories.mkdir(parents=True, exist_ok=True)
    assessments = tmp_path / "docs" / "qa" / "assessments"
    assessments.mkdir(parents=True)
    for source in sorted((shared / "corpus" / "stories").glob("STORY-*.md")):
        (stories / source.name).write_bytes(source.read_bytes())
    samples = shared / "corpus" / "stories"
    (stories / f"{CERT}.md").write_bytes((samples / "06-after-implementation.md").read_bytes())
    for name in ("test-design", "risk-profile"):
        source = samples / f"06-{name}.md"
        (assessments / f"06.{CERT.lower()}-{name}.md").write_bytes(source.read_bytes())
    return tmp_path


@pytest.fixture
def told(corpus: Path) -> list[Finding]:
    refs = find_stories(corpus)
    files = read_names(corpus)

    def fail(problem: Exception) -> None:
        raise problem

    stories = read_stories(corpus, refs, fail)
    near = surroundings(files, refs, stories, read_documents(corpus, files, fail))
    return [item for ref in refs for item in lint_story(stories[ref.path], near)]


@pytest.mark.shared
def test_the_summary_of_a_real_story_that_contradicts_its_detail_is_found(
    told: list[Finding],
) -> None:
    [found] = of_rule(told, "story-ticks-disagree")
    assert (found.place.line, found.severity) == (493, Severity.ERROR)
    assert found.message.startswith("T7 is ticked on line 128")


@pytest.mark.shared
def test_the_totals_of_a_real_test_design_are_found_wrong(told: list[Finding]) -> None:
    found = of_rule(told, "qa-total")
    assert {item.place.path.rpartition("-")[2] for item in found} == {"design.md"}
    said = " ".join(item.message for item in found)
    assert "total 14; the tables hold total 20" in said
    assert "P1 10; the tables hold P1 16" in said
    assert "integration 13; the tables hold integration 19" in said
    assert "unit" not in re.sub("integration", "", said)


@pytest.mark.shared
def test_the_number_and_order_conflicts_of_real_stories_are_found(told: list[Finding]) -> None:
    forward = of_rule(told, "story-forward-dependency")
    assert [re.search(r"\d+", item.message)[0] for item in forward] == ["43", "44"]  # type: ignore[index]
    [number] = of_rule(told, "story-number-name")
    assert (number.place.line, "its number is 22" in number.message) == (65, True)
    [words] = of_rule(told, "story-number-words")
    assert (words.place.line, words.hint) == (94, "STORY-BOOT-CRDS is 43")


@pytest.mark.shared
def test_no_file_of_the_finished_story_is_reported_as_absent(told: list[Finding]) -> None:
    about = [item for item in told if CERT in item.place.path]
    assert not {"story-ticked-absent", "story-path-moved"} & {item.rule for item in about}


@pytest.mark.shared
def test_files_that_moved_since_are_found_where_they_are_now(corpus: Path) -> None:
    folder = corpus / "kubernetes/infrastructure/security/cert-manager"
    (folder / "app").mkdir()
    for file in sorted(folder.glob("*.yaml")):
        if file.name != "ks.yaml":
            file.rename(folder / "app" / file.name)
    refs = [ref for ref in find_stories(corpus) if ref.id == CERT]
    stories = read_stories(corpus, refs, print)
    near = surroundings(read_names(corpus), refs, stories)
    found = of_rule(lint_story(stories[refs[0].path], near), "story-path-moved")
    assert {item.message.rpartition("cert-manager/")[2].split()[0] for item in found} == {
        *("clusterissuers.yaml", "externalsecret-cloudflare.yaml", "wildcard-certificate.yaml"),
        *("prometheusrule.yaml", "kustomization.yaml"),
    }
    assert all("/cert-manager/app/" in item.hint for item in found)
