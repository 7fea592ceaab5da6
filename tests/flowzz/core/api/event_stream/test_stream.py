"""Live updates: complete, for their user alone, with gaps reported."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from flowzz.accounts import passwords, sessions
from flowzz.accounts.models import LoginSession, User
from flowzz.core import redis
from flowzz.core.api.event_stream import Event, publish, stream
from flowzz.core.server.held_responses import HELD_RESPONSE, ConnectionLimiter, HeldResponse
from tests import payloads
from tests.api_client import Frontend, error
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db
Events = list[tuple[str, Any]]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("vendedora@flowzz.test")


def read(user: User, last_id: str = "", **environ: Any) -> tuple[Events, str]:
    """Return the events after an id, and the id of the last one."""
    response = Frontend(user).get(
        "/api/v1/events", HTTP_LAST_EVENT_ID=last_id, HTTP_ACCEPT="text/event-stream", **environ
    )
    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    fields = [
        dict(line.split(": ", 1) for line in block.splitlines())
        for block in response.content.decode().split("\n\n")
        if block.startswith("id")
    ]
    events = [(event["event"], json.loads(event["data"])) for event in fields]
    return events, fields[-1]["id"] if fields else last_id


def test_webhook_is_published_after_its_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seller = Seller()
    user = seller.integration.user
    start, last_id = read(user)

    with django_capture_on_commit_callbacks(execute=True):
        seller.process(payloads.order("ordaovivo"))
    events, _ = read(user, last_id)

    sale = seller.sale("ordaovivo")
    assert start == [("start", {})]
    [(name, data)] = events
    assert (name, data["created"], data["updated"]) == ("sales", 1, 0)
    [shown] = data["sales"]
    listed = Frontend(user).fetch(f"sales/{sale.id}").json()["data"]
    same = ("id", "externalId", "status", "shippingStatus", "updatedAt")
    assert shown == {"change": "CREATED"} | {name: listed[name] for name in same}


def test_large_batch_is_published_as_a_number(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seller = Seller()
    _, last_id = read(seller.integration.user)

    with django_capture_on_commit_callbacks(execute=True):
        seller.process(*(payloads.order(f"ord{number:05}") for number in range(51)))

    events, _ = read(seller.integration.user, last_id)
    assert events == [("sales", {"created": 51, "updated": 0, "sales": []})]


def test_reconnecting_client_gets_exactly_the_missed_events(user: User) -> None:
    _, start = read(user)
    publish(user.id, Event("a", {"n": 1}))
    first, last_id = read(user, start)
    publish(user.id, Event("b", {"n": 2}), Event("c", {"n": 3}))

    missed, newest = read(user, last_id)

    assert first == [("a", {"n": 1})]
    assert missed == [("b", {"n": 2}), ("c", {"n": 3})]
    assert read(user, newest) == ([], newest)
    assert read(user, start)[0] == [*first, *missed]


def test_user_sees_no_events_of_another_user(user: User) -> None:
    other = User.objects.create_user("outra@flowzz.test")
    _, user_last_id = read(user)
    _, other_last_id = read(other)

    time.sleep(0.002)  # ids are milliseconds: the user's next one is none of the other's
    publish(user.id, Event("a", {}))

    assert read(other, other_last_id)[0] == []
    assert read(other, read(user, user_last_id)[1])[0] == [("reset", {})]


@pytest.mark.parametrize("last_id", ["1-0", "99999999999999999999-0", "qualquer"])
def test_unknown_id_is_answered_with_reset(user: User, last_id: str) -> None:
    events, newest = read(user, last_id)

    assert events == [("reset", {})]
    assert read(user, newest)[0] == []


def test_events_lost_with_redis_are_reported_as_a_gap(user: User, settings: Settings) -> None:
    _, last_id = read(user)
    redis_url = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        publish(user.id, Event("a", {}))
        response = Frontend(user).fetch("events")
    finally:
        settings.REDIS_URL = redis_url
        redis.client.cache_clear()
    publish(User.objects.create_user("outra@flowzz.test").id, Event("b", {}))

    assert (response.status_code, response["Retry-After"]) == (503, "15")
    assert response.json() == error(
        "EVENTS_UNAVAILABLE",
        "Atualizações ao vivo indisponíveis no momento. Tente novamente em instantes.",
    )
    assert read(user, last_id)[0] == [("reset", {})]


class Connection:
    """Granian's protocol object of a client that disconnects after some chunks."""

    def __init__(self, *, chunks: int) -> None:
        self._chunks = chunks
        self._disconnected = asyncio.Event()
        self.headers: list[tuple[str, str]] = []
        self.received: list[bytes] = []

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Connection":
        self.headers = headers
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.received.append(data)
        if len(self.received) == self._chunks:
            self._disconnected.set()

    async def client_disconnect(self) -> None:
        await self._disconnected.wait()


