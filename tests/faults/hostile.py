"""What a stranger could put into a repository to do harm: a case is a name and what it plants.

Each plants into a copy of the demo. `Trap` holds what must not happen: `payload` creates a file
when a shell gets it, `outside` is a folder that must not change. `SECRET` is a value of the
environment and of a file there that must not be shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from storyrunner.resources import data_folder
from tests.support.repositories import FOLDER, INFRA, KS, LIST, SECURITY, STORY

ESCAPES = "\x1b]0;PWNED\x07\x1b[2J\x1b[31m\x9b31m\x1bPq\x1b\\\u202eDENWP\u2066\x08\x7f"
MARKUP = "[bold red]PWNED[/] [@click='app.quit']x[/] [/] \\[x] [link=file:///etc/passwd]y[/link]"
SECRET = "planted-kx93-value"


@dataclass(frozen=True, slots=True)
class Trap:
    """What must not happen."""

    outside: Path

    @property
    def payload(self) -> str:
        """A command that leaves a trace."""
        return f"touch {self.outside}/PWNED"

    def injections(self) -> str:
        """Many ways to make a careless reader run it or paint the terminal, on one line."""
        run = self.payload
        return (
            f" $({run}) `{run}` ; {run} ; | {run} & {run} && '{run}' \" ; {run} #"
            f" {{{{ {run} }}}} ${{IFS}} ${{x:-$({run})}} [[ env.HOME ]] [[ {run} ]] {{% x %}}"
            f" {MARKUP} {ESCAPES}"
        )


Plant = Callable[[Path, Trap], None]


def add(file: Path, text: str) -> None:
    """Write a file, with its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def in_lines(marks: str) -> Plant:
    """Injections at the end of each line of the story that begins with `marks`."""

    def plant(demo: Path, trap: Trap) -> None:
        file = demo / STORY
        lines = file.read_text("utf-8").split("\n")
        hit = [line.lstrip().startswith(marks) for line in lines]
        assert any(hit), marks
        text = "\n".join(
            line + trap.injections() if is_hit else line
            for line, is_hit in zip(lines, hit, strict=True)
        )
        file.write_text(text, encoding="utf-8")

    return plant


def new_story(body: Callable[[Trap], str]) -> Plant:
    """One more story beside the demo's."""

    def plant(demo: Path, trap: Trap) -> None:
        head = "# 07 — STORY-EVIL — Evil\n\n## Acceptance Criteria\n- AC1: x (T1)\n\n## Tasks\n"
        add(demo / "docs/stories/STORY-EVIL.md", head + body(trap))

    return plant


def fenced(language: str, text: str) -> str:
    """A task with a block of code."""
    return f"### T1: Do it (AC: 1)\n- [ ] Run it:\n```{language}\n{text}\n```\n# Expected: PWNED\n"


def own_runbook(change: Callable[[dict[str, object], Trap], None]) -> Plant:
    """The repository's own runbook instead of the shipped one, changed."""

    def plant(demo: Path, trap: Trap) -> None:
        shipped = (data_folder("runbooks") / "cert-manager-issuers.yaml").read_text("utf-8")
        book = yaml.safe_load(shipped)
        change(book, trap)
        name = demo / ".storyrunner/runbooks/cert-manager-issuers.yaml"
        add(name, yaml.safe_dump(book, allow_unicode=False, width=10**6))

    return plant


def runbook_text(text: Callable[[Trap], str]) -> Plant:
    """The repository's own runbook as raw text."""
    name = ".storyrunner/runbooks/cert-manager-issuers.yaml"
    return lambda demo, trap: add(demo / name, text(trap))


def step(book: dict[str, object], more: dict[str, object]) -> None:
    """One more step at the end of the second task."""
    tasks: list[dict[str, list[object]]] = book["tasks"]  # type: ignore[assignment]
    tasks[1]["steps"].append({"id": "T2.99", "title": "One more", "why": "Because", **more})


def writes(path: Callable[[Trap], str]) -> Plant:
    """A runbook that writes a file there."""

    def change(book: dict[str, object], trap: Trap) -> None:
        text = f"#!/bin/sh\n{trap.payload}\n"
        step(book, {"kind": "write", "path": path(trap), "content": text})

    return own_runbook(change)


def runs(command: Callable[[Trap], str]) -> Plant:
    """A runbook with a command of its own."""
    return own_runbook(lambda book, trap: step(book, {"kind": "command", "run": command(trap)}))


