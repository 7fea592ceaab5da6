"""A user's news: what happens is told, to nobody else, and gaps are named."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from flowzz.core.api.event_stream import stream
from flowzz.core.api.event_stream.stream import Event
from flowzz.core.server.held_responses import ConnectionLimiter, HeldResponse
from tests import payloads
from tests.api_client import Frontend, error
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db
Told = list[tuple[str, Any]]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("vendedora@flowzz.test")


def read(user: User, last_id: str = "", **environ: Any) -> tuple[Told, str]:
    """The events that come after an id, and the last one's id."""
    response = Frontend(user).get(
        "/api/v1/events", HTTP_LAST_EVENT_ID=last_id, HTTP_ACCEPT="text/event-stream", **environ
    )
    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    fields = [
        dict(line.split(": ", 1) for line in block.splitlines())
        for block in response.content.decode().split("\n\n")
        if block.startswith("id")
    ]
    told = [(each["event"], json.loads(each["data"])) for each in fields]
    return told, fields[-1]["id"] if fields else last_id


def test_a_webhook_is_told_when_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seller = Seller()
    user = seller.integration.user
    start, last_id = read(user)

    with django_capture_on_commit_callbacks(execute=True):
        seller.told(payloads.order("ordaovivo"))
    told, _ = read(user, last_id)

    sale = seller.sale("ordaovivo")
    assert start == [("start", {})]
    [(name, data)] = told
    assert (name, data["created"], data["updated"]) == ("sales", 1, 0)
    [shown] = data["sales"]
    listed = Frontend(user).fetch(f"sales/{sale.id}").json()["data"]
    same = ("id", "externalId", "status", "shippingStatus", "updatedAt")
    assert shown == {"change": "created"} | {name: listed[name] for name in same}


def test_of_many_sales_at_once_the_number_is_told(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seller = Seller()
    _, last_id = read(seller.integration.user)

    with django_capture_on_commit_callbacks(execute=True):
        seller.told(*(payloads.order(f"ord{number:05}") for number in range(51)))

    told, _ = read(seller.integration.user, last_id)
    assert told == [("sales", {"created": 51, "updated": 0, "sales": []})]


def test_exactly_what_was_missed_comes_again(user: User) -> None:
    _, start = read(user)
    stream.publish(user.id, Event("a", {"n": 1}))
    first, last_id = read(user, start)
    stream.publish(user.id, Event("b", {"n": 2}), Event("c", {"n": 3}))

    missed, newest = read(user, last_id)

    assert first == [("a", {"n": 1})]
    assert missed == [("b", {"n": 2}), ("c", {"n": 3})]
    assert read(user, newest) == ([], newest)
    assert read(user, start)[0] == [*first, *missed]


def test_nobody_sees_anothers_events(user: User) -> None:
    other = User.objects.create_user("outra@flowzz.test")
    _, of_user = read(user)
    _, of_other = read(other)

    stream.publish(user.id, Event("a", {}))

    assert read(other, of_other)[0] == []
    assert read(other, read(user, of_user)[1])[0] == [("reset", {})]


@pytest.mark.parametrize("last_id", ["1-0", "99999999999999999999-0", "qualquer"])
def test_an_id_that_is_not_kept_asks_to_look_anew(user: User, last_id: str) -> None:
    told, newest = read(user, last_id)

    assert told == [("reset", {})]
    assert read(user, newest)[0] == []


def test_events_that_were_lost_with_redis_are_told_as_a_gap(user: User, settings: Settings) -> None:
    _, last_id = read(user)
    there = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        stream.publish(user.id, Event("a", {}))
        answer = Frontend(user).fetch("events")
    finally:
        settings.REDIS_URL = there
        redis.client.cache_clear()
    stream.publish(User.objects.create_user("outra@flowzz.test").id, Event("b", {}))

    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    assert answer.json() == error(
        "EVENTS_UNAVAILABLE",
        "Atualizações ao vivo indisponíveis no momento. Tente novamente em instantes.",
    )
    assert read(user, last_id)[0] == [("reset", {})]


class Connection:
    """What Granian hands over of a client that reads a while and goes away."""

    def __init__(self, *, chunks: int) -> None:
        self._chunks = chunks
        self._gone = asyncio.Event()
        self.headers: list[tuple[str, str]] = []
        self.received: list[bytes] = []

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Connection":
        self.headers = headers
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.received.append(data)
        if len(self.received) == self._chunks:
            self._gone.set()

    async def client_disconnect(self) -> None:
        await self._gone.wait()


def test_a_held_answer_goes_on_with_what_happens(user: User) -> None:
    places = ConnectionLimiter()
    hold = HeldResponse(places)
    _, last_id = read(user)
    assert read(user, last_id, **{"flowzz.hold": hold})[0] == []
    connection = Connection(chunks=2)

    async def listen() -> None:
        held = asyncio.create_task(hold.send(connection, 200, [("Content-Length", "3")], b"now"))
        await asyncio.to_thread(stream.publish, user.id, Event("a", {}))
        await held

    asyncio.run(listen())
    hold.release()

    assert connection.headers == []
    assert connection.received[0] == b"now"
    assert connection.received[1].endswith(b"event: a\ndata: {}\n\n")


async def nothing() -> AsyncIterator[bytes]:
    yield b""


def test_held_answers_are_bounded_in_all_and_for_each() -> None:
    places = ConnectionLimiter(2, each=1)
    holds = [HeldResponse(places) for _ in range(5)]

    assert [hold(who, nothing(), seconds=1) for hold, who in zip(holds, "aabc", strict=False)] == [
        True,
        False,
        True,
        False,
    ]
    holds[0].release()
    assert holds[4]("c", nothing(), seconds=1)
