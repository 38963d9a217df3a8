"""Diffs: safe to show, and nothing hidden."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storyrunner.workspace import Proposal, diff, safe, shown


def made(before: bytes | None, after: bytes | None) -> str:
    return diff(Proposal("apps/ks.yaml", before, after))


def test_a_change_is_shown_as_a_unified_diff() -> None:
    assert made(b"a: 1\nb: 2\n", b"a: 1\nb: 3\n") == (
        "--- a/apps/ks.yaml\n+++ b/apps/ks.yaml\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3\n"
    )


def test_new_and_deleted_files_name_dev_null() -> None:
    assert made(None, b"a\n").startswith("--- /dev/null\n+++ b/apps/ks.yaml\n@@")
    assert made(b"a\n", None).startswith("--- a/apps/ks.yaml\n+++ /dev/null\n@@")


def test_an_identical_file_has_no_diff() -> None:
    assert made(b"a\n", b"a\n") == ""
    assert made(None, None) == ""


def test_a_new_empty_file_is_still_shown() -> None:
    assert "(an empty file)" in made(None, b"")


def test_a_missing_final_newline_is_told() -> None:
    text = made(b"-- a", b"-- a\n")
    assert "--- a\n\\ No newline at end of file\n+-- a\n" in text
    assert text.count("No newline") == 1


def test_a_change_of_line_ends_is_visible() -> None:
    assert "-a␍\n+a\n" in made(b"a\r\n", b"a\n")


def test_a_file_that_is_crlf_throughout_is_not_cluttered() -> None:
    text = made(b"a\r\nb\r\n", b"a\r\nc\r\n")
    assert "␍" not in text
    assert "-b\n+c\n" in text


def test_bytes_that_are_no_utf8_and_escapes_are_spelled_out() -> None:
    text = made(None, b"x\xff\x1b[2J\xe2\x80\xae\rz\n")
    assert "+x\\xff\\x1b[2J\\u202e\\x0dz\n" in text


def test_a_binary_file_is_told_by_its_size() -> None:
    assert "binary file: absent -> 3 bytes" in made(None, b"a\0b")


@given(st.binary(), st.binary())
def test_no_bytes_bring_a_control_character_to_the_screen(before: bytes, after: bytes) -> None:
    text = made(before, after)
    assert all(char.isprintable() or char in "\n\t" for char in text if char != "\u3000")
    assert bool(text) == (before != after)


@given(st.text())
def test_safe_text_has_no_line_break_of_its_own(text: str) -> None:
    assert len(safe(text).splitlines()) <= 1
    assert len(shown(text.encode("utf-8", "surrogatepass")).splitlines()) <= text.count("\n") + 1
