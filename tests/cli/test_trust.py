"""Never a false green: ways in which a repository is broken though its files look right.

Beyond `test_one_thing_wrong`: what counts is what each cluster would really be given.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.repositories import (
    APPS,
    CERTIFICATE,
    FOLDER,
    GLUE,
    INFRA,
    ISSUERS,
    KS,
    LIST,
    RULE,
    SECRET,
    SECURITY,
    replace,
)

STORE = f"{SECURITY}/external-secrets"
INFRA_KS = "kubernetes/clusters/infra/infrastructure.yaml"
APPS_KS = "kubernetes/clusters/apps/infrastructure.yaml"

Change = Callable[[Path], None]

SECOND_ISSUER = """---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata:
  name: letsencrypt-production
spec:
  acme:
    server: https://acme-staging-v02.api.letsencrypt.org/directory
    email: other@demo.example
    privateKeySecretRef:
      name: other
    solvers: []
"""
STAGING_PATCH = """patches:
  - target: {kind: ClusterIssuer, name: letsencrypt-production}
    patch: |-
      - op: replace
        path: /spec/acme/server
        value: https://acme-staging-v02.api.letsencrypt.org/directory
"""
TYPED_IN_PATCH = """patches:
  - target: {kind: ClusterIssuer}
    patch: |-
      - op: replace
        path: /spec/acme/email
        value: admin@infra.demo.example
"""
DELETE_PATCH = """  patches:
    - patch: |-
        $patch: delete
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata: {name: wildcard-tls, namespace: kube-system}
"""
COMPONENT = """apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target: {kind: ClusterIssuer}
    patch: |-
      - op: replace
        path: /spec/acme/solvers/0/dns01/cloudflare/apiTokenSecretRef/key
        value: token
"""
OTHER_PATH_PATCH = f"""patches:
  - target: {{kind: Kustomization, name: cert-manager-issuers}}
    patch: |-
      - op: replace
        path: /spec/path
        value: ./{STORE}
"""
NO_DEPENDENCY_PATCH = """patches:
  - target: {kind: Kustomization, name: cert-manager-issuers}
    patch: |-
      - op: remove
        path: /spec/dependsOn
"""
OVERRIDES = """apiVersion: v1
kind: ConfigMap
metadata: {name: overrides, namespace: flux-system}
data: {SECRET_DOMAIN: other.example}
"""
RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile: disabled"


def swap(path: str, old: str, new: str) -> Change:
    """Change text in a file."""
    return lambda folder: replace(folder, path, old, new)


def append(path: str, text: str) -> Change:
    """Add text to a file, which is made when it is absent."""

    def _append(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(before + text, encoding="utf-8")

    return _append


def fill(path: str, text: str) -> Change:
    """Replace a whole file."""
    return lambda folder: append(path, text)(_without(folder, path))


def _without(folder: Path, path: str) -> Path:
    (folder / path).unlink(missing_ok=True)
    return folder


def all_of(*changes: Change) -> Change:
    """Several changes."""
    return lambda folder: [change(folder) for change in changes] and None


def in_top(old: str, new: str) -> Change:
    """Change text in the infra cluster's Kustomization of the infrastructure only."""

    def _swap(folder: Path) -> None:
        file = folder / INFRA_KS
        head, mark, tail = file.read_text().partition("name: cluster-infra-infrastructure")
        assert old in tail
        file.write_text(head + mark + tail.replace(old, new, 1))

    return _swap


def drop_top(folder: Path) -> None:
    """Take the Kustomization of the infrastructure out of one cluster."""
    file = folder / APPS_KS
    documents = file.read_text().split("\n---\n")
    kept = [text for text in documents if "cluster-apps-infrastructure" not in text]
    file.write_text("\n---\n".join(kept))


