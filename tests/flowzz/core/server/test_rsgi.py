"""The web processes' entry: what the application sees of a request, and when it sees none."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from django.urls import reverse_lazy

from flowzz.rsgi import UNREADABLE, Application
from flowzz.rsgi import application as flowzz
from integrations.imports.import_jobs import MAX_BYTES

LIMIT = 10
Answer = tuple[int, list[tuple[str, str]], bytes]


class Client:
    """What Granian hands over of a client: its body's pieces, and what it is answered."""

    def __init__(self, *pieces: bytes, is_slow: bool = False, is_gone: bool = False) -> None:
        self._pieces = pieces
        self._is_slow = is_slow
        self._is_gone = is_gone
        self.read = 0
        self.answer: Answer | None = None

    async def __call__(self) -> bytes:
        if self._is_gone:
            raise RuntimeError
        return b"".join([piece async for piece in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.read += len(piece)
            yield piece
        if self._is_slow:
            await asyncio.sleep(60)

    def response_bytes(self, *answer: Any) -> None:
        self.answer = answer

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.answer = status, headers, b""


class Product:
    """A WSGI application that notes what it is called with."""

    def __init__(self) -> None:
        self.environ: WSGIEnvironment = {}
        self.body: bytes | None = None

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.environ, self.body = environ, environ["wsgi.input"].read()
        start("201 Created", [("X-A", "1")])
        return iter([b"o", b"k"])


class Headers:
    """As Granian's: a value that isn't ASCII is left out, its name isn't."""

    def __init__(self, sent: tuple[tuple[str, str], ...]) -> None:
        self._sent = sent

    def keys(self) -> list[str]:
        return [*dict(self._sent)]

    def items(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._sent if value.isascii()]


@pytest.fixture
def product() -> Product:
    return Product()


def serve(product: Product, client: Client, *headers: tuple[str, str]) -> int:
    application = Application(product, limit_of=lambda path: LIMIT, seconds_of=lambda path: 0.01)
    return ask(application, client, *headers)


def ask(
    application: Application,
    client: Client,
    *headers: tuple[str, str],
    path: str = "/é/x y",
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
    assert client.answer
    return client.answer[0]


def test_the_application_sees_the_whole_request(product: Product) -> None:
    client = Client(b"hel", b"lo")

    serve(product, client, ("host", "a"), ("content-length", "5"), ("accept", "b"), ("accept", "c"))

    assert client.answer == (201, [("X-A", "1")], b"ok")
    assert product.body == b"hello"
    names = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "REQUEST_METHOD", "QUERY_STRING")
    assert [product.environ[name] for name in names] == ["::1", "[::1]", "8000", "POST", "a=%20b"]
    assert product.environ["PATH_INFO"].encode("latin-1").decode() == "/é/x y"
    assert product.environ["CONTENT_LENGTH"] == "5"
    assert (product.environ["HTTP_HOST"], product.environ["HTTP_ACCEPT"]) == ("a", "b,c")


def test_a_header_cannot_pass_for_that_of_a_proxy(product: Product) -> None:
    serve(product, Client(), ("x_forwarded_proto", "https"))

    assert "HTTP_X_FORWARDED_PROTO" not in product.environ


def test_a_header_that_cannot_be_read_is_there_still(product: Product) -> None:
    serve(product, Client(), ("x-forwarded-for", "é, 192.0.2.1"), ("accept", "a"))

    assert product.environ["HTTP_X_FORWARDED_FOR"] == UNREADABLE
    assert product.environ["HTTP_ACCEPT"] == "a"


def test_a_body_in_chunks_has_a_length_when_it_has_come(product: Product) -> None:
    serve(product, Client(b"hel", b"lo", b""), ("transfer-encoding", "chunked"))

    assert (product.body, product.environ["CONTENT_LENGTH"]) == (b"hello", "5")


def test_chunks_are_read_until_they_are_too_many(product: Product) -> None:
    client = Client(*[b"."] * 100)

    serve(product, client, ("transfer-encoding", "chunked"))

    assert client.read == int(product.environ["CONTENT_LENGTH"]) == LIMIT + 1


def test_a_body_announced_as_too_large_is_not_read(product: Product) -> None:
    client = Client(b"." * (LIMIT + 1))

    serve(product, client, ("content-length", "11"))

    assert (client.read, product.environ["CONTENT_LENGTH"]) == (0, "11")


@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("/api/v1/sales/import", MAX_BYTES + 1_000),
        (reverse_lazy("admin:integrations_salesimport_upload"), MAX_BYTES + 1_000),
        ("/api/v1/sales", 0),
    ],
)
def test_a_file_is_read_where_files_come_in(path: str, length: int) -> None:
    client = Client(b"." * (MAX_BYTES + 1_000))

    ask(flowzz, client, ("content-length", str(MAX_BYTES + 1_000)), path=str(path))

    assert client.read == length


@pytest.mark.parametrize("header", [("content-length", "5"), ("transfer-encoding", "chunked")])
def test_who_is_slow_gets_no_thread(product: Product, header: tuple[str, str]) -> None:
    assert serve(product, Client(b"hel", is_slow=True), header) == 408
    assert product.body is None


def test_a_body_that_is_cut_short_is_not_passed_on(product: Product) -> None:
    assert serve(product, Client(is_gone=True), ("content-length", "5")) == 400
    assert product.body is None
