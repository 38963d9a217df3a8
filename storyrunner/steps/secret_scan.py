"""The look at a commit's files for secrets, and the reasons that let one through.

A secret stops the commit. An override names the line and says why; `--yes` never gives one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storyrunner.errors import Place
from storyrunner.model.decision import AllowedSecret, CommitAnswer, CommitSecret
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import Evidence
from storyrunner.steps.base import StepContext, counted, evidence

FOUND, ALLOWED = "secret-in-commit", "secret-allowed"


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found. `refused`: errors, one for each secret without a reason; `told`: warnings,
    one for each that has one; `proofs`: that it was looked for, and each reason."""

    refused: tuple[Finding, ...]
    told: tuple[Finding, ...]
    proofs: tuple[Evidence, ...]


def open_secrets(context: StepContext, paths: Iterable[str]) -> tuple[CommitSecret, ...]:
    """The secrets in the present contents of files that the command line gives no reason for, by
    path and line. Raises WorkspaceError."""
    return _without_reason(_found(context, paths), context.allowed_secrets)


def settle_secrets(context: StepContext, paths: Sequence[str], answer: CommitAnswer) -> Scan:
    """Look at the files right before the commit, with the reasons of the command line and of the
    answer. Raises WorkspaceError."""
    allowed = (*context.allowed_secrets, *answer.allowed)
    secrets = _found(context, paths)
    refused = tuple(map(_refusal, _without_reason(secrets, allowed)))
    reasons = {(item.path, item.line): item.reason.strip() for item in allowed}
    let_through = [(item, reasons[item.path, item.line]) for item in secrets] if not refused else []
    what = f"secret scan of {counted(len(paths), 'file')} (detect-secrets and our own patterns)"
    matched = counted(len(secrets), "secret") if secrets else "no secret"
    return Scan(
        refused,
        tuple(_told(item, reason) for item, reason in let_through),
        (
            evidence(context, what, matched=matched),
            *(_proof(context, item, reason) for item, reason in let_through),
        ),
    )


def _found(context: StepContext, paths: Iterable[str]) -> tuple[CommitSecret, ...]:
    from storyrunner.redaction.scanning import secrets_in

    found = []
    for path in sorted(paths):
        data = context.workspace.read(path)
        if data is not None:
            found += [CommitSecret(path, item.line, item.kind) for item in secrets_in(data)]
    return tuple(found)


def _without_reason(
    secrets: Iterable[CommitSecret], allowed: Iterable[AllowedSecret]
) -> tuple[CommitSecret, ...]:
    known = {(item.path, item.line) for item in allowed if item.reason.strip()}
    return tuple(item for item in secrets if (item.path, item.line) not in known)


def _refusal(item: CommitSecret) -> Finding:
    hint = (
        "take it out (SOPS, an ExternalSecret, a variable), or say why it is none: "
        f"--allow-secret {item.path}:{item.line}=REASON"
    )
    place = Place(item.path, item.line)
    return error(FOUND, f"{item.kind} would be committed", place, hint=hint)


def _told(item: CommitSecret, reason: str) -> Finding:
    text = f"{item.kind} is committed all the same: {reason}"
    return warning(ALLOWED, text, Place(item.path, item.line))


def _proof(context: StepContext, item: CommitSecret, reason: str) -> Evidence:
    what = f"secret allowed: {item.path}:{item.line}"
    return evidence(context, what, matched=f"{item.kind}; {reason}")
