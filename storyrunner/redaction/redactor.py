"""The one function that everything shown or written goes through, and what it has learned.

`redact` knows secrets by their form. A `Redactor` knows besides the values it was told: those of
the environment, of Secrets it came across, and whatever a command printed that prints secrets.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from re import Pattern
from typing import Any, TypeVar

from storyrunner.redaction.commands import prints_secrets
from storyrunner.redaction.documents import Lines, without_documents
from storyrunner.redaction.encoded import LEAST, decoded, without_blobs, without_encoded
from storyrunner.redaction.fields import is_reference, names_secret, without_fields
from storyrunner.redaction.marks import MASK, Masking, Numbers, mask
from storyrunner.redaction.tokens import without_tokens

T = TypeVar("T")

Change = Callable[[type, str, str], str]
"""Makes a new text of one; the class and the field it stands in say what it is."""

SHORTEST = 6
"""Characters of a value that is looked for everywhere; a shorter one would be found by chance."""

_EDGE = "A-Za-z0-9"
_WORDS = frozenset(
    {"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASS", "KEY", "APIKEY", "CREDENTIAL", "CREDENTIALS"}
    | {"PRIVATE", "SALT", "WEBHOOK", "PASSPHRASE", "PWD", "AUTH", "COOKIE", "PSK"}
)


@functools.lru_cache(maxsize=4096)
def redact(text: str) -> str:
    """`text` without what looks like a secret; its number of lines stays. Idempotent."""
    return _redacted(text, mask, _nobody)


def _redacted(text: str, masking: Masking, learn: Any) -> str:
    if len(text) < SHORTEST:
        return text
    text = without_documents(text, masking, learn)
    text = without_tokens(text, masking)
    text = without_fields(text, masking)
    text = without_encoded(text, _is_secret, masking)
    return without_blobs(text, masking)


def _is_secret(plain: str) -> bool:
    clean = without_documents(plain, mask, _nobody)
    return without_fields(without_tokens(clean, mask), mask) != plain


def _nobody(_name: str, _value: str) -> None:
    return


class Redactor:
    """Redacts by form and by what it has learned. One for each run."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, None] = {}
        self._pattern: Pattern[str] | None = None
        self._shortest = LEAST
        self._streams: dict[tuple[str, str], Lines] = {}
        self._printing: set[str] = set()
        for name, value in (environment or {}).items():
            if set(re.split(r"[_\W]+", name.upper())) & _WORDS:
                self.learn(name, value)

    # --- what it knows -----------------------------------------------------------------------

    def learn(self, name: str, value: str) -> None:
        """A value to mask wherever it appears, as it is and in base64. `name` decides whether a
        mere word counts; short values, paths and references are passed over."""
        value = value.strip()
        for one in (value, decoded(value)):
            is_word = (one.isalpha() or one.isdecimal()) and not names_secret(name)
            if len(one) < SHORTEST or is_reference(one) or is_word or _is_harmless(one):
                continue
            for form in _forms(one):
                self._values.setdefault(form)
            self._pattern = None

    def learn_object(self, manifest: Mapping[str, Any]) -> None:
        """The values of a Secret; any other object is passed over."""
        if manifest.get("kind") != "Secret":
            return
        for name in ("data", "stringData"):
            values = manifest.get(name)
            for key, value in values.items() if isinstance(values, Mapping) else ():
                for line in str(value).splitlines():
                    self.learn(str(key), line)

    # --- what it does ------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """`text` without secrets; its number of lines stays. Idempotent."""
        return self._by_value(self._by_form(text), mask)

    def named(self, name: str, value: str) -> str:
        """A value whose name stands elsewhere: masked when the name, too, makes it a secret."""
        field = self.text(f"{name}={value}")
        return self.text(value) if field == f"{name}={value}" else MASK

    def pair(self, before: str, after: str) -> tuple[str, str]:
        """Two versions of a file with numbered marks: what differs in secret still differs."""
        numbers = Numbers()

        def one(text: str) -> str:
            return self._by_value(_redacted(text, numbers, self.learn), numbers)

        return one(before), one(after)

    def begin(self, step: str, command: str) -> str:
        """A command that is about to run, as it may be shown; its output is judged by it."""
        self._streams = {key: value for key, value in self._streams.items() if key[0] != step}
        self._printing.discard(step)
        if prints_secrets(command):
            self._printing.add(step)
        return self.text(command)

    def line(self, step: str, stream: str, text: str) -> str:
        """The next line that a step's command prints. Of a command that prints secrets every line
        of standard output is one, and is remembered as such."""
        if step in self._printing and stream == "stdout" and text.strip():
            self.learn("password", text)
            return MASK
        key = (step, stream)
        walker = self._streams.setdefault(key, Lines(mask, self.learn))
        return self.text(walker(text))

    def value(self, value: T, change: Change | None = None) -> T:
        """A dataclass, mapping, sequence or text with all its texts redacted; keys stay.

        `change`, when given, does it instead: it gets the class and field that a text stands in.
        """
        clean: T = _changed(value, change or self._field, str, "")
        return clean

    def _field(self, _owner: type, _name: str, text: str) -> str:
        return self.text(text)

    def _by_form(self, text: str) -> str:
        known = len(self._values)
        clean = redact(text)
        if clean != text and "Secret" in text:
            without_documents(text, mask, self.learn)
        return clean if known == len(self._values) else redact(clean)

    def _by_value(self, text: str, masking: Masking) -> str:
        if not self._values:
            return text
        if self._pattern is None:
            longest = sorted(self._values, key=len, reverse=True)
            any_of = "|".join(map(re.escape, longest))
            self._pattern = re.compile(rf"(?:(?<![{_EDGE}])|(?<=\\[nrt]))(?:{any_of})(?![{_EDGE}])")
        text = self._pattern.sub(lambda found: masking(found[0]), text)
        return without_encoded(text, self._holds_value, masking)

    def _holds_value(self, plain: str) -> bool:
        assert self._pattern is not None
        return self._pattern.search(plain) is not None


