"""Promises of the table of served API versions: dated facts, numeric comparison, no guesses."""

from __future__ import annotations

import re

import pytest

from storyrunner.gitops.apis import TABLE, preferred, release_number, served

ES, CM = "external-secrets.io", "cert-manager.io"
KUSTOMIZE, SOURCE, HELM = (f"{p}.toolkit.fluxcd.io" for p in ("kustomize", "source", "helm"))

CASES = [
    (ES, "v1beta1", "ExternalSecret", "0.20.3", "no"),
    (ES, "v1beta1", "ExternalSecret", "v0.17.0", "no"),
    (ES, "v1beta1", "ClusterSecretStore", "0.16.2", "yes"),
    (ES, "v1beta1", "ExternalSecret", "0.9.20", "yes"),
    (ES, "v1", "ExternalSecret", "0.9.20", "no"),
    (ES, "v1", "ExternalSecret", "0.16", "yes"),
    (ES, "v1", "ExternalSecret", "0.16.x", "yes"),
    (ES, "v1", "ClusterSecretStore", "2.14.0", "yes"),
    (ES, "v1", "PushSecret", "1.0.0", "unknown"),
    (ES, "v1", "ExternalSecret", "latest", "unknown"),
    (CM, "v1", "ClusterIssuer", "v1.19.0", "yes"),
    (CM, "v1", "Certificate", "v0.16.1", "no"),
    (CM, "v1alpha2", "Certificate", "1.5.9", "yes"),
    (CM, "v1alpha2", "Certificate", "1.6.0", "no"),
    (CM, "v1beta1", "Certificate", "1.10.0", "no"),
    (CM, "v1alpha3", "Certificate", "0.11", "unknown"),
    ("monitoring.coreos.com", "v1", "PrometheusRule", "24.0.1", "yes"),
    (KUSTOMIZE, "v1", "Kustomization", "v2.7.2", "yes"),
    (KUSTOMIZE, "v1", "Kustomization", "0.41", "no"),
    (KUSTOMIZE, "v1beta2", "Kustomization", "2.7.5", "yes"),
    (KUSTOMIZE, "v1beta2", "Kustomization", "2.8.0", "no"),
    (SOURCE, "v1", "OCIRepository", "2.5.1", "no"),
    (SOURCE, "v1", "OCIRepository", "2.6.0", "yes"),
    (HELM, "v2", "HelmRelease", "2.10.0", "yes"),
    (HELM, "v2beta1", "HelmRelease", "2.7.0", "no"),
    ("example.org", "v1", "Thing", "1.0", "unknown"),
]


@pytest.mark.parametrize(("group", "version", "kind", "release", "answer"), CASES)
def test_a_release_serves_what_its_notes_say(
    group: str, version: str, kind: str, release: str, answer: str
) -> None:
    found = served(group, version, kind, release)
    assert found.answer == answer, found.reason
    assert found.is_no is (answer == "no")


def test_a_no_says_since_when_and_by_which_source() -> None:
    reason = served(ES, "v1beta1", "ExternalSecret", "0.20.3").reason
    assert "external-secrets 0.17" in reason
    assert "release notes" in reason
    assert "2025" in reason


def test_the_newest_version_that_a_release_serves_is_preferred() -> None:
    assert preferred(ES, "ExternalSecret", "0.20.3") == "v1"
    assert preferred(ES, "ExternalSecret", "0.15.1") == "v1beta1"
    assert preferred(ES, "ExternalSecret", "unreadable") is None
    assert preferred(SOURCE, "OCIRepository", "2.5.0") == "v1beta2"
    assert preferred("example.org", "Thing", "1.0") is None


def test_releases_compare_as_numbers_not_as_text() -> None:
    assert release_number("v1.10.0") == (1, 10, 0)
    assert release_number("1.10") > release_number("1.9")  # type: ignore[operator]
    assert release_number("v2.7.2-rc.1") == (2, 7, 2)
    assert [release_number(text) for text in ("", "latest", "{{ .Values.v }}", "1.x2")] == [
        None
    ] * 4


def test_every_line_of_the_table_has_a_source_with_its_time() -> None:
    for line in TABLE:
        assert line.source
        assert re.search(r"20[12][0-9]-[0-9]{2}", line.source), line
