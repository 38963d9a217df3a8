"""What must not be committed: plain Secrets, private keys, tokens, values that are named secret.

Two judges: the detectors of detect-secrets and the patterns of this room; a line is found when one
of them says so. Entropy alone is no judge here: digests and encrypted values are full of it. It
knows no repository and no git.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

from storyrunner.redaction.documents import without_documents
from storyrunner.redaction.encoded import without_encoded
from storyrunner.redaction.fields import without_fields
from storyrunner.redaction.marks import mask
from storyrunner.redaction.patterns import compiled
from storyrunner.redaction.tokens import without_tokens

_KEY = r"-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY( BLOCK)?-----"
_NAME = r"(?i)([a-z_][\w.\-]{0,127})\W{0,12}(?:(?:bearer|basic|token)[ \t]+)?\Z"


class FoundSecret(NamedTuple):
    """A line (from 1) that holds a secret, and what kind it is; never the secret itself."""

    line: int
    kind: str


def secrets_in(data: bytes) -> list[FoundSecret]:
    """The lines of a file's content that hold secrets, in order, each once.

    Values that SOPS encrypted, variables, references into 1Password and placeholders are none.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    found: dict[int, str] = {}
    in_manifest = without_documents(text, mask, _ignore).split("\n")
    inside_key = False
    for number, (line, walked) in enumerate(zip(text.split("\n"), in_manifest, strict=True), 1):
        key = compiled(_KEY).search(line) if "PRIVATE KEY" in line else None
        if key:
            found[number] = "a private key"
        elif not inside_key:
            kind = _kind(line, is_in_manifest=walked != line)
            if kind:
                found[number] = kind
        inside_key = (inside_key or bool(key)) and "-----END " not in line
    return [FoundSecret(number, kind) for number, kind in sorted(found.items())]


def _kind(line: str, *, is_in_manifest: bool) -> str:
    if len(line) < 6 or line.isspace():
        return ""
    if is_in_manifest:
        return "a value of a plain Secret"
    known = next(_detected(line), "")
    if known:
        return known
    if without_tokens(line, mask) != line:
        return "a password in an address" if "://" in line and "@" in line else "a token or key"
    if (clean := without_fields(line, mask)) != line:
        name = compiled(_NAME).search(_before_mark(line, clean))
        return f"the value of `{name[1]}`" if name else "a value that is named a secret"
    if without_encoded(line, _is_secret, mask) != line:
        return "a secret in base64"
    return ""


def _is_secret(plain: str) -> bool:
    return without_fields(without_tokens(plain, mask), mask) != plain


def _detected(line: str) -> Iterator[str]:
    for detector in _detectors():
        for found in detector.analyze_string(line):
            if isinstance(found, str) and not _is_placeholder(found):
                yield f"{detector.secret_type} (detect-secrets)"


def _before_mark(line: str, clean: str) -> str:
    """What stands in front of the first secret."""
    same = (at for at, (one, other) in enumerate(zip(line, clean, strict=False)) if one != other)
    return line[: next(same, min(len(line), len(clean)))]


def _is_placeholder(found: str) -> bool:
    from storyrunner.redaction.fields import is_reference

    return is_reference(found)


@functools.cache
def _detectors() -> tuple[Any, ...]:
    """Those that know a secret by its form; late, because they take a third of a second to load.

    Those that go by randomness or by a keyword alone are left out, and none is asked to try a
    secret out over the network.
    """
    from detect_secrets.plugins.artifactory import ArtifactoryDetector
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.basic_auth import BasicAuthDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
    from detect_secrets.plugins.ibm_cos_hmac import IbmCosHmacDetector
    from detect_secrets.plugins.jwt import JwtTokenDetector
    from detect_secrets.plugins.mailchimp import MailchimpDetector
    from detect_secrets.plugins.npm import NpmDetector
    from detect_secrets.plugins.openai import OpenAIDetector
    from detect_secrets.plugins.private_key import PrivateKeyDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.softlayer import SoftlayerDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.stripe import StripeDetector
    from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

    classes = (
        ArtifactoryDetector,
        AWSKeyDetector,
        AzureStorageKeyDetector,
        BasicAuthDetector,
        DiscordBotTokenDetector,
        GitHubTokenDetector,
        GitLabTokenDetector,
        IbmCloudIamDetector,
        IbmCosHmacDetector,
        JwtTokenDetector,
        MailchimpDetector,
        NpmDetector,
        OpenAIDetector,
        PrivateKeyDetector,
        PypiTokenDetector,
        SendGridDetector,
        SlackDetector,
        SoftlayerDetector,
        SquareOAuthDetector,
        StripeDetector,
        TelegramBotTokenDetector,
        TwilioKeyDetector,
    )
    return tuple(one() for one in classes)


def _ignore(_name: str, _value: str) -> None:
    return
