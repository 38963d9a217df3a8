"""The real `flux build kustomization` as a layer engine, on a private copy.

Each Flux Kustomization is built by itself, not by `--recursive`: with `--dry-run` flux skips
substituteFrom wholesale and would blank, or refuse, every variable of every child. So each layer
gets a file with its one document, in which its own substituteFrom is resolved to inline values;
the spec in it is the rendered one, as flux itself would take it (semantics.md §1.5, §1.6, §8.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from storyrunner.errors import (
    RefusedFeatureError,
    RenderError,
    StoryrunnerError,
    SubstitutionError,
)
from storyrunner.gitops.cli_failure import check_ended, place_in_message
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_layer import (
    KustomizeLayers,
    Layer,
    LayerRequest,
    explain_substitution,
)
from storyrunner.gitops.flux_root import FluxRoot, build_root
from storyrunner.gitops.objects import KubeObject, parse_objects
from storyrunner.gitops.private_copy import PrivateCopy, yaml_json
from storyrunner.gitops.reach import reach
from storyrunner.gitops.shared_layers import SharedLayers, layer_key
from storyrunner.gitops.sources import SourceIndex
from storyrunner.model.ports import Runner
from storyrunner.tools import flux
from storyrunner.tools.tool import Tool, at_least

TIMEOUT = 120.0
_UNDEFINED = re.compile(r'variable not set \(strict mode\): "([^"]+)"')
_SUBSTITUTION = re.compile(
    r"var substitution failed for '([^']*)': (?:envsubst error: )?(.*)", re.S
)


class FluxCli:
    """A layer engine. `timeout` in seconds for one layer; `shared` has what others asked for."""

    name = "flux build"

    def __init__(
        self,
        runner: Runner,
        tool: Tool,
        copy: PrivateCopy,
        *,
        timeout: float = TIMEOUT,
        shared: SharedLayers | None = None,
    ) -> None:
        self._runner = runner
        self._tool = tool
        self._copy = copy
        self._timeout = timeout
        self._shared = shared or SharedLayers()

    async def build_layer(self, request: LayerRequest) -> Layer:
        """See LayerEngine. Raises RefusedFeatureError for what this version of flux ignores."""
        self._refuse(request)
        root = _root_or_none(request)
        read = reach(request.tree, request.directory, root.data if root else None)
        read |= root.read if root else frozenset()
        document = inlined(request)
        key = None
        if root is not None:
            tree, folder = request.tree, request.directory
            key = layer_key(tree, document, folder, read, strict=request.strict)

        async def build() -> tuple[KubeObject, ...]:
            objects = tuple(parse_objects(await self._run(request, document), self.name))
            for found in objects:
                _refuse_retyped(found)
            return objects

        objects = await (self._shared.objects(key, build) if key else build())
        return Layer(objects, read, root.findings if root else ())

    async def _run(self, request: LayerRequest, document: Mapping[str, Any]) -> str:
        kustomization = request.kustomization
        text = yaml_json(document)
        with self._copy.view(request.directory, links=False, naming=text) as view:
            file = view.with_name(f"{view.name}.json")
            file.write_text(text, "utf-8")
            command = flux.build(
                self._tool,
                kustomization.name,
                cwd=view,
                home=self._copy.home,
                path=request.directory,
                kustomization_file=str(file),
                namespace=kustomization.namespace or "flux-system",
                strict=request.strict,
                timeout=self._timeout,
            )
            try:
                outcome = await self._runner.run(command)
            finally:
                file.unlink(missing_ok=True)
            message = self._copy.shown(flux.error_in(outcome.stderr_text))
        check_ended(outcome, self.name)
        if not outcome.ok:
            raise await self._explain(request, message.removesuffix(" <nil>"))
        return outcome.stdout_text

    async def _explain(self, request: LayerRequest, message: str) -> RenderError:
        """Flux's message with the place where our own layers stop over the same files."""
        twin: StoryrunnerError | None = None
        try:
            await KustomizeLayers(EmbeddedEngine()).build_layer(request)
        except StoryrunnerError as error:
            twin = error
        undefined = _UNDEFINED.search(message)
        if undefined is None:
            place = twin.place if twin else None
            fallback = place_in_message(request.tree, request.directory, message)
            hint = twin.hint if twin else ""
            return RenderError(f"flux: {message}", place=place or fallback, hint=hint)
        if isinstance(twin, SubstitutionError) and twin.variable == undefined.group(1):
            return twin
        named = _SUBSTITUTION.search(message)
        found = KubeObject({"metadata": {"name": named.group(1) if named else ""}})
        index = SourceIndex(request.tree, reach(request.tree, request.directory))
        bare = SubstitutionError(message, variable=undefined.group(1))
        return explain_substitution(request, index, found, bare)

    def _refuse(self, request: LayerRequest) -> None:
        """What an older flux would ignore without a word is refused by name (semantics.md §2.2)."""
        kustomization = request.kustomization
        needed = (
            ("spec.ignoreMissingComponents", "2.7", kustomization.ignore_missing_components),
            ("spec.buildMetadata", "2.9", bool(kustomization.build_metadata)),
            ("postBuild.substituteStrategy", "2.9", kustomization.strategy != "WithVariables"),
            ("spec.images", "2.9.3", bool(kustomization.images)),
        )
        for feature, version, is_used in needed:
            if is_used and self._tool.version and not at_least(self._tool.version, version):
                raise RefusedFeatureError(
                    f"{feature} with flux {self._tool.version}",
                    able=f"flux {version}",
                    place=kustomization.place("spec"),
                )


def inlined(request: LayerRequest) -> dict[str, Any]:
    """The layer's Kustomization with every variable inline and nothing else to look up."""
    data = request.kustomization.object.data
    spec = dict(request.kustomization.spec)
    if request.kustomization.has_post_build:
        post_build: Mapping[str, Any] = spec["postBuild"]
        spec["postBuild"] = {
            key: value for key, value in post_build.items() if key != "substituteFrom"
        } | {"substitute": request.settings.variables}
    metadata = {
        key: value for key, value in data["metadata"].items() if key in ("name", "namespace")
    }
    return {
        "apiVersion": data["apiVersion"],
        "kind": data["kind"],
        "metadata": metadata,
        "spec": spec,
    }


def _refuse_retyped(found: KubeObject) -> None:
    """`flux build` writes a Secret's stringData without quotes: `"true"`, which the cluster gets,
    comes out as true, and what it was cannot be told."""
    texts = found.value("stringData") if found.kind == "Secret" else None
    for key, text in texts.items() if isinstance(texts, Mapping) else ():
        if not isinstance(text, str):
            raise RefusedFeatureError(
                f"stringData.{key} of {found.ident}, whose quotes flux build drops",
                able="kustomize",
            )


def _root_or_none(request: LayerRequest) -> FluxRoot | None:
    """Our own reading of the root, for the files it names; flux judges it, not we."""
    try:
        return build_root(request.tree, request.directory, request.kustomization)
    except StoryrunnerError:
        return None
