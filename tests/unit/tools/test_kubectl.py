"""What kubectl, flux, kustomize and kubeconform are asked and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.errors import ToolError
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.tools import flux, kubeconform, kubectl, kustomize
from storyrunner.tools.kubectl import Applied, parse_dry_run
from storyrunner.tools.tool import Tool

KUBECTL = Tool("kubectl", Path("/bin/kubectl"), "1.32.4")
HERE = Path("/repo")


def outcome(
    stdout: str = "", stderr: str = "", code: int | None = 0, ending: Ending = Ending.EXITED
) -> Outcome:
    command = Command(("kubectl",), HERE)
    return Outcome(command, ending, code, stdout.encode(), stderr.encode())


def test_created_objects_are_named_with_their_group() -> None:
    said = parse_dry_run(
        outcome(
            "clusterissuer.cert-manager.io/le created (dry run)\n"
            "configmap/a.b created (dry run)\n"
            "deployment.apps/web configured (dry run)\n"
        )
    )
    assert said.problems == ()
    assert said.applied == (
        Applied("clusterissuer", "cert-manager.io", "le", "created"),
        Applied("configmap", "", "a.b", "created"),
        Applied("deployment", "apps", "web", "configured"),
    )


def test_an_unknown_kind_is_named_with_its_object_and_file() -> None:
    stderr = (
        'resource mapping not found for name: "es" namespace: "x" from "b.yaml": no matches for '
        'kind "ExternalSecret" in version "external-secrets.io/v1beta1"\n'
        "ensure CRDs are installed first\n"
    )
    said = parse_dry_run(outcome("configmap/a created (dry run)\n", stderr, 1))
    [problem] = said.problems
    assert problem.is_unknown_kind
    assert (problem.kind, problem.api_version) == ("ExternalSecret", "external-secrets.io/v1beta1")
    assert (problem.name, problem.namespace, problem.file) == ("es", "x", "b.yaml")
    assert len(said.applied) == 1


@pytest.mark.parametrize(
    ("stderr", "file", "line", "message"),
    [
        (
            "error: error parsing c.yaml: error converting YAML to JSON: yaml: line 3: did not "
            "find expected key",
            "c.yaml",
            3,
            "did not find expected key",
        ),
        (
            "error: unable to decode \"d.yaml\": Object 'Kind' is missing in '{}'",
            "d.yaml",
            0,
            "Object 'Kind' is missing",
        ),
        (
            'error: error validating "d.yaml": error validating data: kind not set; if you choose',
            "d.yaml",
            0,
            "kind not set",
        ),
        ('error: the path "zz.yaml" does not exist', "", 0, "zz.yaml"),
        ("error: no objects passed to apply", "", 0, "no objects"),
    ],
)
def test_a_problem_is_told_with_file_and_line_as_far_as_known(
    stderr: str, file: str, line: int, message: str
) -> None:
    [problem] = parse_dry_run(outcome("", stderr, 1)).problems
    assert (problem.file, problem.line) == (file, line)
    assert message in problem.message
    assert not problem.is_unknown_kind


def test_a_failure_without_a_word_is_still_a_problem() -> None:
    assert parse_dry_run(outcome(code=1)).problems
    assert parse_dry_run(outcome(code=None, ending=Ending.TIMED_OUT)).problems


def test_warnings_and_log_lines_are_no_problems() -> None:
    stderr = (
        "Warning: resource is old\n"
        'E1123 04:18:55.181588 1 memcache.go:265] "Unhandled Error"\n'
        "error: the server could not find it\n"
    )
    [problem] = parse_dry_run(outcome("", stderr, 1)).problems
    assert problem.message == "the server could not find it"
    assert parse_dry_run(outcome("", "Warning: x\n", 0)).problems == ()


def test_the_dry_run_uses_no_file_of_the_user() -> None:
    command = kubectl.dry_run(
        KUBECTL,
        ["a.yaml", "-b.yaml"],
        cwd=HERE,
        kubeconfig=Path("/p/kubeconfig"),
        cache=Path("/p/cache"),
        home=Path("/p/home"),
    )
    assert command.argv == (
        "/bin/kubectl",
        "--cache-dir=/p/cache",
        "apply",
        "--dry-run=client",
        "--validate=false",
        "--filename=a.yaml",
        "--filename=-b.yaml",
    )
    assert command.env is not None
    assert (command.env["HOME"], command.env["KUBECONFIG"]) == ("/p/home", "/p/kubeconfig")


def test_kustomize_builds_alike_by_itself_and_inside_kubectl() -> None:
    alone = Tool("kustomize", Path("/bin/kustomize"), "5.4.2")
    options = {"cwd": HERE, "home": Path("/p")}
    rest = ("--load-restrictor=LoadRestrictionsNone", "--reorder=none", "infra")
    assert kustomize.build(alone, "infra", **options).argv == ("/bin/kustomize", "build", *rest)
    assert kustomize.build(KUBECTL, "infra", **options).argv == ("/bin/kubectl", "kustomize", *rest)
    assert "--reorder=none" not in kustomize.build(alone, "infra", **options, fifo=False).argv


def test_flux_builds_without_a_cluster_strictly_and_recursively() -> None:
    tool = Tool("flux", Path("/bin/flux"), "2.9.5")
    command = flux.build(
        tool,
        "infra",
        cwd=HERE,
        home=Path("/p"),
        path="kubernetes",
        kustomization_file="/p/ks.yaml",
        sources={"GitRepository/flux-system/main": "."},
    )
    assert command.argv[1:] == (
        "build",
        "kustomization",
        "infra",
        "--dry-run",
        "--path=kubernetes",
        "--kustomization-file=/p/ks.yaml",
        "--namespace=flux-system",
        "--strict-substitute",
        "--recursive",
        "--local-sources=GitRepository/flux-system/main=.",
    )
    assert command.env is not None
    assert command.env["KUBECONFIG"] == "/dev/null"


def test_what_flux_complains_about_is_found() -> None:
    assert flux.error_in("► building\n✗ variable not set: X\n") == "variable not set: X"
    assert flux.error_in("panic: oh\nlast\n") == "last"
    assert flux.error_in("") == ""


def test_kubeconforms_verdicts_are_read_in_order() -> None:
    text = (
        '{"resources": [{"filename": "stdin", "kind": "A", "name": "x", "version": "v1",'
        ' "status": "statusInvalid", "msg": "problem"}, {"filename": "stdin", "kind": "B",'
        ' "name": "y", "version": "v1", "status": "statusValid", "msg": ""}]}'
    )
    verdicts = kubeconform.parse_verdicts(outcome(text, code=1))
    assert [(v.kind, v.status, v.message) for v in verdicts] == [
        ("A", "invalid", "problem"),
        ("B", "valid", ""),
    ]
    with pytest.raises(ToolError, match="no such schema"):
        kubeconform.parse_verdicts(outcome("", "no such schema", 1))