def other_settings_first(folder: Path) -> None:
    """Another ConfigMap in the settings file has the keys; the real one lacks one."""
    file = folder / INFRA
    decoy = OVERRIDES.replace("overrides", "decoy").replace(
        "{SECRET_DOMAIN: other.example}",
        "{SECRET_DOMAIN: b.example, LETSENCRYPT_EMAIL: a@b.example,"
        " CERTMANAGER_CLOUDFLARE_SECRET_PATH: x}",
    )
    file.write_text(f"{decoy}---\n{file.read_text().replace('LETSENCRYPT_EMAIL', 'OTHER_EMAIL')}")


def rename_case(folder: Path) -> None:
    """A file whose name differs in case only from the one that is listed."""
    file = folder / CERTIFICATE
    file.rename(file.with_name("Wildcard-certificate.yaml"))


@dataclass(frozen=True)
class Broken:
    """A way to break a finished repository; `said` is part of what an error must say."""

    name: str
    change: Change
    said: str = ""


BROKEN = [
    Broken("a second issuer of that name in the file", append(ISSUERS, SECOND_ISSUER)),
    Broken(
        "a second issuer of that name in another file",
        all_of(append(f"{FOLDER}/more.yaml", SECOND_ISSUER), append(GLUE, "  - more.yaml\n")),
    ),
    Broken(
        "the issuer applied by another Kustomization too",
        all_of(
            append(f"{STORE}/issuer.yaml", SECOND_ISSUER),
            append(f"{STORE}/kustomization.yaml", "  - issuer.yaml\n"),
        ),
        "external-secrets, which fight",
    ),
    Broken(
        "the issuer applied by the parent too",
        all_of(append(f"{SECURITY}/more.yaml", SECOND_ISSUER), append(LIST, "  - more.yaml\n")),
        "which fight",
    ),
    Broken("the folder listed beside its ks.yaml", append(LIST, "  - cert-manager\n"), "fight"),
    Broken(
        "the folder listed instead of its ks.yaml",
        swap(LIST, "cert-manager/ks.yaml", "cert-manager"),
    ),
    Broken(
        "a second Kustomization on the same folder",
        lambda folder: append(
            KS, "---\n" + (folder / KS).read_text().replace("name: cert-manager-issuers", "name: b")
        )(folder),
        "fight",
    ),
    Broken("certificate in another namespace", swap(CERTIFICATE, "kube-system", "default")),
    Broken(
        "secret in another namespace", swap(SECRET, "  namespace: cert-manager", "  namespace: a")
    ),
    Broken("rule in another namespace", swap(RULE, "  namespace: cert-manager", "  namespace: a")),
    Broken(
        "substitution disabled on the issuers",
        swap(
            ISSUERS,
            "metadata:\n",
            "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n",
        ),
    ),
    Broken(
        "reconciliation disabled on the certificate",
        swap(CERTIFICATE, "metadata:\n", f"metadata:\n  annotations: {{{RECONCILE}}}\n"),
        "so Flux leaves it alone",
    ),
    Broken(
        "server-side apply ignored on the certificate",
        swap(
            CERTIFICATE,
            "metadata:\n",
            "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/ssa: Ignore}\n",
        ),
        "so Flux leaves it alone",
    ),
    Broken(
        "reconciliation disabled on the Kustomization",
        swap(KS, "metadata:\n", f"metadata:\n  annotations: {{{RECONCILE}}}\n"),
        "so Flux leaves it alone",
    ),
    Broken(
        "reconciliation disabled by common metadata",
        append(KS, f"  commonMetadata: {{annotations: {{{RECONCILE}}}}}\n"),
        "so Flux leaves it alone",
    ),
    Broken("Kustomization suspended", swap(KS, "spec:\n", "spec:\n  suspend: true\n"), "suspend"),
    Broken(
        "its parent suspended", in_top("  prune: true", "  prune: true\n  suspend: true"), "suspend"
    ),
    Broken(
        "applied to another cluster",
        append(KS, "  kubeConfig: {secretRef: {name: other}}\n"),
        "so this cluster never gets",
    ),
    Broken("parent missing in one cluster", drop_top, "cluster-apps-infrastructure"),
    Broken(
        "parent on another folder",
        in_top(
            "path: ./kubernetes/infrastructure\n", "path: ./kubernetes/infrastructure/networking\n"
        ),
    ),
    Broken(
        "parent in another namespace",
        in_top("  prune: true", "  prune: true\n  targetNamespace: a"),
    ),
    Broken("parent waits for nothing", in_top("- name: cilium", "- name: ciliums"), "ciliums"),
    Broken(
        "parent waits for its own child",
        in_top("- name: cilium", "- name: cert-manager-issuers"),
        "goes in a circle",
    ),
    Broken(
        "parent deletes the Kustomization",
        in_top(
            "  prune: true",
            "  prune: true\n"
            + DELETE_PATCH.replace(
                "apiVersion: cert-manager.io/v1\n        kind: Certificate\n"
                "        metadata: {name: wildcard-tls, namespace: kube-system}\n",
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\n        kind: Kustomization\n"
                "        metadata: {name: cert-manager-issuers, namespace: flux-system}",
            ),
        ),
    ),
    Broken("settings under another name", swap(INFRA, "name: cluster-settings", "name: settings")),
    Broken("settings in another namespace", swap(INFRA, "flux-system", "default")),
    Broken("settings in a Secret", swap(INFRA, "kind: ConfigMap", "kind: Secret")),
    Broken("settings of a decoy", other_settings_first, "LETSENCRYPT_EMAIL"),
    Broken("settings key twice", append(INFRA, "  LETSENCRYPT_EMAIL: other@demo.example\n")),
    Broken(
        "settings value with spaces", swap(APPS, '"apps.demo.example"', '" apps.demo.example "')
    ),
    Broken("settings value a number", swap(APPS, '"apps.demo.example"', "12")),
    Broken("settings value a placeholder", swap(APPS, '"apps.demo.example"', '"${DOMAIN}"')),
    Broken("settings value a wildcard", swap(APPS, '"apps.demo.example"', '"*.apps.demo.example"')),
    Broken(
        "substituteFrom optional and misspelt",
        swap(
            KS,
            "        name: cluster-settings\n",
            "        name: settings\n        optional: true\n",
        ),
    ),
    Broken(
        "settings overridden by a second ConfigMap",
        all_of(
            append("kubernetes/clusters/infra/overrides.yaml", OVERRIDES),
            append("kubernetes/clusters/apps/overrides.yaml", OVERRIDES),
            swap(
                KS,
                "        name: cluster-settings\n",
                "        name: cluster-settings\n      - {kind: ConfigMap, name: overrides}\n",
            ),
        ),
    ),
    Broken(
        "settings overridden inline",
        swap(KS, "    substitute: {}\n", "    substitute: {SECRET_DOMAIN: infra.demo.example}\n"),
    ),
    Broken(
        "e-mail through its variable in a comment only",
        swap(
            ISSUERS,
            "    email: ${LETSENCRYPT_EMAIL}",
            "    email: admin@infra.demo.example # ${LETSENCRYPT_EMAIL}",
        ),
    ),
    Broken(
        "one of two names typed in", swap(CERTIFICATE, '"${SECRET_DOMAIN}"', "infra.demo.example")
    ),
    Broken(
        "zone through another variable",
        swap(ISSUERS, "- ${SECRET_DOMAIN}", "- ${CLUSTER}.demo.example"),
    ),
    Broken(
        "another solver first",
        swap(ISSUERS, "      - dns01:\n", "      - http01: {ingress: {}}\n      - dns01:\n"),
    ),
    Broken(
        "alert under record",
        swap(RULE, "alert: CertificateNotReady", "record: CertificateNotReady"),
    ),
    Broken(
        "an expression that is empty",
        swap(RULE, 'expr: absent(up{job="cert-manager"})', 'expr: ""'),
    ),
    Broken(
        "an alert without expression",
        swap(RULE, '          expr: absent(up{job="cert-manager"})\n', ""),
    ),
    Broken("a duration that is none", swap(RULE, "for: 5m", "for: soon")),
    Broken("an empty file", fill(CERTIFICATE, "")),
    Broken("a file of comments", fill(CERTIFICATE, "# nothing\n---\n# at all\n")),
    Broken("a file of null", fill(CERTIFICATE, "null\n")),
    Broken(
        "a key twice in a manifest",
        swap(
            CERTIFICATE,
            "  secretName: wildcard-tls\n",
            "  secretName: a\n  secretName: wildcard-tls\n",
        ),
    ),
    Broken("namespace of all overridden", append(GLUE, "namespace: cert-manager\n")),
    Broken("names prefixed", append(GLUE, "namePrefix: x-\n")),
    Broken("namespace overridden by Flux", append(KS, "  targetNamespace: flux-system\n")),
    Broken("server patched in the folder", append(GLUE, STAGING_PATCH)),
    Broken(
        "server patched by Flux",
        append(KS, "  " + STAGING_PATCH.replace("\n", "\n  ").rstrip() + "\n"),
    ),
    Broken("e-mail typed in by a patch", append(GLUE, TYPED_IN_PATCH)),
    Broken("certificate deleted by Flux", append(KS, DELETE_PATCH)),
    Broken(
        "key changed by a component",
        all_of(
            append(f"{FOLDER}/part/kustomization.yaml", COMPONENT),
            append(GLUE, "components: [part]\n"),
        ),
    ),
    Broken(
        "key changed by a component of Flux",
        all_of(
            append(f"{FOLDER}/part/kustomization.yaml", COMPONENT),
            append(KS, "  components: [part]\n"),
        ),
    ),
    Broken("path patched by the list", append(LIST, OTHER_PATH_PATCH)),
    Broken("dependency patched away by the list", append(LIST, NO_DEPENDENCY_PATCH)),
    Broken(
        "dependency in another namespace",
        swap(KS, "- name: external-secrets\n", "- name: external-secrets\n      namespace: a\n"),
    ),
    Broken(
        "waits for itself",
        swap(
            KS,
            "- name: external-secrets\n",
            "- name: external-secrets\n    - name: cert-manager-issuers\n",
        ),
        "goes in a circle",
    ),
    Broken(
        "waits for one that waits for it",
        swap(f"{STORE}/ks.yaml", "- name: cilium", "- name: cert-manager-issuers"),
        "goes in a circle",
    ),
    Broken("another source", swap(KS, "    name: flux-system\n  path", "    name: other\n  path")),
    Broken("no post-build", swap(KS, "  postBuild:", "  postBuilds:")),
    Broken(
        "folder kept out of the source",
        append(".sourceignore", f"{FOLDER}\n"),
        "so it never reaches the cluster",
    ),
    Broken(
        "one file kept out of the source",
        append(".sourceignore", "wildcard-certificate.yaml\n"),
        "never reaches",
    ),
    Broken(
        "the parent's kustomization lists other folders",
        append(
            "kubernetes/infrastructure/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
            "resources: [networking/pools]\n",
        ),
    ),
    Broken("two kustomization files", append(f"{FOLDER}/kustomization.yml", "resources: []\n")),
    Broken(
        "marked as local configuration",
        swap(
            ISSUERS,
            "metadata:\n",
            'metadata:\n  annotations: {config.kubernetes.io/local-config: "true"}\n',
        ),
    ),
    Broken("another case in a file name", rename_case),
    Broken(
        "a version that is no more",
        swap(ISSUERS, "cert-manager.io/v1\n", "cert-manager.io/v1alpha2\n"),
        "not a version of ClusterIssuer",
    ),
    Broken("another group", swap(ISSUERS, "cert-manager.io/v1\n", "certmanager.k8s.io/v1alpha1\n")),
    Broken(
        "an older release of External Secrets",
        swap("bootstrap/helmfile.d/00-crds.yaml", "0.20.3", "0.14.0"),
    ),
    Broken("a namespaced issuer", swap(CERTIFICATE, "kind: ClusterIssuer", "kind: Issuer")),
    Broken("an issuer of no kind", swap(CERTIFICATE, "    kind: ClusterIssuer\n", "")),
    Broken("story 05 not listed", swap(LIST, "  - external-secrets/ks.yaml\n", "")),
    Broken(
        "story 05 on no folder",
        swap(f"{STORE}/ks.yaml", f"path: ./{STORE}", "path: ./kubernetes/none"),
    ),
    Broken(
        "release not installed",
        swap(
            "bootstrap/helmfile.d/01-core.yaml.gotmpl",
            "  - name: cert-manager\n",
            "  - name: cert-manager\n    installed: false\n",
        ),
    ),
    Broken(
        "release in a branch of the template",
        swap(
            "bootstrap/helmfile.d/01-core.yaml.gotmpl",
            "  - name: cert-manager\n",
            "{{ if false }}\n  - name: cert-manager\n",
        ),
    ),
    Broken(
        "an alias bomb",
        fill(
            RULE,
            "a: &a [x, x]\n"
            + "".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
                for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            ),
        ),
    ),
    Broken("a tag of another language", fill(RULE, '!!python/object/apply:os.system ["true"]\n')),
    Broken("a manifest nested without end", fill(RULE, "[" * 3000 + "]" * 3000 + "\n")),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_repository_that_is_broken_is_never_green(
    run: Run, finished: Path, broken: Broken
) -> None:
    broken.change(finished)
    ran = run("--check", "-C", finished, "--format", "json")
    assert ran.code == 1, ran.err
    errors = [
        item
        for result in json.loads(ran.out)["results"]
        for item in result["findings"]
        if item["severity"] == "error"
    ]
    assert errors
    assert all(item["place"]["path"] and item["place"]["line"] >= 1 for item in errors)
    assert any(broken.said in item["message"] for item in errors), errors


