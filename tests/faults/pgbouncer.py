"""PgBouncer in transaction mode, from the system's packages, in front of a server of the tests."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from flowzz.local.servers.child_process import unprivileged
from flowzz.local.servers.paths import free_port
from tests.waiting import wait_until

BINARY = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SERVER_CONNECTIONS = 8
_CONFIGURATION = """
[databases]
* = host={server.hostname} port={server.port} password={server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
admin_users = {server.username}
logfile = {log}
"""


@contextmanager
def running_pgbouncer(postgres_url: str, directory: Path) -> Iterator[str]:
    """Run PgBouncer, and yield the URL that replaces PostgreSQL's."""
    assert BINARY, "PgBouncer is not installed"
    server, port = urlsplit(postgres_url), free_port()
    users, file = directory / "users.txt", directory / "pgbouncer.ini"
    users.write_text(f'"{server.username}" "{server.password}"\n')
    values = {"server": server, "port": port, "users": users, "size": SERVER_CONNECTIONS}
    file.write_text(_CONFIGURATION.format(log=directory / "pgbouncer.log", **values))
    for path in (directory, users, file):
        path.chmod(0o777)
    with (directory / "pgbouncer.out").open("ab") as log:
        process: subprocess.Popen[bytes] = unprivileged().start(
            [BINARY, str(file)], log=log, stop_signal=signal.SIGKILL
        )
    try:
        wait_until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, (directory / "pgbouncer.out").read_text()
        netloc = f"{server.username}:{server.password}@127.0.0.1:{port}"
        yield server._replace(netloc=netloc).geturl()
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
