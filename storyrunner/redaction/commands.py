"""Command lines: arguments that are secrets, and commands whose whole output is one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from storyrunner.redaction.patterns import compiled

_PRINTING = (
    r"\bop\s{1,8}[^|;&\n]{0,300}?\b(?:read|inject|run)\b",
    r"\bop\s{1,8}(?:item|document)\s{1,8}get\b",
    r"\bkubectl\b[^|;&\n]{0,300}?\bget\b[^|;&\n]{0,300}?\bsecrets?\b"
    r"[^|;&\n]{0,300}?(?:-o\s*|--output[= ]|--template)",
    r"\bkubectl\b[^|;&\n]{0,300}?\bcreate\s{1,8}token",
    r"\bkubectl\b[^|;&\n]{0,300}?\bconfig\s{1,8}view\b[^|;&\n]{0,300}?--raw",
    r"\b(?:base64|openssl\s{1,8}base64)\b[^|;&\n]{0,300}?\s(?:-d|-D|--decode)\b",
    r"\bsops\b[^|;&\n]{0,300}?(?:\s-d\b|--decrypt\b|\bdecrypt\b|\bexec-env\b)",
    r"\bage\b[^|;&\n]{0,300}?(?:\s-d\b|--decrypt\b)|\bage-keygen\b",
    r"\bgpg\b[^|;&\n]{0,300}?(?:\s-d\b|--decrypt\b|--export-secret)",
    r"\bvault\s{1,8}(?:kv\s{1,8}get|read|print\s{1,8}token|token\s{1,8}create)\b",
    r"\bpass\s{1,8}show\b|\bgopass\s{1,8}(?:show|cat)\b|\bsecurity\s{1,8}find-\w+-password\b",
    r"\bgh\s{1,8}auth\s{1,8}token\b|\bglab\s{1,8}auth\s{1,8}token\b",
    r"\baws\b[^|;&\n]{0,300}?\b(?:get-secret-value|get-login-password|get-session-token)\b",
    r"\baws\b[^|;&\n]{0,300}?\b(?:assume-role|create-access-key|export-credentials)\b",
    r"\bgcloud\b[^|;&\n]{0,300}?\b(?:versions\s{1,8}access|print-access-token|print-identity-token)\b",
    r"\baz\b[^|;&\n]{0,300}?\b(?:secret\s{1,8}show|get-access-token|keys\s{1,8}list)\b",
    r"\bdoppler\s{1,8}secrets\b|\bbw\s{1,8}(?:get|unlock)\b|\bkubeadm\s{1,8}token\b",
    r"(?:^|[|;&]\s*)(?:env|printenv|export|set)\s*(?:$|[|;&\n])|\bprintenv\s{1,8}\w",
)
_ANY_PRINTING = "|".join(f"(?:{part})" for part in _PRINTING)
_CUES = (
    *("op ", "secret", "token", "base64", "sops", "age", "gpg", "vault", "pass", "aws", "--raw"),
    *("gcloud", "az ", "doppler", "bw ", "env", "export", "set"),
)


def prints_secrets(command: str) -> bool:
    """Whether all that a command prints is to be taken for secret: `op read`, `base64 -d`, …"""
    return (
        any(cue in command for cue in _CUES) and compiled(_ANY_PRINTING).search(command) is not None
    )


def redact_argv(argv: Sequence[str]) -> str:
    """The command as a person would type it, without the secrets in its arguments."""
    from storyrunner.redaction.redactor import redact

    return redact(shlex.join(argv))
