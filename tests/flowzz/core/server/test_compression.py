"""Large answers of the API are compressed for clients that accept it."""

import gzip
import json
from typing import Any

import pytest

from tests.api_client import Frontend
from tests.factories import SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
GZIP = {"Accept-Encoding": "br, gzip"}


@pytest.fixture
def frontend() -> Frontend:
    user = UserFactory.create()
    for number in range(3):
        SaleFactory.create(user=user, external_id=f"ord{number}", product_name="Curso " * 20)
    return Frontend(user)


def test_large_answer_is_compressed_if_accepted(frontend: Frontend) -> None:
    plain = frontend.fetch("sales")
    packed: Any = frontend.get("/api/v1/sales", headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.content) < len(plain.content) / 2
    assert json.loads(gzip.decompress(packed.content)) == plain.json()
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize("path", ["/api/v1/sales?limit=1&fields=id", "/health/live"])
def test_short_answers_and_other_pages_are_sent_as_they_are(frontend: Frontend, path: str) -> None:
    answer: Any = frontend.get(path, headers=GZIP)
    assert (answer.status_code, "Content-Encoding" in answer.headers) == (200, False)


def test_stream_of_events_is_not_compressed(frontend: Frontend) -> None:
    answer: Any = frontend.get("/api/v1/events", headers=GZIP | {"Accept": "text/event-stream"})
    assert (answer.status_code, "Content-Encoding" in answer.headers) == (200, False)
