"""Commands of a story as steps: ours only where they mean the same, the others as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.stories import block, imported, make_repository, step_for, steps_of

SETTINGS = "kubernetes/clusters/blue/cluster-settings.yaml"
WEB = "kubernetes/apps/web"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("repo"))


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        (f"grep DOMAIN {SETTINGS}", [{"text": "DOMAIN", "file": SETTINGS}]),
        (f"grep -qF 'a.*b' {SETTINGS}", [{"text": "a.*b", "file": SETTINGS}]),
        (
            f"grep -i -n domain {SETTINGS}",
            [{"text": "domain", "file": SETTINGS, "ignore_case": True}],
        ),
        (
            f"grep -E '(DOMAIN|VERSION)' {SETTINGS} bootstrap/crds.yaml",
            [
                {"text": "DOMAIN", "file": SETTINGS},
                {"text": "VERSION", "file": SETTINGS},
                {"text": "DOMAIN", "file": "bootstrap/crds.yaml"},
                {"text": "VERSION", "file": "bootstrap/crds.yaml"},
            ],
        ),
        (f"grep -e DOMAIN -e VERSION {SETTINGS} > /dev/null", None),
        (f"ls -la {WEB}/ {SETTINGS}", [{"path": f"{WEB}/"}, {"path": SETTINGS}]),
        (
            "ls kubernetes/{apps,clusters}",
            [{"path": "kubernetes/apps"}, {"path": "kubernetes/clusters"}],
        ),
        (f"test -f {SETTINGS}", [{"path": SETTINGS, "is_file": True}]),
        (f"[ -d {WEB} ]", [{"path": f"{WEB}/"}]),
        (f"test -e {WEB}", [{"path": WEB}]),
        (f"yq eval '.data.DOMAIN' {SETTINGS}", [{"field": ".data.DOMAIN", "file": SETTINGS}]),
        (f"yq {SETTINGS}", [{"yaml": SETTINGS}]),
    ],
)
def test_what_only_reads_files_is_a_requirement(
    root: Path, command: str, needs: list[dict[str, Any]] | None
) -> None:
    step = step_for(command, root)
    assert step["kind"] == "require"
    if needs is not None:
        assert step["needs"] == needs


@pytest.mark.parametrize(
    "command",
    [
        f"grep -v DOMAIN {SETTINGS}",
        f"grep -c DOMAIN {SETTINGS}",
        f"grep -L DOMAIN {SETTINGS}",
        f"grep -w DOMAIN {SETTINGS}",
        f"! grep DOMAIN {SETTINGS}",
        f"grep -r DOMAIN {WEB}",
        f"grep '^ *DOMAIN' {SETTINGS}",
        f"grep 'DOMAIN|VERSION' {SETTINGS}",
        f"grep DOMAIN {SETTINGS} | wc -l",
        f"cat {SETTINGS} | grep DOMAIN",
        "grep DOMAIN",
        "grep DOMAIN /etc/hosts",
        "grep DOMAIN ../other/file",
        "grep DOMAIN kubernetes/*.yaml",
        f'grep "$KEY" {SETTINGS}',
        f"grep DOMAIN {SETTINGS} > /tmp/found",
        f"grep DOMAIN < {SETTINGS}",
        f"KEY=x grep DOMAIN {SETTINGS}",
        f"grep DOMAIN {SETTINGS} || true; echo $?",
        f"ls {WEB} | wc -l",
        "ls",
        f"ls --color {WEB}",
        f"test ! -e {WEB}",
        f"test -s {SETTINGS}",
        f"[ -f {SETTINGS} -a -f {WEB} ]",
        f"yq -i '.data.DOMAIN = \"x\"' {SETTINGS}",
        f"yq '.data | keys' {SETTINGS}",
        f"yq eval-all '.data' {SETTINGS}",
        f"kubectl apply -f {WEB}/map.yaml",
        f"kubectl apply --dry-run=server -f {WEB}/map.yaml",
        f"kubectl diff -f {WEB}/map.yaml",
        f"kubectl delete --dry-run=client -f {WEB}/map.yaml",
        f"kustomize build {WEB} | kubectl apply -f -",
        f"kustomize build {WEB} > /tmp/out.yaml",
        f"kustomize build --enable-helm {WEB}",
        f"kustomize build {WEB} | grep -c kind",
        f"kustomize build {WEB} | kubeconform -strict",
        f"kubeconform -strict {WEB}",
        f"yamllint {WEB}",
        "git status",
        "rm -rf kubernetes",
        "curl -s https://example.com",
    ],
)
def test_what_only_looks_alike_stays_a_command(root: Path, command: str) -> None:
    kinds = {step["kind"] for step in steps_of(imported(block(command), root))}
    assert kinds
    assert kinds <= {"command", "confirm"}


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (f"kustomize build ./{WEB}/", [{"kind": "build", "folder": WEB}]),
        (f"kubectl kustomize {WEB}", [{"kind": "build", "folder": WEB}]),
        (
            f"kubectl --dry-run=client -f {WEB}/map.yaml apply",
            [{"kind": "dry_run", "folder": f"{WEB}/map.yaml", "flux": "apps"}],
        ),
        (
            f"kubeconform -strict -ignore-missing-schemas {WEB}",
            [{"kind": "dry_run", "folder": WEB, "flux": "apps"}],
        ),
        (
            f"kustomize build {WEB} | kubeconform --strict -ignore-missing-schemas",
            [{"kind": "build", "folder": WEB}, {"kind": "dry_run", "folder": WEB}],
        ),
        (
            "flux build kustomization apps --path ./kubernetes/apps",
            [{"kind": "build", "flux": "apps", "cluster": "blue"}],
        ),
        (
            "flux build kustomization -f kubernetes/clusters/blue/apps.yaml --path .",
            [{"kind": "build", "flux": "apps", "cluster": "blue"}],
        ),
    ],
)
def test_what_renders_is_one_of_our_own_checks(
    root: Path, command: str, wanted: list[dict[str, Any]]
) -> None:
    steps = steps_of(imported(block(command), root))
    assert len(steps) == len(wanted)
    for step, keys in zip(steps, wanted, strict=True):
        assert {key: step.get(key) for key in keys} == keys


def test_a_selection_is_a_query_that_an_absent_object_fails(root: Path) -> None:
    flux = "flux build kustomization apps --path ./kubernetes/apps"
    select = 'select(.kind == "ConfigMap" and .metadata.name == "web")'
    step = step_for(f"{flux} | yq '{select} | .data.A'\n# Expected: some-value", root)
    assert step["kind"] == "query"
    (one,) = step["asserts"]
    assert one["select"] == {"kind": "ConfigMap", "name": "web"}
    assert one["facts"][0]["ask"] == ".data.A"
    assert one["facts"][0]["equals"] == "some-value"
    bare = step_for(f"{flux} | yq '{select}'", root)
    assert bare["asserts"][0]["facts"] == [{"ask": ".metadata.name", "present": True}]


@pytest.mark.parametrize(
    "expression",
    [
        'select(.kind != "ConfigMap") | .data.A',
        'select(.kind == "A" or .kind == "B") | .data.A',
        'select(.data.A == "x") | .kind',
        'select(.kind == "A") | .data.A | length',
        ".data.A",
    ],
)
def test_a_filter_that_asks_something_else_stays_a_command(root: Path, expression: str) -> None:
    command = f"flux build kustomization apps --path ./kubernetes/apps | yq '{expression}'"
    assert step_for(command, root)["kind"] in ("command", "confirm")


def test_what_runs_is_the_corrected_command_with_the_written_one_beside_it(root: Path) -> None:
    step = step_for("grep -c DOMAIN kubernetes/clusters/blue/cluster-setting.yaml || true", root)
    assert step["kind"] == "command"
    assert step["run"] == f"grep -c DOMAIN {SETTINGS}"
    (corrected,) = step["corrects"]
    assert corrected["written"].startswith(
        "grep -c DOMAIN kubernetes/clusters/blue/cluster-setting."
    )
    assert any("|| true" in reason for reason in corrected["because"])


def test_a_placeholder_stays_as_it_is_so_that_it_is_refused(root: Path) -> None:
    step = step_for("kubectl drain <node>", root)
    assert (step["kind"], step["run"]) == ("command", "kubectl drain <node>")


def test_commands_that_lean_on_each_other_are_one_command(root: Path) -> None:
    text = "NODE=$(kubectl get nodes -o name)\nkubectl drain $NODE"
    step = step_for(text, root)
    assert (step["kind"], step["run"]) == ("command", text)
    loop = "for f in a b; do\n  grep x $f\ndone"
    assert step_for(loop, root)["run"] == loop


def test_what_and_and_or_join_is_one_command_and_its_neighbours_are_their_own(root: Path) -> None:
    text = (
        f"ls kubernetes\ntest -f {SETTINGS} && echo ok\nkubectl drain <node>\nkubectl get pods -w"
    )
    steps = steps_of(imported(block(text), root))
    assert [(step["kind"], step.get("run")) for step in steps] == [
        ("require", None),
        ("command", f"test -f {SETTINGS} && echo ok"),
        ("command", "kubectl drain <node>"),
        ("command", "kubectl get pods -w"),
    ]


def test_a_check_in_one_line_with_the_commit_is_not_lost(root: Path) -> None:
    steps = steps_of(imported(block("make test && git add -A && git commit -m x"), root))
    assert [step["kind"] for step in steps] == ["confirm", "confirm"]
    assert "make test" in steps[0]["question"]


def test_expectations_are_bound_to_their_command(root: Path) -> None:
    steps = steps_of(
        imported(
            block(
                "helm lint a | wc -l  # expect 0\n"
                "helm version\n# Should show: v3.x.x\n\n"
                "helm list\n# Expected: everything looks fine\n"
                "helm env\n# Status: Bound"
            ),
            root,
        )
    )
    found = [(step["kind"], step.get("expect")) for step in steps]
    assert [kind for kind, _ in found] == ["command", "command", "command", "confirm", "command"]
    assert found[0][1][0]["equals"] == "0"
    assert "3" in found[1][1][0]["matches"]
    assert found[2][1] is None
    assert found[4][1][0]["matches"] == r"(?:^|\s)Bound(?:\s|$)"
    assert "everything looks fine" in steps[3]["question"]
    assert "prose" in steps[3]["why"]


COMMIT = (
    "mkdir -p kubernetes/apps/new\ngit add kubernetes/apps/\n"
    'git commit -m "feat(apps): add it\n\n- with ${DOMAIN}"\ngit push origin main'
)


def test_a_commit_without_a_file_to_write_could_not_fail_so_it_is_signed(root: Path) -> None:
    (step,) = steps_of(imported(block(COMMIT), root))
    assert step["kind"] == "confirm"
    assert "no file to write" in step["why"]


def test_a_folder_that_is_made_is_no_step_and_git_commands_are_the_commit(root: Path) -> None:
    written = (
        "\n- [ ] Create `kubernetes/apps/new/a.yaml`:\n\n```yaml\nkind: A\napiVersion: v1\n```\n"
    )
    made = imported(block(COMMIT) + written, root)
    assert [step["kind"] for step in steps_of(made)] == ["write", "commit"]
    plan = made.runbook.commit
    assert plan is not None
    assert (plan.type, plan.scope, plan.subject) == ("feat", "apps", "add it")
    assert plan.footer == "- with ${DOMAIN}"


def test_commands_in_boxes_are_steps_and_mentions_of_tools_are_not(root: Path) -> None:
    made = imported(
        "### T1: Check\n\n"
        f"- [ ] Look: `grep DOMAIN {SETTINGS}`\n"
        "- [ ] `kustomize build`, targeted `flux build | yq` checks\n"
        "- [ ] Version: `yq --version` (should show v4.x.x)\n",
        root,
    )
    steps = steps_of(made)
    assert [step["kind"] for step in steps] == ["require", "command", "confirm"]
    assert "flux build" in steps[2]["question"]
    boxes = made.runbook.tasks[0].boxes
    assert [box.proved_by for box in boxes] == [("T1.1",), ("T1.3",), ("T1.2",)]


def test_deferred_and_quoted_commands_are_no_steps(root: Path) -> None:
    made = imported(
        "### T1: Check\n\n```bash\nls kubernetes\n```\n\n"
        "- [ ] Write a runbook:\n\n````markdown\n# How\n\n```bash\nkubectl delete ns x\n```\n"
        "````\n\n"
        "### Runtime Validation (MOVED TO STORY 45)\n\n```bash\nkubectl get pods\n```\n",
        root,
    )
    commands = [step.get("run", "") for task in ("T1",) for step in steps_of(made, task)]
    assert not any("kubectl" in command for command in commands)
    deferred = [command for one in made.runbook.deferred for command in one.commands]
    assert deferred == ["kubectl get pods"]
    assert [one.to for one in made.runbook.deferred if one.commands] == ["story 45"]


def test_a_box_is_proven_by_all_that_is_nested_in_it(root: Path) -> None:
    made = imported(
        "### T1: Check\n\n- [ ] All of it: `ls kubernetes`\n"
        "  - [ ] Files: `ls kubernetes/apps`\n  - [ ] Reviewed by somebody\n- [ ] Other\n",
        root,
    )
    kinds = {step["id"]: step["kind"] for step in steps_of(made)}
    first, second, third, _ = made.runbook.tasks[0].boxes
    assert set(second.proved_by) | set(third.proved_by) < set(first.proved_by)
    assert sorted(kinds[step] for step in first.proved_by) == ["confirm", "require", "require"]


def test_folders_that_no_write_fills_are_signed_beside_what_is_checked(root: Path) -> None:
    made = imported(
        "### T1: Make\n\n- [ ] Folders:\n\n  ```bash\n  mkdir -p kubernetes/apps/{new,empty}\n"
        "  ls kubernetes\n  ```\n\n- [ ] Create `kubernetes/apps/new/a.yaml`:\n\n"
        "  ```yaml\n  kind: A\n  apiVersion: v1\n  ```\n",
        root,
    )
    kinds = {step["id"]: step["kind"] for step in steps_of(made)}
    folders, _ = made.runbook.tasks[0].boxes
    assert sorted(kinds[step] for step in folders.proved_by) == ["confirm", "require"]
