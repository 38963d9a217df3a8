"""Lines of a stranger's output are safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.tools.lines import LineFeed, neutralise


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
        ("bell\x07", "bell␇"),
        ("a\x00b", "a␀b"),
        ("tab\tstays", "tab\tstays"),
        ("back\x08space\x7f", "back␈space␡"),
        ("\x9b31mc1", "\ufffd31mc1"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("\x1b", "␛"),
        ("ü€😀", "ü€😀"),
    ],
)
def test_control_characters_are_neutralised(raw: str, shown: str) -> None:
    assert neutralise(raw) == shown


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    shown = neutralise(text)
    assert not [c for c in shown if (ord(c) < 0x20 and c != "\t") or 0x7F <= ord(c) < 0xA0]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]))), st.data())
def test_lines_are_the_same_however_the_bytes_are_split(
    texts: list[str], data: st.DataObject
) -> None:
    ends = [data.draw(st.sampled_from(["\n", "\r\n", "\r"])) for _ in texts]
    pairs = [(t or "-", e) for t, e in zip(texts, ends, strict=True)]
    raw = "".join(t + e for t, e in pairs).encode()
    feed, lines = LineFeed(), []
    while raw:
        size = data.draw(st.integers(1, 7))
        lines += feed.feed(raw[:size])
        raw = raw[size:]
    assert [*lines, *feed.close()] == [t for t, _ in pairs]


def test_progress_by_carriage_return_gives_lines() -> None:
    feed = LineFeed()
    assert feed.feed(b"10%\r20%\rdone\n") == ["10%", "20%", "done"]


def test_an_over_long_line_is_given_as_soon_as_it_is_too_long() -> None:
    feed = LineFeed(max_line=5)
    assert feed.feed(b"abcdefgh") == ["abcde…"]
    assert feed.feed(b"ijk") == []
    assert feed.feed(b"lm\nnext\n") == ["next"]


def test_a_character_split_over_two_reads_is_whole() -> None:
    feed = LineFeed()
    assert feed.feed("€".encode()[:1]) == []
    assert feed.feed("€".encode()[1:] + b"\n") == ["€"]


def test_a_last_line_without_newline_is_given_at_the_end() -> None:
    feed = LineFeed()
    assert feed.feed(b"half") == []
    assert feed.close() == ["half"]
    assert feed.close() == []
