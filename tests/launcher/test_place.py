"""Ports and addresses of a run."""

import socket
from collections.abc import Iterator

import pytest

from flowzz.embedded.home import free_port, is_free
from flowzz.launcher import place as module
from flowzz.launcher.place import Place, PortTaken


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use_is_named_with_a_way_out(taken_port: int) -> None:
    with pytest.raises(PortTaken, match=rf"^Port {taken_port} .* up --port \d+$"):
        Place.choose(taken_port, {})


def test_the_way_out_is_the_same_command_on_a_port_that_is_free(taken_port: int) -> None:
    with pytest.raises(PortTaken) as refusal:
        Place.choose(taken_port, {}, with_demo=True)
    command, _, port = str(refusal.value).rpartition(" ")
    assert command.endswith("manage.py up --demo --port")
    assert is_free(int(port))


def test_the_sandbox_goes_elsewhere_when_its_port_is_in_use(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SANDBOX_PORT", taken_port)
    port = free_port()
    place = Place.choose(port, {})
    assert place.sandbox_port not in {None, port, taken_port}


def test_the_parts_learn_where_they_are() -> None:
    environ = Place(8000, 9100).environment({"HOME": "/home/ana", "NO_PROXY": "intra.example"})
    assert environ == {
        "HOME": "/home/ana",
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
        "COINZZ_API_URL": "http://127.0.0.1:9100/api",
        "NO_PROXY": "intra.example,127.0.0.1",
        "no_proxy": "intra.example,127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }


def test_what_is_set_comes_first() -> None:
    own = {"COINZZ_API_URL": "http://coinzz.test/api", "PUBLIC_BASE_URL": "https://flowzz.test"}
    place = Place.choose(free_port(), own)
    assert place.sandbox_url is None
    assert place.environment(own) | own == place.environment(own)
    assert place.variables(own) == own
