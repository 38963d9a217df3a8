"""The tolerant lexer of shell text: words, pipelines, heredocs, and that nothing breaks it."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from storyrunner.stories.shell_pipelines import read_pipelines
from storyrunner.stories.shell_words import read_word


def _programs(text: str) -> list[list[str]]:
    return [[part.program for part in one.parts] for one in read_pipelines(text)]


def test_continuation_lines_and_comments_do_not_end_a_pipeline() -> None:
    text = "# first\nflux build ks a | \\\n  yq '.b' # why\n\n# last\nls x\n"
    assert _programs(text) == [["flux", "yq"], ["ls"]]
    assert read_pipelines(text)[0].text.startswith("flux build ks a | \\\n  yq '.b'")


def test_a_pipeline_goes_on_after_a_bar_at_the_end_of_a_line() -> None:
    assert _programs("a |\n  b\nc") == [["a", "b"], ["c"]]


def test_operators_inside_quotes_are_text() -> None:
    (only,) = read_pipelines("grep -E 'A|B' \"x && y; z\" # | no")
    assert only.parts[0].argv == ("grep", "-E", "A|B", "x && y; z")


def test_the_operator_after_a_pipeline_is_told() -> None:
    assert [one.after for one in read_pipelines("a && b || true; c &\nd")] == [
        "&&",
        "||",
        ";",
        "&",
        "",
    ]


def test_redirections_are_no_words() -> None:
    (only,) = read_pipelines("yq . < in.yaml > out.yaml 2>&1")
    assert only.parts[0].argv == ("yq", ".")
    assert only.parts[0].reads == ("in.yaml",)
    assert only.parts[0].writes == ("out.yaml", "1")


def test_a_heredoc_is_read_up_to_its_delimiter_and_its_lines_are_no_commands() -> None:
    text = "cat > x <<EOF\nkubectl delete\n${A}\nEOF\nls\n"
    first, second = read_pipelines(text)
    (heredoc,) = first.parts[0].heredocs
    assert (heredoc.body, heredoc.quoted) == ("kubectl delete\n${A}\n", False)
    assert first.text == "cat > x <<EOF\nkubectl delete\n${A}\nEOF"
    assert second.parts[0].argv == ("ls",)


def test_a_quoted_delimiter_is_told() -> None:
    (only,) = read_pipelines("cat <<-'END'\n\t$x\n\tEND\n")
    assert only.parts[0].heredocs[0].quoted


def test_only_what_the_shell_fills_in_counts_as_expanded() -> None:
    assert read_word('"a ${B} \\${C} $(d $e)"', 0)[0].expands == ("B",)
    assert read_word("'${B}'", 0)[0].expands == ()
    assert read_word("x$B-${C:-d}", 0)[0].expands == ("B", "C")


def test_placeholders_are_told_and_redirections_are_none() -> None:
    (only,) = read_pipelines("kubectl drain <node> --force")
    assert only.placeholders == ("<node>",)
    assert read_pipelines("sort <a >b")[0].placeholders == ()
    assert read_pipelines("echo '<node>'")[0].placeholders == ()


def test_assignments_before_a_program_are_not_the_program() -> None:
    (only,) = read_pipelines("A=1 B=2 /usr/bin/flux build")
    assert only.parts[0].program == "flux"


@given(st.text(alphabet="ab $'\"\\|&;<>(){}`#\n\t-=EOF", max_size=200))
def test_no_text_breaks_the_lexer_and_every_pipeline_is_in_the_text(text: str) -> None:
    end = 0
    for one in read_pipelines(text):
        assert one.parts
        assert one.start >= end
        assert text[one.start :].startswith(one.text)
        end = one.start + len(one.text)


def test_the_cost_does_not_grow_faster_than_the_text() -> None:
    started = time.thread_time()
    for piece in ("a | ", "'", '"$(', "<<E\n", "${a", "<a b ", "(", "\\\n", "x=$("):
        read_pipelines(piece * 20_000)
    assert time.thread_time() - started < 20
