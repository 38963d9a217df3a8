"""The endpoint itself: loopback only, random port, a secret in its address, gone after the run.

kubectl sends the credentials of a kubeconfig only over TLS, and a throw-away certificate would need
another library; so the token is the first part of the address's path, which every kubectl keeps.
Existing objects are never found. It must not know how kubectl is started.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from storyrunner.errors import ToolError
from storyrunner.gitops.offline_api.builtin import BUILTIN
from storyrunner.gitops.offline_api.discovery import AGGREGATED, Discovery
from storyrunner.gitops.offline_api.facts import CrdFact
from storyrunner.model.frozen import dataclass

_FORM = re.compile(r"g=apidiscovery\.k8s\.io;v=(\w+);as=APIGroupDiscoveryList")
_OPENAPI = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was answered; `path` is without the token and the query."""

    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    media: str = "application/json"


class OfflineApi:
    """A discovery endpoint for the built-in kinds and `crds`; a context manager, sync or async.

    A fact of `crds` goes before a built-in one. Inside the context `address`, `kubeconfig`,
    `cache` and `home` are set (the last three below `folder`, which only this user can read);
    afterwards the port is closed and the folder is gone. Safe for concurrent clients.
    """

    def __init__(self, crds: Iterable[CrdFact] = ()) -> None:
        self._discovery = Discovery((*crds, *BUILTIN))
        self._token = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.address = ""
        self.folder = Path()

    @property
    def kubeconfig(self) -> Path:
        """The one file that a client needs."""
        return self.folder / "kubeconfig"

    @property
    def cache(self) -> Path:
        """For `--cache-dir`: a file, in which no client can cache anything. It asks for all kinds
        at once anyway, and would write a folder for each."""
        return self.folder / "cache"

    @property
    def home(self) -> Path:
        """An empty HOME, so that no file of the user's changes the result."""
        return self.folder / "home"

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests so far, for tests and crash reports."""
        with self._lock:
            return tuple(self._requests)

    def start(self) -> None:
        """Open the port and write the kubeconfig. Raises ToolError when either cannot be done."""
        try:
            self._server = _Server(self)
            self.folder = Path(tempfile.mkdtemp(prefix="storyrunner-api-"))
            self.address = f"http://127.0.0.1:{self._server.server_port}/{self._token}"
            self.cache.touch(mode=0o600)
            self.home.mkdir()
            self.kubeconfig.touch(mode=0o600)
            self.kubeconfig.write_text(json.dumps(_kubeconfig(self.address)), encoding="utf-8")
        except OSError as error:
            self.stop()
            raise ToolError(f"the offline API cannot start: {error}") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.005,), name="offline api", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, remove the folder. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            if self._thread is not None:
                server.shutdown()
                self._thread.join()
                self._thread = None
            server.server_close()
            server.hang_up()
        if self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.shield(asyncio.to_thread(self.stop))

    def respond(self, method: str, target: str, accept: str) -> _Answer:
        """The answer to one request; `target` is the path as it came, token included."""
        _, _, rest = target.partition("?")[0].partition("/")
        token, _, path = rest.partition("/")
        known = hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())
        answer = self._answer(method, f"/{path}", accept) if known else _status(401, "Unauthorized")
        with self._lock:
            shown = f"/{path}" if known else "(no token)"
            self._requests.append(Request(method, shown, answer.status))
        return answer

    def _answer(self, method: str, path: str, accept: str) -> _Answer:
        if method != "GET":
            return _status(405, "MethodNotAllowed")
        path = path.rstrip("/")
        if path == "/openapi/v2":  # an empty document: no schema, nothing is checked
            return _Answer(200, b"", _OPENAPI)
        if path in {"/api", "/apis"}:
            for form in _FORM.findall(accept):
                if form in AGGREGATED:
                    media = f"application/json;g=apidiscovery.k8s.io;v={form}"
                    document = self._discovery.aggregated(path[1:], form)
                    return _json(document, f"{media};as=APIGroupDiscoveryList")
        plain = self._discovery.plain(path)
        return _status(404, "NotFound") if plain is None else _json(plain)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, api: OfflineApi) -> None:
        self.api = api
        self._live: set[socket.socket] = set()
        self._live_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # not HTTPServer's, which asks the name service who we are
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    def remember(self, connection: socket.socket, *, open_: bool) -> None:
        with self._live_lock:
            (self._live.add if open_ else self._live.discard)(connection)

    def hang_up(self) -> None:
        """Connections that clients keep open end too."""
        with self._live_lock:
            live = tuple(self._live)
        for connection in live:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed in the meantime

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news, and nothing is printed here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    # One packet per answer: as two, the second waits 40 ms for the first to be acknowledged.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.remember(self.connection, open_=True)

    def finish(self) -> None:
        self.server.remember(self.connection, open_=False)
        super().finish()

    def _respond(self) -> None:
        answer = self.server.api.respond(self.command, self.path, self.headers.get("Accept", ""))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.command not in {"GET", "HEAD"}:
            self.send_header("Connection", "close")  # its body is not read
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in `OfflineApi.requests`, not printed."""


def _json(document: object, media: str = "application/json") -> _Answer:
    return _Answer(200, json.dumps(document, separators=(",", ":")).encode(), media)


def _status(code: int, reason: str) -> _Answer:
    document = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "reason": reason,
        "message": f"offline API: {reason}",
        "code": code,
    }
    return _Answer(code, json.dumps(document).encode())


def _kubeconfig(address: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "offline", "cluster": {"server": address}}],
        "contexts": [{"name": "offline", "context": {"cluster": "offline", "user": "nobody"}}],
        "users": [{"name": "nobody", "user": {}}],
        "current-context": "offline",
    }
