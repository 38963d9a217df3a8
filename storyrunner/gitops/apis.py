"""Which API versions which release of an operator serves: a small dated table with its sources.

Used where no CRD is at hand to ask. It answers *unknown* rather than guess, and knows only the
groups the built-in stories write. Checked on 2026-11-23; `source` says where each line comes from.
"""

from __future__ import annotations

import re
from enum import StrEnum

from storyrunner.model.frozen import dataclass

CHECKED = "2026-11-23"


class ServedAnswer(StrEnum):
    """Whether a release serves a version of a kind."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Served:
    """The answer, and the reason in one line with its source."""

    answer: ServedAnswer
    reason: str

    @property
    def is_no(self) -> bool:
        """True only when the table is sure."""
        return self.answer is ServedAnswer.NO


@dataclass(frozen=True, slots=True)
class ApiLine:
    """Releases `since` ≤ r < `until` of `product` serve `version` of `kinds` in `group`. An empty
    `since` is always, `~` before it means at the latest (older ones: unknown); an empty `until` has
    not come. No kinds: every kind of the group."""

    product: str
    group: str
    version: str
    since: str
    until: str
    source: str
    kinds: frozenset[str] = frozenset()

    def covers(self, group: str, version: str, kind: str) -> bool:
        """True when the line speaks of that version of that kind."""
        return (self.group, self.version) == (group, version) and self.knows(kind)

    def knows(self, kind: str) -> bool:
        """True when the kind is one of the line's."""
        return not self.kinds or kind in self.kinds


_CM_V1 = "cert-manager 1.0 release notes, 2020-09-02"
_CM_OLD = "cert-manager docs, Upgrading from v1.5 to v1.6: no longer served, 2021-10-26"
_CM_GROUP = "cert-manager docs, Upgrading from v0.10 to v0.11: the group's new name"
_ES = frozenset({"ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore"})
_ES_V1 = "external-secrets issue 4633 and the v0.16.0 release, 2025-04: promoted to v1"
_ES_BETA = "external-secrets v0.17.0 release notes, 2025-05-14: stops serving v1beta1"
_ES_ALPHA = "external-secrets issue 4633, 2025-04: v1alpha1 removed in 0.16"
_PO = "prometheus-operator README at v0.95.2, 2026-11-10: monitoring.coreos.com/v1 is stable"
_FLUX_GA = "Flux v2.0.0 release notes, 2023-07: GitRepository and Kustomization v1"
_FLUX_HELM = "Flux v2.3.0 release notes, 2024-05: HelmRelease v2, HelmRepository and HelmChart v1"
_FLUX_OCI = "Flux 2.6 announcement, 2025-05-29: OCIRepository and Bucket v1"
_FLUX_27 = "Flux 2.7 announcement, 2025-09: v1beta1 and v2beta1 removed from the CRDs"
_FLUX_28 = "fluxcd/flux2 issue 5711, Flux v2.8.0, 2026-02: v1beta2 and v2beta2 removed"
_CM, _ESO, _PROM, _FLUX = "cert-manager", "external-secrets", "prometheus-operator", "flux"
_SOURCE, _KUSTOMIZE, _HELM = (
    f"{part}.toolkit.fluxcd.io" for part in ("source", "kustomize", "helm")
)
_HELM_SOURCES = frozenset({"HelmRepository", "HelmChart"})
_LATE_SOURCES = frozenset({"OCIRepository", "Bucket"})

