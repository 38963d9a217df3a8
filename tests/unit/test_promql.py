"""Promises of the PromQL reader: what Prometheus would refuse is a problem with its field."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from storyrunner.gitops.promql import MAX_EXPRESSION, alerts_of, check, problems_of, rules_of

GOOD = [
    'absent(up{job="x"})',
    "certs_expiry_seconds - time() < (7 * 24 * 3600)\n",
    'ready_status{condition="False"} == 1',
    "rate(http_total[5m]) > 0.5",
    "1",
    1,
]
BAD = [
    ("absent(up{job=", "not PromQL"),
    ("foo bar", "not PromQL"),
    ("sum by (job", "not PromQL"),
    ("rate(foo)", "expected type matrix"),
    ('up{job=~"("}', "illegal regex"),
    ("nosuchfunction(up)", "unknown function"),
    ("up[5m]", "range vector"),
    ('"text"', "text literal"),
    ("", "empty"),
    ("  \n", "empty"),
    (None, "missing"),
    (True, "no text but bool"),
    (["up"], "no text but list"),
    ("up{job='${JOB}'}", "not substituted"),
    ("a+" * MAX_EXPRESSION + "a", "longer than"),
]


@pytest.mark.parametrize("expr", GOOD)
def test_an_expression_prometheus_accepts_has_no_problem(expr: Any) -> None:
    assert check(expr) == ()


@pytest.mark.parametrize(("expr", "words"), BAD)
def test_an_expression_prometheus_refuses_is_a_problem_in_words(expr: Any, words: str) -> None:
    (problem,) = check(expr)
    assert words in problem


def test_the_longest_expression_that_is_read_does_not_end_the_process_in_a_thread() -> None:
    half = MAX_EXPRESSION // 2
    texts = ["(" * (half - 1) + "1" + ")" * (half - 1), "+".join(["a"] * half), "-" * half + "1"]
    found: list[tuple[str, ...]] = []
    worker = threading.Thread(target=lambda: found.extend(check(text) for text in texts))
    worker.start()
    worker.join()
    assert found == [(), (), ()]


def rule_object(*rules: Any) -> dict[str, Any]:
    return {"kind": "PrometheusRule", "spec": {"groups": [{"name": "g", "rules": list(rules)}]}}


def test_alerts_come_with_their_field_path_and_what_they_say() -> None:
    one = {"alert": "A", "expr": "up", "for": "5m", "labels": {"severity": "critical"}}
    objects = rule_object({"record": "r:x", "expr": "up"}, one)
    (alert,) = alerts_of(objects)
    assert alert.field == ("spec", "groups", 0, "rules", 1)
    assert (alert.alert, alert.group, alert.wait, alert.expr) == ("A", "g", "5m", "up")
    assert alert.labels == {"severity": "critical"}
    assert [rule.name for rule in rules_of(objects)] == ["r:x", "A"]


def test_problems_name_the_rule_and_the_field() -> None:
    objects = rule_object(
        {"alert": "Broken", "expr": "up{"},
        {"alert": "Both", "record": "b", "expr": "up"},
        {"expr": "up"},
        {"alert": "NoExpr"},
    )
    objects["spec"]["groups"].append({"name": "g", "rules": []})
    found = {(problem.name, problem.field[-1]): problem.message for problem in problems_of(objects)}
    assert "not PromQL" in found["Broken", "expr"]
    assert "both alert and record" in found["Both", 1]
    assert "neither" in found["spec.groups[0].rules[2]", 2]
    assert "missing" in found["NoExpr", "expr"]
    assert "twice" in found["g", "name"]


@pytest.mark.parametrize(
    "spec", [None, [], {"groups": None}, {"groups": [None, {"rules": [None, "x"]}, {"rules": {}}]}]
)
def test_a_malformed_object_has_no_rules_and_raises_nothing(spec: Any) -> None:
    assert list(rules_of({"spec": spec})) == []
    assert problems_of({"spec": spec}) == ()
