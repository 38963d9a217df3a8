"""What a `git` command can do. Options that name a program to run make it opaque."""

from __future__ import annotations

from storyrunner.model.command_class import CommandClass
from storyrunner.stories.command_parts import (
    Part,
    Words,
    has_option,
    names,
    opaque,
    operands,
    reads,
    value_of,
    writes,
)

_READS = names(
    "status log show diff rev-parse ls-files ls-tree cat-file blame describe shortlog check-ignore "
    "rev-list merge-base name-rev diff-tree diff-index version help count-objects check-attr "
    "check-ref-format for-each-ref show-ref whatchanged var grep cherry"
)
_WRITES = names(
    "add commit rm mv checkout switch restore reset stash init apply am merge cherry-pick revert "
    "clean worktree notes gc tag branch config remote update-index write-tree commit-tree "
    "symbolic-ref update-ref rebase prune repack pack-refs format-patch archive bundle"
)
_NETWORK = names("fetch pull clone ls-remote submodule")
_PUSHES = names("push send-email request-pull lfs svn subtree")
_EDITORS = frozenset({"commit", "tag", "merge", "notes"})
_SAFE_GLOBAL = frozenset(
    {"--no-pager", "-P", "--literal-pathspecs", "--no-optional-locks", "--bare", "--version"}
)
_RUNS = ("ext-diff", "textconv", "open-files-in-pager", "exec", "upload-pack", "receive-pack")


def judge_git(args: Words) -> list[Part]:
    """The class of `git` with these arguments."""
    rest = list(args)
    while rest and rest[0].text.startswith("-"):
        option = rest.pop(0).text
        if option == "-C":
            rest = rest[1:]
        elif option not in _SAFE_GLOBAL:
            return opaque(f"git {option} can make git run another program")
    if not rest:
        return reads("git without a command")
    name, options = rest[0].text, rest[1:]
    if rest[0].expands:
        return opaque("the git command is in a variable")
    if has_option(options, "", _RUNS) or (name in ("grep", "rebase") and has_option(options, "Ox")):
        return opaque(f"git {name} is told to run a program")
    if name in _PUSHES:
        return [Part(CommandClass.PUSH, f"git {name} sends to a remote", _remote(options))]
    if name in _NETWORK or (name == "remote" and _is(options, "update", "show", "prune")):
        return [Part(CommandClass.NETWORK, f"git {name} asks a remote", _remote(options))]
    if name == "archive" and has_option(options, "", ("remote",)):
        return [Part(CommandClass.NETWORK, "git archive asks a remote")]
    return _local(name, options)


def _local(name: str, options: Words) -> list[Part]:
    if name == "config" and not has_option(options, "l", ("get", "list", "get-all")):
        return opaque("git config can make git run another program")
    if name == "rebase" and has_option(options, "i", ("interactive", "edit-todo")):
        return _interactive(name)
    if name in ("add", "reset", "checkout", "restore", "stash", "commit", "clean") and has_option(
        [word for word in options if not word.text.startswith("-m")], "pi", ("patch", "interactive")
    ):
        return _interactive(name)
    if name in _EDITORS and _opens_editor(name, options):
        return _interactive(name)
    if name in _READS or _is_listing(name, options):
        if has_option(options, "o" if name == "archive" else "", ("output",)):
            return writes(f"git {name} writes its output to a file")
        return reads(f"git {name} only reads")
    if name in _WRITES:
        named = tuple(word.text for word in operands(options)[:6]) if name != "commit" else ()
        return writes(f"git {name} changes the repository", *named, ".git")
    return opaque(f"git {name} is no command known here: it may be an alias")


def _opens_editor(name: str, options: Words) -> bool:
    if name == "commit":
        silent = has_option(options, "mFC", ("message", "file", "no-edit", "reuse-message"))
        return not silent or has_option(options, "", ("edit",))
    if name == "tag":
        return has_option(options, "as") and not has_option(options, "mF", ("message", "file"))
    if name == "notes":
        return _is(options, "edit")
    return has_option(options, "e", ("edit",))


def _interactive(name: str) -> list[Part]:
    return [Part(CommandClass.INTERACTIVE, f"git {name} opens an editor or asks")]


def _is_listing(name: str, options: Words) -> bool:
    """`git branch`, `git tag` and their kin when they only list."""
    if name == "branch":
        listing = ("list", "show-current", "all", "remotes", "verbose", "contains", "merged")
        return not operands(options) or (
            has_option(options, "", listing) and not has_option(options, "dDmMcCuf")
        )
    if name == "tag":
        return not operands(options) or _is(options, "-l", "--list")
    if name == "remote":
        return not operands(options) or _is(options, "-v", "get-url")
    if name in ("stash", "worktree", "notes"):
        return _is(options, "list", "show")
    return name == "config"


def _is(options: Words, *words: str) -> bool:
    return bool(options) and options[0].text in words


def _remote(options: Words) -> tuple[str, ...]:
    named = value_of(options, "--repo") or next((one.text for one in operands(options)), "")
    return (named or "its remote",)
