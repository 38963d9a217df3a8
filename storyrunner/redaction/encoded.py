"""Secrets in base64: what looks encoded is decoded and looked at. Linear, each run once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from re import Match

from storyrunner.redaction.marks import Masking
from storyrunner.redaction.patterns import compiled

LEAST = 16
"""Characters of a run that is worth decoding; a shorter one holds no token."""


_BLOB = r"(?m)^([+\- ]?[ \t]*)([A-Za-z0-9+/]{60,}={0,2})$"


def without_encoded(
    text: str, is_secret: Callable[[str], bool], masking: Masking, least: int = LEAST
) -> str:
    """`text` with every base64 run masked that `is_secret` when it is decoded."""

    def masked(found: Match[str]) -> str:
        plain = decoded(found[0])
        return masking(found[0]) if plain and is_secret(plain) else found[0]

    return compiled(rf"[A-Za-z0-9+/_-]{{{least},}}={{0,2}}").sub(masked, text)


def without_blobs(text: str, masking: Masking) -> str:
    """`text` with lines masked that are nothing but base64: the inside of a key."""
    if len(text) < 60:
        return text

    def masked(found: Match[str]) -> str:
        body = found[2]
        return found[1] + masking(body) if _is_mixed(body) else found[0]

    return compiled(_BLOB).sub(masked, text)


def decoded(run: str) -> str:
    """What a base64 run says, as far as it is printable; empty when it is no text."""
    body = run.rstrip("=")
    if not _is_mixed(body):
        return ""
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=_other(body))
    except (binascii.Error, ValueError):
        return ""
    if not data.isascii():
        return ""
    text = data.decode("ascii")
    return text if all(char.isprintable() or char in "\n\r\t" for char in text) else ""


def _is_mixed(body: str) -> bool:
    """Paths, digests and words are not: base64 of a text has both cases."""
    return not body.islower() and not body.isupper() and not body.isdigit()


def _other(body: str) -> bytes:
    return b"-_" if "-" in body or "_" in body else b"+/"
