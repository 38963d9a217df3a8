"""`require`: what must be there before the work can start, each by its own check.

An earlier story is judged by its artefacts, never by its status or its ticks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, assert_never

from storyrunner.errors import Place
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.helmfile import HelmfileRelease, read_releases
from storyrunner.gitops.near import did_you_mean
from storyrunner.model.finding import Finding, Severity, error, note, warning
from storyrunner.model.need import (
    FieldNeed,
    KeysNeed,
    Need,
    ObjectNeed,
    PathNeed,
    ReleaseNeed,
    StoryNeed,
    TextNeed,
    ToolNeed,
    YamlNeed,
)
from storyrunner.model.step import RequireStep
from storyrunner.steps.base import HERE, ReadOnly, StepContext, Verdict, evidence, verdict
from storyrunner.steps.fields import look_inside
from storyrunner.steps.places import nearest_place
from storyrunner.tools.tool import Tool


class Require(ReadOnly):
    """Checks every need by itself, so that two of three keys are not three."""

    async def check(self, step: RequireStep, context: StepContext) -> Verdict:
        """All needs are met."""
        findings: list[Finding] = []
        met: list[str] = []
        with context.workspace.recording() as reads:
            for need in step.needs:
                if isinstance(need, ToolNeed):
                    text, found = await _tool(need, context)
                else:
                    text, found = _look(need, step, context)
                findings += found
                if not any(item.severity is Severity.ERROR for item in found):
                    met.append(text)
        cluster = step.cluster
        findings = [_with_hint(replace(item, cluster=cluster), step.hint) for item in findings]
        proof = evidence(context, "looked for " + "; ".join(met or ["it"]), inputs=reads)
        return verdict("; ".join(met), findings, [proof])


def _with_hint(finding: Finding, hint: str) -> Finding:
    """The step's hint is how to mend what failed."""
    mended = finding.hint or (hint if finding.severity is Severity.ERROR else "")
    return replace(finding, hint=mended)


Look = tuple[str, list[Finding]]
"""What was found, in words, and what is wrong."""


def _look(need: Need, step: RequireStep, context: StepContext) -> Look:
    match need:
        case PathNeed():
            return _path(need, step, context)
        case TextNeed():
            return _text(need, step, context)
        case KeysNeed():
            return _keys(need, step, context)
        case FieldNeed() | YamlNeed():
            return look_inside(need, step, context)
        case ReleaseNeed():
            return _release(need, step, context)
        case ObjectNeed():
            return _object(need, step, context)
        case StoryNeed():
            return _story(need, step, context)
        case ToolNeed():
            return "", []
        case _:
            assert_never(need)


async def _tool(need: ToolNeed, context: StepContext) -> Look:
    """Absent or too old is stepped over: a note that says what stands in."""
    found = await context.tools.find(need.tool)
    place = Place(context.story.path) if context.story else HERE
    instead = f"; {need.stands_in} instead" if need.stands_in else ""
    if not isinstance(found, Tool):
        return f"no {need.tool}", [note("tool-stepped-over", f"{found.reason}{instead}", place)]
    shown = found.shown
    if need.flavour and found.flavour and found.flavour != need.flavour:
        usable = isinstance(await context.tools.usable(need.tool), Tool)
        what = "; it is used as what it is" if usable else instead
        text = f"{shown} is here, another program than {need.flavour}'s{what}"
        return shown, [note("tool-stepped-over", text, place)]
    if need.minimum and not found.meets(need.minimum):
        text = f"{shown} is older than {need.minimum}{instead}"
        return shown, [note("tool-stepped-over", text, place)]
    return shown, []


def _path(need: PathNeed, step: RequireStep, context: StepContext) -> Look:
    wanted = context.values.fill(need.path, step.cluster)
    if context.workspace.exists(wanted):
        is_folder = context.workspace.is_folder(wanted)
        if is_folder and need.is_file:
            return "", [error("missing-path", f"{wanted} is a folder", Place(wanted))]
        if not is_folder and wanted.endswith("/"):
            return "", [error("missing-path", f"{wanted} is no folder", Place(wanted))]
        return wanted, []
    for other in need.also:
        path = context.values.fill(other, step.cluster)
        if context.workspace.exists(path):
            return path, [warning("other-path", f"{wanted} is {path} here", Place(path))]
    place = nearest_place(context.workspace, wanted)
    return "", [error("missing-path", f"{wanted} does not exist", place)]


def _text(need: TextNeed, step: RequireStep, context: StepContext) -> Look:
    path = context.values.fill(need.file, step.cluster)
    wanted = context.values.fill(need.text, step.cluster)
    text = context.workspace.read_text(path)
    if text is None:
        return "", [error("missing-path", f"{path} does not exist", Place(path))]
    commented = 0
    sought = wanted.casefold() if need.ignore_case else wanted
    for number, line in enumerate(text.splitlines(), start=1):
        if sought in (line.casefold() if need.ignore_case else line):
            if not line.lstrip().startswith("#"):
                return f"{wanted} in {path}:{number}", []
            commented = commented or number
    why = "only stands in a comment" if commented else "does not stand there"
    return "", [error("missing-text", f"{wanted!r} {why}", Place(path, commented or 1))]