def test_token_in_its_grace_after_expiry_holds_no_response_open(user: User) -> None:
    held_response = HeldResponse(ConnectionLimiter())
    frontend, environ = Frontend(user), dict[str, Any]({HELD_RESPONSE: held_response})
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=10), tick=False):
        response = frontend.get("/api/v1/events", **environ)
    assert (response.status_code, held_response.is_held) == (200, False)


def test_login_that_ends_while_the_last_id_is_read_holds_no_response_open(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_response = HeldResponse(ConnectionLimiter())
    frontend, environ = Frontend(user), dict[str, Any]({HELD_RESPONSE: held_response})
    read_stream = stream.read

    def log_out_and_read(user_id: UUID, last_id: str) -> tuple[bytes, str]:
        LoginSession.objects.get().delete()
        return read_stream(user_id, last_id)

    monkeypatch.setattr(stream, "read", log_out_and_read)
    response = frontend.get("/api/v1/events", **environ)
    assert (response.status_code, held_response.is_held) == (401, False)


def test_held_response_continues_with_new_events(user: User) -> None:
    held_response = HeldResponse(ConnectionLimiter())
    _, last_id = read(user)
    assert read(user, last_id, **{HELD_RESPONSE: held_response})[0] == []
    connection = Connection(chunks=2)

    async def listen() -> None:
        sending = asyncio.create_task(
            held_response.send(connection, 200, [("Content-Length", "4")], b"body")
        )
        await asyncio.to_thread(publish, user.id, Event("a", {}))
        await sending

    asyncio.run(listen())
    held_response.release()

    assert connection.headers == []
    assert connection.received[0] == b"body"
    assert connection.received[1].endswith(b"event: a\ndata: {}\n\n")


def log_out(user: User) -> None:
    sessions.log_out(sessions.log_in(user))


def change_password(user: User) -> None:
    passwords.change(user, "outra senha bem comprida")


def deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def reuse_a_token(user: User) -> None:
    token = sessions.log_in(user)
    sessions.renew(sessions.renew(token))
    with pytest.raises(sessions.SessionEnded):
        sessions.renew(token)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [log_out, change_password, deactivate, reuse_a_token])
def test_held_response_ends_with_a_login(user: User, end: Callable[[User], None]) -> None:
    held_response = HeldResponse(ConnectionLimiter())
    _, last_id = read(user)
    read(user, last_id, **{HELD_RESPONSE: held_response})
    connection = Connection(chunks=3)
    publish(user.id, Event("a", {}))
    end(user)

    asyncio.run(held_response.send(connection, 200, [], b"body"))

    assert connection.received[0] == b"body"
    assert b"".join(connection.received[1:]).count(b"event:") == 1
    if user.is_active:
        assert read(user, last_id)[0] == [("a", {})]


def test_held_response_outlasts_changes_that_end_no_login(user: User) -> None:
    held_response = HeldResponse(ConnectionLimiter())
    _, last_id = read(user)
    read(user, last_id, **{HELD_RESPONSE: held_response})
    user.save(update_fields=["last_login"])
    publish(user.id, Event("a", {}))
    publish(user.id, Event("b", {}))
    connection = Connection(chunks=2)

    asyncio.run(held_response.send(connection, 200, [], b"body"))

    assert connection.received[1].count(b"event:") == 2


async def no_chunks() -> AsyncIterator[bytes]:
    yield b""


def test_held_responses_are_limited_in_total_and_per_user() -> None:
    limiter = ConnectionLimiter(total=2, per_user=1)
    responses = [HeldResponse(limiter) for _ in range(4)]
    users = ("a", "a", "b", "c")

    assert [
        response.hold(user, no_chunks(), seconds=1)
        for response, user in zip(responses, users, strict=True)
    ] == [True, False, True, False]
    responses[0].release()
    assert responses[3].hold("c", no_chunks(), seconds=1)


def test_full_redis_is_answered_like_one_that_is_away(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "publish", lambda *_: None)  # refused, and logged
    response = Frontend(user).fetch("events")
    assert (response.status_code, response["Retry-After"]) == (503, "15")