TABLE: tuple[ApiLine, ...] = (
    ApiLine(_CM, "cert-manager.io", "v1", "1.0", "", _CM_V1),
    ApiLine(_CM, "cert-manager.io", "v1beta1", "~0.16", "1.6", _CM_OLD),
    ApiLine(_CM, "cert-manager.io", "v1alpha3", "~0.16", "1.6", _CM_OLD),
    ApiLine(_CM, "cert-manager.io", "v1alpha2", "0.11", "1.6", f"{_CM_GROUP}; {_CM_OLD}"),
    ApiLine(_ESO, "external-secrets.io", "v1", "0.16", "", _ES_V1, _ES),
    ApiLine(_ESO, "external-secrets.io", "v1beta1", "0.5", "0.17", _ES_BETA, _ES),
    ApiLine(_ESO, "external-secrets.io", "v1alpha1", "~0.3", "0.16", _ES_ALPHA, _ES),
    ApiLine(_PROM, "monitoring.coreos.com", "v1", "", "", _PO, frozenset({"PrometheusRule"})),
    ApiLine(_FLUX, _KUSTOMIZE, "v1", "2.0", "", _FLUX_GA),
    ApiLine(_FLUX, _KUSTOMIZE, "v1beta2", "~2.0", "2.8", _FLUX_28),
    ApiLine(_FLUX, _KUSTOMIZE, "v1beta1", "~2.0", "2.7", _FLUX_27),
    ApiLine(_FLUX, _SOURCE, "v1", "2.0", "", _FLUX_GA, frozenset({"GitRepository"})),
    ApiLine(_FLUX, _SOURCE, "v1", "2.3", "", _FLUX_HELM, _HELM_SOURCES),
    ApiLine(_FLUX, _SOURCE, "v1", "2.6", "", _FLUX_OCI, _LATE_SOURCES),
    ApiLine(_FLUX, _SOURCE, "v1beta2", "~2.0", "2.8", _FLUX_28),
    ApiLine(_FLUX, _SOURCE, "v1beta1", "~2.0", "2.7", _FLUX_27),
    ApiLine(_FLUX, _HELM, "v2", "2.3", "", _FLUX_HELM),
    ApiLine(_FLUX, _HELM, "v2beta2", "2.2", "2.8", _FLUX_28),
    ApiLine(_FLUX, _HELM, "v2beta1", "~2.0", "2.7", _FLUX_27),
)
"""Newest version of a kind first. `release` is the product's, not a chart's: they are equal for
cert-manager and external-secrets, and differ for the CRD chart of prometheus-operator."""


def served(group: str, version: str, kind: str, release: str) -> Served:
    """Whether `release` (`v1.19.0`, `0.20`) serves `group/version` of `kind`. Pre-releases count
    as the release they lead to."""
    lines = [line for line in TABLE if line.covers(group, version, kind)]
    if not lines:
        known = [line for line in TABLE if line.group == group and line.knows(kind)]
        what = f"{group}/{version} of {kind}" if known else f"{kind} of {group}"
        return Served(ServedAnswer.UNKNOWN, f"no record of {what}")
    line, number = lines[0], release_number(release)
    name = f"{line.group}/{line.version}"
    if number is None:
        if not line.since and not line.until:
            return Served(ServedAnswer.YES, f"{name} in every release ({line.source})")
        return Served(ServedAnswer.UNKNOWN, f"not a release of {line.product}: {release!r}")
    if line.until and not _is_before(number, line.until):
        reason = f"{name} is no longer served since {line.product} {line.until} ({line.source})"
        return Served(ServedAnswer.NO, reason)
    if line.since.startswith("~") and _is_before(number, line.since):
        return Served(ServedAnswer.UNKNOWN, f"no record of {name} before {line.since[1:]}")
    if line.since and _is_before(number, line.since):
        reason = f"{name} is served only since {line.product} {line.since} ({line.source})"
        return Served(ServedAnswer.NO, reason)
    return Served(ServedAnswer.YES, f"{line.product} {release} serves {name} ({line.source})")


def preferred(group: str, kind: str, release: str) -> str | None:
    """The newest version of the kind that `release` is known to serve; None when none is known."""
    versions = (line.version for line in TABLE if line.group == group and line.knows(kind))
    return next((v for v in versions if served(group, v, kind, release).answer == "yes"), None)


def release_number(release: str) -> tuple[int, ...] | None:
    """`v1.19.0` as (1, 19, 0); what follows the figures is dropped; None when there are none."""
    found = re.match(r"\s*v?(\d{1,6}(?:\.\d{1,6}){0,3})(?:\.x)?(?![\w.])", release, re.ASCII)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def _is_before(number: tuple[int, ...], bound: str) -> bool:
    limit = release_number(bound.removeprefix("~")) or ()
    width = max(len(number), len(limit))
    return _padded(number, width) < _padded(limit, width)


def _padded(number: tuple[int, ...], width: int) -> tuple[int, ...]:
    return number + (0,) * (width - len(number))
