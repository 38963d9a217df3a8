"""The record of a story for people: a pull request or an audit reads what was proven, and how.

It gets a record as it stands and writes it down; it decides nothing and looks at no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storyrunner.engine.proofs import Proof
from storyrunner.engine.standing import Standing
from storyrunner.model.result import Evidence
from storyrunner.model.status import FACES, Status
from storyrunner.reporters.wording import word
from storyrunner.workspace import safe

Signature = Mapping[str, Any]


def markdown(standing: Standing, signed: Mapping[str, Signature]) -> Iterator[str]:
    """The lines of a Markdown document. `signed`: step -> its sign-off."""
    record = standing.record
    story = record.about.get("story", {})
    yield f"# Evidence: {_plain(story.get('title') or record.runbook)}"
    yield ""
    yield (
        f"Story `{_code(story.get('path') or story.get('id') or '')}`, runbook `{record.runbook}`: "
        + (
            f"{standing.proven} of {len(standing.criteria)} criteria proven"
            + (f", {standing.stale_criteria} stale." if standing.stale_criteria else ".")
        )
    )
    yield ""
    yield from _criteria(standing)
    yield from _steps(standing)
    yield from _signed(standing, signed)
    yield from _about(record.about, list(record.proofs.values()))


def _criteria(standing: Standing) -> Iterator[str]:
    rows = []
    for verdict in standing.criteria:
        proofs = [standing.record.proofs[name] for name in verdict.steps if _has(standing, name)]
        rows.append(
            (
                verdict.criterion,
                _plain(verdict.text),
                _word(verdict.status),
                ", ".join(verdict.steps),
                _joined(str(item.rung) for item in _evidence(proofs) if item.rung),
                _joined(proof.made.at for proof in proofs),
            )
        )
    yield from _table(("criterion", "", "verdict", "proven by", "rung", "when"), rows)


def _has(standing: Standing, step: str) -> bool:
    return step in standing.record.proofs


def _steps(standing: Standing) -> Iterator[str]:
    yield "## Proofs"
    yield ""
    rows = []
    for name, proof in standing.record.proofs.items():
        status = standing.status(name)
        why = standing.stale.get(name) or ("" if status is Status.PASSED else proof.result.reason)
        verdict = f"{_word(status)}: {_plain(why)}" if why else _word(status)
        first = True
        for item in proof.result.evidence or (Evidence(""),):
            rows.append(
                (
                    name if first else "",
                    _plain(proof.title) if first else "",
                    verdict if first else "",
                    _plain(item.what),
                    _plain(item.matched),
                    _plain(str(item.rung or "")),
                    "" if item.exit_code is None else str(item.exit_code),
                )
            )
            first = False
    yield from _table(("step", "", "verdict", "check", "matched", "rung", "exit code"), rows)


def _signed(standing: Standing, signed: Mapping[str, Signature]) -> Iterator[str]:
    if not signed:
        return
    yield "## Signed"
    yield ""
    rows = [
        (
            step,
            _plain(one.get("question", "")),
            _plain(one.get("name", "")),
            _plain(one.get("at", "")),
            _plain(one.get("reason", "")),
            f"`{_code(str(one.get('commit', ''))[:12])}`" if one.get("commit") else "",
            _word(standing.status(step)) if _has(standing, step) else "",
        )
        for step, one in signed.items()
    ]
    yield from _table(("step", "question", "who", "when", "why", "at commit", "verdict"), rows)


def _about(about: Mapping[str, Any], proofs: Sequence[Proof]) -> Iterator[str]:
    yield "## Made with"
    yield ""
    commits = _joined(proof.made.commit[:12] for proof in proofs if proof.made.commit)
    dirty = sorted({path for proof in proofs for path in proof.made.dirty or ()})
    yield f"- storyrunner {_joined(proof.made.storyrunner for proof in proofs)}"
    yield f"- commit {commits or 'none'}" + (
        f", with changes in {', '.join(_plain(path) for path in dirty)}" if dirty else ""
    )
    for name, told in sorted(about.get("tools", {}).items()):
        yield f"- {_plain(told)}" if told else f"- {_plain(name)}"
    parameters = about.get("parameters", {})
    if parameters:
        yield ""
        rows = [(f"`{_code(name)}`", _plain(value)) for name, value in sorted(parameters.items())]
        yield from _table(("parameter", "value"), rows)


def _evidence(proofs: Sequence[Proof]) -> Iterator[Evidence]:
    for proof in proofs:
        yield from proof.result.evidence


def _joined(items: Any) -> str:
    return ", ".join(dict.fromkeys(_plain(item) for item in items if item))


def _word(status: Status) -> str:
    return f"{FACES[status].glyph} {word(status)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _plain(value: Any) -> str:
    """Text that Markdown shows as it stands, in one cell."""
    text = " ".join(safe(line) for line in str("" if value is None else value).splitlines())
    for sign in "\\`|*_[]<>#":
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return text


def _code(text: str) -> str:
    return safe(" ".join(str(text).split())).replace("`", "'").replace("|", "\\|")
