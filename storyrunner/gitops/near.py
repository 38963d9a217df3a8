"""Nearest words and nearest objects, so that "nothing matched" always says what is there instead.

It knows words and object identities; it must not know schemas, files or how a query is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from storyrunner.gitops.query import ObjectIdent, Selection, ident_of

LEAST_LIKENESS = 0.6
"""Below this ratio (0…1) a word is no suggestion: a wrong hint is worse than none."""


def likeness(word: str, other: str) -> float:
    """How near two words are, 0…1, without regard to case, `-` and `_`; a word that continues
    the other (`prod`, `production`) counts as near."""
    left, right = (w.casefold().replace("-", "").replace("_", "") for w in (word, other))
    if left == right:
        return 1.0
    ratio = SequenceMatcher(None, left, right, autojunk=False).ratio()
    shorter, longer = sorted((left, right), key=len)
    if len(shorter) >= 3 and longer.startswith(shorter):
        return max(ratio, 0.75)
    return ratio


def nearest(word: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The known words nearest to `word`, best first, at most `limit`; empty when none is near."""
    scored = sorted(((likeness(word, other), other) for other in set(known)), key=_by_score)
    return tuple(other for score, other in scored if score >= LEAST_LIKENESS)[:limit]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "dnsZones"?`, or an empty text when nothing is near."""
    found = nearest(word, known, limit=1)
    return f'did you mean "{found[0]}"?' if found else ""


def nearest_objects(
    selection: Selection, objects: Iterable[Mapping[str, Any]], limit: int = 3
) -> str:
    """One line for a selection that matched nothing: what is near, and which kinds are present."""
    idents = list(dict.fromkeys(ident_of(one) for one in objects))
    parts = [f"no {selection}"]
    if not idents:
        return f"{parts[0]}; there are no objects at all"
    near = _near_idents(selection, idents, limit)
    if near:
        parts.append("near: " + ", ".join(near))
    parts.append("kinds present: " + ", ".join(sorted({i.kind or "(no kind)" for i in idents})))
    return "; ".join(parts)


def _near_idents(selection: Selection, idents: list[ObjectIdent], limit: int) -> list[str]:
    """Same kind first, the nearest names first; other kinds only when their name is the same."""
    same_kind = [i for i in idents if not selection.kind or i.kind == selection.kind]
    if not same_kind and selection.kind:
        alike = nearest(selection.kind, {i.kind for i in idents}, limit=1)
        same_kind = [i for i in idents if i.kind in alike]
    wanted = selection.name or ""
    ranked = sorted(same_kind, key=lambda i: (-likeness(wanted, i.name), i.name))
    others = [i for i in idents if i not in same_kind and wanted and i.name == wanted]
    return [_describe(i, selection) for i in [*ranked, *others][:limit]]


def _describe(ident: ObjectIdent, selection: Selection) -> str:
    """The identity, and why it is not the one asked for when kind and name alone do not say."""
    if ident.kind != selection.kind or ident.name != (selection.name or ident.name):
        return str(ident)
    if selection.namespace is not None and ident.namespace != selection.namespace:
        return f"{ident} (namespace {ident.namespace or 'none'})"
    if selection.api_version and ident.api_version != selection.api_version:
        return f"{ident} (apiVersion {ident.api_version})"
    return f"{ident} (other labels)" if selection.labels else str(ident)


def _by_score(pair: tuple[float, str]) -> tuple[float, str]:
    return (-pair[0], pair[1])
