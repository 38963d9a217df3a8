"""Substitution against `github.com/fluxcd/pkg/envsubst` and Flux's whole way of an object.

One process of the oracle answers all texts. Every difference must be in `EXPLAINED`.
"""

# ruff: noqa: E501 - tables of texts are easier to read in long lines

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from envsubst_fuzz import VARIABLES, answer, make_requests

from storyrunner.errors import RenderError, SubstitutionError
from storyrunner.gitops.private_copy import yaml_json
from storyrunner.gitops.substitution import substitute_object
from tests.support.comparing import differences, fuzz_seconds
from tests.support.figures import count

SEED = int(os.environ.get("STORYRUNNER_FUZZ_SEED", "7"))
BATCH = 20_000
BATCHES = 4
OBJECTS = 3_600
REFUSED = 2

Answer = dict[str, str]


EXPLAINED: dict[str, Callable[[dict[str, Any], Answer, Answer], bool]] = {
    "a slice whose end is beyond 64 bits: the library crashes, we refuse": lambda _, ours, theirs: (
        "too much" in ours.get("err", "") and theirs.get("err", "").startswith("panic:")
    ),
}
"""Why an answer may be another than the library's. (`${a:1:-1}`, which crashed the library when the
vectors were recorded, is no difference: since 1.7.1 it counts from the end, and so do we.)"""

SEEDS = [
    "${a}", "${a:-b}", "${a:=${b}}", "${a=b}", "${a:+b}", "${a:?b}", "${#a}", "${a^}", "${a^^}", "${a,}",
    "${a,,}", "${a:1}", "${a:1:2}", "${a:1:-1}", "${a:-2:1}", "${a:${neg}:1}", "${a:0:${neg}}", "${b#*/}",
    "${b##*/}", "${b%.*}", "${b%%.*}", "${b/o/0}", "${b//o/0}", "${b/#\\/path/x}", "${b/%gz/bz}", "$${a}",
    "$$", "$$$", "$$${a}", "$a", "$(a)", "${", "${a", "${}", "${ a}", "${a.b}", "${a-b}", "${m:-{}}",
    "${m:=a}b}", "a$$$$b", "{{ $x }}", "${{ x }}", "${m:-$$a}", "${m:-$${a}}", "${a/l}", "${a//}", "${a:}",
    "${a::2}", "${a:1::2}", "\\${a}", "${u:0:2}", "${u^^}", "${é}", "${1}", "${a:x:1}", "${a:01:0x2}",
    "${a:1:9223372036854775807}", "${a:9223372036854775808:1}", "text ${m:-x} ${a:-y} $$ ${b} {}",
]  # fmt: skip
MARKS = "${}:=-+?#%/^,$ab.*[]\\ \n109é\t'\"|&!~"


def mutations(number: int, size: int) -> Iterator[dict[str, Any]]:
    """Our own seeds with characters put in, taken out, doubled, and seeds joined."""
    chance = random.Random(number)
    for _ in range(size):
        text = chance.choice(SEEDS)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            kind = chance.randrange(5)
            if kind == 0:
                text = text[:at] + chance.choice(MARKS) + text[at:]
            elif kind == 1:
                text = text[:at] + text[at + 1 :]
            elif kind == 2:
                text = text[:at] + chance.choice(SEEDS) + text[at:]
            elif kind == 3:
                text = text[:at] + text[at : at + 3] + text[at:]
            else:
                text = text[:at] + chance.choice(MARKS) + text[at + 1 :]
        yield {"in": text, "vars": VARIABLES, "strict": chance.random() < 0.3}