def _keys(need: KeysNeed, step: RequireStep, context: StepContext) -> Look:
    path = context.values.fill(need.file, step.cluster)
    data = context.workspace.read(path)
    if data is None:
        return "", [error("missing-path", f"{path} does not exist", Place(path))]
    documents = parse_documents(data, path)
    named = [
        item
        for item in documents
        if object_name(item, "ConfigMap") == _settings_name(step, context)
    ]
    document = settings_document(tuple(named) or documents)
    if document is None:
        return "", [error("no-settings", f"{path} holds no ConfigMap with data", Place(path))]
    wrong = list(missing_keys(document, need.keys))
    return f"{', '.join(need.keys)} in {path}", wrong


def _settings_name(step: RequireStep, context: StepContext) -> str:
    cluster = context.runbook.cluster(step.cluster)
    return cluster.settings_name if cluster else ""


def settings_document(documents: tuple[YamlDocument, ...]) -> YamlDocument | None:
    """The first ConfigMap with a `data` map."""
    for document in documents:
        value = document.value
        is_settings = isinstance(value, Mapping) and value.get("kind") == "ConfigMap"
        if is_settings and isinstance(value.get("data"), Mapping):
            return document
    return None


def missing_keys(document: YamlDocument, keys: tuple[str, ...]) -> Iterator[Finding]:
    """Each key by itself: absent, or there without a value."""
    data: Mapping[str, Any] = document.value["data"]
    for key in keys:
        if key not in data:
            near = did_you_mean(key, data)
            place = document.place("data", key=True)
            yield error("missing-key", f"{key} is not set", place, hint=near)
        elif data[key] is None or not str(data[key]).strip():
            place = document.place("data", key, key=True)
            yield error("empty-key", f"{key} is empty", place)


def _release(need: ReleaseNeed, step: RequireStep, context: StepContext) -> Look:
    files = [context.values.fill(path, step.cluster) for path in need.files]
    there = [path for path in files if context.workspace.exists(path)]
    if not there:
        text = f"{files[0]} does not exist, so nothing bootstraps {need.release}"
        return "", [error("missing-path", text, nearest_place(context.workspace, files[0]))]
    path = there[0]
    findings: list[Finding] = []
    if path != files[0]:
        findings.append(
            warning("other-path", f"the story names {files[0]}; it is {path}", Place(path))
        )
    releases = read_releases(path, context.workspace.read_text(path) or "")
    fitting = [item for item in releases if _fits(item, need)]
    live = next((item for item in fitting if item.is_active), None)
    if live is not None:
        return f"release {live.name} {live.version} in {path}:{live.place.line}", findings
    if fitting:
        text = f"the release {fitting[0].name} is not sure to be installed: "
        why = fitting[0].why_inactive
        findings.append(error("release-inactive", text + why, fitting[0].place))
    else:
        names = [item.name for item in releases if item.is_active]
        text = f"no release of {need.release} in {path}"
        hint = did_you_mean(need.name or need.release, names)
        place = releases[0].place if releases else Place(path)
        findings.append(error("missing-release", text, Place(path, place.line), hint=hint))
    return "", findings


def _fits(release: HelmfileRelease, need: ReleaseNeed) -> bool:
    chart = release.chart.rstrip("/").rpartition("/")[2] or release.name
    return chart == need.release and (not need.name or release.name == need.name)


def _object(need: ObjectNeed, step: RequireStep, context: StepContext) -> Look:
    where = context.values.fill(need.file, step.cluster)
    kind, _, name = context.values.fill(need.object, step.cluster).partition("/")
    files = [where]
    if context.workspace.is_folder(where):
        files = list(context.workspace.walk(where, (".yaml", ".yml")))
    elif not context.workspace.exists(where):
        return "", [error("missing-path", f"{where} does not exist", Place(where))]
    names: list[str] = []
    for path in files:
        for document in parse_documents(context.workspace.read(path) or b"", path):
            found = object_name(document, kind)
            if found == name:
                return f"{kind}/{name} in {document.place('metadata', 'name')}", []
            names += [found] if found else []
    hint = did_you_mean(name, names) or (f"there: {', '.join(names)}" if names else "")
    text = f"{where} declares no {kind}/{name}"
    return "", [error("missing-object", text, Place(files[0] if files else where), hint=hint)]


def object_name(document: YamlDocument, kind: str) -> str:
    """metadata.name of a document of that kind, else an empty string."""
    value = document.value
    if not isinstance(value, Mapping) or value.get("kind") != kind:
        return ""
    metadata = value.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""


def _story(need: StoryNeed, step: RequireStep, context: StepContext) -> Look:
    met, findings = [], []
    for artefact in need.artefacts:
        text, found = _look(artefact, step, context)
        met += [text] if text else []
        findings += [_of_story(item, need.story) for item in found]
    return "; ".join(met), findings


def _of_story(finding: Finding, story: str) -> Finding:
    if finding.severity is not Severity.ERROR:
        return finding
    hint = finding.hint or f"{story} brings it"
    return replace(finding, message=f"{finding.message} (of {story})", hint=hint)