def _changed(value: Any, change: Change, owner: type, name: str) -> Any:
    if isinstance(value, str):
        return change(owner, name, value) if type(value) is str else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _with_fields(value, change)
    if isinstance(value, Mapping):
        return {key: _changed(item, change, owner, name) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_changed(item, change, owner, name) for item in value)
    if isinstance(value, list):
        return [_changed(item, change, owner, name) for item in value]
    return value


def _with_fields(value: Any, change: Change) -> Any:
    changed = {}
    for item in dataclasses.fields(value):
        before = getattr(value, item.name)
        after = _changed(before, change, type(value), item.name)
        if after is not before and after != before:
            changed[item.name] = after
    return dataclasses.replace(value, **changed) if changed else value


def _forms(value: str) -> list[str]:
    """A value as it stands, as JSON and URLs write it, and in base64."""
    from json import dumps
    from urllib.parse import quote

    encoded = base64.b64encode(value.encode("utf-8", "surrogateescape")).decode("ascii")
    with_newline = base64.b64encode(f"{value}\n".encode("utf-8", "surrogateescape")).decode("ascii")
    forms = [value, dumps(value)[1:-1], quote(value, safe=""), encoded, with_newline]
    return list(dict.fromkeys([*forms, encoded.rstrip("="), with_newline.rstrip("=")]))


def _is_harmless(value: str) -> bool:
    """A folder, a plain address or a domain: what an environment holds under a name like KEY."""
    label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    path = r"[./~]{0,3}[A-Za-z0-9._-]{1,64}(?:/[A-Za-z0-9@._-]{1,64})+/?"
    domain = rf"(?:\*\.)?(?:{label}\.)+[a-z]{{2,24}}"
    url = rf"[a-z][a-z0-9+.-]{{1,12}}://(?:{label}\.)*{label}(?::[0-9]+)?(?:/[a-z0-9._/-]*)?"
    is_path = value.startswith(("/", "./", "~/")) and re.fullmatch(path, value) is not None
    return is_path or re.fullmatch(rf"{domain}|{url}", value) is not None
