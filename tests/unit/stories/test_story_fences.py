"""Fences that nest, are escaped, are never closed, or stand where none should."""

from __future__ import annotations

from storyrunner.model.story import CodeBlock, Story, Zone
from storyrunner.stories.parser import parse_story, render

HEAD = "# 07 — STORY-X — T\n\n## Tasks / Subtasks\n\n### T1: One\n\n"


def read(body: str) -> Story:
    story = parse_story(HEAD + body, "STORY-X.md")
    assert render(story) == HEAD + body
    return story


def shapes(story: Story) -> list[tuple[str, bool]]:
    return [(block.language, bool(block.document)) for block in story.blocks]


def titles(story: Story) -> list[str]:
    return [section.title for section in story.sections]


def rules(story: Story) -> list[str]:
    return [finding.rule for finding in story.findings if "fence" in finding.rule]


def only(story: Story) -> CodeBlock:
    (block,) = story.blocks
    return block


DOCUMENT = """- [ ] **T1.1**: Create `README.md`
  ```markdown
  # Title

  ## Usage
  1. Copy:
     ```bash
     rm -rf /
     ```
  - [ ] not a box of the story
  ```yaml
  a: 1
  ```
  ```
  an untagged inner block
  ```

  ## More
  ```

### T2: Two
- [ ] real
  ```bash
  ls
  ```
"""


def test_a_quoted_document_nests_and_its_blocks_and_boxes_are_not_the_storys() -> None:
    story = read(DOCUMENT)
    assert shapes(story) == [
        ("markdown", False),
        ("bash", True),
        ("yaml", True),
        ("", True),
        ("bash", False),
    ]
    assert [box.text for box in story.boxes] == ["**T1.1**: Create `README.md`", "real"]
    assert "Usage" not in titles(story)
    assert [b.zone for b in story.blocks][:3] == [Zone.TASK, Zone.NESTED, Zone.NESTED]
    assert story.blocks[0].inner == 3
    assert not rules(story)


def test_a_document_at_the_margin_ends_before_a_heading_of_the_story() -> None:
    story = read(
        "```markdown\n## Overview\n```bash\nx\n```\n```\n\n## Definition of Done\n- [ ] d\n"
    )
    assert shapes(story) == [("markdown", False), ("bash", True)]
    assert titles(story)[-1] == "Definition of Done"


def test_a_document_with_a_longer_fence_closes_with_the_longer_fence_only() -> None:
    story = read("````markdown\n```\na\n```\n```bash\n````\n\n```bash\nls\n```\n")
    assert [block.span.last for block in story.blocks if not block.document] == [12, 16]


def test_a_document_closed_by_an_escaped_fence_does_not_swallow_the_rest() -> None:
    body = (
        "```markdown\n# Doc\n\\`\\`\\`bash\nx\n\\`\\`\\`\nend\n\\`\\`\\`\n\n"
        "### T2: Two\n\\`\\`\\`bash\nls\n\\`\\`\\`\n\n## Change Log\n"
    )
    story = read(body)
    assert shapes(story) == [("markdown", False), ("bash", True), ("bash", False)]
    assert [task.id for task in story.tasks] == ["T1", "T2"]
    assert story.blocks[2].body == "ls\n"
    assert story.blocks[2].escaped
    assert rules(story) == ["story-fence-escaped", "story-fence-escaped"]


def test_escaped_fences_in_a_document_closed_correctly_are_inner_blocks() -> None:
    story = read("```markdown\n\\`\\`\\`bash\nx\n\\`\\`\\`\n```\n\n### T2: Two\n")
    assert shapes(story) == [("markdown", False), ("bash", True)]
    assert not rules(story)


