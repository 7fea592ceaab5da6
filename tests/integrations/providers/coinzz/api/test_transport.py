"""Broken and hostile responses, sent byte by byte over a socket."""

import gzip
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from threading import Thread

import pytest

from integrations.providers.coinzz.api import transport
from integrations.providers.coinzz.api.client import MAX_RETRY_WAIT, CoinzzClient
from integrations.providers.coinzz.api.transport import TooManyRequests, Transport
from integrations.providers.errors import IntegrationError, ProviderUnavailable, UnexpectedResponse
from tests.integrations.providers.coinzz.samples import api_settings

JSON = "Content-Type: application/json\r\n"


def head(headers: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}\r\n".encode()


@contextmanager
def serve(pieces: Sequence[bytes], pause: float) -> Iterator[tuple[str, list[bytes]]]:
    """Serve one request; yields the URL and the received requests."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                requests.append(connection.recv(65_536))
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)
                except OSError:
                    return  # the client has had enough

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api", requests
        thread.join(5)


def get(*pieces: bytes, pause: float = 0.0, max_seconds: float = 5.0) -> object:
    with serve(pieces, pause) as (base_url, _):
        connection = Transport(
            base_url=base_url,
            api_key="8702|chave",
            connect_timeout=1,
            read_timeout=1,
            max_seconds=max_seconds,
        )
        with closing(connection):
            return connection.get("products")


def test_the_request_is_what_coinzz_expects() -> None:
    with (
        serve([head(JSON) + b'{"data": []}'], 0) as (base_url, requests),
        CoinzzClient(
            settings=api_settings(api_url=base_url + "/"), api_key="8702|chave", page_size=7
        ) as client,
    ):
        client.fetch_sales(datetime(2026, 11, 4, 0, 30, tzinfo=UTC), 3)
    request, *headers = requests[0].decode().splitlines()
    assert request == ("GET /api/sales?page=3&per_page=7&since=2026-11-03+21%3A30%3A00 HTTP/1.1")
    assert "Authorization: Bearer 8702|chave" in headers
    assert "Accept: application/json" in headers


@pytest.mark.parametrize("headers", [JSON, "Content-Type: text/plain\r\n", ""])
def test_json_is_accepted_with_any_content_type(headers: str) -> None:
    assert get(head(headers), b'{"data": [1.10]}') == {"data": [Decimal("1.10")]}


def test_compressed_response_is_decoded() -> None:
    assert get(head(JSON + "Content-Encoding: gzip\r\n"), gzip.compress(b"[1]")) == [1]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([head(JSON), b'{"data": ['], "incompleta"),
        ([head(JSON)], "incompleta"),
        ([head(JSON + "Content-Length: 100\r\n"), b'{"data": []}'], "incompleta"),
        ([head(JSON + "Transfer-Encoding: chunked\r\n"), b"5\r\n[1"], "incompleta"),
        ([head(JSON + "Content-Encoding: gzip\r\n"), b"not gzip"], "incompleta"),
        ([b"SSH-2.0-OpenSSH_9.6\r\n"], "a conexão falhou"),
        ([b""], "a conexão falhou"),
    ],
)
def test_broken_response_can_be_retried(pieces: list[bytes], message: str) -> None:
    with pytest.raises(ProviderUnavailable, match=message):
        get(*pieces)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([head("Content-Type: text/html\r\n"), b"<!DOCTYPE html>"], "página HTML"),
        ([head(JSON), b"  <html>"], "página HTML"),
        ([head("Content-Type: text/plain\r\n"), b"OK"], "não é um JSON válido"),
        ([head(JSON, "204 No Content")], r"recusou a consulta \(204\)"),
        ([head(JSON, "404 Not Found"), b"{}"], r"recusou a consulta \(404\)"),
        ([head("Location: /login\r\n", "307 Temporary Redirect")], "redirecionou"),
    ],
)
def test_other_response_is_unexpected(pieces: list[bytes], message: str) -> None:
    with pytest.raises(UnexpectedResponse, match=message):
        get(*pieces)


def test_endless_response_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_RESPONSE_BYTES", 100_000)
    with pytest.raises(UnexpectedResponse, match="grande demais"):
        get(head(JSON), *[b" " * 60_000] * 3)


def test_endless_compressed_response_is_cut_off_before_decompression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MAX_RESPONSE_BYTES", 100_000)
    with pytest.raises(UnexpectedResponse, match="grande demais"):
        get(head(JSON + "Content-Encoding: gzip\r\n"), gzip.compress(b" " * 50_000_000))


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (head(JSON), b" "),
        (head(JSON + "Content-Encoding: gzip\r\n"), gzip.compress(b" ")),
        (head(JSON + "Transfer-Encoding: chunked\r\n"), b"0"),
        (head(JSON + "Transfer-Encoding: chunked\r\n") + b"2\r\n[]\r\n0\r\n", b"X: 1\r\n"),
    ],
    ids=["status", "headers", "header", "interim", "body", "compressed", "chunk", "trailers"],
)
def test_slow_response_ends_at_the_deadline(beginning: bytes, piece: bytes) -> None:
    with pytest.raises(ProviderUnavailable, match="demorou demais"):
        get(beginning, *[piece] * 100, pause=0.02, max_seconds=0.3)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        ("9" * 400, 86_400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Fri, 13 Nov 2015 00:00:00 GMT", 0.0),
        ("Fri, 13 Nov 9999 00:00:00 GMT", 86_400.0),
        ("Fri, 13 Nov 999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_parsed_in_seconds(sent: str, seconds: float | None) -> None:
    with pytest.raises(TooManyRequests) as raised:
        get(head(f"Retry-After: {sent}\r\n", "429 Too Many Requests"))
    assert raised.value.retry_after == seconds


def test_retry_after_may_be_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with pytest.raises(ProviderUnavailable) as raised:
        get(head(f"Retry-After: {at}\r\n", "503 Service Unavailable"))
    assert raised.value.retry_after == pytest.approx(30, abs=2)


def test_wait_of_more_than_a_minute_is_left_to_the_caller() -> None:
    response = head("Retry-After: 61\r\nContent-Length: 0\r\n", "429 Too Many Requests")
    with (
        serve([response], 0) as (base_url, requests),
        CoinzzClient(settings=api_settings(api_url=base_url), api_key="8702|chave") as client,
        pytest.raises(IntegrationError) as raised,
    ):
        client.test_key()
    assert isinstance(raised.value, ProviderUnavailable)
    assert raised.value.retry_after == MAX_RETRY_WAIT + 1
    assert len(requests) == 1
