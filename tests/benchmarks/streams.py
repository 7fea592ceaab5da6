"""Webhooks while event streams are open: `python -m tests.benchmarks streams`."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flowzz.accounts import sessions
from flowzz.accounts.models import User
from tests.benchmarks.intake import web_server
from tests.benchmarks.load import LoadResult, send
from tests.benchmarks.orders import bodies
from tests.integrations.sellers import Seller

STREAMS, USERS = 200, 50
COUNT = 1000


def measure() -> list[tuple[str, str]]:
    seller = Seller("aovivo@flowzz.test")
    sent = bodies(3 * COUNT)
    with web_server() as port:
        send(port, seller.path, sent[:COUNT])
        without_streams = send(port, seller.path, sent[COUNT : 2 * COUNT])
        with _open_streams(port) as count:
            with_streams = send(port, seller.path, sent[2 * COUNT :])
    return [
        (f"webhooks acknowledged, {COUNT:,} sent", _format(without_streams)),
        (f"the same beside {count} open event streams", _format(with_streams)),
    ]


@contextmanager
def _open_streams(port: int) -> Iterator[int]:
    """Open event streams, and yield how many have started."""
    users = [User.objects.create(email=f"aba{n}@flowzz.test") for n in range(USERS)]
    tokens = [sessions.log_in(user).access_token for user in users]
    with ExitStack() as stack:
        opened = 0
        for number in range(STREAMS):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            stack.enter_context(connection)
            connection.sendall(
                b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                + f"Authorization: Bearer {tokens[number % USERS]}\r\n\r\n".encode()
            )
            received = b""
            while b"event: start" not in received and (piece := connection.recv(4096)):
                received += piece
            opened += b"retry: 2000" in received
        yield opened


def _format(load: LoadResult) -> str:
    return f"{load.rate:,.0f}/s, p99 {load.p99 * 1000:.0f} ms"
