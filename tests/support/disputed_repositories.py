"""Repositories that two releases of kustomize build differently: Flux's own and a newer one."""

from __future__ import annotations

from tests.support.flux_repositories import app, config

_POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: {kind}
metadata:
  name: policy
spec: {{}}
"""
_SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: c, image: example/c:1}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce]}
"""
_CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: job
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: c, image: example/c:1}]
          volumes: [{name: v, image: {reference: "example/data:1"}}]
          restartPolicy: Never
"""
_SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData: {a: b}\n"


def _root(text: str, **files: str) -> dict[str, str]:
    named = {name.replace("__", "."): content for name, content in files.items()}
    return app({"kustomization.yaml": text, **named})


DISPUTED = {
    "a namespace for kind ValidatingAdmissionPolicy": _root(
        "namespace: room\nresources: [policy.yaml]\n",
        policy__yaml=_POLICY.format(kind="ValidatingAdmissionPolicy"),
    ),
    "labels with includeTemplates for volumeClaimTemplates": _root(
        "resources: [set.yaml]\nlabels: [{pairs: {l: v}, includeTemplates: true}]\n",
        set__yaml=_SET,
    ),
    "images for image volumes of a CronJob": _root(
        "resources: [cron.yaml]\nimages: [{name: example/data, newTag: '2'}]\n", cron__yaml=_CRON
    ),
    "the digest of ": _root(
        "resources: [pod.yaml]\nimages: [{name: example/c, newTag: '2'}]\n",
        pod__yaml=(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
            f"  containers: [{{name: c, image: 'example/c@sha512:{'a' * 128}'}}]\n"
        ),
    ),
    "merging a generated Secret into one with stringData": _root(
        "resources: [secret.yaml]\n"
        "secretGenerator: [{name: s, behavior: merge, literals: [c=d]}]\n"
        "generatorOptions: {disableNameSuffixHash: true}\n",
        secret__yaml=_SECRET,
    ),
    "the ambiguous path ": _root("resources: [./..odd]\n")
    | {"app/..odd/kustomization.yaml": "resources: [c.yaml]\n", "app/..odd/c.yaml": config("c")},
}
"""What is refused, and a repository that asks for it."""
