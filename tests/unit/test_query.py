"""Promises of queries: which objects are asked, what each answers, and what is never run."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyrunner.errors import RefusedFeatureError, RunbookError
from storyrunner.gitops.query import Selection, ask, ident_of, show_field
from storyrunner.gitops.query_paths import field_path_of, program_of

ISSUER: dict[str, Any] = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "ClusterIssuer",
    "metadata": {"name": "prod", "labels": {"team": "core"}},
    "spec": {
        "acme": {"email": "a@example.org", "a/b": 1},
        "solvers": [{"dns01": {"x": 1}}, {"http01": None}],
        "big": 12345678901234567890,
    },
}
CERT: dict[str, Any] = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "Certificate",
    "metadata": {"name": "tls", "namespace": "web"},
    "spec": {"dnsNames": ["*.example.org", "example.org"]},
}
OBJECTS = [ISSUER, CERT, {"kind": "Certificate", "metadata": {"name": "tls", "namespace": "b"}}]


def values_of(expression: str, selection: Selection | None = None) -> list[tuple[Any, ...]]:
    return [one.values for one in ask(OBJECTS, selection or Selection("ClusterIssuer"), expression)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (".spec.acme.email", ("a@example.org",)),
        (".spec.solvers[0].dns01.x", (1,)),
        (".spec.solvers[-1].http01", (None,)),
        (".spec.solvers[].dns01", ({"x": 1}, None)),
        (".spec.solvers.[0].dns01", ({"x": 1},)),
        ('.spec.acme["a/b"]', (1,)),
        ('.spec.acme."a/b"', (1,)),
        (".spec.missing.deeper", (None,)),
        (".spec.big", (12345678901234567890,)),
        (".spec.solvers | length", (2,)),
        ('.spec.acme | select(.email == "a@example.org") | ."a/b"', (1,)),
        ('.spec.solvers[] | select(has("dns01")) | .dns01.x', (1,)),
        ("[.spec.solvers[] | keys[0]] | sort", (["dns01", "http01"],)),
        ('{email: .spec.acme.email, "k": 1}', ({"email": "a@example.org", "k": 1},)),
        ('.spec.none // "default"', ("default",)),
        ('.spec.acme.email | test("@example[.]org$")', (True,)),
    ],
)
def test_the_common_subset_of_jq_and_yq_is_answered(
    expression: str, expected: tuple[Any, ...]
) -> None:
    assert values_of(expression) == [expected]


def test_each_answer_says_which_object_it_came_from() -> None:
    answers = ask(OBJECTS, Selection("Certificate", "tls"), ".spec.dnsNames[0]")
    assert [str(one.ident) for one in answers] == ["Certificate/web/tls", "Certificate/b/tls"]
    assert [one.values for one in answers] == [("*.example.org",), (None,)]


def test_a_value_of_the_wrong_shape_is_a_problem_and_no_value() -> None:
    for expression in (".spec.acme.email.deeper", ".spec.none[]", ".spec.acme | keys | .name"):
        (answer,) = ask(OBJECTS, Selection("ClusterIssuer"), expression)
        assert answer.values == ()
        assert answer.problem


@pytest.mark.parametrize(
    ("selection", "number"),
    [
        (Selection("Certificate"), 2),
        (Selection("Certificate", namespace="web"), 1),
        (Selection("Certificate", api_version="cert-manager.io/v1"), 1),
        (Selection("Certificate", api_version="cert-manager.io"), 1),
        (Selection("Certificate", api_version="cert-manager.io/v2"), 0),
        (Selection("certificate"), 0),
        (Selection("", "tls"), 2),
        (Selection("ClusterIssuer", labels={"team": "core"}), 1),
        (Selection("ClusterIssuer", labels={"team": "core", "x": "y"}), 0),
    ],
)
def test_a_selection_takes_exactly_what_it_says(selection: Selection, number: int) -> None:
    assert len(ask(OBJECTS, selection, ".")) == number


def test_a_name_is_compared_as_it_is_and_never_as_a_pattern() -> None:
    assert ask(OBJECTS, Selection("ClusterIssuer", "p*"), ".") == ()
    assert values_of('select(.metadata.name == "p*") | .kind') == [()]


@pytest.mark.parametrize("one", [{}, {"metadata": None}, {"metadata": [], "kind": 3}])
def test_an_object_without_identity_has_an_empty_one(one: dict[str, Any]) -> None:
    assert str(ident_of(one)) == ""


@pytest.mark.parametrize(
    "expression",
    [
        "range(1; 1e9)",
        "repeat(.)",
        "def f: f; f",
        "[limit(3; .spec[])]",
        "env.HOME",
        "$ENV.HOME",
        "input",
        "..",
        ".spec.a = 1",
        ".spec.a |= 1",
        '"x" * 1000000000',
        '"\\(.spec)"',
        "reduce .spec[] as $x (0; . + $x)",
        "." + "a" * 3000,
        'import "x" as x; .',
    ],
)
def test_what_may_not_end_or_looks_outside_is_refused_by_name(expression: str) -> None:
    with pytest.raises(RefusedFeatureError):
        ask([], Selection("X"), expression)


@pytest.mark.parametrize("expression", [".spec[", ".a 1", "", "| .x", ".a[0"])
def test_an_expression_that_does_not_parse_is_an_error_even_with_nothing_selected(
    expression: str,
) -> None:
    with pytest.raises(RunbookError):
        ask([], Selection("X"), expression)


def test_too_many_values_are_a_problem_and_no_flood() -> None:
    one = {"kind": "A", "spec": list(range(200))}
    (answer,) = ask([one], Selection("A"), "[.spec[] + .spec[]] | .[] | [.]")
    assert answer.values == ()
    assert "10000" in answer.problem


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        (".spec.data[0].remoteRef.key", ("spec", "data", 0, "remoteRef", "key")),
        ('.metadata.labels["a.b/c"]', ("metadata", "labels", "a.b/c")),
        (".", ()),
        (".spec.a[].b", None),
        (".spec.a[-1]", None),
        (".spec.a | length", None),
        (".spec.a?", None),
    ],
)
def test_a_plain_path_has_a_static_field_path(
    expression: str, path: tuple[str | int, ...] | None
) -> None:
    assert field_path_of(expression) == path


def test_a_field_path_is_shown_as_people_write_it() -> None:
    assert show_field(("spec", "solvers", 0, "a/b")) == 'spec.solvers[0]."a/b"'
    assert show_field(()) == "."


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
STEPS = NAMES.map(lambda n: f".{n}") | st.sampled_from(["[0]", "[1]", "[-1]", "[]", '["a"]'])


AROUND = st.sampled_from(
    [
        "{}",
        "[{}]",
        "{} | keys",
        "{} | length",
        '{} // "b"',
        "{} // false",
        "{} // 7",
        "{} == true",
        "{} == null",
        '{} == "a"',
        "{} == 1",
        "{} == -3",
    ]
)


@settings(max_examples=1500, deadline=None)
@given(spec=VALUES, steps=st.lists(STEPS, min_size=1, max_size=4), around=AROUND)
def test_paths_walked_here_answer_as_the_jq_library_does(
    spec: Any, steps: list[str], around: str
) -> None:
    import jq

    one = {"kind": "A", "spec": spec}
    expression = around.format(".spec" + "".join(steps))
    assert program_of(expression) is not None
    (answer,) = ask([one], Selection("A"), expression)
    try:
        expected = tuple(jq.compile(expression).input_text(json.dumps(one)).all())
    except ValueError:
        assert answer.values == ()
        assert answer.problem
    else:
        assert json.dumps(answer.values) == json.dumps(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "[.a][0]",
        "[.a] == [.b]",
        ".a | length == 0",
        '.a // "x" // "y"',
        '.a // "\\u0041"',
        ".a | keys | length",
        ".a == .b",
        "[.a | keys]",
        "[]",
    ],
)
def test_what_is_more_than_a_path_and_one_thing_around_it_is_left_to_jq(expression: str) -> None:
    assert program_of(expression) is None


def test_signs_in_a_quoted_name_are_part_of_the_path() -> None:
    one = {"kind": "A", "a | keys": 1, "a == b": 2, "a // b": 3}
    for number, name in enumerate(list(one)[1:], start=1):
        (answer,) = ask([one], Selection("A"), f'."{name}"')
        assert answer.values == (number,)


def test_what_json_has_not_is_left_to_jq() -> None:
    one = {"kind": "A", "a": {1: "x"}, "b": datetime.date(2026, 1, 1)}
    (keys,) = ask([one], Selection("A"), ".a | keys")
    (length,) = ask([one], Selection("A"), ".b | length")
    assert (keys.values, length.values) == ((["1"],), (10,))


def test_a_plain_path_costs_no_import_of_the_jq_library() -> None:
    code = (
        "import sys; from storyrunner.gitops.query import Selection, ask;"
        "ask([{'kind': 'A'}], Selection('A'), '.spec.a[].b');"
        "sys.exit('jq' in sys.modules or 'jsonschema_rs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
