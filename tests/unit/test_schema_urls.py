"""Schemas from an address: fetched when asked, once a kind, and honest when it fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storyrunner.gitops.schemas import schema_store

WIDGET = {"apiVersion": "demo.example/v1", "kind": "Widget", "spec": {"size": 3}}
SCHEMA = {
    "type": "object",
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "spec": {
            "type": "object",
            "properties": {"size": {"type": "integer"}},
            "additionalProperties": False,
        },
    },
}


class _Catalogue(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/demo.example/widget_v1.json":
            self._answer(200, json.dumps(SCHEMA).encode())
        elif "broken" in self.path:
            self._answer(500, b"")
        else:
            self._answer(404, b"")

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def catalogue() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (_Catalogue,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_kind_is_judged_by_the_fetched_schema_and_fetched_once(
    catalogue: tuple[str, list[str]],
) -> None:
    address, asked = catalogue
    store = schema_store([address])
    assert store.validate(WIDGET).ok
    wrong = store.validate({**WIDGET, "spec": {"sise": 3}})
    assert [item.rule for item in wrong.violations] == ["unknown-field"]
    assert asked == ["/demo.example/widget_v1.json"]


def test_a_kind_the_address_does_not_have_is_left_to_the_next_source(
    catalogue: tuple[str, list[str]],
) -> None:
    store = schema_store([catalogue[0]])
    assert not store.validate({**WIDGET, "kind": "Gadget"}).judged
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer"}
    assert store.validate(issuer).source == "shipped"


def test_a_failing_address_is_no_verdict(catalogue: tuple[str, list[str]]) -> None:
    template = "/broken/{{.ResourceKind}}.json"
    verdict = schema_store([catalogue[0] + template]).validate(WIDGET)
    assert not verdict.judged
    assert "HTTP 500" in verdict.reason


def test_nobody_there_is_no_verdict() -> None:
    verdict = schema_store(["http://127.0.0.1:9/{{.ResourceKind}}.json"]).validate(WIDGET)
    assert not verdict.judged
    assert "cannot be fetched" in verdict.reason
