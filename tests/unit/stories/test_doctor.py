"""The command doctor: every rule on a story of its own, and that right commands are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.stories.doctor import examine_story
from storyrunner.stories.doctor_model import Declared, Diagnosis, OwnStep
from storyrunner.stories.parser import parse_story
from storyrunner.stories.repository_lint import RepositoryFiles

FILES = RepositoryFiles.of(
    [
        "kubernetes/apps/shop/kustomization.yaml",
        "kubernetes/apps/shop/deployment.yaml",
        "kubernetes/apps/shop-ks.yaml",
        "kubernetes/clusters/one/apps.yaml",
        "kubernetes/clusters/one/settings.yaml",
        "bootstrap/crds.yaml",
        "bootstrap/core.yaml.gotmpl",
    ]
)
TOP = Declared(
    name="one-apps",
    namespace="flux-system",
    file="kubernetes/clusters/one/apps.yaml",
    path="kubernetes/apps",
    source="GitRepository/flux-system/flux-system",
    cluster="one",
    settings="kubernetes/clusters/one/settings.yaml",
    settings_name="cluster-settings",
)
SHOP = Declared(
    name="shop",
    namespace="flux-system",
    file="kubernetes/apps/shop-ks.yaml",
    path="kubernetes/apps/shop",
    source="GitRepository/flux-system/flux-system",
    substitute_from=("ConfigMap/cluster-settings",),
)
DRY_RUN = OwnStep("T1.4", "T1", "dry_run")


def doctor(
    commands: str,
    declared: tuple[Declared, ...] = (TOP,),
    steps: tuple[OwnStep, ...] = (),
    before: str = "",
) -> list[Diagnosis]:
    text = (
        "# 07 — STORY-SHOP — Shop\n\n## Tasks / Subtasks\n\n### T1: Try\n"
        f"{before}\n- [ ] Run:\n  ```bash\n"
        + "".join(f"  {line}\n" for line in commands.splitlines())
        + "  ```\n"
    )
    return examine_story(parse_story(text, "docs/stories/STORY-SHOP.md"), FILES, declared, steps)


def rules(found: list[Diagnosis]) -> list[str]:
    return [complaint.rule for diagnosis in found for complaint in diagnosis.complaints]


def works(found: list[Diagnosis]) -> list[str]:
    return [remedy.command for diagnosis in found for remedy in diagnosis.works]


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get pods",
        "kubectl kustomize kubernetes/apps/shop",
        "kubectl create configmap x --from-literal=a=b --dry-run=client -o yaml",
        "kubectl --help",
        "kustomize build kubernetes/apps/shop",
        "grep -i shop bootstrap/crds.yaml",
        "grep -E 'A.*|B+' bootstrap/crds.yaml",
        "grep -vE 'A|B' bootstrap/crds.yaml",
        "kubectl kustomize kubernetes/apps/shop | grep -E 'A|B'",
        "yq -e 'select(.kind == \"A\")' bootstrap/crds.yaml",
        "yq '.data.A' bootstrap/crds.yaml",
        "yq 'select(.kind == \"A\")' bootstrap/crds.yaml | wc -l",
        "envsubst '$A' < bootstrap/crds.yaml",
        "cat <<'EOF'\n${A}\nEOF",
        "A=1\ncat <<EOF\n${A}\nEOF",
        "rm -f x || true",
        'git commit -m "plain words"',
        "git commit -m 'for ${A}'",
        "git push --dry-run origin main",
        "git add -A",
        "ls kubernetes/apps/*/kustomization.yaml",
        "mkdir -p kubernetes/apps/new && ls kubernetes/apps/new",
        "cat <(ls) | sort",
        "flux build kustomization one-apps --path ./kubernetes/apps"
        " --kustomization-file ./kubernetes/clusters/one/apps.yaml --dry-run",
    ],
)
def test_a_command_that_works_is_left_alone(command: str) -> None:
    assert doctor(command) == []


def test_kubectl_without_a_verb_is_told_and_our_own_dry_run_offered() -> None:
    found = doctor("kubectl --dry-run=client -f kubernetes/apps/shop/", steps=(DRY_RUN,))
    assert rules(found) == [
        "kubectl-no-verb",
        "kubectl-needs-server",
        "kubectl-kustomization-as-object",
    ]
    assert works(found) == ["storyrunner --check STORY-SHOP --only T1.4"]
    assert found[0].works[0].own


@pytest.mark.parametrize(
    "command",
    [
        "kubectl apply --dry-run=client -f kubernetes/apps/shop/deployment.yaml",
        "kubectl create -f kubernetes/apps/shop/deployment.yaml --dry-run=client",
        "kubectl --dry-run=client -f kubernetes/apps/shop/deployment.yaml apply",
        "kubectl apply -k kubernetes/apps/shop --dry-run=client",
    ],
)
def test_a_client_dry_run_of_a_file_needs_a_server(command: str) -> None:
    found = doctor(command)
    assert rules(found) == ["kubectl-needs-server"]
    assert works(found) == ["kubectl kustomize kubernetes/apps/shop"]


def test_a_dry_run_of_a_file_outside_a_kustomization_is_left_to_the_schemas() -> None:
    found = doctor("kubectl apply --dry-run=client -f bootstrap/crds.yaml")
    assert works(found) == [
        "kubeconform -strict -summary -ignore-missing-schemas bootstrap/crds.yaml"
    ]
    assert "schemas" in found[0].works[0].note


def test_validation_switched_off_is_told() -> None:
    found = doctor("kubectl apply --validate=false -f bootstrap/crds.yaml")
    assert rules(found) == ["kubectl-validate-false"]
    assert works(found) == ["kubectl apply -f bootstrap/crds.yaml"]


def test_a_folder_without_a_kustomization_is_built_by_the_flux_object_that_applies_it() -> None:
    found = doctor("kustomize build ./kubernetes/apps")
    assert rules(found) == ["kustomize-no-file"]
    assert works(found) == [
        "flux build kustomization one-apps --path ./kubernetes/apps"
        " --kustomization-file ./kubernetes/clusters/one/apps.yaml --dry-run"
    ]


def test_a_flux_build_gets_the_file_that_declares_the_object() -> None:
    found = doctor("flux build ks one-apps --path ./kubernetes/apps > out.yaml")
    assert rules(found) == ["flux-build-offline"]
    assert works(found) == [
        "flux build kustomization one-apps --path ./kubernetes/apps"
        " --kustomization-file ./kubernetes/clusters/one/apps.yaml --dry-run > out.yaml"
    ]


def test_a_flux_build_with_f_gets_the_name_of_the_object() -> None:
    found = doctor("flux build kustomization -f kubernetes/clusters/one/apps.yaml --path .")
    assert rules(found) == ["flux-build-name", "flux-build-offline"]
    assert works(found)[0].startswith("flux build kustomization one-apps --path ./kubernetes/apps ")


def test_an_object_behind_a_child_needs_recursion_and_the_settings() -> None:
    found = doctor(
        "flux build kustomization one-apps --path ./kubernetes/apps | \\\n"
        '  yq \'select(.kind == "Ingress" and .metadata.name == "shop") | .spec.rules[0].host\'',
        (TOP, SHOP),
    )
    assert rules(found) == [
        "flux-build-offline",
        "flux-build-recursive",
        "flux-substitute-from",
        "yq-no-guard",
    ]
    assert works(found) == [
        "( set -a; . <(yq -o shell .data kubernetes/clusters/one/settings.yaml); "
        "flux build kustomization one-apps --path ./kubernetes/apps"
        " --kustomization-file ./kubernetes/clusters/one/apps.yaml --dry-run"
        " --recursive --local-sources GitRepository/flux-system/flux-system=."
        " | flux envsubst --strict ) | \\\n"
        '  yq -e -r \'select(.kind == "Ingress" and .metadata.name == "shop")'
        " | .spec.rules[0].host'",
        "storyrunner explain Ingress/shop '.spec.rules[0].host' --cluster one",
    ]


def test_where_a_dry_run_would_empty_variables_only_our_own_command_is_offered() -> None:
    inline = Declared(
        "shop",
        "flux-system",
        "kubernetes/apps/shop-ks.yaml",
        "kubernetes/apps/shop",
        inline=True,
        substitute_from=("ConfigMap/cluster-settings",),
    )
    found = doctor(
        "flux build kustomization one-apps --path ./kubernetes/apps | "
        'yq \'select(.kind == "Ingress" and .metadata.name == "shop") | .spec.a\'',
        (TOP, inline),
    )
    assert works(found) == ["storyrunner explain Ingress/shop .spec.a --cluster one"]


def test_a_secret_or_another_source_has_no_correction_that_stands_alone() -> None:
    secret = Declared(
        "shop",
        "flux-system",
        "kubernetes/apps/shop-ks.yaml",
        "kubernetes/apps/shop",
        source="OCIRepository/flux-system/charts",
        substitute_from=("Secret/passwords",),
    )
    found = doctor(
        "flux build ks one-apps --path ./kubernetes/apps | yq 'select(.kind == \"Ingress\")'",
        (TOP, secret),
        (OwnStep("T1.5", "T1", "query"),),
    )
    assert works(found) == ["storyrunner --check STORY-SHOP --only T1.5"]


def test_a_kustomization_that_nothing_declares_is_told() -> None:
    found = doctor("flux build kustomization other --path ./kubernetes/apps")
    assert rules(found) == ["flux-build-offline", "flux-build-undeclared"]
    assert works(found) == []


def test_a_kustomization_in_a_file_of_the_story_needs_only_the_dry_run() -> None:
    found = doctor(
        "flux build ks new --path ./kubernetes/new --kustomization-file ./kubernetes/new/ks.yaml",
        before="- [ ] Create `kubernetes/new/ks.yaml`:\n  ```yaml\n  a: 1\n  ```\n",
    )
    assert rules(found) == ["flux-build-offline"]
    assert works(found)[0].endswith("--kustomization-file ./kubernetes/new/ks.yaml --dry-run")


def test_settings_given_as_local_sources_are_told_to_be_ignored() -> None:
    found = doctor(
        "flux build ks one-apps --path ./kubernetes/apps --dry-run --recursive"
        " --kustomization-file ./kubernetes/clusters/one/apps.yaml"
        " --local-sources ConfigMap/flux-system/cluster-settings=./x.yaml"
        " | envsubst | yq -e 'select(.kind == \"A\")'",
        (TOP, SHOP),
    )
    assert rules(found) == ["flux-substitute-from", "flux-local-sources", "envsubst-gnu"]
    assert " | flux envsubst --strict ) | yq -e 'select" in works(found)[0]


def test_a_path_that_is_not_there_is_corrected_to_the_near_one() -> None:
    found = doctor("grep -i shop bootstrap/crds.yaml.gotmpl")
    assert rules(found) == ["path-missing"]
    assert works(found) == ["grep -i shop bootstrap/crds.yaml"]
    assert works(doctor("head bootstrap/core.yaml")) == ["head bootstrap/core.yaml.gotmpl"]


def test_a_path_without_a_near_one_is_left_to_the_prerequisites() -> None:
    found = doctor("ls kubernetes/apps/zoo/", steps=(OwnStep("T1.1", "T1", "require"),))
    assert rules(found) == ["path-missing"]
    assert works(found) == ["storyrunner --check STORY-SHOP --only T1.1"]
    assert works(doctor("ls kubernetes/apps/zoo/")) == []


def test_paths_after_cd_are_not_judged() -> None:
    assert doctor("cd /tmp\nls kubernetes/apps/zoo/") == []


def test_a_path_the_story_creates_is_there() -> None:
    made = "- [ ] Create `kubernetes/apps/zoo/a.yaml`:\n  ```yaml\n  a: 1\n  ```\n"
    assert doctor("ls kubernetes/apps/zoo/", before=made) == []


def test_a_selection_without_a_guard_gets_one() -> None:
    found = doctor("yq 'select(.kind == \"A\") | .b' bootstrap/crds.yaml")
    assert rules(found) == ["yq-no-guard"]
    assert works(found) == ["yq -e -r 'select(.kind == \"A\") | .b' bootstrap/crds.yaml"]


@pytest.mark.parametrize(
    ("written", "corrected"),
    [
        ("yq eval '.a' bootstrap/crds.yaml", "yq '.a' bootstrap/crds.yaml"),
        ("yq e bootstrap/crds.yaml", "yq . bootstrap/crds.yaml"),
        ("cat bootstrap/crds.yaml | yq eval -r .a", "cat bootstrap/crds.yaml | yq -r .a"),
    ],
)
def test_a_subcommand_of_one_yq_is_written_for_both(written: str, corrected: str) -> None:
    found = doctor(written)
    assert rules(found) == ["yq-flavour"]
    assert works(found) == [corrected]


def test_eval_all_has_no_form_for_both() -> None:
    found = doctor("yq ea '.a' bootstrap/crds.yaml")
    assert rules(found) == ["yq-flavour"]
    assert works(found) == []


def test_an_alternation_is_made_a_check_of_every_name_in_every_file() -> None:
    found = doctor("grep -E '(A|B)' kubernetes/clusters/one/{apps,settings}.yaml")
    assert rules(found) == ["grep-any"]
    assert works(found) == [
        "grep -qw 'A' kubernetes/clusters/one/apps.yaml"
        " && grep -qw 'B' kubernetes/clusters/one/apps.yaml"
        " && grep -qw 'A' kubernetes/clusters/one/settings.yaml"
        " && grep -qw 'B' kubernetes/clusters/one/settings.yaml"
    ]


def test_gnu_envsubst_is_replaced_by_the_one_of_flux() -> None:
    found = doctor("kubectl kustomize kubernetes/apps/shop | envsubst")
    assert rules(found) == ["envsubst-gnu"]
    assert works(found) == ["kubectl kustomize kubernetes/apps/shop | flux envsubst --strict"]


def test_an_unquoted_heredoc_with_variables_gets_a_quoted_delimiter() -> None:
    found = doctor("cat > x.yaml <<EOF\na: ${B}\nEOF")
    assert rules(found) == ["heredoc-expands"]
    assert works(found) == ["cat > x.yaml <<'EOF'\na: ${B}\nEOF"]


def test_or_true_after_a_check_is_taken_away() -> None:
    found = doctor("kustomize build kubernetes/apps/shop || true")
    assert rules(found) == ["or-true"]
    assert works(found) == ["kustomize build kubernetes/apps/shop"]


def test_a_placeholder_is_refused_and_nothing_else_is_said() -> None:
    found = doctor("kubectl apply --dry-run=client -f <file>")
    assert rules(found) == ["placeholder"]
    assert works(found) == []


def test_variables_in_a_message_are_kept_from_the_shell() -> None:
    found = doctor('git commit -m "for *.${DOMAIN}\n\nin `a`, not \\$B"')
    assert rules(found) == ["message-expands"]
    assert works(found) == ['git commit -m "for *.\\${DOMAIN}\n\nin \\`a\\`, not \\$B"']


def test_git_add_names_every_file_of_the_story() -> None:
    made = "- [ ] Create `kubernetes/apps/zoo/a.yaml`:\n  ```yaml\n  a: 1\n  ```\n"
    found = doctor("git add kubernetes/clusters/", before=made)
    assert rules(found) == ["git-add-misses"]
    assert works(found) == ["git add kubernetes/clusters/ kubernetes/apps/zoo/a.yaml"]
    assert doctor("git add kubernetes/apps/zoo", before=made) == []
    assert doctor("git add kubernetes/clusters\ngit add kubernetes/apps", before=made) == []


def test_a_push_is_told_and_rehearsed() -> None:
    found = doctor("git push origin main")
    assert rules(found) == ["git-push"]
    assert works(found) == ["git push --dry-run origin main"]


def test_the_place_is_that_of_the_command_in_the_story() -> None:
    (found,) = doctor("ls bootstrap\ngit push")
    assert str(found.place) == "docs/stories/STORY-SHOP.md:10:3"


def test_deferred_and_quoted_commands_and_other_sections_are_not_judged() -> None:
    text = (
        "# 07 — STORY-SHOP — Shop\n\n## Scope\n\n```bash\ngit push\n```\n\n"
        "## Tasks / Subtasks\n\n### T1: Write\n\n````markdown\n```bash\ngit push\n```\n````\n\n"
        "### Runtime Validation (MOVED TO STORY 45)\n\n```bash\ngit push\n```\n"
    )
    assert examine_story(parse_story(text, "s.md"), FILES) == []


def test_commands_in_checkboxes_are_judged_and_mentions_are_not() -> None:
    text = (
        "# 07 — STORY-SHOP — Shop\n\n## Tasks / Subtasks\n\n### T1: Try\n\n"
        "- [ ] Validate: `kustomize build kubernetes/apps` and `flux build | yq`\n"
        "- `git push` later\n"
    )
    (found,) = examine_story(parse_story(text, "s.md"), FILES)
    assert [one.rule for one in found.complaints] == ["kustomize-no-file"]
    assert (found.source, str(found.place)) == ("inline", "s.md:7:18")


def test_what_the_record_says_was_run_is_marked_as_such() -> None:
    text = (
        "# 07 — STORY-SHOP — Shop\n\n## Tasks / Subtasks\n\n### T1: Try\n\ntext\n\n"
        "## Dev Agent Record\n\n### Debug Log\n\n"
        "- `kubectl apply --dry-run=client -f bootstrap/crds.yaml` → passed\n"
    )
    (found,) = examine_story(parse_story(text, "s.md"), FILES)
    assert (found.source, found.place.line) == ("record", 13)


_PIECES = [
    "kubectl",
    " --dry-run=client",
    " -f ",
    "bootstrap/crds.yaml.gotmpl",
    "flux build kustomization",
    " one-apps",
    " --path",
    " --kustomization-file=",
    " | yq ",
    "'select(.kind == \"A\")'",
    " eval ",
    " | envsubst",
    "grep -E 'A|B' ",
    "{a,b}/x.yaml ",
    "git add ",
    'git commit -m "${A}"',
    " <<EOF\n${A}\nEOF\n",
    " || true\n",
    "\\\n",
    "\n",
    "<node>",
    " --",
    "kustomize build ",
    "kubernetes/apps/",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=24))
def test_no_command_breaks_the_doctor_and_what_works_is_something_else(pieces: list[str]) -> None:
    for diagnosis in doctor("".join(pieces), (TOP, SHOP), (DRY_RUN,)):
        assert diagnosis.complaints
        assert diagnosis.written
        assert all(remedy.command.strip() for remedy in diagnosis.works)


@given(st.lists(st.sampled_from(_PIECES), max_size=12))
def test_a_corrected_command_has_none_of_the_faults_it_was_corrected_for(pieces: list[str]) -> None:
    cured = {"path-missing", "flux-build-offline", "or-true", "message-expands", "grep-any"}
    for diagnosis in doctor("".join(pieces), (TOP,)):
        faults = {complaint.rule for complaint in diagnosis.complaints} & cured
        for remedy in diagnosis.works:
            if not remedy.own and "\n" not in remedy.command:
                assert not faults & set(rules(doctor(remedy.command, (TOP,)))), remedy.command


def test_a_grep_of_a_file_that_moved_is_corrected_in_both() -> None:
    (found,) = doctor("grep -E 'A|B' bootstrap/crds.yaml.gotmpl", (TOP,))
    assert found.works[0].command == (
        "grep -qw 'A' bootstrap/crds.yaml && grep -qw 'B' bootstrap/crds.yaml"
    )
