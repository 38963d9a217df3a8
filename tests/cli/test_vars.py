"""`storyrunner vars` on the demo repository, finished and with one key taken away."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

APPS = "kubernetes/clusters/apps/cluster-settings.yaml"


def without(root: Path, path: str, key: str) -> None:
    file = root / path
    lines = [line for line in file.read_text().splitlines() if key not in line]
    file.write_text("\n".join(lines) + "\n")


def test_the_table_fits_and_holds_every_variable_of_every_cluster(run: Run, finished: Path) -> None:
    ran = run("vars", "-C", finished)
    assert ran.code == 0
    table = ran.out.split("\n\n")[0].splitlines()
    assert table[0].split() == ["VARIABLE", "infra", "apps"]
    assert max(map(len, table)) <= 100
    names = [line.split()[0] for line in table[1:]]
    assert names == sorted(names)
    assert {"LETSENCRYPT_EMAIL", "SECRET_DOMAIN", "CLUSTER"} <= set(names)
    assert "infra.demo.example" in ran.out
    assert f"    {APPS}:" in ran.out
    assert "used in kubernetes/infrastructure/" in ran.out


def test_an_undefined_variable_ends_with_1_and_says_who_uses_it(run: Run, finished: Path) -> None:
    without(finished, APPS, "LETSENCRYPT_EMAIL")
    ran = run("vars", "-C", finished)
    assert ran.code == 1
    [row] = [line for line in ran.out.splitlines() if line.startswith("LETSENCRYPT_EMAIL ")]
    assert "UNDEFINED" in row
    assert "error undefined-variable ClusterIssuer/letsencrypt-production" in ran.out
    assert "clusterissuers.yaml:" in ran.out


def test_json_is_versioned_and_machine_readable(run: Run, finished: Path) -> None:
    without(finished, APPS, "LETSENCRYPT_EMAIL")
    ran = run("vars", "-C", finished, "--format", "json")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert (document["schema"], document["ok"]) == ("storyrunner/vars/v1", False)
    assert document["clusters"] == ["infra", "apps"]
    [row] = [one for one in document["variables"] if one["name"] == "LETSENCRYPT_EMAIL"]
    assert row["clusters"]["apps"]["state"] == "undefined"
    assert row["clusters"]["infra"]["state"] == "set"
    assert row["clusters"]["apps"]["uses"][0]["object"].startswith("ClusterIssuer/")


def test_one_cluster_alone_can_be_asked_for(run: Run, finished: Path) -> None:
    without(finished, APPS, "LETSENCRYPT_EMAIL")
    assert run("vars", "-C", finished, "--cluster", "infra").code == 0
    assert run("vars", "-C", finished, "--cluster", "nowhere").code == 2


def test_secret_like_values_are_masked_in_both_forms(run: Run, finished: Path) -> None:
    file = finished / APPS
    file.write_text(file.read_text().rstrip("\n") + '\n  API_TOKEN: "ghp_verysecret99"\n')
    for form in ("text", "json"):
        ran = run("vars", "-C", finished, "--format", form)
        assert ran.code == 0
        assert "ghp_verysecret99" not in ran.out + ran.err
        assert "API_TOKEN" in ran.out
        assert "unused" in ran.out


def test_a_repository_without_flux_is_an_error_of_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    ran = run("vars", "-C", tmp_path)
    assert ran.code == 2
    assert "no cluster" in ran.err


def test_a_repository_without_variables_is_said_to_have_none(run: Run, tmp_path: Path) -> None:
    files = {
        "clusters/one/ks.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: apps, namespace: flux-system}\nspec: {path: ./apps}\n",
        "apps/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".git").mkdir()
    ran = run("vars", "-C", tmp_path)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "no variables: nothing is substituted"
