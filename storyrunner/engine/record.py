"""The record of a story's proofs as versioned JSON, which `evidence` shows and `verify` repeats.

One table holds the files that many proofs share. A record that is damaged, edited or of another
version is no record: its reader says why. It must not know who asks, nor what a step does.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from storyrunner import regular
from storyrunner.engine.proofs import Circumstances, Proof, Terms
from storyrunner.model.frozen import dataclass
from storyrunner.model.plain import json_text, plain, result_from_plain
from storyrunner.model.result import StepResult
from storyrunner.redaction import redact

SCHEMA = "storyrunner/evidence/v1"
FOLDER = "evidence"
"""Below the state folder of a repository."""

_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Record:
    """All proofs of one story, by step. `about` is for people: story, criteria, tools, values."""

    runbook: str
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


class DamagedRecordError(Exception):
    """A record that is not as it was written; the message says how."""


def record_path(folder: Path, runbook: str) -> Path:
    """The record of a runbook's story in a folder of records."""
    return folder / f"{runbook}.json"


def as_text(record: Record, *, portable: bool = False) -> str:
    """The record as it is stored. `portable`: without what is good on this machine only, so that
    another machine's record of the same proofs is the same."""
    files: dict[str, Mapping[str, str]] = {}
    proofs = [_proof(proof, files, portable) for proof in record.proofs.values()]
    body = {
        "schema": SCHEMA,
        "runbook": record.runbook,
        **record.about,
        "proofs": proofs,
        "files": files,
    }
    document = {**body, "seal": _seal(body)}
    return json_text(document, indent=1 if portable else None) + "\n"


def parse(text: str | bytes) -> Record:
    """The record of a text. Raises DamagedRecordError."""
    try:
        document = json.loads(text)
        seal = document.pop("seal")
        if document["schema"] != SCHEMA:
            raise DamagedRecordError(f"it is a {document['schema']}, not a {SCHEMA}")
        if seal != _seal(document):
            raise DamagedRecordError("it was changed after it was written")
        files = document.pop("files")
        proofs = [_proof_from(item, files) for item in document.pop("proofs")]
        del document["schema"]
        return Record(document.pop("runbook"), {one.result.step: one for one in proofs}, document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise DamagedRecordError("it is not a record that can be read") from problem


def load(path: Path) -> Record | None:
    """The record in a file; None when there is none. Raises DamagedRecordError."""
    try:
        data = regular.read_bytes(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise DamagedRecordError(f"it cannot be read: {problem.strerror}") from problem
    return parse(data)


def store(path: Path, text: str) -> None:
    """Put a file in its place at once: readers see the old one or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".record-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _seal(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _proof(proof: Proof, files: dict[str, Mapping[str, str]], portable: bool) -> dict[str, Any]:
    result = plain(proof.result)
    del result["reused"]
    for item in result["evidence"]:
        item["inputs"] = _shared(item["inputs"], files)
        item["excerpt"] = redact(item["excerpt"])
    inputs = {key: value for key, value in proof.inputs.items() if key.startswith("/")}
    if portable:
        inputs = {key: value.partition(" #")[0] for key, value in inputs.items()}
    read = {key: value for key, value in proof.inputs.items() if not key.startswith("/")}
    return {
        **result,
        "kind": proof.kind,
        "title": proof.title,
        "commands": [redact(command) for command in proof.commands],
        "ran": [redact(command) for command in proof.ran],
        "log": proof.log,
        "inputs": {"files": _shared(read, files), "others": dict(sorted(inputs.items()))},
        "made": plain(proof.made),
        "terms": plain(proof.terms) if proof.terms and not portable else None,
    }


def _shared(read: Mapping[str, str], files: dict[str, Mapping[str, str]]) -> str:
    """The id of a table of files; the same files have the same id."""
    if not read:
        return ""
    table = dict(sorted(read.items()))
    digest = hashlib.sha256(repr(table).encode("utf-8", "surrogateescape")).hexdigest()[:_ID_LENGTH]
    files.setdefault(digest, table)
    return digest


def _proof_from(item: Mapping[str, Any], files: Mapping[str, Mapping[str, str]]) -> Proof:
    def read(name: str) -> dict[str, str]:
        return dict(files[name]) if name else {}

    evidence = [{**one, "inputs": read(one["inputs"])} for one in item["evidence"]]
    result: StepResult = result_from_plain({**item, "evidence": evidence})
    made = item["made"]
    dirty = made["dirty"]
    return Proof(
        result,
        item["kind"],
        item["title"],
        {**read(item["inputs"]["files"]), **item["inputs"]["others"]},
        Circumstances(**{**made, "dirty": None if dirty is None else tuple(dirty)}),
        tuple(item["commands"]),
        item["log"],
        None if item["terms"] is None else Terms(**item["terms"]),
        tuple(item["ran"]),
    )