def asks(question: Callable[[Trap], str]) -> Plant:
    """A runbook that asks a file something."""

    def change(book: dict[str, object], trap: Trap) -> None:
        step(
            book,
            {
                "kind": "query",
                "file": INFRA,
                "select": {"kind": "ConfigMap"},
                "ask": question(trap),
                "expect": {"equals": "x"},
            },
        )

    return own_runbook(change)


def everywhere(book: dict[str, object], trap: Trap) -> None:
    """Injections into every text of the runbook that people read."""

    def changed(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: changed(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [changed(inner, key) for inner in value]
        if isinstance(value, str) and key in ("title", "why", "hint", "description", "notes"):
            return value + trap.injections()
        return value

    new = changed(book)
    assert isinstance(new, dict)
    book.clear()
    book.update(new)


def listed(resource: Callable[[Trap], str], more: str = "") -> Plant:
    """A resource, or more, in the kustomization of the security folder."""

    def plant(demo: Path, trap: Trap) -> None:
        add(demo / LIST, f"{GLUE}  - {resource(trap)}\n{more}")

    return plant


def beside(name: str, text: Callable[[Trap], str]) -> Plant:
    """A file in the folder that the story will write, listed where the builds see it."""

    def plant(demo: Path, trap: Trap) -> None:
        add(demo / SECURITY / name, text(trap))
        add(demo / LIST, f"{GLUE}  - {name}\n")

    return plant


def linked(path: str, target: Callable[[Trap], Path]) -> Plant:
    """A symbolic link in the repository."""

    def plant(demo: Path, trap: Trap) -> None:
        link = demo / path
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_file():
            link.unlink()
        link.symlink_to(target(trap))

    return plant


def pipe(path: str) -> Plant:
    """A named pipe where a file is expected: reading it would wait for ever."""

    def plant(demo: Path, trap: Trap) -> None:
        file = demo / path
        file.unlink(missing_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(file)

    return plant


def odd_names(demo: Path, trap: Trap) -> None:
    """Names of files that paint, break lines or look like options."""
    for name in (f"{ESCAPES.replace('/', '')}.yaml", "a\nb.yaml", "--help", "-rf", "$(x).yaml"):
        add(demo / FOLDER / name, "kind: ConfigMap\n")
        add(demo / "docs/stories" / f"{name}.md", f"# 08 — STORY-ODD — {name}\n")


def fsmonitor(demo: Path, trap: Trap) -> None:
    """A repository whose own configuration names a program to watch files with."""
    config = demo / ".git/config"
    add(trap.outside.parent / "watch.sh", f"#!/bin/sh\n{trap.payload}\n")
    (trap.outside.parent / "watch.sh").chmod(0o755)
    config.write_text(f"{config.read_text()}[core]\n\tfsmonitor = {trap.outside.parent}/watch.sh\n")


GLUE = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - external-secrets/ks.yaml
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: evil, namespace: x}}\ndata: {0}\n"


def configured(text: Callable[[Trap], str]) -> Plant:
    """A `storyrunner.toml`."""
    return lambda demo, trap: add(demo / "storyrunner.toml", text(trap))


CASES: dict[str, Plant] = {
    **{
        f"story: injections in {name}": in_lines(marks)
        for name, marks in {
            "the title": "# ",
            "the sequence": "Sequence:",
            "the status": "Status:",
            "the owner": "Owner:",
            "the links": "Links:",
            "the sections": "## ",
            "the criteria": "1. ",
            "the tasks": "### ",
            "the boxes": "- [ ]",
            "the deferred items": "- ❌",
            "the fences": "```",
            "the change log": "|",
        }.items()
    },
    "story: shell that is never approved": new_story(lambda t: fenced("bash", t.payload)),
    "story: a pipeline into a shell": new_story(lambda t: fenced("sh", f"echo '{t.payload}' | sh")),
    "story: a command in a box": new_story(lambda t: f"- [ ] T1: `{t.payload}`\n"),
    "story: a here-document": new_story(
        lambda t: fenced("bash", f"cat <<EOF >{t.outside}/PWNED\n$({t.payload})\nEOF")
    ),
    "story: a block bound to a file outside": new_story(
        lambda t: (
            f"- [ ] T1: Create `../../{t.outside.name}/x.yaml`:\n```yaml\nkind: X\n```\n"
            f"- [ ] T2: Create `{t.outside}/y.yaml`:\n```yaml\nkind: X\n```\n"
        )
    ),
    "story: ten thousand open fences": new_story(lambda t: "```bash\n" * 10_000),
    "story: a line of four megabytes": new_story(lambda t: "- [ ] " + "`x` **y** " * 400_000),
    "story: a link to a file outside": linked(
        "docs/stories/STORY-LINK.md", lambda t: t.outside / "secret.md"
    ),
    "story: a pipe": pipe("docs/stories/STORY-PIPE.md"),
    "runbook: injections in every text": own_runbook(everywhere),
    "runbook: a command": runs(lambda t: t.payload),
    "runbook: a command that looks like reading": runs(lambda t: f"ls; {t.payload}"),
    "runbook: a command behind env": runs(lambda t: f"env -i sh -c '{t.payload}'"),
    "runbook: git with a pager": runs(lambda t: f"git -c core.pager='{t.payload}' log"),
    "runbook: a write beside the repository": writes(lambda t: f"../{t.outside.name}/x.yaml"),
    "runbook: a write to an absolute path": writes(lambda t: f"{t.outside}/x.yaml"),
    "runbook: a write to a hook": writes(lambda t: ".git/hooks/pre-commit"),
    "runbook: a write to a hook in capitals": writes(lambda t: ".GIT/hooks/pre-commit"),
    "runbook: a write to a hook with a hidden character": writes(
        lambda t: ".g\u200cit/hooks/pre-commit"
    ),
    "runbook: a write to git's configuration": writes(lambda t: "./x/../.git/config"),
    "runbook: a question for the environment": asks(lambda t: "$ENV | tostring"),
    "runbook: a question for a variable": asks(lambda t: "env.PLANTED"),
    "runbook: a question that reads a file": asks(
        lambda t: f'input_filename, input, "{t.outside}"'
    ),
    "runbook: a question without end": asks(lambda t: "[range(1e12)] | length"),
    "runbook: an object of Python": runbook_text(
        lambda t: f"!!python/object/apply:os.system ['{t.payload}']\n"
    ),
    "runbook: an alias bomb": runbook_text(lambda t: BOMB),
    "runbook: deep nesting": runbook_text(lambda t: "a: " + "[" * 100_000),
    "runbook: a key that paints": runbook_text(lambda t: f'"{MARKUP}": 1\n'),
    "manifests: an alias bomb": beside("evil.yaml", lambda t: BOMB),
    "manifests: texts that paint": beside(
        "evil.yaml",
        lambda t: CONFIG_MAP.format('{"\\e]0;PWNED\\a\\e[2J": "\\x9b31m' + MARKUP[:9] + '"}'),
    ),
    "manifests: a resource outside": listed(lambda t: f"../../../../{t.outside.name}/secret.yaml"),
    "manifests: a remote resource": listed(lambda t: "https://127.0.0.1:9/x.yaml"),
    "manifests: a generator that runs a program": listed(
        lambda t: "../security",
        "generators:\n  - |-\n    apiVersion: x\n    kind: Y\n    metadata:\n      name: z\n"
        "      annotations:\n        config.kubernetes.io/function: 'exec: {path: touch}'\n",
    ),
    "manifests: a config map from a file outside": listed(
        lambda t: "external-secrets/app",
        "configMapGenerator:\n  - name: x\n    files: [../../../../outside/secret.md]\n",
    ),
    "manifests: a link to a file outside": linked(
        f"{SECURITY}/external-secrets/ks.yaml", lambda t: t.outside / "secret.yaml"
    ),
    "manifests: a link to a device without end": linked(INFRA, lambda t: Path("/dev/zero")),
    "manifests: a pipe": pipe(INFRA),
    "manifests: a link to the folder above": linked(f"{SECURITY}/loop", lambda t: Path("..")),
    "repository: the target folder is a link outside": linked(FOLDER, lambda t: t.outside),
    "repository: the target file is a link outside": linked(KS, lambda t: t.outside / "new.yaml"),
    "repository: names that paint": odd_names,
    "repository: a configured file watcher": fsmonitor,
    "settings: a folder outside": configured(
        lambda t: f'[parameters]\nfolder = "../{t.outside.name}"\n'
    ),
    "settings: values that paint and run": configured(
        lambda t: f"[parameters]\nemail = '$({t.payload})@x.y'\ndomain = 'x;{t.payload}'\n"
    ),
}


def cases() -> Iterator[tuple[str, Plant]]:
    """All, in order."""
    yield from CASES.items()
