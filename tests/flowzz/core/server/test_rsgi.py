"""The RSGI adapter: how requests reach the WSGI application, and which never do."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from django.urls import reverse_lazy

from flowzz.core.server.rsgi import CHUNK_BYTES, RESPONSE_BYTES, UNREADABLE_VALUE, Application
from flowzz.rsgi import application as flowzz_application
from integrations.imports.import_jobs import MAX_BYTES

LIMIT = 10
Response = tuple[int, list[tuple[str, str]], bytes]


class Client:
    """Granian's protocol object of a client: the chunks of its body, and the response to it."""

    def __init__(self, *chunks: bytes, is_slow: bool = False, is_gone: bool = False) -> None:
        self._chunks = chunks
        self._is_slow = is_slow
        self._is_gone = is_gone
        self.bytes_read = 0
        self.response: Response | None = None

    async def __call__(self) -> bytes:
        if self._is_gone:
            raise RuntimeError
        return b"".join([chunk async for chunk in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            self.bytes_read += len(chunk)
            yield chunk
        if self._is_slow:
            await asyncio.sleep(60)

    def response_bytes(self, *response: Any) -> None:
        self.response = response

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response = status, headers, b""

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Transport":
        self.response = status, headers, b""
        self.transport = Transport()
        return self.transport

    async def client_disconnect(self) -> None:
        await asyncio.Event().wait()


class RecordingApplication:
    """A WSGI application that records its calls."""

    def __init__(self) -> None:
        self.environ: WSGIEnvironment = {}
        self.body: bytes | None = None

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.environ, self.body = environ, environ["wsgi.input"].read()
        start("201 Created", [("X-A", "1")])
        return iter([b"o", b"k"])


class Transport:
    """Granian's transport of a streamed response."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    async def send_bytes(self, chunk: bytes) -> None:
        self.chunks.append(chunk)


class Headers:
    """Granian's headers: `items` omits values that are not ASCII, `keys` has their names."""

    def __init__(self, sent: tuple[tuple[str, str], ...]) -> None:
        self._sent = sent

    def keys(self) -> list[str]:
        return [*dict(self._sent)]

    def get(self, name: str) -> str | None:
        return dict(self.items()).get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.keys()

    def items(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._sent if value.isascii()]


@pytest.fixture
def wsgi() -> RecordingApplication:
    return RecordingApplication()


def serve(wsgi: RecordingApplication, client: Client, *headers: tuple[str, str]) -> int:
    application = Application(
        wsgi, max_body_bytes=lambda path: LIMIT, max_body_seconds=lambda path: 0.01
    )
    return send(application, client, *headers)


def send(
    application: Application, client: Client, *headers: tuple[str, str], path: str = "/é/x y"
) -> int:
    scope = SimpleNamespace(
        http_version="1.1",
        server="[::1]:8000",
        client="[::1]:40000",
        scheme="http",
        method="POST",
        path=path,
        query_string="a=%20b",
        headers=Headers(headers),
    )
    asyncio.run(application.__rsgi__(scope, client))  # type: ignore[arg-type]  # a namespace
    assert client.response
    return client.response[0]


def test_application_receives_the_complete_request(wsgi: RecordingApplication) -> None:
    client = Client(b"hel", b"lo")

    serve(wsgi, client, ("host", "a"), ("content-length", "5"), ("accept", "b"), ("accept", "c"))

    assert client.response == (201, [("X-A", "1")], b"ok")
    assert wsgi.body == b"hello"
    names = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "REQUEST_METHOD", "QUERY_STRING")
    assert [wsgi.environ[name] for name in names] == ["::1", "[::1]", "8000", "POST", "a=%20b"]
    assert wsgi.environ["PATH_INFO"].encode("latin-1").decode() == "/é/x y"
    assert wsgi.environ["CONTENT_LENGTH"] == "5"
    assert (wsgi.environ["HTTP_HOST"], wsgi.environ["HTTP_ACCEPT"]) == ("a", "b,c")


def test_large_response_is_sent_in_chunks_from_a_file() -> None:
    parts = [b"a" * RESPONSE_BYTES, b"b" * (CHUNK_BYTES + 1), b""]

    def download(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", str(sum(map(len, parts))))])
        return iter(parts)

    client = Client()
    application = Application(
        download, max_body_bytes=lambda path: LIMIT, max_body_seconds=lambda path: 1
    )
    assert send(application, client) == 200
    assert b"".join(client.transport.chunks) == b"".join(parts)
    assert max(map(len, client.transport.chunks)) == CHUNK_BYTES


def test_header_with_underscore_is_no_proxy_header(wsgi: RecordingApplication) -> None:
    serve(wsgi, Client(), ("x_forwarded_proto", "https"))

    assert "HTTP_X_FORWARDED_PROTO" not in wsgi.environ


def test_header_with_unreadable_value_stays_present(wsgi: RecordingApplication) -> None:
    serve(wsgi, Client(), ("x-forwarded-for", "é, 192.0.2.1"), ("accept", "a"))

    assert wsgi.environ["HTTP_X_FORWARDED_FOR"] == UNREADABLE_VALUE
    assert wsgi.environ["HTTP_ACCEPT"] == "a"


def test_chunked_body_gets_a_content_length(wsgi: RecordingApplication) -> None:
    serve(wsgi, Client(b"hel", b"lo", b""), ("transfer-encoding", "chunked"))

    assert (wsgi.body, wsgi.environ["CONTENT_LENGTH"]) == (b"hello", "5")


def test_chunks_are_read_up_to_the_limit(wsgi: RecordingApplication) -> None:
    client = Client(*[b"."] * 100)

    serve(wsgi, client, ("transfer-encoding", "chunked"))

    assert client.bytes_read == int(wsgi.environ["CONTENT_LENGTH"]) == LIMIT + 1


def test_body_announced_as_too_large_is_not_read(wsgi: RecordingApplication) -> None:
    client = Client(b"." * (LIMIT + 1))

    serve(wsgi, client, ("content-length", "11"))

    assert (client.bytes_read, wsgi.environ["CONTENT_LENGTH"]) == (0, "11")


@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("/api/v1/sales/import", MAX_BYTES + 1_000),
        (reverse_lazy("admin:integrations_salesimport_upload"), MAX_BYTES + 1_000),
        ("/api/v1/sales", 0),
    ],
)
def test_large_body_is_read_on_upload_paths_only(
    monkeypatch: pytest.MonkeyPatch, path: str, length: int
) -> None:
    client = Client(b"." * (MAX_BYTES + 1_000))
    monkeypatch.setattr(flowzz_application, "_may_be_large", lambda environ: True)

    send(flowzz_application, client, ("content-length", str(MAX_BYTES + 1_000)), path=str(path))

    assert client.bytes_read == length


@pytest.mark.parametrize("header", [("content-length", "5"), ("transfer-encoding", "chunked")])
def test_slow_body_occupies_no_thread(wsgi: RecordingApplication, header: tuple[str, str]) -> None:
    assert serve(wsgi, Client(b"hel", is_slow=True), header) == 408
    assert wsgi.body is None


def test_incomplete_body_is_not_passed_on(wsgi: RecordingApplication) -> None:
    assert serve(wsgi, Client(is_gone=True), ("content-length", "5")) == 400
    assert wsgi.body is None