def test_an_unclosed_block_ends_before_the_next_heading_of_the_story() -> None:
    story = read("```bash\nls\n\n### T2: Two\n\n- [ ] b\n  ```yaml\n  a: 1\n  ```\n")
    assert [task.id for task in story.tasks] == ["T1", "T2"]
    assert shapes(story) == [("bash", False), ("yaml", False)]
    assert story.blocks[0].span.last == 9
    assert not story.blocks[0].closed
    assert rules(story) == ["story-fence-unclosed"]


def test_an_unclosed_block_at_the_end_is_recovered_or_read_to_the_end() -> None:
    recovered = read("```bash\nls\n\n## Definition of Done\n- [ ] d\n")
    assert len(recovered.boxes) == 1
    to_end = read("```bash\nls\nand more")
    assert only(to_end).body == "ls\nand more"
    assert rules(to_end) == rules(recovered) == ["story-fence-unclosed"]


def test_an_unclosed_document_is_recovered_at_a_heading_that_is_the_storys() -> None:
    story = read("```markdown\n# Doc\n\n## Usage\ntext\n\n### T2: Two\n- [ ] b\n\n## Change Log\n")
    assert [task.id for task in story.tasks] == ["T1", "T2"]
    assert "Usage" not in titles(story)
    assert rules(story) == ["story-fence-unclosed"]


def test_a_heading_inside_a_closed_shell_block_is_a_comment() -> None:
    story = read("```bash\n## Section\n# Expected: 1\nls\n```\n## Definition of Done\n")
    assert titles(story)[-2:] == ["T1: One", "Definition of Done"]


def test_the_body_loses_at_most_the_indentation_of_its_fence() -> None:
    story = read("- [ ] x\n    ```bash\n    python3 - <<'PY'\nprint(1)\n      deeper\n    ```\n")
    assert only(story).body == "python3 - <<'PY'\nprint(1)\n  deeper\n"


def test_a_line_at_the_margin_does_not_end_a_block_of_an_item() -> None:
    story = read("- [ ] x\n  ```bash\n  cat <<EOF\nmargin\nEOF\n  ```\n- [ ] y\n")
    assert [box.text for box in story.boxes] == ["x", "y"]
    assert only(story).body == "cat <<EOF\nmargin\nEOF\n"


def test_a_fence_may_start_an_item_and_may_be_of_tildes() -> None:
    story = read("- ```bash\n  ls\n  ```\n~~~yaml\n```\n~~~\n")
    assert shapes(story) == [("bash", False), ("yaml", False)]
    assert story.blocks[1].body == "```\n"


def test_an_inline_code_span_of_three_backticks_is_no_fence() -> None:
    story = read("```inline``` text\n- [ ] a\n")
    assert not story.blocks
    assert len(story.boxes) == 1


def test_windows_endings_stay_in_the_body() -> None:
    text = (HEAD + "```bash\nls\n```\n").replace("\n", "\r\n")
    (block,) = parse_story(text, "x.md").blocks
    assert (block.language, block.body) == ("bash", "ls\r\n")


def test_a_block_knows_its_lines_and_the_item_before_it() -> None:
    block = only(read("- [ ] item\n  ```bash title=x\n  ls\n  ```\n"))
    assert (block.line, block.body_line, block.item, block.task) == (8, 9, 7, "T1")
    assert (block.language, block.info, block.indent) == ("bash", "bash title=x", 2)


def test_blocks_that_are_the_text_of_a_document_are_not_executable() -> None:
    story = read(
        "- [ ] T1.1 — Create `docs/runbooks/x.md`\n  - [ ] Rotate:\n    ```bash\n"
        "    kubectl delete x\n    ```\n- [ ] Check\n  ```bash\n  ls\n  ```\n\n"
        "### T2 — Write the Runbook\n"
        "**Steps:**\n```bash\nkubectl get x\n```\n### T3: Commit\n```bash\ngit add docs/x.md\n```\n"
    )
    assert [block.zone for block in story.blocks] == [
        Zone.DOCUMENT,
        Zone.TASK,
        Zone.DOCUMENT,
        Zone.TASK,
    ]
