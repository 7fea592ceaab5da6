"""A TypeScript client generated from the API's document compiles and works with a real server."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from flowzz.accounts.models import User
from flowzz.core.db.jobs import claimable_ids
from flowzz.local.servers.paths import PROJECT
from integrations.models import SyncRun
from integrations.sync import runs
from tests.sandbox.client import SandboxClient

HERE = Path(__file__).parent
NODE = PROJECT / ".venv/bin/node"
INSTALLED = PROJECT / ".flowzz/npm"
MODULES = INSTALLED / "node_modules"
SOURCES = (
    PROJECT / "docs/openapi.yaml",
    HERE / "client.ts",
    HERE / "tsconfig.json",
    HERE / "package-lock.json",
)
EXPECTED_OUTPUT = """\
refused 401 UNAUTHORIZED
status 404 COINZZ_NOT_FOUND
invalid VALIDATION_ERROR apiKey
connected conectado Integração Coinzz conectada com sucesso
first sync success 120
sync true 0 120
sales 118 118 true
preview 1 0
disconnected desconectado false
again true true
limit 1000
ended true
renewed 401 UNAUTHORIZED
"""


def node(*arguments: str | Path) -> str:
    process = subprocess.run(
        [NODE, *arguments], check=False, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def client() -> Path:
    """Return the compiled client. It is compiled again when one of its sources has changed."""
    if not MODULES.is_dir():
        pytest.fail("npm's packages are not installed: run `make node` (or `make test`).")
    digest = sha256(b"".join(source.read_bytes() for source in SOURCES)).hexdigest()[:16]
    folder = INSTALLED / f"client-{digest}"
    program = folder / "out/client.js"
    if not program.exists():
        for older in INSTALLED.glob("client-*"):
            shutil.rmtree(older)
        folder.mkdir()
        for source in SOURCES:
            shutil.copy(source, folder)
        (folder / "package.json").write_text('{"type": "module"}')
        node(MODULES / "openapi-typescript/bin/cli.js", SOURCES[0], "-o", folder / "api.d.ts")
        node(MODULES / "typescript/bin/tsc", "-p", folder)
    return program


@pytest.fixture
def _worker() -> Iterator[None]:
    """Execute claimable sync runs, as a worker does."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.05):
            for run_id in claimable_ids(SyncRun):
                runs.execute(run_id)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


@pytest.mark.usefixtures("_worker")
@pytest.mark.django_db(transaction=True)
def test_client_connects_syncs_lists_and_disconnects(
    client: Path, live_server: LiveServer, coinzz: SandboxClient
) -> None:
    User.objects.create_user("vendedora@flowzz.test", "uma-senha-comprida")
    arguments = ("vendedora@flowzz.test", "uma-senha-comprida", coinzz.sandbox.api_key())
    assert node(client, live_server.url, *arguments) == EXPECTED_OUTPUT
