"""Ports and URLs of a local run."""

import socket
from collections.abc import Iterator

import pytest

from flowzz.local.addresses import SANDBOX_PORT_OFFSET, Addresses, PortTaken
from flowzz.local.servers.paths import PORTS, free_port, is_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port_pair() -> int:
    """Return a free port whose preferred sandbox port is free, too."""
    return next(port for port in iter(free_port, None) if is_free(port + SANDBOX_PORT_OFFSET))


def test_port_in_use_is_named_with_a_free_one(taken_port: int) -> None:
    with pytest.raises(PortTaken, match=rf"^Port {taken_port} .* up --port \d+$"):
        Addresses.choose(taken_port, {})


def test_proposed_command_is_the_same_one_on_a_free_port(taken_port: int) -> None:
    with pytest.raises(PortTaken) as error:
        Addresses.choose(taken_port, {}, demo=True)
    command, _, port = str(error.value).rpartition(" ")
    assert command.endswith("manage.py up --demo --port")
    assert is_free(int(port))


def test_sandbox_port_is_offset_from_the_web_port() -> None:
    first, second = free_port_pair(), free_port_pair()
    assert Addresses.choose(first, {}).sandbox_port == first + SANDBOX_PORT_OFFSET
    assert Addresses.choose(second, {}).sandbox_port == second + SANDBOX_PORT_OFFSET


def test_sandbox_gets_another_port_if_the_preferred_one_is_in_use() -> None:
    port = free_port_pair()
    with socket.create_server(("127.0.0.1", port + SANDBOX_PORT_OFFSET)):
        addresses = Addresses.choose(port, {})
    assert addresses.sandbox_port not in {None, port, port + SANDBOX_PORT_OFFSET}


def test_sandbox_gets_another_port_if_the_preferred_one_is_invalid() -> None:
    port = next(filter(is_free, range(65_535, 65_000, -1)))
    assert Addresses.choose(port, {}).sandbox_port in PORTS


def test_processes_receive_the_urls_of_the_run() -> None:
    environ = Addresses(8000, 9100).process_environment(
        {"HOME": "/home/ana", "NO_PROXY": "intra.example"}
    )
    assert environ == {
        "HOME": "/home/ana",
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
        "COINZZ_API_URL": "http://127.0.0.1:9100/api",
        "NO_PROXY": "intra.example,127.0.0.1",
        "no_proxy": "intra.example,127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }


def test_set_variables_take_precedence() -> None:
    own = {"COINZZ_API_URL": "http://coinzz.test/api", "PUBLIC_BASE_URL": "https://flowzz.test"}
    addresses = Addresses.choose(free_port(), own)
    assert addresses.sandbox_url is None
    assert addresses.process_environment(own) | own == addresses.process_environment(own)
    assert addresses.shared_variables(own) == own
