"""Random `${…}` texts and this project's answers to them, in the protocol of the Go oracle.

Requests are {"in", "vars", "strict"}, answers {"out"} or {"err"}, one JSON object per line. The
unit tests look for crashes with them; a comparison with the Go library needs nothing more.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from storyrunner.errors import SubstitutionError
from storyrunner.gitops.substitution import substitute

VARIABLES = {
    "a": "hello",
    "b": "/path/to/file.tar.gz",
    "e": "",
    "n": "42",
    "neg": "-2",
    "u": "héllo wörld €5",
    "d": "$x${a}",
    "s": "a b  c",
    "é": "accent",
    "x1": "*?[a]",
}
PIECES = [
    *"${}:=-+?#%/^,$$ab*\\[]!.",
    *("${", "${a", "${b", "${u", "${m", "${é", "${neg}", "${n}", "${a}", "${x1}", "}", "$$"),
    *(":-", ":=", ":", "//", "/#", "/%", "##", "%%", "^^", ",,", "[a-h]", "[^x]", "\\/", "\\\\"),
    *("é", "€", "l", "1", "2", "o", "/", "he", " ", "\n", "{{ x }}", "0", "-1", "🙂"),
]


def make_requests(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """The same requests for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.5:
            text = "".join(chance.choices(PIECES, k=chance.randint(1, 14)))
        else:
            text = "".join(_make_expression(chance, 0) for _ in range(chance.randint(1, 3)))
        yield {"in": text, "vars": VARIABLES, "strict": chance.random() < 0.3}


def answer(request: dict[str, Any]) -> dict[str, str]:
    """What this project makes of a request."""
    try:
        return {"out": substitute(request["in"], request["vars"], strict=request["strict"])}
    except SubstitutionError as error:
        return {"err": error.message}


def _make_expression(chance: random.Random, depth: int) -> str:
    name = chance.choice(["a", "b", "u", "m", "e", "s", "n", "x1", "é"])
    operator = chance.choice(
        ["", ":-", ":=", "=", ":+", ":?", ":", "#", "##", "%", "%%", "/", "//", "/#", "/%", "^,"]
    )
    if not operator:
        return f"${{{name}}}"
    if operator == "^,":
        return f"${{{name}{''.join(chance.choices('^,', k=chance.randint(1, 2)))}}}"
    parts = [_make_part(chance, depth)]
    if operator == ":" and chance.random() < 0.6:
        parts.append(_make_part(chance, depth))
    if operator[0] == "/":
        parts.append(_make_part(chance, depth))
    glue = ":" if operator == ":" else "/"
    return f"${{{name}{operator}{glue.join(parts)}}}"


def _make_part(chance: random.Random, depth: int) -> str:
    if depth < 3 and chance.random() < 0.25:
        return _make_expression(chance, depth + 1)
    words = ["a", "l", "*", "?", "[a-h]", "[^/]", "/", "\\/", "é", "€", "1", "2", "3", ".", "$$"]
    words += ["", "o", "-1", " ", "h", "*/", ".*", "\\*", "[é]", "??", "l*o", "*l", "w"]
    return "".join(chance.choices(words, k=chance.randint(0, 3)))
