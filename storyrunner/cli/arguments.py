"""The options of the command line, and their help. Parses; does nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from storyrunner import __version__
from storyrunner.errors import UsageError
from storyrunner.model.rung import EngineChoice

FORMATS = ("text", "json", "jsonl")
COMMANDS = (
    "run",
    "demo",
    "approve",
    "undo",
    "rollback",
    "record",
    "schema",
    "import",
    "show",
    "explain",
    "vars",
    "lint",
    "doctor",
    "list",
    "evidence",
    "verify",
)

EPILOG = """\
STORY is a path, a number, an id or a runbook's name; without it, the only story that can be run.

exit codes:
  0 all checked criteria proven      1 a check failed, prerequisites included
  2 usage, or an unreadable story    3 a step could not be judged
  4 unapproved commands refused      8 only manual sign-offs are open
  70 a bug (a report is written)     130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Errors become UsageError, so that one place prints them."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and leaving."""
        raise UsageError(message, hint=f"{self.prog} --help")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, with `command` set. Raises UsageError; SystemExit for --help, --version."""
    if argv and argv[0] in COMMANDS:
        return _commands().parse_args(list(argv))
    arguments = _session().parse_args(list(argv))
    arguments.command = "check" if arguments.check else "session"
    _refuse_clash(arguments)
    return arguments


def _refuse_clash(arguments: argparse.Namespace) -> None:
    """`--all` means every story with its own runbook and parameters."""
    if not arguments.all:
        return
    if not arguments.check:
        raise UsageError("--all goes with --check", hint="storyrunner --check --all")
    for name, value in (
        ("STORY", arguments.story),
        ("--runbook", arguments.runbook),
        ("--only", arguments.only),
        ("--set", arguments.settings),
    ):
        if value:
            raise UsageError(f"--all and {name} do not go together", hint="name one story instead")


def _session() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="storyrunner",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Walks a GitOps story and ticks a criterion only when it is proven.",
        epilog="commands: storyrunner COMMAND --help for\n"
        "  run STORY     walk the story in plain lines\n"
        "  demo          a GitOps repository to try everything on\n"
        "  approve STORY list the story's commands, and approve them\n"
        "  undo          take the last write back, until it is committed\n"
        "  rollback      propose the removal of what a story added\n"
        "  record STORY  write what is proven into the story: boxes and records\n"
        "  list          all stories: what they claim, and what is next\n"
        "  lint STORY    what stories say against themselves and the repository\n"
        "  doctor STORY  commands of a story that cannot work, with those that do\n"
        "  show STORY    the story as it is read\n"
        "  import STORY  the story as a runbook\n"
        "  explain NAME  where a rendered object's fields come from\n"
        "  vars          every variable in every cluster\n"
        "  evidence      the record of what was proven, for a pull request or an audit\n"
        "  verify        prove a recorded run again and list every difference\n"
        "  schema        the JSON Schema of runbooks, for editors\n\n" + EPILOG,
    )
    parser.add_argument("story", nargs="?", default="", metavar="STORY")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, ask nothing, report everything"
    )
    parser.add_argument("--all", action="store_true", help="with --check: every story")
    _add_run_options(parser)
    _add_evidence_options(parser)
    _add_trust(parser)
    _add_report_options(parser)
    parser.add_argument("--version", action="version", version=f"storyrunner {__version__}")
    return parser


def _commands() -> argparse.ArgumentParser:
    parser = _Parser(prog="storyrunner")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    run = commands.add_parser("run", help="walk a story in plain lines", epilog=EPILOG)
    run.formatter_class = argparse.RawDescriptionHelpFormatter
    run.add_argument("story", nargs="?", default="", metavar="STORY")
    _add_yes(run)
    _add_run_options(run)
    _add_evidence_options(run)
    _add_trust(run)
    _add_report_options(run)
    demo = commands.add_parser("demo", help="a repository of our own to try everything on")
    demo.add_argument("folder", nargs="?", type=Path, help="where (default: a temporary folder)")
    _add_yes(demo)
    _add_engine(demo)
    demo.add_argument("--ascii", action="store_true", help="only ASCII signs")
    approve = commands.add_parser("approve", help="list a story's commands, and approve them")
    approve.add_argument("story", nargs="?", default="", metavar="STORY")
    _add_approving(approve)
    _add_run_options(approve)
    undo = commands.add_parser("undo", help="take the last write back, until it is committed")
    undo.add_argument("story", nargs="?", default="", metavar="STORY")
    _add_run_options(undo)
    rollback = commands.add_parser("rollback", help="propose the removal of what a story added")
    rollback.add_argument("story", nargs="?", default="", metavar="STORY")
    rollback.add_argument("--yes", action="store_true", help="carry it out")
    _add_run_options(rollback)
    _add_record(commands)
    show = commands.add_parser("show", help="a story as it is read")
    show.add_argument("story", metavar="STORY")
    show.add_argument("--format", choices=("text", "json"), default="text")
    show.add_argument("-C", dest="root", type=Path, default=Path(), metavar="DIR")
    importer = commands.add_parser("import", help="the story as a runbook")
    importer.add_argument("story", metavar="STORY")
    importer.add_argument("-o", dest="output", type=Path, metavar="FILE", help="where it goes")
    importer.add_argument("--replace", action="store_true", help="overwrite FILE if it differs")
    importer.add_argument("-C", dest="root", type=Path, default=Path(), metavar="DIR")
    explain = commands.add_parser("explain", help="where a rendered object's fields come from")
    explain.add_argument("object", metavar="KIND/NAME", help="or KIND/NAMESPACE/NAME")
    explain.add_argument("field", nargs="?", default="", metavar="FIELD", help="such as .spec.path")
    _add_cluster_options(explain)
    _add_cluster_options(commands.add_parser("vars", help="every variable in every cluster"))
    _add_story_commands(commands)
    _add_record_commands(commands)
    commands.add_parser("schema", help="the JSON Schema of runbooks, for editors")
    return parser


def _add_record(commands: argparse._SubParsersAction[_Parser]) -> None:
    record = commands.add_parser("record", help="write what is proven into the story's Markdown")
    record.add_argument("story", nargs="?", default="", metavar="STORY")
    record.add_argument("--boxes", action="store_true", help="only the boxes, no records")
    record.add_argument("--status", default="", metavar="WORDS", help="set the story's status")
    record.add_argument(
        "--check", action="store_true", help="only show the diff; exit 1 when there is one"
    )
    record.add_argument("--yes", action="store_true", help="write without asking")
    _add_run_options(record)


def _add_story_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    lint = commands.add_parser("lint", help="what stories say against themselves and the files")
    lint.add_argument("stories", nargs="*", metavar="STORY", help="(default: all)")
    doctor = commands.add_parser("doctor", help="commands that cannot work, with those that do")
    doctor.add_argument("story", metavar="STORY")
    lister = commands.add_parser("list", help="all stories: what they claim, and what is next")
    lister.add_argument(
        "--check", action="store_true", help="check every story and show what is proven"
    )
    lister.add_argument("--ascii", action="store_true", help="only ASCII signs")
    for parser in (lint, doctor, lister):
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument(
            "-C", dest="root", type=Path, default=Path(), metavar="DIR", help="the repository"
        )


def _add_record_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    evidence = commands.add_parser("evidence", help="the record of what was proven, and how")
    verify = commands.add_parser("verify", help="prove a recorded run again, list differences")
    for parser, forms in ((evidence, ("md", "json")), (verify, ("text", "json"))):
        parser.add_argument("story", nargs="?", default="", metavar="STORY")
        _add_run_options(parser)
        parser.add_argument(
            "--evidence-dir",
            type=Path,
            metavar="DIR",
            help="the record in this folder of the repository (default: your own)",
        )
        parser.add_argument("--format", choices=forms, default=forms[0])


def _add_cluster_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster", dest="clusters", action="append", default=[], metavar="C", help="only this one"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "-C", dest="root", type=Path, default=Path(), metavar="DIR", help="the repository"
    )


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes",
        action="store_true",
        help="accept defaults, offers and the commit; keep files that differ; never sign",
    )
    parser.add_argument("--push", action="store_true", help="push after the commit")
    parser.add_argument(
        "--allow-secret",
        dest="allowed_secrets",
        action="append",
        default=[],
        metavar="PATH:LINE=REASON",
        help="commit a line that looks like a secret; the reason is recorded",
    )


def _add_approving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="approve all that can be, unasked")
    parser.add_argument(
        "--share", action="store_true", help="approved ones also in .storyrunner/approved.json"
    )
    parser.add_argument(
        "--adopt", action="store_true", help="take over what .storyrunner/approved.json approves"
    )
    parser.add_argument("--only", default="", metavar="ID", help="one task, step or criterion")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust",
        action="store_true",
        help="this once, run commands that read or write files without their approval",
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-C", dest="root", type=Path, default=Path(), metavar="DIR", help="the repository"
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="[CLUSTER.]NAME=VALUE",
        help="give a parameter",
    )
    parser.add_argument("--runbook", default="", metavar="FILE", help="use this runbook")
    parser.add_argument(
        "--schema-location",
        dest="schema_locations",
        action="append",
        default=[],
        metavar="LOCATION",
        help="folder, template or address of JSON schemas, or an export of kubectl get crd",
    )
    _add_engine(parser)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        type=EngineChoice,
        choices=list(EngineChoice),
        default=EngineChoice.AUTO,
        metavar="{" + ",".join(EngineChoice) + "}",
        help="what renders (default: auto, the highest rung that is there)",
    )


def _add_evidence_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--evidence-dir",
        type=Path,
        metavar="DIR",
        help="write the record of the proofs there too, a folder of the repository",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="with --check: use no proof of an earlier run"
    )


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the report")
    parser.add_argument("--only", default="", metavar="ID", help="one task, step or criterion")
    parser.add_argument("--ascii", action="store_true", help="only ASCII signs")
    parser.add_argument("--verbose", "-v", action="store_true", help="commands, output and diffs")
