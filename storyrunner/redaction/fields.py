"""Secrets that are known by the name in front of them: `password: …`, `TOKEN=…`, `--token …`.

Names of keys, names of Secrets, variables, references into 1Password and encrypted values are no
secrets and stay: a report without them would say nothing.
"""

from __future__ import annotations

import re
from re import Match, Pattern

from storyrunner.redaction.marks import Masking, is_mark, lines_masked
from storyrunner.redaction.patterns import compiled

STRONG = (
    r"passw(?:or)?d|passphrase|passcode|pwd"
    r"|api[-_.]?key|access[-_.]?key|account[-_.]?key|shared[-_.]?key|license[-_.]?key"
    r"|private[-_. ]?key|signing[-_.]?key|encryption[-_.]?key|master[-_.]?key|certificate[-_.]key"
    r"|pre[-_]?shared[-_]?key|client[-_.]key[-_.]data|client[-_.]?secret|webhook[-_.]?secret"
    r"|app[-_.]?secret|shared[-_.]?secret|jwt[-_.]?secret"
    r"|(?:auth|access|refresh|session|bearer|sas|bot|identity)[-_.]?token|connection[-_.]?string"
    r"|cookie|shared[-_]?access[-_]?signature"
)
"""Names whose value is a secret, whatever it looks like."""

WEAK = (
    r"token|secret|secrets|secret[-_.]?key|credential|credentials|(?:(?<![a-z])|(?<=\\[nrt]))salt|(?:(?<![a-z])|(?<=\\[nrt]))pass"
    r"|(?:(?<![a-z])|(?<=\\[nrt]))pin|(?:(?<![a-z])|(?<=\\[nrt]))sig|signature|(?:(?<![a-z])|(?<=\\[nrt]))auth|(?:(?<![a-z])|(?<=\\[nrt]))psk|webhook(?:[-_.]?url)?"
)
"""Names that stand in front of secrets and in front of the names of Secrets."""

_ENDINGS = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "key", "keydata", "secret", "secrets"),
    *("token", "connectionstring", "cookie", "signature", "credential", "credentials", "salt"),
    *("pass", "pin", "sig", "auth", "psk", "webhook", "webhookurl", "authorization"),
)
"""How the names above end, without what stands between their words."""

_WITHOUT_BETWEEN = str.maketrans("", "", "-_.\"'\\ \t")
_LONGEST = max(map(len, _ENDINGS))

_VALUE = (
    r'(?P<value>\\"[^"\\\n]*(?:\\")?'
    r'|"(?:[^"\\\n]|\\[^\n])*"?'
    r"|'(?:[^'\n]|'')*'?"
    r"|[^\s,;&\"'`|<>(){}\[\]][^\s,;&\"'`|<>)}\]]*"
    r"|\$?\{\{?[^{}\s]*\}?\}|<[^<>\s]*>)"
)
_NAMED = (
    rf"(?P<name>(?P<strong>{STRONG})|(?P<weak>{WEAK}))(?![A-Za-z0-9_])"
    r"(?P<between>\\?[\"']?[ \t]{0,4}(?::=|=>|[:=](?!=))[ \t]{0,4})" + _VALUE
)
_FLAG = (
    r"(?P<name>(?<![^\s\"'`(=])(?!--allow-secret )--?[a-z0-9-]{0,24}?"
    rf"(?:(?P<strong>{STRONG})|(?P<weak>{WEAK})))"
    r"(?P<between>[ \t]{1,4})(?!-)" + _VALUE
)
_HEADER = (
    r"(?P<name>authorization|x-[a-z-]{0,24}(?:token|key)|private-token|set-cookie|cookie)"
    r"(?P<between>\\?[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\?[\"']?"
    r"(?:(?:bearer|basic|token|digest|apikey)[ \t]{1,4})?)(?P<value>[^\s\"'\\][^\"'\\\n]*)"
)
_BEARER = r"(?P<between>\bbearer[ \t]{1,4})(?P<value>[A-Za-z0-9._~+/=-]{8,})"
_BASIC = r"(?P<between>\bbasic[ \t]{1,4})(?P<value>[A-Za-z0-9+/_-]{8,}={0,2})"
_LITERAL = r"(?P<between>--from-literal[= ][\"']?[A-Za-z0-9._-]{1,253}=)" + _VALUE
_USER = r"(?P<between>(?<!\S)(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"'=/]{1,128}:)" + _VALUE
_LOGIN = r"(?P<between>\blogin[ \t]+\S{1,128}\s+password[ \t]+)(?P<value>\S+)"
_SHORT = r"(?P<between>\b(?:sshpass|docker login|mysql|helm)\b[^\n|;]{0,200}? -p ?)" + _VALUE
_WHOLE_LINE = (
    rf"(?P<between>^[+\- ]?[ \t]*(?:- )?[\"']?[\w.\-/]{{0,128}}?(?:{STRONG})"
    r"[\"']?[ \t]{0,4}:[ \t]+)"
    r"(?P<value>[^\s\"'|>{\[&*!][^\n]*?)(?=[ \t]+#|[ \t]*,?[ \t]*$)"
)

_RARE = (
    ("bearer ", _BEARER),
    ("--from-literal", _LITERAL),
    ("login ", _LOGIN),
    (" -p", _SHORT),
    ("-u", _USER),
    ("--", _FLAG),
)
"""A cue, and the pattern that only a line with it is searched for."""

