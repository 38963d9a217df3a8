"""What the pages say about the code and about each other holds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from storyrunner.cli import main
from storyrunner.cli.arguments import COMMANDS, EPILOG
from storyrunner.model.status import EXIT_PRECEDENCE
from tests.docs.generated import PARTS, renew
from tests.docs.pages import CHECKOUT, NAMES, PAGES, anchors, links

each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a relative link names a file of the checkout, and a heading of it."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(CHECKOUT):
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


@each_page
def test_links_between_files_lead_somewhere(page: Path) -> None:
    found = links(page.read_text(encoding="utf-8"))
    relative = [link for link in found if not re.match(r"[a-z]+:", link)]
    assert [link for link in relative if not leads_somewhere(page, link)] == []


@each_page
def test_generated_parts_are_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == renew(text), "run `make reference`"


def test_every_generated_part_stands_on_a_page() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert set(re.findall(r"<!-- generated: ([a-z-]+) -->", texts)) == set(PARTS)


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached = {CHECKOUT / "README.md"}
    waiting = [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        for link in links(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                reached.add(target)
                waiting.append(target)
    assert set(PAGES) <= reached


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The help of a command, or of the program when it is empty."""
    with pytest.raises(SystemExit) as left:
        main([command, "--help"] if command else ["--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_the_reference_names_every_option_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (CHECKOUT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    option = re.compile(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)")
    helps = "".join(help_of(command, capsys) for command in ("", *COMMANDS))
    known = set(option.findall(helps)) - {"-h"}
    table = "\n".join(line for line in text.splitlines() if line.startswith("| `-"))
    assert set(option.findall(table)) == known


def test_the_reference_names_every_command() -> None:
    text = (CHECKOUT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^storyrunner ([a-z]+)", text, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("name", ["README.md", "docs/reference/command-line.md"])
def test_the_exit_codes_are_those_of_the_program(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert table == {0, *EXIT_PRECEDENCE}
    assert table == {int(code) for code in re.findall(r"(?:^| )(\d+) (?=[a-z])", EPILOG)}


def test_every_decision_is_listed_and_numbered_without_gaps() -> None:
    folder = CHECKOUT / "docs" / "adr"
    listed = re.findall(
        r"\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")
    )
    there = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert listed == there
    assert [int(name[:4]) for name in there] == list(range(1, len(there) + 1))


def test_the_decision_on_dependencies_names_each_of_them() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=\[]", item)[0] for item in project["dependencies"]}
    text = (CHECKOUT / "docs/adr/0007-dependencies.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| ([\w-]+) \| [a-z]", text, re.MULTILINE)) - {"package"}
    assert table == declared
