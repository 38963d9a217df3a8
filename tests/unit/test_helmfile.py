"""Promises of the helmfile reader: releases with their lines, in YAML and in Go templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.gitops.helmfile import find_release, read_releases

PLAIN = """\
# - name: prose about a release
helmDefaults:
  wait: true
---
repositories:
  - name: jetstack
    url: https://charts.example.org
---
releases:
  # the operator
  - name: cert-manager
    namespace: cert-manager
    chart: oci://registry.example.org/charts/cert-manager   # pinned
    version: "v1.19.0"
    set:
      - name: crds.enabled
        value: true
    # set:
    #   - name: nested.in.a.comment
  - chart: 'example/external-secrets'
    name: external-secrets
    installed: false

environments:
  default: {}
"""

TEMPLATE = """\
{{- $domain := .Values.domain -}}
releases:
{{/* an old entry
  - name: hidden
    chart: example/hidden
*/}}
{{- if eq .Environment.Name "infra" }}
  - name: spegel
    chart: example/spegel
{{- else }}
  - name: harbor
    chart: example/harbor
{{- end }}
  - name: cert-manager
    chart: {{ .Values.registry }}/charts/cert-manager
    version: {{ .Values.version | default "v1" }}
    installed: {{ .Values.certManager }}
    values:
      - |
        releases:
          - name: not-a-release
  - name: external-secrets
    chart: example/external-secrets
    condition: externalSecrets.enabled
