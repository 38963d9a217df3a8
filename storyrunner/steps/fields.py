"""What a YAML file of the repository holds at a field, as `yq` would print it. Renders nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storyrunner.errors import Place
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.query_paths import FieldPath, field_path_of
from storyrunner.model.finding import Finding, error
from storyrunner.model.need import FieldNeed, YamlNeed
from storyrunner.model.step import RequireStep
from storyrunner.steps.base import StepContext, counted
from storyrunner.steps.facts import expand

Look = tuple[str, list[Finding]]


def look_inside(need: FieldNeed | YamlNeed, step: RequireStep, context: StepContext) -> Look:
    """What was found, in words, and what is wrong. Raises ManifestError for what is no YAML."""
    given = need.yaml if isinstance(need, YamlNeed) else need.file
    path = context.values.fill(given, step.cluster)
    data = context.workspace.read(path)
    if data is None:
        return "", [error("missing-path", f"{path} does not exist", Place(path))]
    documents = parse_documents(data, path)
    if not documents:
        return "", [error("empty-file", f"{path} holds nothing", Place(path))]
    if isinstance(need, YamlNeed):
        return f"{path} is YAML of {counted(len(documents), 'document')}", []
    wrong = list(_wrong(need, documents, path))
    return f"{need.field} of {path}", wrong


def _wrong(need: FieldNeed, documents: tuple[YamlDocument, ...], path: str) -> Iterator[Finding]:
    found = [
        (document.place(*at), printed(value))
        for document in documents
        for at, value in expand(document.value, need.field)
    ]
    if not found:
        place = documents[0].place(*_plain(need.field))
        yield error("missing-field", f"{need.field} is not set in {path}", place)
        return
    if need.equals is not None and [text for _, text in found] != [need.equals]:
        got = ", ".join(text for _, text in found)
        message = f"{need.field} is {got}; it should be {need.equals}"
        yield error("wrong-value", message, found[0][0], expected=need.equals, got=got)
    there = {text for _, text in found}
    for item in need.contains:
        if item not in there:
            message = f"{need.field} of {path} lacks {item}"
            yield error("missing-entry", message, found[0][0], expected=item, got=", ".join(there))


def _plain(field: str) -> FieldPath:
    return field_path_of(field) or ()


def printed(value: Any) -> str:
    """A value as yq prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    import json

    return json.dumps(value, ensure_ascii=False)
