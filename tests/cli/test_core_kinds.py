"""kubeconform judges the kinds that nothing else knows, when it is here and was asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_known_kinds import with_gadget

KUBECONFORM = """\
#!{python}
import json, os, sys
if sys.argv[1:] == ["-v"]:
    print("v0.8.0")
    sys.exit()
open({asked!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
answers = []
for text in sys.stdin.read().split("\\n---\\n"):
    one = json.loads(text)
    status = {status!r}
    answers.append(
        {{
            "kind": one["kind"], "name": one["metadata"]["name"], "version": one["apiVersion"],
            "status": status, "msg": "problem validating schema: labels" if "In" in status else "",
        }}
    )
print(json.dumps({{"resources": answers}}))
"""


@pytest.fixture
def kubeconform(tmp_path: Path, bare_path: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a kubeconform on PATH that says `status` of everything; gives what it was asked."""

    def make(status: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        asked = tmp_path / "asked"
        asked.write_text("")
        script = folder / "kubeconform"
        script.write_text(
            KUBECONFORM.format(python=sys.executable, asked=str(asked), status=status)
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{bare_path}")
        return asked

    return make


def dry_run(run: Run, root: Path, *more: str) -> dict[str, Any]:
    args = ["--check", "--fresh", "--format", "json", "--only", "T4.1", "-C", root]
    report = json.loads(run(*args, *more).out)
    [step] = [one for one in report["results"] if one["step"] == "T4.1"]
    return dict(step)


def told(step: dict[str, Any]) -> str:
    return json.dumps(step["evidence"])


def test_it_is_not_asked_unless_somebody_says_so(
    run: Run, finished: Path, kubeconform: Any
) -> None:
    asked = kubeconform("statusValid")
    step = dry_run(run, with_gadget(finished))
    assert asked.read_text() == ""
    assert "not judged: acme.example.org/v1 Gadget" in told(step)


def test_what_it_finds_valid_is_judged_by_it(run: Run, finished: Path, kubeconform: Any) -> None:
    asked = kubeconform("statusValid")
    step = dry_run(run, with_gadget(finished), "--schema-location", "default")
    [words] = asked.read_text().splitlines()
    assert "-strict" in words
    assert words.endswith("-schema-location default -")
    assert "kubeconform" in told(step)
    assert "not judged" not in told(step)
    assert step["status"] == "passed"


def test_what_it_refuses_is_a_finding(run: Run, finished: Path, kubeconform: Any) -> None:
    kubeconform("statusInvalid")
    step = dry_run(run, with_gadget(finished), "--schema-location", "default")
    found = [one for one in step["findings"] if one["rule"] == "kubeconform"]
    assert found
    assert all("problem validating schema" in one["message"] for one in found)


def test_what_it_has_no_schema_of_stays_not_judged(
    run: Run, finished: Path, kubeconform: Any
) -> None:
    kubeconform("statusError")
    step = dry_run(run, with_gadget(finished), "--schema-location", "default")
    assert "not judged: acme.example.org/v1 Gadget" in told(step)


def test_it_is_not_asked_when_no_tool_may_be(run: Run, finished: Path, kubeconform: Any) -> None:
    asked = kubeconform("statusValid")
    step = dry_run(
        run, with_gadget(finished), "--schema-location", "default", "--engine", "embedded"
    )
    assert asked.read_text() == ""
    assert "not judged: acme.example.org/v1 Gadget" in told(step)
