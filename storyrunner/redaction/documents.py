"""Secrets in manifests: what stands under `data` of a Secret, and values that go over many lines.

Works on lines of YAML and of JSON, also behind the `+` and `-` of a diff and in output that comes
line by line: nothing is parsed, because what is broken must be redacted too.
"""

from __future__ import annotations

from collections.abc import Callable
from re import Match

from storyrunner.redaction.encoded import decoded
from storyrunner.redaction.fields import is_reference, is_strong
from storyrunner.redaction.marks import Masking, lines_masked
from storyrunner.redaction.patterns import compiled

Learn = Callable[[str, str], None]
"""Called with the name and the value of each secret of a manifest."""

_KIND = r"[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Secret[\"']?[ \t]*,?[ \t]*(?:#.*)?\Z"
_DATA = r"[\"']?(data|stringData)[\"']?[ \t]*:(?P<rest>.*)\Z"
_LITERALS = r"literals[ \t]*:[ \t]*\Z"
_ENTRY = r"(?P<key>[\"']?[\w.\-/]{1,253}[\"']?)(?P<sep>[ \t]*:[ \t]+)(?P<value>\S.*)\Z"
_HEADER = r"(?P<key>[\"']?[\w.\-/]{1,253}[\"']?)[ \t]*:[ \t]*(?:[|>][-+0-9]{0,3})?\Z"
_LITERAL = r"(?P<key>[\"']?[\w.\-/]{1,253})=(?P<value>.*)\Z"
_BREAK = r"[+\- ]?(?:---(?:\s.*)?|\.\.\.\s*)\Z"
_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
_END = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY"
_INDENT = "+- \t"


class Lines:
    """Takes lines in order and gives them back without the secrets of manifests and keys.

    `columns`: where `kind: Secret` stands in this document, when the whole of it is known; for
    output as it comes, None: then `data` before its kind is masked where it looks encoded.
    """

    def __init__(
        self, masking: Masking, learn: Learn, columns: frozenset[int] | None = None
    ) -> None:
        self.masking = masking
        self.learn = learn
        self.columns = columns
        self._seen: set[int] = set()
        self._block: int | None = None
        self._is_sure = False
        self._inner: int | None = None
        self._literals: int | None = None
        self._in_key = False

    def __call__(self, line: str) -> str:
        """The next line, without its newline."""
        if self._in_key or compiled(_BEGIN).search(line):
            return self._key_line(line)
        if compiled(_BREAK).match(line):
            self._forget()
            return line
        body = line.lstrip(_INDENT)
        if not body.strip():
            return line
        column = len(line) - len(body)
        self._leave(column)
        if self._inner is not None:
            return line[:column] + lines_masked(body, self.masking)
        if self._block is not None:
            return line[:column] + self._entry(body, column)
        if self._literals is not None:
            return line[:column] + compiled(_LITERAL).sub(self._literal, body)
        return line[:column] + self._outside(body, column)

    def _key_line(self, line: str) -> str:
        ended = compiled(_END).search(line)
        begun = compiled(_BEGIN).search(line)
        self._in_key = not ended
        start = begun.start() if begun else len(line) - len(line.lstrip(" \t+"))
        end = len(line)
        if ended:
            tail = compiled(r"[A-Z -]*").match(line, ended.end())
            end = tail.end() if tail else end
        return line[:start] + lines_masked(line[start:end], self.masking) + line[end:]

    def _forget(self) -> None:
        self._seen.clear()
        self._block = self._inner = self._literals = None

    def _leave(self, column: int) -> None:
        if self._inner is not None and column <= self._inner:
            self._inner = None
        if self._block is not None and column <= self._block:
            self._block = None
        if self._literals is not None and column < self._literals:
            self._literals = None

    def _outside(self, body: str, column: int) -> str:
        if compiled(_KIND).match(body):
            self._seen.add(column)
            return body
        if compiled(_LITERALS).match(body):
            self._literals = column
            return body
        found = compiled(_DATA).match(body)
        if found:
            return self._begin_data(body, column, found)
        header = compiled(_HEADER).match(body)
        if header and body.rstrip()[-1:] != ":" and is_strong(header["key"]):
            self._inner = column
        return body

    def _begin_data(self, body: str, column: int, found: Match[str]) -> str:
        known = self._seen if self.columns is None else self.columns
        sure = column in known or (found[1] == "stringData" and self.columns is None)
        if not sure and self.columns is not None:
            return body
        rest = found["rest"].strip()
        if rest.startswith("{") and rest != "{":
            return without_flow(body, self.masking, self.learn) if sure else body
        self._block, self._is_sure = column, sure
        return body

    def _entry(self, body: str, column: int) -> str:
        if compiled(_HEADER).match(body) and self._is_sure:
            self._inner = column
            return body
        found = compiled(_ENTRY).match(body)
        if not found:
            return body
        value = found["value"]
        if value in "{[" or not (self._is_sure or _looks_encoded(value)):
            return body
        return found["key"] + found["sep"] + self._value(found["key"], value)

    def _value(self, key: str, value: str) -> str:
        text, comment = value, ""
        if value[0] in "\"'":
            end = value.find(value[0], 1)
            if end > 0:
                text, comment = value[: end + 1], value[end + 1 :]
        elif " #" in value:
            text, _, comment = value.partition(" #")
            comment = " #" + comment
        quote = text[0] if text[0] in "\"'" else ""
        inner = text.strip(quote) if quote else text
        if is_reference(inner):
            return value
        self.learn(key.strip("\"'"), inner)
        return quote + lines_masked(inner, self.masking) + quote + comment

    def _literal(self, found: Match[str]) -> str:
        value = found["value"].rstrip("\"'")
        if is_reference(value):
            return found[0]
        self.learn(found["key"].strip("\"'"), value)
        tail = found["value"][len(value) :]
        return f"{found['key']}={lines_masked(value, self.masking)}{tail}"


