"""Ports and addresses of a run."""

import socket
from collections.abc import Iterator

import pytest

from flowzz.local.addresses import SANDBOX_STEP, Place, PortTaken
from flowzz.local.servers.paths import PORTS, free_port, is_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def port_with_free_neighbour() -> int:
    """A free port whose sandbox's port is free, too."""
    return next(port for port in iter(free_port, None) if is_free(port + SANDBOX_STEP))


def test_a_port_in_use_is_named_with_a_way_out(taken_port: int) -> None:
    with pytest.raises(PortTaken, match=rf"^Port {taken_port} .* up --port \d+$"):
        Place.choose(taken_port, {})


def test_the_way_out_is_the_same_command_on_a_port_that_is_free(taken_port: int) -> None:
    with pytest.raises(PortTaken) as refusal:
        Place.choose(taken_port, {}, with_demo=True)
    command, _, port = str(refusal.value).rpartition(" ")
    assert command.endswith("manage.py up --demo --port")
    assert is_free(int(port))


def test_the_sandbox_keeps_its_distance_so_that_two_folders_have_two() -> None:
    one, other = port_with_free_neighbour(), port_with_free_neighbour()
    assert Place.choose(one, {}).sandbox_port == one + SANDBOX_STEP
    assert Place.choose(other, {}).sandbox_port == other + SANDBOX_STEP


def test_the_sandbox_goes_elsewhere_when_its_port_is_in_use() -> None:
    port = port_with_free_neighbour()
    with socket.create_server(("127.0.0.1", port + SANDBOX_STEP)):
        place = Place.choose(port, {})
    assert place.sandbox_port not in {None, port, port + SANDBOX_STEP}


def test_the_sandbox_goes_elsewhere_when_its_port_would_be_none() -> None:
    port = next(filter(is_free, range(65_535, 65_000, -1)))
    assert Place.choose(port, {}).sandbox_port in PORTS


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
