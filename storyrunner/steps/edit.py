"""`edit`: a list entry, keys of a map, a document or YAML to hold; every other byte is kept."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.edits import add_list_entry, append_document, set_map_key
from storyrunner.model.decision import Change
from storyrunner.model.finding import Finding, error
from storyrunner.model.step import EditStep, ListEntry, MapKeys, NewDocument
from storyrunner.runbook.consistency import PLACEHOLDER
from storyrunner.runbook.parameters import complaint
from storyrunner.steps.base import (
    NoActs,
    StepContext,
    Suggestion,
    Verdict,
    evidence,
    skipped,
    verdict,
)
from storyrunner.steps.places import nearest_place
from storyrunner.steps.saying import merged, parse_merge, unsaid
from storyrunner.steps.templating import render_template


class Edit(NoActs):
    """Checks and suggests changes inside files."""

    async def check(self, step: EditStep, context: StepContext) -> Verdict:
        """The entry, the keys or the document is there."""
        with context.workspace.recording() as looked:
            matters = _matters(step, context)
        if not matters:
            reason = f"{context.values.fill(step.when, step.cluster)} is not here"
            return skipped(reason, [evidence(context, reason, inputs=looked)])
        path = context.values.fill(step.path, step.cluster)
        with context.workspace.recording() as reads:
            data = context.workspace.read(path)
        if data is None:
            place = nearest_place(context.workspace, path)
            text = f"{path} does not exist, so {_wanted(step, context)} is missing"
            return verdict("", [error("missing-file", text, place, hint=_hint(step))])
        findings = list(_missing(step, context, parse_documents(data, path), path))
        proof = evidence(context, f"read {path}", matched=_wanted(step, context), inputs=reads)
        return verdict(f"{_wanted(step, context)} in {path}", findings, [proof])

    async def suggest(self, step: EditStep, context: StepContext) -> Sequence[Suggestion]:
        """The edit that is needed, or the file from its template."""
        if not _matters(step, context):
            return ()
        path = context.values.fill(step.path, step.cluster)
        text = context.workspace.read_text(path)
        if text is None and not step.create_from:
            return ()
        if text is None:
            after = render_template(context, step.create_from, step.cluster)
            after = _edited(step, context, after, path)
        else:
            after = _edited(step, context, text, path)
        proposal = context.workspace.propose(path, after.encode("utf-8"), step.title)
        if not proposal.changes:
            return ()
        change = Change.NEW if proposal.before is None else Change.EDIT
        return (Suggestion(proposal, change, _offer(step)),)


def _matters(step: EditStep, context: StepContext) -> bool:
    return not step.when or context.workspace.exists(context.values.fill(step.when, step.cluster))


def _offer(step: EditStep) -> str:
    return " ".join(step.offer.split())


def _hint(step: EditStep) -> str:
    return step.hint or _offer(step)


def _wanted(step: EditStep, context: StepContext) -> str:
    if step.entry:
        return f"the entry {context.values.fill(step.entry.entry, step.cluster)}"
    if step.keys:
        return ", ".join(step.keys.values)
    if step.merge:
        return ", ".join(parse_merge(step.merge, step.id)) or "what the story adds"
    assert step.document is not None  # the loader has made sure of one of the four
    return context.values.fill(step.document.object, step.cluster)


def _missing(
    step: EditStep, context: StepContext, documents: tuple[YamlDocument, ...], path: str
) -> Iterator[Finding]:
    if step.entry:
        yield from _missing_entry(step, step.entry, context, documents, path)
    elif step.keys:
        yield from _missing_values(step, step.keys, context, documents, path)
    elif step.document:
        yield from _missing_document(step, context, documents, path)
    elif step.merge:
        wanted = parse_merge(step.merge, step.id).documents
        yield from unsaid(wanted, documents, path, step.merge.field, hint=_hint(step))


def _missing_entry(
    step: EditStep,
    wanted: ListEntry,
    context: StepContext,
    documents: tuple[YamlDocument, ...],
    path: str,
) -> Iterator[Finding]:
    entry = context.values.fill(wanted.entry, step.cluster)
    document = documents[0] if documents else None
    listed = _at(document.value, wanted.field) if document else None
    if isinstance(listed, list) and any(_same_path(item, entry) for item in listed):
        return
    place = document.place(*wanted.field, key=True) if document else Place(path)
    text = f"{entry} is not in {'.'.join(wanted.field)} of {path}"
    yield error("missing-entry", text, place, hint=_hint(step))


def _same_path(item: object, entry: str) -> bool:
    return isinstance(item, str) and posixpath.normpath(item) == posixpath.normpath(entry)


def _missing_values(
    step: EditStep,
    wanted: MapKeys,
    context: StepContext,
    documents: tuple[YamlDocument, ...],
    path: str,
) -> Iterator[Finding]:
    document = _holder(documents, wanted)
    if document is None:
        text = f"{path} has no {'.'.join(wanted.field)}"
        yield error("missing-key", text, Place(path), hint=_hint(step))
        return
    there = _at(document.value, wanted.field)
    for key, template in wanted.values.items():
        present = there.get(key) if isinstance(there, Mapping) else None
        if not isinstance(there, Mapping) or key not in there:
            place = document.place(*wanted.field, key=True)
            yield error("missing-key", f"{key} is not set", place, hint=_hint(step))
        elif present is None or not str(present).strip():
            place = document.place(*wanted.field, key, key=True)
            yield error("empty-key", f"{key} is empty", place, hint=_hint(step))
        elif wrong := _complaint(template, str(present), context):
            place = document.place(*wanted.field, key)
            yield error("wrong-value", f"{key}: {wrong}", place)


def _complaint(template: str, present: str, context: StepContext) -> str:
    """A value that is there must be what its parameter asks for."""
    match = PLACEHOLDER.fullmatch(template)
    parameter = context.runbook.parameters.get(match[1]) if match else None
    return complaint(parameter, present) if parameter else ""


def _holder(documents: tuple[YamlDocument, ...], wanted: MapKeys) -> YamlDocument | None:
    return next((item for item in documents if _at(item.value, wanted.field) is not None), None)


def _missing_document(
    step: EditStep, context: StepContext, documents: tuple[YamlDocument, ...], path: str
) -> Iterator[Finding]:
    wanted = _wanted(step, context)
    if not any(_is_object(document, wanted) for document in documents):
        place = documents[-1].place() if documents else Place(path)
        yield error("missing-document", f"no {wanted} in {path}", place, hint=_hint(step))


def _is_object(document: YamlDocument, wanted: str) -> bool:
    kind, _, name = wanted.partition("/")
    value = document.value
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    same_name = isinstance(metadata, Mapping) and metadata.get("name") == name
    return same_name and value.get("kind") == kind


def _edited(step: EditStep, context: StepContext, text: str, path: str) -> str:
    """The file's text with what is missing in it; the same text when nothing is."""
    documents = parse_documents(text, path)
    if step.entry:
        missing = list(_missing_entry(step, step.entry, context, documents, path))
        entry = context.values.fill(step.entry.entry, step.cluster)
        return add_list_entry(text, path, step.entry.field, entry).text if missing else text
    if step.keys:
        return _with_keys(step, step.keys, context, text, path)
    if step.merge:
        return merged(step.merge, step.id, text, path)
    return _with_document(step, step.document, context, text, path)


def _with_keys(step: EditStep, wanted: MapKeys, context: StepContext, text: str, path: str) -> str:
    for key, template in wanted.values.items():
        documents = parse_documents(text, path)
        holder = _holder(documents, wanted)
        there = _at(holder.value, wanted.field) if holder else {}
        present = there.get(key) if isinstance(there, Mapping) else None
        if present is None or not str(present).strip():
            value = context.values.fill(template, step.cluster)
            index = holder.index if holder else None
            after = wanted.after if isinstance(there, Mapping) and wanted.after in there else None
            text = set_map_key(
                text, path, wanted.field, key, value, after=after, document=index
            ).text
    return text


def _with_document(
    step: EditStep, wanted: NewDocument | None, context: StepContext, text: str, path: str
) -> str:
    if wanted is None:
        raise ManifestError(f"{step.id} says nothing to edit")
    missing = list(_missing_document(step, context, parse_documents(text, path), path))
    if not missing:
        return text
    document = render_template(context, wanted.template, step.cluster)
    return append_document(text, document, path).text


def _at(value: object, field: Sequence[str]) -> object:
    for name in field:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
