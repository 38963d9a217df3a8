"""Random GitOps repositories for hypothesis: Flux specs and settings over random kustomizations.

`top` builds ./app, which is a random tree; now and then it applies a child that builds ./gen, a
folder without a kustomization. Values hold expressions of the settings.
"""

# ruff: noqa: E501 - manifests are easier to read in one line each

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.support.flux_repositories import COMPONENT
from tests.support.generated_kustomizations import (
    KINDS,
    image,
    patch,
    resource,
    trees,
)

VALUES = (
    "plain", "value", "42", "a/b/c", "0644", "true", "1.10", "x y", "lower-Upper", "null", "é", "[1, 2]",
    "plain", "42", "0644", "1.10", "1e3", "true", "yes", "off", "null", "~", "", "a: b", "- x", "#c",
    "[1, 2]", "{a: b}", '"quoted"', "it's", "two\nlines\n", "2020-01-01", "12:34", "9007199254740993",
    "${NESTED}", "$$", "*star", "&anchor", "!tag", "x # y", "\t", " lead", "é😀", "a/b/c", "|", ">",
)  # fmt: skip
NAMES = ("ONE", "TWO", "THREE")
EXPRESSIONS = (
    "${ONE}", "${TWO}", "${THREE}", "a-${ONE}-b", "${ONE}${TWO}", "${NONE:-default}", "${NONE:=0644}",
    "${ONE:-${TWO}}", "${#ONE}", "${ONE^^}", "${ONE,,}", "${ONE:1:2}", "${ONE/a/b}", "${ONE//l/L}",
    "${ONE#*/}", "${ONE%/*}", "$${ONE}", "$$", "$ONE", "plain", "${NONE}", "${ONE", "${o.ne}",
)  # fmt: skip


def _flux(name: str, path: str, spec: dict[str, Any]) -> str:
    source = {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"}
    data = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"path": path, "sourceRef": source, **spec},
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


@st.composite
def holder(draw: st.DrawFn, kind: str, name: str) -> str:
    """A ConfigMap or Secret with settings."""
    values = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=3))
    field = "data" if kind == "ConfigMap" else "stringData"
    meta = {"name": name, "namespace": "flux-system"}
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": meta, field: values})


@st.composite
def post_build(draw: st.DrawFn) -> dict[str, Any]:
    """spec.postBuild."""
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["substitute"] = draw(
            st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=2)
        )
    sources = [
        {"kind": "ConfigMap", "name": "cluster-settings"},
        {"kind": "Secret", "name": "keys"},
    ]
    found["substituteFrom"] = draw(st.permutations(sources))[: draw(st.integers(0, 2))]
    if draw(st.integers(0, 3)) == 0:
        found["substituteFrom"].append({"kind": "ConfigMap", "name": "none", "optional": True})
    if draw(st.integers(0, 3)) == 0:
        found["substituteStrategy"] = draw(st.sampled_from(("Always", "WithVariables")))
    return found


@st.composite
def specs(draw: st.DrawFn, *, with_part: bool) -> dict[str, Any]:
    """More of a spec."""
    found: dict[str, Any] = {}

    def maybe(field: str, strategy: st.SearchStrategy[Any], odds: int = 4) -> None:
        if draw(st.integers(0, odds)) == odds:
            found[field] = draw(strategy)

    maybe("postBuild", post_build(), 1)
    maybe("targetNamespace", st.sampled_from(("team", "apps")))
    maybe("namePrefix", st.sampled_from(("f-", "${ONE}-")))
    maybe("nameSuffix", st.just("-f"), 6)
    maybe("images", st.lists(image(), min_size=1, max_size=2))
    known = [("ConfigMap", "web"), ("Deployment", "web")]
    maybe("patches", st.lists(patch(known), min_size=1, max_size=2), 7)
    texts = st.dictionaries(st.sampled_from(("a", "app")), st.sampled_from(("x", "${ONE}")))
    maybe(
        "commonMetadata",
        st.fixed_dictionaries({}, optional={"labels": texts, "annotations": texts}),
    )
    if with_part:
        maybe("components", st.just(["../part"]), 2)
        if draw(st.integers(0, 3)) == 0:
            found["components"] = ["../absent", *found.get("components", ())]
            found["ignoreMissingComponents"] = draw(st.sampled_from((True, True, False)))
    for one in found.get("images", ()):
        one.pop("tagSuffix", None)
    return found


@st.composite
def templated(draw: st.DrawFn, name: str) -> str:
    """An object whose values are expressions."""
    values = draw(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from(EXPRESSIONS[:20]), max_size=3)
    )
    if draw(st.integers(0, 5)) == 0:
        values["z"] = draw(st.sampled_from(EXPRESSIONS))
    meta: dict[str, Any] = {"name": name}
    if draw(st.integers(0, 6)) == 0:
        meta["labels"] = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
    if draw(st.integers(0, 6)) == 0:
        meta["annotations"] = {"note": draw(st.sampled_from(EXPRESSIONS[:20]))}
    api = draw(st.sampled_from((("v1", "ConfigMap", "data"), ("example.org/v1", "Thing", "spec"))))
    return json.dumps({"apiVersion": api[0], "kind": api[1], "metadata": meta, api[2]: values})


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, str | bytes]:
    """All files of a repository; `top` of cluster `room` is what is built."""
    files = dict(draw(trees()))
    files.setdefault("part/kustomization.yaml", COMPONENT + "labels: [{pairs: {part: p}}]\n")
    spec = draw(specs(with_part=True))
    files["clusters/room/flux.yaml"] = _flux("top", "./app", spec)
    files["clusters/room/settings.yaml"] = draw(holder("ConfigMap", "cluster-settings"))
    files["clusters/room/keys.yaml"] = draw(holder("Secret", "keys"))
    app = json.loads(files["app/kustomization.yaml"])
    app["resources"].append("t.yaml")
    files["app/t.yaml"] = "\n---\n".join(
        [draw(templated("templated")), draw(templated("${NONE:-second}"))]
    )
    if draw(st.booleans()):
        app["resources"].append("child.yaml")
        files["app/child.yaml"] = _flux("child", "./gen", draw(specs(with_part=True)))
        files["gen/a.yaml"] = draw(templated("generated"))
        kind = draw(st.sampled_from(KINDS))
        files["gen/deep/b.yml"] = draw(resource(kind, "deep"))
        if draw(st.integers(0, 2)) == 0:
            files["gen/.sourceignore"] = draw(st.sampled_from(("deep/\n", "*.yml\n", "none\n")))
    files["app/kustomization.yaml"] = json.dumps(app, indent=1, ensure_ascii=False)
    return files
