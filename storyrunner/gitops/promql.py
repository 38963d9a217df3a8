"""Reads Prometheus rules: whether an expression is PromQL, and what every rule of an object says.

It must not know the schema of a PrometheusRule (`schemas` judges that): whatever is malformed is
passed over or becomes a problem in words, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from storyrunner.gitops.query import show_field
from storyrunner.gitops.query_paths import FieldPath
from storyrunner.model.frozen import dataclass

MAX_EXPRESSION = 8_000
"""Characters. The parser recurses without a bound: far longer texts end the whole process."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a PrometheusRule. `field` is its path in the object; `alert` or `record` is
    empty when the rule does not say it; `expr` is as it stands there, None when missing."""

    field: FieldPath
    group: str
    alert: str
    record: str
    expr: Any
    wait: str
    labels: Mapping[str, Any]
    annotations: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The alert's or the recorded series' name, else the field path."""
        return self.alert or self.record or show_field(self.field)


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """What Prometheus would refuse, with the field of the object it stands in."""

    field: FieldPath
    name: str
    message: str


def check(expr: Any) -> tuple[str, ...]:
    """Why `expr` is no PromQL a rule can use; empty when it is. A number is read as its text, as
    the field is int-or-string; a boolean, a list or nothing is a problem."""
    if expr is None:
        return ("the expression is missing",)
    if isinstance(expr, bool) or not isinstance(expr, str | int | float):
        return (f"the expression is no text but {type(expr).__name__}",)
    text = str(expr).strip()
    if not text:
        return ("the expression is empty",)
    if len(text) > MAX_EXPRESSION:
        return (f"the expression is longer than {MAX_EXPRESSION} characters and was not read",)
    if "${" in text:
        return ("the expression holds a `${…}` that was not substituted",)
    return _parse(text)


def rules_of(rule_object: Mapping[str, Any]) -> Iterator[Rule]:
    """Every rule of a PrometheusRule object, alerting and recording, in order."""
    spec = rule_object.get("spec")
    groups = spec.get("groups") if isinstance(spec, Mapping) else None
    for at, group in enumerate(groups if isinstance(groups, list) else ()):
        rules = group.get("rules") if isinstance(group, Mapping) else None
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping):
                field: FieldPath = ("spec", "groups", at, "rules", index)
                yield _rule(field, _text(group.get("name")), rule)


def alerts_of(rule_object: Mapping[str, Any]) -> Iterator[Rule]:
    """The alerting rules only."""
    return (rule for rule in rules_of(rule_object) if rule.alert)


def problems_of(rule_object: Mapping[str, Any]) -> tuple[RuleProblem, ...]:
    """All that is wrong with the rules of an object: expressions, rules that are both or neither
    alert and record, and group names given twice."""
    problems = []
    for rule in rules_of(rule_object):
        if bool(rule.alert) == bool(rule.record):
            said = "both alert and record" if rule.alert else "neither alert nor record"
            problems.append(RuleProblem(rule.field, rule.name, f"the rule has {said}"))
        for message in check(rule.expr):
            problems.append(RuleProblem((*rule.field, "expr"), rule.name, message))
    return (*problems, *_repeated_groups(rule_object))


def _repeated_groups(rule_object: Mapping[str, Any]) -> Iterator[RuleProblem]:
    spec = rule_object.get("spec")
    groups = spec.get("groups") if isinstance(spec, Mapping) else None
    seen: set[str] = set()
    for at, group in enumerate(groups if isinstance(groups, list) else ()):
        name = _text(group.get("name")) if isinstance(group, Mapping) else ""
        if name and name in seen:
            yield RuleProblem(("spec", "groups", at, "name"), name, "a group name given twice")
        seen.add(name)


def _parse(text: str) -> tuple[str, ...]:
    import promql_parser

    try:
        tree = promql_parser.parse(text)
    except ValueError as wrong:
        return (f"not PromQL: {wrong}",)
    ranges = (promql_parser.MatrixSelector, promql_parser.SubqueryExpr)
    if isinstance(tree, ranges):
        return ("a range vector: a rule needs an instant vector or a number",)
    if isinstance(tree, promql_parser.StringLiteral):
        return ("a text literal: a rule needs an instant vector or a number",)
    return ()


def _rule(field: FieldPath, group: str, rule: Mapping[str, Any]) -> Rule:
    return Rule(
        field=field,
        group=group,
        alert=_text(rule.get("alert")),
        record=_text(rule.get("record")),
        expr=rule.get("expr"),
        wait=_text(rule.get("for")),
        labels=_map(rule.get("labels")),
        annotations=_map(rule.get("annotations")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
