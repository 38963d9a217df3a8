"""What a criterion says exactly, as checks: files, keys and values, names, settings.

A sentence is a check only when the story's own manifest says the same thing at one place. All else
is for a person: a check must never prove something that the sentence does not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storyrunner.gitops.objects import text_at
from storyrunner.model.frozen import dataclass
from storyrunner.runbook.importing.draft import Keys

_EXISTS = re.compile(
    r"(?:[\w -]*?(?:exists?|present|created)[\w ]*:?\s*)?`(?P<path>[\w./{},-]+)`"
    r"(?:\s+(?:glue file\s+)?(?:exists?|present|created))?\s*$",
    re.IGNORECASE,
)
_SAYS_EXISTS = re.compile(r"\b(?:exists?|present|created)\b", re.IGNORECASE)
_REMARK = re.compile(r"\s*\([^()]*\)\s*$")
_VALUE = r"(?:true|false|\d+[a-z]*|`[^`]+`|\"[^\"]+\"|[A-Za-z][\w./-]*)"
_PAIR = re.compile(rf"`?(?P<key>[A-Za-z][\w.-]*)`?:\s*`?(?P<value>{_VALUE})`?(?:\s+for\b[^`]*)?$")
_PHRASE = re.compile(r"[\w -]*?(?P<key>[A-Za-z]\w*):\s*(?P<value>\d+[a-z]+|true|false|\d+)$")
_INSIDE = re.compile(r"\(`?(?P<key>[a-z]\w*(?:\.\w+)+):\s*(?P<value>true|false|\d+[a-z]*)`?\)$")
_LABELS = re.compile(r"[\w -]*\blabels?:\s*(?P<pairs>[\w./-]+=[\w.-]+(?:,\s*[\w./-]+=[\w.-]+)*)$")
_NAMED = re.compile(r"[\w -]*?\b(?P<kind>[A-Z]\w+)(?:\s+name)?:?\s+`(?P<name>[\w.-]+)`$")
_NAMESPACE = re.compile(r"`?(?P<name>[a-z0-9][\w.-]*)`?\s+namespace$")
_DEPENDS = re.compile(r"[\w ]*\bdependency on\s+`(?P<name>[\w.-]+)`$", re.IGNORECASE)
_SUBSTITUTES = re.compile(
    r"(?:variable )?substitution from\s+`?(?P<name>[\w.-]+)`?$", re.IGNORECASE
)
_ALERTS = re.compile(r"alert rules(?: defined)?:\s*(?P<names>[A-Z]\w+(?:,\s*[A-Z]\w+)*)$", re.I)
_SETTING_SET = re.compile(r"`?(?P<key>[A-Z][A-Z0-9_]{3,})`?\s+(?:variable\s+)?(?:set|defined)$")


@dataclass(frozen=True, slots=True)
class Stated:
    """A manifest of the story: where it is written, and its objects as plain data."""

    path: str
    objects: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one sentence means: facts of an object in a file, keys of settings, or a file."""

    path: str = ""
    select: tuple[tuple[str, str], ...] = ()
    facts: tuple[Keys, ...] = ()
    setting: str = ""


def read_fact(sentence: str, stated: Sequence[Stated]) -> Meaning | None:
    """The exact meaning of a sentence of a criterion; None when it has none.

    `stated` are the manifests that the criterion is about.
    """
    text = " ".join(sentence.split()).rstrip(".")
    for candidate in dict.fromkeys((text, _REMARK.sub("", text))):
        found = _existing(candidate) or _setting(candidate)
        for read in (_labels, _named, _listed, _pair):
            found = found or read(candidate, stated)
        if found is not None:
            return found
    return None


def _existing(text: str) -> Meaning | None:
    match = _EXISTS.match(text)
    if match is None or not _SAYS_EXISTS.search(text) or "/" not in match["path"]:
        return None
    return Meaning(path=match["path"])


def _setting(text: str) -> Meaning | None:
    match = _SETTING_SET.match(text)
    return Meaning(setting=match["key"]) if match else None


def _labels(text: str, stated: Sequence[Stated]) -> Meaning | None:
    match = _LABELS.match(text)
    if match is None:
        return None
    pairs = [pair.strip().partition("=") for pair in match["pairs"].split(",")]
    for path, one in _each(stated):
        labels = one["metadata"].get("labels")
        if not isinstance(labels, Mapping):
            continue
        facts = []
        for name, _, value in pairs:
            keys = [key for key in labels if key == name or str(key).endswith(f"/{name}")]
            if len(keys) == 1 and labels[keys[0]] == value:
                facts.append({"ask": f'.metadata.labels["{keys[0]}"]', "equals": value})
        if len(facts) == len(pairs):
            return Meaning(path, _selector(one), tuple(facts))
    return None