"""


def test_entries_are_read_with_chart_version_namespace_and_the_line_of_their_name() -> None:
    operator, secrets = read_releases("a/00.yaml", PLAIN)
    assert (operator.name, str(operator.place)) == ("cert-manager", "a/00.yaml:11:5")
    assert operator.chart == "oci://registry.example.org/charts/cert-manager"
    assert (operator.version, operator.namespace) == ("v1.19.0", "cert-manager")
    assert operator.is_active
    assert (secrets.name, secrets.chart) == ("external-secrets", "example/external-secrets")
    assert secrets.place.line == 21


def test_names_outside_releases_and_below_an_entry_are_no_releases() -> None:
    names = {one.name for one in read_releases("x", PLAIN)}
    assert names == {"cert-manager", "external-secrets"}


def test_a_release_that_is_switched_off_is_found_but_not_active() -> None:
    search = find_release({"x": PLAIN}, name="external-secrets")
    assert search.found is None
    assert search.inactive[0].why_inactive == "installed: false"
    assert search.names == ("cert-manager",)


def test_a_go_template_is_read_although_it_is_no_yaml() -> None:
    releases = {one.name: one for one in read_releases("01.yaml.gotmpl", TEMPLATE)}
    assert set(releases) == {"hidden", "spegel", "harbor", "cert-manager", "external-secrets"}
    assert releases["hidden"].commented
    assert releases["cert-manager"].chart == "{{ .Values.registry }}/charts/cert-manager"
    assert releases["cert-manager"].place.line == 14


def test_what_a_template_or_a_condition_decides_is_never_called_active() -> None:
    releases = {one.name: one for one in read_releases("x", TEMPLATE)}
    assert releases["spegel"].why_inactive == 'only when if eq .Environment.Name "infra"'
    assert releases["harbor"].why_inactive.startswith("only when else of if eq")
    assert releases["cert-manager"].why_inactive == "installed is decided by a template"
    assert releases["external-secrets"].why_inactive == "only when externalSecrets.enabled"
    assert not any(one.is_active for one in releases.values())


STYLES = {
    "at the entry": "  # - name: cert-manager\n  #   chart: example/cert-manager\n",
    "before the line": "#  - name: cert-manager\n#    chart: example/cert-manager\n",
    "before the line with a space": "#   - name: cert-manager\n#     chart: example/cert-manager\n",
    "without a space": "  #- name: cert-manager\n  #  chart: example/cert-manager\n",
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_release_commented_out_is_reported_with_its_line(style: str, where: str) -> None:
    other = "  - name: other\n    chart: example/other\n"
    body = STYLES[style] + other if where == "first" else other + STYLES[style]
    search = find_release({"b.yaml": "releases:\n" + body}, chart_suffix="/cert-manager")
    assert search.found is None
    (found,) = search.inactive
    assert found.commented
    assert found.chart == "example/cert-manager"
    assert found.place.line == (2 if where == "first" else 4)
    assert found.why_inactive == "commented out"


def test_a_commented_entry_does_not_take_keys_of_the_live_entry_after_it() -> None:
    text = "releases:\n  # - name: old\n  - name: new\n    chart: example/new\n"
    old, new = read_releases("x", text)
    assert (old.commented, old.chart) == (True, "")
    assert new.chart == "example/new"


def test_an_entry_whose_first_line_alone_is_commented_is_not_active() -> None:
    text = (
        "releases:\n  - name: a\n    chart: example/a\n"
        "  # - name: cert-manager\n    namespace: c\n    chart: example/cert-manager\n"
    )
    search = find_release({"x": text}, chart_suffix="/cert-manager")
    assert search.found is None
    assert search.inactive[0].place.line == 4


def test_nested_lists_in_a_commented_entry_are_no_releases() -> None:
    text = (
        "releases:\n  # - name: old\n  #   chart: example/old\n  #   set:\n"
        "  #     - name: crds.enabled\n  - name: new\n    chart: example/new\n"
    )
    assert [one.name for one in read_releases("x", text)] == ["old", "new"]


def test_a_list_commented_out_as_a_whole_is_reported() -> None:
    text = "# releases:\n#   - name: old\n#     chart: example/old\n"
    (old,) = read_releases("x", text)
    assert old.commented
    assert old.chart == "example/old"


def test_windows_line_ends_flow_entries_and_lists_without_indent_are_read() -> None:
    text = 'releases:\r\n- {name: "a", chart: example/a}\r\n-\r\n  name: b\r\n  chart: c/b\r\n'
    assert [(one.name, one.chart) for one in read_releases("x", text)] == [
        ("a", "example/a"),
        ("b", "c/b"),
    ]


def test_two_lists_in_two_documents_are_both_read() -> None:
    text = "releases:\n  - name: a\n---\nreleases:\n- name: b\n"
    assert [one.name for one in read_releases("x", text)] == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["", "just text", "releases: []", "\x00\n- :\n#", "{{", "releases"]
)
def test_text_that_is_no_helmfile_has_no_releases(text: str) -> None:
    assert read_releases("x", text) == ()


def test_a_chart_suffix_matches_whole_path_parts_only() -> None:
    text = "releases:\n  - name: a\n    chart: example/not-cert-manager\n"
    assert find_release({"x": text}, chart_suffix="/cert-manager").found is None
    same = text.replace("example/not-cert-manager", "cert-manager")
    assert find_release({"x": same}, chart_suffix="/cert-manager").found is not None


def test_the_bootstrap_files_of_the_real_repository_are_read(shared: Path) -> None:
    folder = shared / "corpus/repo-before/bootstrap/helmfile.d"
    files = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.y*ml*"))}
    operator = find_release(files, chart_suffix="/cert-manager", name="cert-manager").found
    crds = find_release(files, name="cert-manager-crds").found
    assert operator is not None
    assert crds is not None
    assert operator.place.path.endswith(".gotmpl")
    assert crds.version == operator.version == "v1.19.0"
    off = find_release(files, name="spegel")
    assert off.found is None
    assert off.inactive[0].commented
    assert find_release(files, chart_suffix="/external-secrets").found is not None
    assert find_release(files, chart_suffix="/prometheus-operator-crds").found is not None
    entry = "  - name: cert-manager\n"
    cut = {p: t.replace(entry, entry.replace("- ", "# - ")) for p, t in files.items()}
    assert find_release(cut, chart_suffix="/cert-manager", name="cert-manager").found is None
