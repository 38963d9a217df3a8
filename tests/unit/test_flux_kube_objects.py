"""Objects as data, and the reading of what tools print."""

from __future__ import annotations

import pytest

from storyrunner.errors import ToolError
from storyrunner.gitops.objects import KubeObject, parse_objects


def test_identity_is_read_and_what_is_no_string_reads_as_absent() -> None:
    data = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "tls", "namespace": "web", "labels": {"a": "b"}},
        "spec": {"dnsNames": ["x", "y"]},
    }
    found = KubeObject(data)
    assert (found.group, found.ident, found.key) == (
        "cert-manager.io",
        "Certificate/web/tls",
        "web/tls",
    )
    assert found.labels == {"a": "b"}
    assert found.value("spec", "dnsNames", 1) == "y"
    assert found.value("spec", "dnsNames", 2) is None
    assert found.value("spec", "absent", "deeper") is None
    odd = KubeObject({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": 5, "labels": []}})
    assert (odd.group, odd.name, odd.ident, odd.labels) == ("", "", "Secret/", {})


def test_empty_documents_of_a_tool_are_passed_over() -> None:
    found = parse_objects("kind: A\n---\n---\nkind: B\n---\n", "flux build")
    assert [one.kind for one in found] == ["A", "B"]


@pytest.mark.parametrize("text", ["- a\n", "text\n", "a: [\n", "a: b: c\n"])
def test_what_is_no_object_is_the_tools_fault(text: str) -> None:
    with pytest.raises(ToolError, match="flux build printed"):
        parse_objects(text, "flux build")
