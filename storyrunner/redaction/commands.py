"""Command lines: arguments that are secrets, and commands whose whole output is one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from storyrunner.redaction.patterns import compiled

_PRINTING = (
    ("op", r"\bop\s{1,8}[^|;&\n]{0,300}?\b(?:read|inject|run)\b"),
    ("op", r"\bop\s{1,8}(?:item|document)\s{1,8}get\b"),
    (
        "secret",
        r"\bkubectl\b[^|;&\n]{0,300}?\bget\b[^|;&\n]{0,300}?\bsecrets?\b"
        r"[^|;&\n]{0,300}?(?:-o\s*|--output[= ]|--template)",
    ),
    ("token", r"\bkubectl\b[^|;&\n]{0,300}?\bcreate\s{1,8}token"),
    ("--raw", r"\bkubectl\b[^|;&\n]{0,300}?\bconfig\s{1,8}view\b[^|;&\n]{0,300}?--raw"),
    ("base64", r"\b(?:base64|openssl\s{1,8}base64)\b[^|;&\n]{0,300}?\s(?:-d|-D|--decode)\b"),
    ("sops", r"\bsops\b[^|;&\n]{0,300}?(?:\s-d\b|--decrypt\b|\bdecrypt\b|\bexec-env\b)"),
    ("age", r"\bage\b[^|;&\n]{0,300}?(?:\s-d\b|--decrypt\b)|\bage-keygen\b"),
    ("gpg", r"\bgpg\b[^|;&\n]{0,300}?(?:\s-d\b|--decrypt\b|--export-secret)"),
    ("vault", r"\bvault\s{1,8}(?:kv\s{1,8}get|read|print\s{1,8}token|token\s{1,8}create)\b"),
    (
        "pass",
        r"\bpass\s{1,8}show\b|\bgopass\s{1,8}(?:show|cat)\b|\bsecurity\s{1,8}find-\w+-password\b",
    ),
    ("token", r"\bgh\s{1,8}auth\s{1,8}token\b|\bglab\s{1,8}auth\s{1,8}token\b"),
    (
        "aws",
        r"\baws\b[^|;&\n]{0,300}?\b(?:get-secret-value|get-login-password|get-session-token)\b",
    ),
    ("aws", r"\baws\b[^|;&\n]{0,300}?\b(?:assume-role|create-access-key|export-credentials)\b"),
    (
        "gcloud",
        r"\bgcloud\b[^|;&\n]{0,300}?"
        r"\b(?:versions\s{1,8}access|print-access-token|print-identity-token)\b",
    ),
    ("az", r"\baz\b[^|;&\n]{0,300}?\b(?:secret\s{1,8}show|get-access-token|keys\s{1,8}list)\b"),
    ("doppler", r"\bdoppler\s{1,8}secrets\b"),
    ("bw", r"\bbw\s{1,8}(?:get|unlock)\b"),
    ("token", r"\bkubeadm\s{1,8}token\b"),
    ("env", r"(?:^|[|;&]\s*)(?:env|printenv)\s*(?:$|[|;&\n])|\bprintenv\s{1,8}\w"),
    ("export", r"(?:^|[|;&]\s*)export\s*(?:$|[|;&\n])"),
    ("set", r"(?:^|[|;&]\s*)set\s*(?:$|[|;&\n])"),
)
"""A cue that stands in every match, and the pattern that only a command with it is searched for."""


def prints_secrets(command: str) -> bool:
    """Whether all that a command prints is to be taken for secret: `op read`, `base64 -d`, …"""
    return any(
        cue in command and compiled(pattern).search(command) is not None
        for cue, pattern in _PRINTING
    )


def redact_argv(argv: Sequence[str]) -> str:
    """The command as a person would type it, without the secrets in its arguments."""
    from storyrunner.redaction.redactor import redact

    return redact(shlex.join(argv))