ANNOTATED = "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/"
SOUND = [
    ("listed with ./ in front", swap(LIST, "- cert-manager/ks.yaml", "- ./cert-manager/ks.yaml")),
    ("labels on everything", append(GLUE, "labels: [{pairs: {team: platform}}]\n")),
    (
        "a zone more",
        swap(ISSUERS, "- ${SECRET_DOMAIN}\n", "- ${SECRET_DOMAIN}\n            - a.example\n"),
    ),
    ("a mark at the start of the file", lambda folder: _mark(folder / CERTIFICATE)),
    (
        "applied once and kept",
        swap(CERTIFICATE, "metadata:\n", ANNOTATED + "ssa: IfNotPresent}\n"),
    ),
    ("suspend said and false", swap(KS, "spec:\n", "spec:\n  suspend: false\n")),
    (
        "another Kustomization suspended",
        swap(f"{STORE}/ks.yaml", "spec:\n", "spec:\n  suspend: true\n"),
    ),
    (
        "an annotation that is no text",
        swap(f"{STORE}/ks.yaml", "metadata:\n", ANNOTATED + "reconcile: 3}\n"),
    ),
]


def _mark(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


@pytest.mark.parametrize(("name", "change"), SOUND, ids=[name for name, _ in SOUND])
def test_a_repository_that_is_sound_stays_green(
    run: Run, finished: Path, name: str, change: Change
) -> None:
    change(finished)
    ran = run("--check", "-C", finished)
    assert ran.code == 0, ran.out


def test_a_suspended_kustomization_of_others_is_a_warning(run: Run, finished: Path) -> None:
    replace(finished, f"{STORE}/ks.yaml", "spec:\n", "spec:\n  suspend: true\n")
    ran = run("--check", "-C", finished)
    assert ran.code == 0
    assert f"{STORE}/ks.yaml:8:" in ran.out
    assert "warning not-applied flux-system/external-secrets has spec.suspend" in ran.out


def test_ticks_and_status_of_the_story_prove_nothing(run: Run, finished: Path) -> None:
    replace(finished, SECRET, "name: onepassword", "name: other")
    ran = run("--check", "-C", finished)
    assert ran.code == 1
    assert "x AC2" in ran.out or "✗ AC2" in ran.out


def test_a_committed_toml_cannot_make_a_wrong_settings_value_right(
    run: Run, finished: Path
) -> None:
    (finished / "storyrunner.toml").write_text('[parameters.infra]\nemail = "a@b.example"\n')
    ran = run("--check", "-C", finished)
    assert ran.code == 1
    assert "a@b.example" in ran.out
