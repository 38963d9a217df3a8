"""Which variables' values must not be shown: those from Secrets, and those that look like one.

A value is hidden when a Secret set it; when it is a URL with a password in it; or when a word of
its name is SECRET, TOKEN, PASSWORD, KEY or the like and the value is not plainly harmless: empty, a
number, a boolean, a domain (`example.org`), a path of lower-case words (`kubernetes/apps/db`), or a
plain URL.
"""

from __future__ import annotations

import re

from storyrunner.gitops.settings import SettingValue

MASK = "********"

_WORDS = frozenset(
    {"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASS", "KEY", "APIKEY", "CREDENTIAL", "CREDENTIALS"}
    | {"PRIVATE", "SALT", "WEBHOOK"}
)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+[a-z]{{2,24}}")
_PATH = re.compile(r"[./~]{0,3}[a-z][a-z0-9._-]{0,31}(/[a-z0-9][a-z0-9._-]{0,31})+/?")
_PLAIN = re.compile(r"-?[0-9.]{0,8}|true|false|yes|no|on|off", re.IGNORECASE)
_URL = re.compile(rf"[a-z][a-z0-9+.-]*://({_LABEL}\.)*{_LABEL}(:[0-9]+)?(/[a-z0-9._/-]*)?")
_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)


def is_secret_like(name: str, setting: SettingValue) -> bool:
    """Whether the value of a variable is to be masked wherever it is shown."""
    if setting.encrypted or setting.source.startswith("Secret/"):
        return True
    if _URL_WITH_PASSWORD.search(setting.value):
        return True
    if not _WORDS & set(re.split(r"[_\W]+", name.upper())):
        return False
    value = setting.value.strip()
    harmless = (_PLAIN, _DOMAIN, _PATH, _URL)
    return not any(pattern.fullmatch(value) for pattern in harmless)


def masked(name: str, setting: SettingValue) -> str:
    """The value as it may be shown."""
    if setting.encrypted:
        return "(encrypted)"
    return MASK if is_secret_like(name, setting) else setting.value
