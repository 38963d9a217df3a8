"""Variables of a Flux Kustomization, resolved from the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from flux_repo import EAST, SETTINGS, config, line, repository, spec, write

from storyrunner.errors import ManifestError, Place, RenderError, SubstitutionError
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.settings import (
    ENCRYPTED_PLACEHOLDER,
    Holder,
    Settings,
    SettingsIndex,
    resolve_settings,
)

FROM_BOTH = """\
  postBuild:
    substitute:
      REGION: inline
    substituteFrom:
      - kind: ConfigMap
        name: settings
      - kind: Secret
        name: more
        optional: true
"""
SECRET = """\
---
apiVersion: v1
kind: Secret
metadata:
  name: more
  namespace: flux-system
data:
  TOKEN: aHVudGVyMg==
  DOMAIN: b3RoZXI=
stringData:
  PLAIN: text
"""


def resolve(tree: Path, extra: str = FROM_BOTH) -> Settings:
    return resolve_settings(SettingsIndex.load(tree, EAST), spec(extra))


def test_a_value_knows_the_file_and_line_it_was_set_in(tmp_path: Path) -> None:
    found = resolve(repository(tmp_path)).values["DOMAIN"]
    assert found.value == "east.example.org"
    assert found.place == Place("clusters/east/settings.yaml", 7, 11)
    assert found.source == "ConfigMap/settings"


def test_inline_wins_over_referenced_and_a_later_reference_over_an_earlier(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"clusters/east/more.yaml": SECRET})
    values = resolve(tree).values
    assert (values["REGION"].value, values["REGION"].source) == ("inline", "inline")
    assert line(values["REGION"].place) == "ks.yaml:14"
    assert (values["DOMAIN"].value, values["DOMAIN"].source) == ("other", "Secret/more")
    assert values["TOKEN"].value == "hunter2"
    assert values["PLAIN"].value == "text"


def test_an_optional_reference_may_be_missing_and_all_files_read_are_named(tmp_path: Path) -> None:
    settings = resolve(repository(tmp_path))
    assert settings.read == {"clusters/east/settings.yaml"}
    assert "TOKEN" not in settings.values


def test_newlines_are_removed_and_an_empty_value_stays_empty(tmp_path: Path) -> None:
    tree = repository(
        tmp_path,
        {"clusters/east/settings.yaml": SETTINGS + "  KEY: |\n    a\n    b\n  NONE:\n"},
    )
    settings = resolve(tree)
    assert settings.variables["KEY"] == "ab"
    assert settings.variables["NONE"] == ""


def test_a_missing_reference_names_what_is_near_and_where_it_was_asked_for(tmp_path: Path) -> None:
    tree = repository(tmp_path)
    with pytest.raises(RenderError, match="substitute from 'ConfigMap/setings' error") as caught:
        resolve(
            tree,
            "  postBuild:\n    substituteFrom:\n      - kind: ConfigMap\n        name: setings\n",
        )
    assert line(caught.value.place) == "ks.yaml:15"
    assert "ConfigMap/settings at clusters/east/settings.yaml:1" in caught.value.hint


def test_a_config_map_of_another_namespace_does_not_count_but_is_named(tmp_path: Path) -> None:
    other = SETTINGS.replace("namespace: flux-system", "namespace: default")
    tree = repository(tmp_path, {"clusters/east/settings.yaml": other})
    with pytest.raises(RenderError) as caught:
        resolve(tree)
    assert "in namespace default at clusters/east/settings.yaml:1" in caught.value.hint


def test_a_config_map_of_another_cluster_does_not_count(tmp_path: Path) -> None:
    tree = write(repository(tmp_path), {"clusters/west/settings.yaml": config("more", REGION="us")})
    with pytest.raises(RenderError, match="no such ConfigMap in namespace flux-system"):
        resolve(tree, FROM_BOTH.replace("kind: Secret", "kind: ConfigMap").replace("true", "false"))


def test_a_value_that_is_no_string_is_refused_with_its_place(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"clusters/east/settings.yaml": SETTINGS + "  PORT: 8080\n"})
    with pytest.raises(ManifestError, match=r"data\.PORT must be a string") as caught:
        resolve(tree)
    assert line(caught.value.place) == "clusters/east/settings.yaml:9"


def test_one_bad_name_fails_the_whole_with_its_place(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"clusters/east/settings.yaml": SETTINGS + "  tls.crt: x\n"})
    with pytest.raises(SubstitutionError, match=r"'tls\.crt' var name is invalid") as caught:
        resolve(tree)
    assert caught.value.variable == "tls.crt"
    assert line(caught.value.place) == "clusters/east/settings.yaml:9"


def test_encrypted_values_become_placeholders_and_are_said_to_be(tmp_path: Path) -> None:
    secret = (
        SECRET.replace("aHVudGVyMg==", "ENC[AES256_GCM,data:x,type:str]")
        + "sops:\n  mac: ENC[AES256_GCM,data:y,type:str]\n"
    )
    tree = repository(tmp_path, {"clusters/east/more.sops.yaml": secret})
    settings = resolve(tree)
    assert settings.values["TOKEN"].encrypted
    assert settings.values["TOKEN"].value == ENCRYPTED_PLACEHOLDER
    assert not settings.values["DOMAIN"].encrypted
    [finding] = settings.findings
    assert "placeholder stands in for TOKEN" in finding.message
    assert line(finding.place) == "clusters/east/more.sops.yaml:8"


def test_data_that_is_not_base64_is_refused(tmp_path: Path) -> None:
    tree = repository(
        tmp_path, {"clusters/east/more.yaml": SECRET.replace("aHVudGVyMg==", "hunter!")}
    )
    with pytest.raises(ManifestError, match=r"data\.TOKEN is not base64"):
        resolve(tree)


def test_an_object_that_a_build_rendered_can_be_substituted_from(tmp_path: Path) -> None:
    data = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "made", "namespace": "flux-system"},
        "data": {"MADE": "yes"},
    }
    made = Holder(KubeObject(data), Place("base/made.yaml", 3))
    index = SettingsIndex.load(repository(tmp_path), EAST)
    wanted = spec(
        "  postBuild:\n    substituteFrom:\n      - kind: ConfigMap\n        name: made\n"
    )
    settings = resolve_settings(index, wanted, [made])
    assert settings.values["MADE"].value == "yes"
    assert settings.values["MADE"].place == Place("base/made.yaml", 3)
