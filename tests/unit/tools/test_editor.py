"""The engineer's editor: which one, at which line, and what comes back."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from storyrunner.tools.editor import Editor, NoEditorError, arguments

PLACE = Path("/repo/a.yaml")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["vim"], ["vim", "+7", "/repo/a.yaml"]),
        (["/usr/bin/nano", "-w"], ["/usr/bin/nano", "-w", "+7", "/repo/a.yaml"]),
        (["hx"], ["hx", "/repo/a.yaml:7:3"]),
        (["code"], ["code", "--wait", "--goto", "/repo/a.yaml:7:3"]),
        (["code", "--wait"], ["code", "--wait", "--goto", "/repo/a.yaml:7:3"]),
        (["ed"], ["ed", "/repo/a.yaml"]),
    ],
)
def test_each_editor_gets_the_line_its_own_way(command: list[str], expected: list[str]) -> None:
    assert arguments(command, PLACE, 7, 3) == expected


def test_visual_comes_before_editor_and_may_have_options() -> None:
    editor = Editor(nullcontext, {"VISUAL": "code --wait", "EDITOR": "vi"})
    assert editor.command() == ["code", "--wait"]
    assert Editor(nullcontext, {"EDITOR": "vi -u NONE"}).command() == ["vi", "-u", "NONE"]


def test_no_editor_at_all_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoEditorError, match="set EDITOR"):
        Editor(nullcontext, {}).command()


def test_an_edited_text_comes_back_byte_for_byte_and_an_untouched_one_not_at_all() -> None:
    code = "import sys; p = sys.argv[-1]; open(p, 'ab').write(b'x: \\xc3\\xa9\\r\\n')"
    editor = Editor(nullcontext, {"EDITOR": f'{sys.executable} -c "{code}"'})
    assert editor.edit("a: b\r\n", "some/file.yaml") == "a: b\r\nx: é\r\n"
    idle = Editor(nullcontext, {"EDITOR": f'{sys.executable} -c "pass"'})
    assert idle.edit("a: b\n", "some/file.yaml") is None


def test_an_editor_that_fails_or_is_not_there_says_so() -> None:
    with pytest.raises(NoEditorError, match="ended with 3"):
        Editor(nullcontext, {"EDITOR": f'{sys.executable} -c "raise SystemExit(3)"'}).open(PLACE)
    with pytest.raises(NoEditorError, match="no-such-editor"):
        Editor(nullcontext, {"EDITOR": "no-such-editor"}).open(PLACE)