_REFERENCE = (
    r"\$\{?\w+\}?|(?:\$\{\w+\})+|\$\(.*|\{\{.*|<[^<>]*>|op://.*|ref\+.*|vault:.*|ENC\[.*"
    r"|[a-z_-]*(?:placeholder|change[_-]?me|replace[_-]?me)[a-z_-]*"
    r"|null|true|false|none|~|yes|no|[{\[|>&*!].*|\.\.\.|…|x{3,}|\?+"
)
_NAME = (
    r"(?:[A-Z_]{1,40}=)?[0-9]?[A-Z]?[a-z]+(?:[A-Z][a-z]+){0,3}"
    r"|[a-z]+(?:[-_./:]{1,2}(?:[a-z]+(?:[A-Z][a-z]+){0,3}[0-9]{0,3}|[a-z0-9]{1,5})"
    r"(?:\[[0-9]{1,3}\]?)?){1,8}"
    r"|[A-Z]{1,8}[0-9]{0,2}\.[0-9]{1,3}"
)
_NUMBER = r"-?[0-9.,]{1,9}[a-z%]{0,3}"


_OBJECT = r"(?:^|[\s(])(?!Secret/)[A-Z][A-Za-z]*/(?:[a-z0-9.-]+/)?[a-z0-9.-]+: $"
"""An object named as findings name it, `Kind/namespace/name: `: what follows tells of the object.
What is said of a Secret may well be its value."""


def _compiled(pattern: str) -> Pattern[str]:
    return compiled(pattern, re.IGNORECASE)


def without_fields(text: str, masking: Masking) -> str:
    """`text` with the values of fields, flags and headers masked that are secret by their name."""
    if "\n" not in text:
        return _line(text, masking)
    return "\n".join([_line(line, masking) for line in text.split("\n")])


def _line(line: str, masking: Masking) -> str:
    lower = line.lower()

    def masked(found: Match[str]) -> str:
        return _masked(found, masking)

    if _has_named(lower):
        for pattern in (_WHOLE_LINE, _NAMED, _HEADER):
            line = _compiled(pattern).sub(masked, line)
    if "-" in lower or " " in lower:
        for cue, pattern in _RARE:
            if cue in lower and (pattern is not _FLAG or _has_flag(lower)):
                line = _compiled(pattern).sub(masked, line)
        if "basic " in lower:
            line = _compiled(_BASIC).sub(lambda found: _basic(found, masking), line)
    return line


def _has_named(lower: str) -> bool:
    """Whether a colon or an equals sign follows a name of a secret: most lines have none, and are
    spared the patterns."""
    if ":" not in lower and "=" not in lower:
        return False
    squeezed = lower.translate(_WITHOUT_BETWEEN)
    return any(
        squeezed.endswith(_ENDINGS, max(0, found.start() - _LONGEST), found.start())
        for found in compiled("[:=]").finditer(squeezed)
    )


def _has_flag(lower: str) -> bool:
    """Whether a word that another follows ends as names of secrets do."""
    words = lower.casefold().split()[:-1]  # patterns that ignore case take ſ for s
    return any(word.translate(_WITHOUT_BETWEEN).endswith(_ENDINGS) for word in words)


def names_secret(name: str) -> bool:
    """Whether a name alone says that its value is a secret."""
    return _compiled(rf".*(?:{STRONG}|{WEAK})").fullmatch(name.strip("\"'")) is not None


def is_strong(name: str) -> bool:
    """Whether a name says so whatever the value looks like."""
    return _compiled(rf".*(?:{STRONG})").fullmatch(name.strip("\"'")) is not None


def is_reference(value: str) -> bool:
    """Whether a value only says where a secret is: a variable, an `op://` path, `ENC[…]`."""
    return not value or is_mark(value) or _compiled(_REFERENCE).fullmatch(value) is not None


def is_name(value: str) -> bool:
    """Whether a value is more likely a word, a name or a number than a secret."""
    if compiled(_NUMBER).fullmatch(value) is not None:
        return True
    return len(value) <= 48 and compiled(_NAME).fullmatch(value) is not None


def _masked(found: Match[str], masking: Masking) -> str:
    if compiled(_OBJECT).search(found.string, 0, found.start("value")):
        return found[0]
    parts = found.groupdict()
    value = parts["value"]
    opening, body, closing = _unquoted(value)
    weak = parts.get("weak") is not None and parts.get("strong") is None
    if is_reference(body.strip()) or (weak and is_name(body.rstrip(".,;:!?"))):
        return found[0]
    head = (parts.get("name") or "") + parts["between"]
    return f"{head}{opening}{lines_masked(body, masking)}{closing}"


def _basic(found: Match[str], masking: Masking) -> str:
    import base64
    import binascii

    value = found["value"]
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return found[0]
    is_pair = b":" in plain and plain.isascii()
    return found["between"] + masking(value) if is_pair else found[0]


def _unquoted(value: str) -> tuple[str, str, str]:
    """Opening quote, what is quoted, closing quote."""
    for quote in ('\\"', '"', "'"):
        if value.startswith(quote):
            body = value[len(quote) :]
            return (quote, body.removesuffix(quote), quote if body.endswith(quote) else "")
    return "", value, ""
