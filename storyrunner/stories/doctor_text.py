"""The doctor's rules for the text tools: yq, grep, envsubst, heredocs, `|| true`, placeholders.

What they have in common: they exit 0 although nothing was proven, or change text on the way.
"""

from __future__ import annotations

import re

from storyrunner.stories.doctor_model import Draft
from storyrunner.stories.shell_pipelines import SimpleCommand
from storyrunner.stories.shell_words import Word
from storyrunner.stories.story_paths import expand

CHECKING_NAMES = (
    "[ [[ cilium diff flux grep helm kubeconform kubectl kustomize promtool rg test yamllint yq"
    " kube-linter conftest cmp jq"
)
CHECKING = frozenset(CHECKING_NAMES.split())
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_A_FILE = re.compile(r"\.(?:ya?ml|json)$|^[\w-]+/")
_GUARDS = frozenset({"-e", "--exit-status"})


def examine_placeholders(draft: Draft) -> bool:
    """`<node>`: bash reads a redirection. True when there is one, and nothing else can be said."""
    found = draft.command.pipeline.placeholders
    if not found:
        return False
    draft.error("placeholder", f"{found[0]} has to be replaced first: bash reads a redirection")
    return True


def examine_yq(draft: Draft, part: SimpleCommand, index: int) -> None:
    """A selection without a guard; subcommands that only one of the two programs has."""
    arguments = [word for word in part.words if word.text in part.argv[1:]]
    if not arguments:
        return
    flavour = arguments[0] if arguments[0].text in ("eval", "e", "eval-all", "ea") else None
    if flavour is not None:
        draft.error(
            "yq-flavour",
            f"`yq {flavour.text}` is mikefarah's; the yq of Debian (kislyuk) exits 2",
        )
        _drop_subcommand(draft, flavour, arguments[1:])
    selects = next((word for word in arguments if "select(" in word.text), None)
    is_last = index + 1 == len(draft.command.pipeline.parts)  # else another part decides
    if selects is None or _is_guarded(arguments) or not is_last:
        return
    if any(word.text in ("-i", "--inplace", "--in-place") for word in arguments):
        return
    draft.warn("yq-no-guard", "a selection that matches nothing prints nothing and exits 0")
    raw = any(word.text in ("-r", "--raw-output", "--unwrapScalar") for word in arguments)
    yq = next(word for word in part.words if word.text.rpartition("/")[2] == "yq")
    draft.close(yq.start + len(yq.raw), " -e" if raw else " -e -r")


def _is_guarded(arguments: list[Word]) -> bool:
    return any(
        word.text in _GUARDS or re.fullmatch(r"-[a-zA-Z]*e[a-zA-Z]*", word.text)
        for word in arguments
    )


def _drop_subcommand(draft: Draft, subcommand: Word, rest: list[Word]) -> None:
    """Both programs take an expression first; without one it has to be written out."""
    if subcommand.text not in ("eval", "e"):
        draft.notes.append("`ea` reads all documents at once: it needs mikefarah's yq")
        return
    operands = [word for word in rest if not word.text.startswith("-")]
    if not operands or (len(operands) == 1 and _A_FILE.search(operands[0].text)):
        draft.replace(subcommand, ".")
    else:
        draft.cut(subcommand.start, subcommand.start + len(subcommand.raw) + 1, "")


def examine_grep(draft: Draft, part: SimpleCommand) -> None:
    """`grep -E 'A|B' FILE`: any one of them is a success."""
    words = [word for word in part.words if word.text not in ("grep", "egrep")]
    flags = [word for word in words if re.fullmatch(r"-[A-Za-z]+|--[a-z-]+", word.text)]
    letters = "".join(word.text for word in flags if not word.text.startswith("--"))
    extended = "E" in letters or "P" in letters or part.program == "egrep"
    extended = extended or any(word.text == "--extended-regexp" for word in flags)
    operands = [word for word in words if word not in flags]
    if not extended or set(letters) & set("vcorLef") or len(operands) < 2:
        return
    pattern = operands[0].text
    if pattern.startswith("(") and pattern.endswith(")"):
        pattern = pattern[1:-1]
    names = pattern.split("|")
    if len(names) < 2 or not all(_PLAIN_NAME.fullmatch(name) for name in names):
        return
    draft.warn("grep-any", f"succeeds when one of the {len(names)} names is there, not all of them")
    kept = "".join(dict.fromkeys(letter for letter in letters if letter not in "-EPqw"))
    option = f"-qw{kept}"
    commands = [
        f"grep {option} '{name}' {draft.text_of(file)}"
        for file in _files(operands[1:])
        for name in names
    ]
    first, last = part.words[0], part.words[-1]
    draft.cut(first.start, last.start + len(last.raw), " && ".join(commands))


def _files(operands: list[Word]) -> list[Word]:
    """Each file on its own: a name in one of several files is not in all of them."""
    return [
        Word(text, text, word.start) if "{" in word.raw else word
        for word in operands
        for text in (expand(word.text) if "{" in word.raw else [word.text])
    ]


def examine_envsubst(draft: Draft, part: SimpleCommand) -> None:
    """GNU envsubst, which also takes `$labels` for a variable."""
    if len(part.argv) > 1:  # the variables it may touch are named
        return
    draft.error(
        "envsubst-gnu",
        "GNU envsubst also empties `{{ $labels.x }}` and knows no ${VAR:=default}",
    )
    word = part.words[-1]
    if not draft.is_replaced(word):  # the rule for flux has exported the variables, too
        draft.replace(word, "flux envsubst --strict")
        draft.notes.append("the variables have to be exported")


def examine_heredocs(draft: Draft, part: SimpleCommand) -> None:
    """`<<EOF`: the shell fills in `${VAR}` before the file is written."""
    assigned = _assigned(draft)
    for heredoc in part.heredocs:
        names = _VARIABLE.findall(_unescaped(heredoc.body))
        lost = [name for name in dict.fromkeys(names) if name not in assigned]
        if heredoc.quoted or not lost:
            continue
        draft.warn(
            "heredoc-expands",
            f"the shell fills in ${{{lost[0]}}} of this heredoc; quote its delimiter",
        )
        text = draft.command.pipeline.text
        at = heredoc.start - draft.command.pipeline.start
        start = heredoc.start + text.index(heredoc.delimiter, at) - at
        draft.cut(start, start + len(heredoc.delimiter), f"'{heredoc.delimiter}'")


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", "", text)


def _assigned(draft: Draft) -> set[str]:
    """Variables that the block sets itself: `X=…`, `export X=…`, `read X`."""
    found = set()
    for pipeline in (*draft.command.before, draft.command.pipeline):
        for part in pipeline.parts:
            for word in part.words:
                name, equals, _value = word.text.partition("=")
                if equals and name.isidentifier():
                    found.add(name)
    return found


def examine_or_true(draft: Draft) -> None:
    """`CHECK || true`: the check can no longer fail."""
    command = draft.command
    following = command.following
    if command.pipeline.after != "||" or following is None:
        return
    if not following.parts or following.parts[-1].argv not in (("true",), (":",)):
        return
    if any(part.program in CHECKING for part in command.pipeline.parts):
        draft.warn("or-true", "`|| true` after a check: it can no longer fail")
        draft.keep()