def without_documents(text: str, masking: Masking, learn: Learn) -> str:
    """`text` without the values of Secrets, of `literals`, and of block scalars named secret."""
    if '"data' in text or "stringData" in text or "data:" in text:
        text = without_flow(text, masking, learn) if _has_json_secret(text) else text
    if "\n" not in text:
        return text
    walked: list[str] = []
    for document in _documents(text.split("\n")):
        walker = Lines(masking, learn, _columns(document))
        walked += [walker(line) for line in document]
    return "\n".join(walked)


def _documents(lines: list[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in lines:
        if compiled(_BREAK).match(line):
            found.append([])
        found[-1].append(line)
    return found


def _columns(document: list[str]) -> frozenset[int]:
    columns = set()
    for line in document:
        if "Secret" in line:
            body = line.lstrip(_INDENT)
            if compiled(_KIND).match(body):
                columns.add(len(line) - len(body))
    return frozenset(columns)


_JSON_KIND = r"\\?\"kind\\?\"\s{0,4}:\s{0,4}\\?\"Secret\\?\"|\bkind:[ ]{0,4}Secret\s?[,}]"


_JSON_DATA = r"(\\?[\"']?\b(?:data|stringData)\\?[\"']?[ \t]{0,4}:\s{0,8}\{)([^{}]*)"


_JSON_VALUE = (
    r"(?P<key>[\w.\-/]{1,253})(?P<sep>\\?[\"']?[ \t]{0,4}:[ \t]{0,4})"
    r"(?P<value>\\\"[^\"\\]*\\\"|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,\"'{}\\][^,\n{}]*)"
)


def _has_json_secret(text: str) -> bool:
    return "Secret" in text and compiled(_JSON_KIND).search(text) is not None


def without_flow(text: str, masking: Masking, learn: Learn) -> str:
    """`text` with every value in the braces after `data` and `stringData` masked."""

    def value(found: Match[str]) -> str:
        given = found["value"].rstrip()
        quote = '\\"' if given.startswith('\\"') else given[0] if given[0] in "\"'" else ""
        inner = given.removeprefix(quote).removesuffix(quote) if quote else given
        if is_reference(inner):
            return found[0]
        learn(found["key"], inner)
        return found["key"] + found["sep"] + quote + masking(inner) + quote

    def block(found: Match[str]) -> str:
        return found[1] + compiled(_JSON_VALUE).sub(value, found[2])

    return compiled(_JSON_DATA).sub(block, text)


def _looks_encoded(value: str) -> bool:
    body = value.strip("\"', ")
    return len(body) >= 8 and len(body) % 4 == 0 and bool(decoded(body))
