"""The two real yqs give the same typed answers; other tools tell their versions as expected."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from storyrunner.errors import RefusedFeatureError, ToolError
from storyrunner.gitops.yq_questions import YqQuestions
from storyrunner.tools.detection import detect, judge
from storyrunner.tools.process import OsRunner
from storyrunner.tools.tool import Tool
from storyrunner.tools.yq import evaluate

OBJECTS: list[dict[str, Any]] = [
    {
        "kind": "Certificate",
        "metadata": {"name": "wildcard", "namespace": "kube-system"},
        "spec": {"dnsNames": ["*.example.com", "example.com"], "renewBefore": "360h"},
    },
    {
        "kind": "ClusterIssuer",
        "metadata": {"name": "letsencrypt"},
        "spec": {"acme": {"email": "admin@example.com", "solvers": [{"dns01": {}}]}},
    },
    {
        "kind": "Odd",
        "metadata": {"name": "odd"},
        "values": [1, -2, 1.5, True, False, None, "yes", "010", "1.10", "2020-01-01", "", "~"],
        "text": "a\nb\t\x85\u2028\ufeff\x7f😀 \"quoted\" 'ü' # no comment: - {[",
        "long": "x" * 5000,
        "": "empty key",
    },
]


@pytest.fixture(params=["mikefarah", "kislyuk"])
async def tool(request: pytest.FixtureRequest) -> Tool:
    name = "real_yq" if request.param == "mikefarah" else "real_kislyuk_yq"
    path: Path = request.getfixturevalue(name)
    found = await detect(OsRunner({"PATH": f"{path.parent}:/usr/local/bin:/usr/bin:/bin"}), "yq")
    assert isinstance(found, Tool), found
    assert (found.path, found.flavour) == (path, request.param)
    assert judge(found) == found
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (".kind", [["Certificate"], ["ClusterIssuer"], ["Odd"]]),
        (".", [[item] for item in OBJECTS]),
        (".spec.dnsNames", [[["*.example.com", "example.com"]], [], []]),
        (
            'select(.kind == "Certificate") | .spec.dnsNames[]',
            [OBJECTS[0]["spec"]["dnsNames"], [], []],
        ),
        (
            'select(.kind == "ClusterIssuer" and .metadata.name == "letsencrypt")'
            " | .spec.acme.email",
            [[], ["admin@example.com"], []],
        ),
        ('select(.kind == "Nothing") | .spec', [[], [], []]),
        (".metadata.name # the name", [["wildcard"], ["letsencrypt"], ["odd"]]),
        (".metadata.name, .kind", [[o["metadata"]["name"], o["kind"]] for o in OBJECTS]),
        ('select(.kind == "Odd") | .values', [[], [], [OBJECTS[2]["values"]]]),
        (
            'select(.kind == "Odd") | .values[]',
            [[], [], [value for value in OBJECTS[2]["values"] if value is not None]],
        ),
        ('select(.kind == "Odd") | .text', [[], [], [OBJECTS[2]["text"]]]),
        ('select(.kind != "Odd") | .metadata | has("namespace")', [[True], [False], []]),
    ],
)
async def test_both_answer_alike(tool: Tool, expression: str, expected: list[list[Any]]) -> None:
    assert await evaluate(OsRunner(), tool, expression, OBJECTS) == expected


@pytest.mark.parametrize("expression", [".[", "select(", "a] , [b", ".kind | nosuchfunction"])
async def test_an_expression_that_does_not_compile_is_an_error(tool: Tool, expression: str) -> None:
    with pytest.raises(ToolError):
        await evaluate(OsRunner(), tool, expression, OBJECTS)


async def test_questions_asked_together_are_answered_as_alone(tool: Tool) -> None:
    paths = [".kind", ".spec.dnsNames", ".spec.dnsNames[0]", ".spec.acme.email", ".values[]"]
    paths += [".values", '."".x', ".text", ".spec.acme.solvers[].dns01", ".metadata", "."]
    asked = YqQuestions()
    chosen = [(path, [one for one in OBJECTS if one["kind"] != "Odd"]) for path in paths]
    chosen += [(path, OBJECTS[2:]) for path in (".values[]", ".values", ".text", ".", ".long")]
    jobs = [asked.evaluate(OsRunner(), tool, *question) for question in chosen]
    together = await asyncio.gather(*jobs, return_exceptions=True)
    for question, answer in zip(chosen, together, strict=True):
        try:
            alone: object = await evaluate(OsRunner(), tool, *question)
        except ToolError as error:
            alone = error
        assert type(answer) is type(alone), question
        assert str(answer) == str(alone), question


async def test_an_integer_is_exact_or_refused(tool: Tool) -> None:
    for number in (2**53 - 1, 2**53 + 1, 2**63 - 1, 2**80 + 1):
        try:
            found = await evaluate(OsRunner(), tool, ".n", [{"n": number}])
        except (RefusedFeatureError, ToolError):
            continue
        assert found == [[number]]


async def test_a_wildcard_matches_no_other_text(tool: Tool) -> None:
    objects = [{"name": "abc"}, {"name": "a*"}]
    try:
        found = await evaluate(OsRunner(), tool, 'select(.name == "a*") | .name', objects)
    except RefusedFeatureError:
        return
    assert found == [[], ["a*"]]


async def test_five_hundred_objects_are_one_spawn_and_keep_their_order(tool: Tool) -> None:
    objects = [{"n": number, "text": "x" * 200} for number in range(500)]
    found = await evaluate(OsRunner(), tool, ".n", objects)
    assert found == [[number] for number in range(500)]


@pytest.mark.parametrize("name", ["flux", "kustomize", "kubeconform"])
async def test_the_other_tools_tell_their_versions(tools_bin: Path, name: str) -> None:
    found = judge(await detect(OsRunner({"PATH": str(tools_bin)}), name))
    assert isinstance(found, Tool), found
    assert found.version