def ask(oracle: Path, requests: Sequence[dict[str, Any]]) -> list[Answer]:
    """The library's answers, in order."""
    lines = "\n".join(map(json.dumps, requests))
    done = subprocess.run(
        [str(oracle), "envsubst"], input=lines, text=True, capture_output=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(requests)
    return answers


@pytest.mark.parametrize("make", [make_requests, mutations])
def test_every_text_is_answered_as_by_the_library(
    make: Callable[[int, int], Iterator[dict[str, Any]]],
    oracle: Path,
    pytestconfig: pytest.Config,
) -> None:
    end, number = time.monotonic() + fuzz_seconds(0), 0
    while number < BATCHES or time.monotonic() < end:
        requests = list(make(SEED + number, BATCH))
        for request, theirs in zip(requests, ask(oracle, requests), strict=True):
            ours = answer(request)
            if ours != theirs:
                why = [name for name, fits in EXPLAINED.items() if fits(request, ours, theirs)]
                assert why, f"{request['in']!r}: {ours}, the library {theirs}"
                count(pytestconfig, f"envsubst, explained: {why[0]}")
        count(pytestconfig, "envsubst: texts answered by the Go library", len(requests))
        number += 1


def test_both_truths_about_negative_lengths(oracle: Path) -> None:
    texts = ("${a:1:-1}", "${a:0:-3}", "${a:9:-2}", "${a:0:-9}", "${a:-2:-1}")
    requests = [{"in": text, "vars": {"a": "hello"}, "strict": False} for text in texts]
    expected = [{"out": "ell"}, {"out": "he"}, {"out": ""}, {"out": ""}, {"out": "hello"}]
    assert [answer(one) for one in requests] == expected
    assert ask(oracle, requests) == expected


SCALARS = [
    "", "~", "null", "Null", "true", "True", "yes", "Yes", "y", "N", "on", "OFF", "0", "-0", "+1", "42", "007",
    "0644", "0o17", "0x1F", "0b11", "08", "1_000", "1.", ".5", "1.0", "1.10", "1e3", "1E-2", "-.5e+1", "1e400",
    ".inf", ".nan", "12:34", "1:2:3", "2020-01-01", "2020-01-01T10:00:00Z", "9007199254740993", "1e21", "0.1",
    "18446744073709551616", "-9223372036854775809", "[1, 2]", "[a", "{a: 1}", "{a", "a: b", "a:b", "a :", ":",
    "- x", "-", "--- x", "?", "? x", "#c", "a #b", "a#b", "*x", "&x", "&x y", "!x", "!!str 1", "!!int x", "|",
    ">", "@x", "`x", "%x", "'a'", '"a"', '"a', "'", "it's", 'a "b" c', "\\n", "\\", " a", "a ", "\ta", "a\tb",
    "<<", "=", ",", "]", "}", "é", "😀", "\u2028", "\u0085", "\ufeff", "x" * 120, "word " * 40, "{{ x }}", "$$",
    "${a}", "a\rb", "\r", "0x", "0b2", "1__0", "_1", "+", "+.5", "0.0", "-0.0", "1e-7", "123456789012345678901",
]  # fmt: skip
TEMPLATES = [
    "${V}", "a${V}", "${V}b", "${V}${W}", "x: ${V}", "${V}: x", "- ${V}", "'${V}'", '"${V}"', "# ${V}",
    " ${V}", "${V} ", "${V:-d}", "${V:=${W}}", "${V^^}", "${V/a/: }", "${N:=${V}}", "line\n${V}\nend\n",
    "line\n${V}", "tab\t${V}", "yes ${V}", "\U0001f600 ${V}", "$${V}", "{${V}}", "[${V}]", "*${V}", "&${V}",
]  # fmt: skip


def _objects(chance: random.Random) -> dict[str, Any]:
    values: dict[str, Any] = {f"k{number}": chance.choice(TEMPLATES) for number in range(2)}
    values["plain"] = chance.choice(
        [1, 0.5, True, None, [], {}, "yes", "0644", "x ${W}", 2**53 + 1]
    )
    kind = chance.choice(["spec", "data"])
    name = chance.choice(["n", "n", "x-${M:-y}"])
    return {
        "apiVersion": "example.org/v1",
        "kind": "Thing",
        "metadata": {"name": name},
        kind: values,
    }


def test_values_get_the_types_that_flux_gives_them(
    oracle: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Names stay what a cluster takes; everything else may become anything."""
    chance = random.Random(SEED)
    (tmp_path / "app").mkdir()
    for _ in range(OBJECTS // 60):
        value, other = chance.choice(SCALARS), chance.choice(SCALARS)
        if chance.random() < 0.5:
            value = chance.choice(SCALARS) + chance.choice(["", " ", ":", "#", "-"]) + value
        objects = [_objects(chance) for _ in range(60)]
        for index, one in enumerate(objects):
            one["metadata"]["namespace"] = f"ns{index}"
        compared = compare(oracle, tmp_path, objects, {"V": value, "W": other})
        count(pytestconfig, "coercion: objects, each the same by Flux's libraries", compared)


def compare(
    oracle: Path, folder: Path, objects: list[dict[str, Any]], variables: dict[str, str]
) -> int:
    """What we build in one build of Flux's libraries; some of what we refuse one by one."""
    ours: list[Any] = []
    sources: list[dict[str, Any]] = []
    refused = []
    for one in objects:
        try:
            ours.append(substitute_object(one, variables, strict=False))
            sources.append(one)
        except (SubstitutionError, RenderError) as error:
            refused.append((one, error))
    for one, error in refused[:REFUSED]:
        theirs = _build(oracle, folder, [one], variables)
        assert isinstance(theirs, str), f"only we fail: {one} with {variables}: {error}"
    theirs = _build(oracle, folder, sources, variables)
    assert not isinstance(theirs, str), f"only Flux fails, with {variables}: {theirs}"
    found = list(differences(ours, theirs))
    assert not found, f"{variables}: {found[:4]}"
    return len(sources) + len(refused[:REFUSED])


def _build(
    oracle: Path, folder: Path, objects: list[dict[str, Any]], variables: dict[str, str]
) -> list[Any] | str:
    text = "\n---\n".join(yaml_json(one) for one in objects)
    (folder / "app/all.yaml").write_text(text, encoding="utf-8")
    kustomization = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "top", "namespace": "flux-system"},
        "spec": {"path": "./app", "postBuild": {"substitute": variables}},
    }
    (folder / "top.json").write_text(yaml_json(kustomization), encoding="utf-8")
    request = {"root": str(folder), "kustomization": str(folder / "top.json"), "strict": False}
    done = subprocess.run(
        [str(oracle), "render"], input=json.dumps(request), text=True, capture_output=True
    )
    return done.stderr if done.returncode else json.loads(done.stdout) or []
