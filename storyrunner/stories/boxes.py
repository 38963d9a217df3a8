"""Boxes and blocks with their exact places, zones and owners."""

from __future__ import annotations

import re

from storyrunner.model.finding import Finding, note, warning
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Checkbox, CodeBlock, Zone
from storyrunner.stories.fences import DOCUMENT_LANGUAGES, Fence, dedent
from storyrunner.stories.lines import Lines
from storyrunner.stories.tokens import Kind
from storyrunner.stories.walk import Context, Walk

_ITEM_DEFERRED = re.compile(r"\bdeferred to stor(?:y|ies)\b", re.IGNORECASE)
_RUNBOOK = re.compile(r"\bT\d{1,3}[a-z]?\b.*\brunbook", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:create|write|document|add|author)\b", re.IGNORECASE)
_ODD_BOX = re.compile(r"\[([^\]\w]|[-~*✓✔✗✘])\]\s")


def read_boxes(lines: Lines, found: Walk) -> tuple[list[Checkbox], list[Finding]]:
    """Every `[ ]` and `[x]` outside code; boxes with any other mark are reported, not counted."""
    boxes: list[Checkbox] = []
    findings: list[Finding] = []
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is not Kind.ITEM:
            continue
        if token.box < 0:
            if token.text[:1] == "[" and _ODD_BOX.match(token.text):
                message = f"a box with the mark “{token.text[1]}” is neither open nor ticked"
                place = lines.span(token.line, token.line).place
                findings.append(warning("story-box-unknown", message, place))
            continue
        zone, deferred = _box_zone(context, token.text)
        boxes.append(
            Checkbox(
                offset=token.box,
                column=token.box - lines.starts[token.line] + 1,
                checked=token.checked,
                text=token.text,
                indent=token.indent,
                depth=token.level,
                zone=zone,
                deferred=deferred,
                task=context.task,
                label=context.label,
                section=context.section,
                span=lines.span(token.line, token.line),
            )
        )
    return boxes, findings


def _box_zone(context: Context, text: str) -> tuple[Zone, bool]:
    zone = context.zone
    deferred = context.deferred or context.runtime
    if zone is Zone.DONE and _ITEM_DEFERRED.search(text):
        return Zone.DONE_DEFERRED, True
    return zone, deferred


def read_blocks(
    lines: Lines, found: Walk, fences: list[Fence]
) -> tuple[list[CodeBlock], list[Finding]]:
    """All blocks in order; those inside quoted documents have the zone `nested`."""
    places = _places(found)
    blocks: list[CodeBlock] = []
    findings: list[Finding] = []
    for index, fence in enumerate(fences):
        top = index if fence.document < 0 else fence.document
        blocks.append(_block(lines, fence, fences, places[top]))
        findings.extend(_fence_findings(lines, fence))
    return blocks, findings


@dataclass(slots=True)
class _Place:
    """`item` is the 1-based line of the nearest item or label (0: none); `of_document` says that
    an item around the block writes a document."""

    context: Context
    item: int
    of_document: bool


def _places(found: Walk) -> dict[int, _Place]:
    places: dict[int, _Place] = {}
    item, chain = 0, [False]
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is Kind.FENCE:
            places[token.level] = _Place(context, item, chain[-1])
        elif token.kind is Kind.HEADING:
            item, chain = 0, [_RUNBOOK.search(token.text) is not None]
        elif token.kind is Kind.ITEM:
            item = token.line + 1
            del chain[token.level + 1 :]
            chain.append(chain[-1] or _writes_document(token.text))
        elif token.kind is Kind.LABEL:
            item = token.line + 1
            if token.indent == 0:
                del chain[1:]
                chain.append(chain[0] or _writes_document(token.text))
    return places


def _writes_document(text: str) -> bool:
    return ".md`" in text and _WRITES.search(text) is not None


def _block(lines: Lines, fence: Fence, fences: list[Fence], place: _Place) -> CodeBlock:
    context = place.context
    opening = fence.opening
    last = fence.last - 1 if fence.closed else fence.last
    nested = fence.document >= 0
    words = opening.info.split(None, 1)
    language = words[0].lower() if words else ""
    # A quoted document is what the task writes, not a text beside it.
    of_document = place.of_document and language not in DOCUMENT_LANGUAGES
    return CodeBlock(
        language=language,
        info=opening.info,
        body=dedent(lines, fence.first + 1, last, opening.indent),
        indent=opening.indent,
        zone=Zone.NESTED if nested else block_zone(context, of_document),
        deferred=context.deferred or context.runtime,
        task=context.task,
        section=context.section,
        document=fences[fence.document].first + 1 if nested else 0,
        item=place.item,
        inner=fence.inner,
        escaped=opening.escaped,
        closed=fence.closed,
        span=lines.span(fence.first, fence.last),
    )


def block_zone(context: Context, of_document: bool = False) -> Zone:
    """As for boxes, but what is left to others is `runtime` everywhere, and criteria and the
    definition of done are `other`: no block there is executable."""
    if context.deferred or context.runtime:
        return Zone.RUNTIME
    zone = context.zone
    if zone is Zone.TASK and of_document:
        return Zone.DOCUMENT
    return Zone.OTHER if zone in (Zone.CRITERIA, Zone.DONE, Zone.DONE_DEFERRED) else zone


def _fence_findings(lines: Lines, fence: Fence) -> list[Finding]:
    findings = []
    place = lines.span(fence.first, fence.first).place
    if not fence.closed:
        end = "the end of the text" if fence.last == len(lines) - 1 else f"line {fence.last + 1}"
        message = f"the block that opens here is never closed; it is read up to {end}"
        findings.append(warning("story-fence-unclosed", message, place))
    if fence.document < 0 and (fence.opening.escaped or fence.closed_escaped):
        which = "opened" if fence.opening.escaped else "closed"
        message = f"the block is {which} by an escaped fence; other readers see it differently"
        findings.append(note("story-fence-escaped", message, place))
    return findings