def _named(text: str, stated: Sequence[Stated]) -> Meaning | None:
    namespace = _NAMESPACE.match(text)
    match = namespace or _NAMED.match(text)
    if match is None:
        return None
    kind = "Namespace" if namespace else match["kind"]
    for path, one in _each(stated):
        if one.get("kind") == kind and text_at(one, "metadata", "name") == match["name"]:
            return Meaning(
                path, _selector(one), ({"ask": ".metadata.name", "equals": match["name"]},)
            )
    return None


def _listed(text: str, stated: Sequence[Stated]) -> Meaning | None:
    for pattern, ask in (
        (_DEPENDS, "[.spec.dependsOn[].name]"),
        (_SUBSTITUTES, "[.spec.postBuild.substituteFrom[].name]"),
    ):
        match = pattern.match(text)
        for path, one in _each(stated) if match else ():
            if _names(one, ask).count(match["name"] if match else "") == 1 and match:
                fact = {"ask": ask, "contains": [match["name"]]}
                return Meaning(path, _selector(one), (fact,))
    match = _ALERTS.match(text)
    for path, one in _each(stated) if match else ():
        wanted = [name.strip() for name in match["names"].split(",")] if match else []
        groups = text_rules(one)
        if wanted and set(wanted) <= set(groups):
            fact = {"ask": "[.spec.groups[].rules[].alert]", "contains": wanted}
            return Meaning(path, _selector(one), (fact,))
    return None


def _names(one: Mapping[str, Any], ask: str) -> list[Any]:
    spec = one.get("spec")
    inner: Any = spec if isinstance(spec, Mapping) else {}
    if "postBuild" in ask:
        inner = inner.get("postBuild")
        inner = inner if isinstance(inner, Mapping) else {}
    listed = inner.get("dependsOn" if "dependsOn" in ask else "substituteFrom")
    items = listed if isinstance(listed, list | tuple) else []
    return [item.get("name") for item in items if isinstance(item, Mapping)]


def text_rules(one: Mapping[str, Any]) -> list[str]:
    """The names of the alerts in an object with rule groups."""
    found = [value for at, value in leaves(one) if at and at[-1] == "alert"]
    return [value for value in found if isinstance(value, str)]


def _pair(text: str, stated: Sequence[Stated]) -> Meaning | None:
    """`key: value`, `a.b.c: value`, `Words (a.b: value)` where exactly one place has that key and
    says that value, or leaves it to a variable."""
    match = _INSIDE.search(text) or _PAIR.match(text) or _PHRASE.match(text)
    if match is None:
        return None
    key, value = match["key"], match["value"].strip('`"')
    path_of_key = key.split(".")
    for path, one in _each(stated):
        places = [(at, found) for at, found in leaves(one) if _ends(at, path_of_key)]
        if len(places) != 1:
            continue
        at, found = places[0]
        if not (_printed(found) == value or "${" in str(found)):
            continue
        ask = ask_of(at)
        equals = {"ask": ask, "equals": found} if _printed(found) == value else None
        fact = equals or {"ask": f"{ask} | tostring", "equals": value}
        return Meaning(path, _selector(one), (fact,))
    return None


def _ends(at: Sequence[str | int], key: Sequence[str]) -> bool:
    names = [part for part in at if isinstance(part, str)]
    return names[-len(key) :] == list(key) and not isinstance(at[-1], int)


def leaves(
    value: Any, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every scalar of an object with its field."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*at, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, (*at, index))
    else:
        yield at, value


def ask_of(at: Sequence[str | int]) -> str:
    """A field as an expression: `.spec.values.replicaCount`, `.spec.list[0]`."""
    out = ""
    for part in at:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            out += f".{part}" if re.fullmatch(r"[A-Za-z_]\w*", part) else f'["{part}"]'
    return out if out.startswith(".") else f".{out}"


def _printed(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _each(stated: Sequence[Stated]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in stated:
        for value in one.objects:
            yield one.path, value


def _selector(one: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    keys = [("kind", str(one.get("kind"))), ("name", text_at(one, "metadata", "name"))]
    group, slash, _ = str(one.get("apiVersion", "")).rpartition("/")
    return tuple([*keys, ("group", group)] if slash else keys)
