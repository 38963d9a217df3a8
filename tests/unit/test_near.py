"""Promises of the nearest words: a hint is near or there is none."""

from __future__ import annotations

import pytest

from storyrunner.gitops.near import did_you_mean, nearest, nearest_objects
from storyrunner.gitops.query import Selection

FIELDS = ["dnsZones", "dnsNames", "matchLabels", "secretStoreRef", "target"]


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("dnsZone", "dnsZones"),
        ("DNSZones", "dnsZones"),
        ("dns-zones", "dnsZones"),
        ("secretstoreref", "secretStoreRef"),
        ("tagret", "target"),
    ],
)
def test_a_misspelt_word_gets_the_nearest_known_one(word: str, known: str) -> None:
    assert nearest(word, FIELDS)[0] == known
    assert did_you_mean(word, FIELDS) == f'did you mean "{known}"?'


@pytest.mark.parametrize("word", ["", "xyzzy", "provider"])
def test_a_word_far_from_all_gets_no_hint(word: str) -> None:
    assert nearest(word, FIELDS) == ()
    assert did_you_mean(word, FIELDS) == ""


def thing(kind: str, name: str, namespace: str = "") -> dict[str, object]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "example.org/v1", "kind": kind, "metadata": metadata}


OBJECTS = [
    thing("ClusterIssuer", "letsencrypt-staging"),
    thing("ClusterIssuer", "letsencrypt-production"),
    thing("Certificate", "wildcard-tls", "kube-system"),
]


def test_a_selection_that_matches_nothing_names_what_is_near_and_the_kinds_present() -> None:
    text = nearest_objects(Selection("ClusterIssuer", "letsencrypt-prod"), OBJECTS)
    assert text == (
        "no ClusterIssuer/letsencrypt-prod; "
        "near: ClusterIssuer/letsencrypt-production, ClusterIssuer/letsencrypt-staging; "
        "kinds present: Certificate, ClusterIssuer"
    )


def test_the_right_name_in_another_namespace_or_of_another_kind_is_near() -> None:
    other = nearest_objects(Selection("Certificate", "wildcard-tls", "default"), OBJECTS)
    assert "Certificate/kube-system/wildcard-tls (namespace kube-system)" in other
    kind = nearest_objects(Selection("Issuer", "letsencrypt-staging"), OBJECTS)
    assert "near: ClusterIssuer/letsencrypt-staging" in kind
    api = nearest_objects(Selection("Certificate", api_version="example.org/v2"), OBJECTS)
    assert "(apiVersion example.org/v1)" in api


def test_nothing_at_all_is_said_plainly() -> None:
    assert nearest_objects(Selection("Secret", "x"), []) == (
        "no Secret/x; there are no objects at all"
    )
