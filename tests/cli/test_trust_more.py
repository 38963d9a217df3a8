"""Never a false green, continued: what stands in the files, but not in what a cluster is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_trust import (
    OVERRIDES,
    STORE,
    Broken,
    Change,
    all_of,
    append,
    in_top,
    swap,
)
from tests.support.repositories import (
    CERTIFICATE,
    FOLDER,
    INFRA,
    ISSUERS,
    KS,
    LIST,
    SECRET,
    SECURITY,
    replace,
)

INFRA_LIST = "kubernetes/clusters/infra/kustomization.yaml"
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
BOTH = HEAD + "resources: [infrastructure.yaml, cluster-settings.yaml]\n"
NO_DOMAIN = """patches:
  - target: {kind: ConfigMap}
    patch: |-
      - op: remove
        path: /data/SECRET_DOMAIN
"""
SUSPENDED = """patches:
  - target: {kind: Kustomization}
    patch: |-
      - op: add
        path: /spec/suspend
        value: true
"""
SECOND = OVERRIDES.replace("overrides", "cluster-settings")
EMAIL = "            email: ${LETSENCRYPT_EMAIL}"

BROKEN = [
    Broken(
        "cluster directory does not list infrastructure.yaml",
        append(INFRA_LIST, HEAD + "resources: [cluster-settings.yaml]\n"),
        f"in what {INFRA_LIST} gives",
    ),
    Broken(
        "cluster directory does not list the settings",
        append(INFRA_LIST, HEAD + "resources: [infrastructure.yaml]\n"),
        "no such ConfigMap",
    ),
    Broken("cluster directory patches a key away", append(INFRA_LIST, BOTH + NO_DOMAIN)),
    Broken(
        "cluster directory suspends", append(INFRA_LIST, BOTH + SUSPENDED), ".spec.suspend == true"
    ),
    Broken(
        "cluster directory lists what is not there",
        append(INFRA_LIST, BOTH.replace("[", "[none.yaml, ")),
        "none.yaml",
    ),
    Broken(
        "a second cluster-settings in the cluster directory",
        append("kubernetes/clusters/infra/zz.yaml", SECOND),
        "kubernetes/clusters/infra/zz.yaml:1",
    ),
    Broken(
        "a second cluster-settings in the infrastructure",
        all_of(append(f"{SECURITY}/more.yaml", SECOND), append(LIST, "  - more.yaml\n")),
        "stands twice",
    ),
    Broken(
        "top Kustomization on another repository",
        in_top("name: flux-system\n    namespace", "name: other\n    namespace"),
        "spec.sourceRef.name",
    ),
    Broken(
        "top Kustomization on another namespace's repository",
        in_top(
            "name: flux-system\n    namespace: flux-system", "name: flux-system\n    namespace: a"
        ),
        "spec.sourceRef.namespace",
    ),
    Broken(
        "the store is in a file that is not listed",
        swap(f"{STORE}/kustomization.yaml", "  - clustersecretstore.yaml\n", ""),
        "ClusterSecretStore",
    ),
    Broken(
        "renewBefore is no duration",
        swap(CERTIFICATE, "renewBefore: 720h", "renewBefore: soon"),
        "spec.renewBefore",
    ),
    Broken(
        "refreshInterval is no duration",
        swap(SECRET, "refreshInterval: 1h", "refreshInterval: soon"),
        "spec.refreshInterval",
    ),
    Broken(
        "a selector that never matches",
        swap(
            ISSUERS,
            "- ${SECRET_DOMAIN}\n",
            "- ${SECRET_DOMAIN}\n          dnsNames: [a.example]\n",
        ),
    ),
    Broken(
        "two providers in a solver",
        swap(
            ISSUERS,
            "          cloudflare:\n",
            "          route53: {region: x}\n          cloudflare:\n",
        ),
    ),
    Broken(
        "key beside token",
        swap(
            ISSUERS,
            "            apiTokenSecretRef:\n",
            "            apiKeySecretRef: {name: a, key: b}\n            apiTokenSecretRef:\n",
        ),
    ),
    Broken("solver e-mail typed in", swap(ISSUERS, EMAIL, "            email: me@old.example")),
    Broken(
        "solver e-mail typed in and right today",
        swap(ISSUERS, EMAIL, "            email: admin@infra.demo.example"),
        "not set through ${LETSENCRYPT_EMAIL}",
    ),
    Broken(
        "a second entry for the key",
        append(SECRET, "    - {secretKey: api-token, remoteRef: {key: a, property: b}}\n"),
    ),
    Broken("dataFrom", append(SECRET, "  dataFrom: [{extract: {key: a}}]\n"), "spec.dataFrom"),
    Broken(
        "target template",
        swap(
            SECRET,
            "creationPolicy: Owner",
            "creationPolicy: Owner\n    template: {data: {api-token: x}}",
        ),
    ),
    Broken("creationPolicy None", swap(SECRET, "creationPolicy: Owner", "creationPolicy: None")),
    Broken(
        "another store per entry",
        append(SECRET, "      sourceRef: {storeRef: {name: a, kind: ClusterSecretStore}}\n"),
    ),
    Broken(
        "another group of issuers",
        swap(
            CERTIFICATE,
            "    kind: ClusterIssuer\n",
            "    kind: ClusterIssuer\n    group: a.example\n",
        ),
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_what_a_cluster_is_not_given_is_never_green(
    run: Run, finished: Path, broken: Broken
) -> None:
    broken.change(finished)
    ran = run("--check", "-C", finished, "--format", "json")
    assert ran.code == 1, ran.err
    messages = [
        item["message"]
        for result in json.loads(ran.out)["results"]
        for item in result["findings"]
        if item["severity"] == "error"
    ]
    assert messages
    assert any(broken.said in message for message in messages), messages


SOUND = [
    ("the cluster directory lists all", append(INFRA_LIST, BOTH)),
    ("a path without ./", swap(KS, f"path: ./{FOLDER}", f"path: {FOLDER}")),
    ("a path that ends in /", swap(KS, f"path: ./{FOLDER}", f"path: ./{FOLDER}/")),
    (
        "no solver e-mail at all",
        swap(ISSUERS, EMAIL + "\n", ""),
    ),
    ("no duration said", swap(CERTIFICATE, "  duration: 2160h # 90 days\n", "")),
    (
        "the source's namespace left out",
        in_top("flux-system\n    namespace: flux-system", "flux-system"),
    ),
    (
        "a path of 1Password",
        swap(INFRA, "kubernetes/infra/cert-manager/cloudflare", "op://a/b c/d"),
    ),
]


@pytest.mark.parametrize(("name", "change"), SOUND, ids=[name for name, _ in SOUND])
def test_what_is_sound_all_the_same_stays_green(
    run: Run, finished: Path, name: str, change: Change
) -> None:
    change(finished)
    ran = run("--check", "-C", finished)
    assert ran.code == 0, ran.out


def test_a_broken_build_is_reported_by_the_first_step_in_order_that_needs_it(
    run: Run, finished: Path
) -> None:
    replace(finished, KS, f"path: ./{FOLDER}", "path: ./none")
    ran = run("--check", "-C", finished, "--only", "AC5", "--format", "json")
    reasons = {item["step"]: item["reason"] for item in json.loads(ran.out)["results"]}
    assert "does not exist" in reasons["T4.13"]
    assert "see T4.13" in reasons["T4.14"]


def test_a_misspelt_parameter_in_the_toml_is_refused_with_the_nearest(
    run: Run, finished: Path
) -> None:
    (finished / "storyrunner.toml").write_text('[parameters]\nstor = "onepassword"\n')
    ran = run("--check", "-C", finished)
    assert ran.code == 2
    assert "no parameter stor" in ran.err
    assert "store" in ran.err.partition("no parameter stor")[2]
