"""A typed client made of the API's description compiles, and does what it says to a real server."""

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
TOLD = """\
refused 401 UNAUTHORIZED
status 404 COINZZ_NOT_FOUND
invalid VALIDATION_ERROR apiKey
connected conectado Integração Coinzz conectada com sucesso
first sync success 120
sync true 0 120
sales 120 120 true
preview 1 0
disconnected desconectado false
again true true
left of 1000
ended true
renewed 401 UNAUTHORIZED
"""


def node(*arguments: str | Path) -> str:
    done = subprocess.run(
        [NODE, *arguments], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client() -> Path:
    """The compiled client; made anew when the description or its source has changed."""
    if not MODULES.is_dir():
        pytest.fail("The tools of the proof are not installed: run `make node` (or `make test`).")
    mark = sha256(b"".join(source.read_bytes() for source in SOURCES)).hexdigest()[:16]
    folder = INSTALLED / f"client-{mark}"
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
    """Carries out the runs that turn up, as a worker would."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            for run_id in claimable_ids(SyncRun):
                runs.execute(run_id)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("_worker")
@pytest.mark.django_db(transaction=True)
def test_client_connects_syncs_lists_and_disconnects(
    client: Path, live_server: LiveServer, coinzz: SandboxClient
) -> None:
    User.objects.create_user("vendedora@flowzz.test", "uma-senha-comprida")
    who = ("vendedora@flowzz.test", "uma-senha-comprida", coinzz.sandbox.api_key())
    assert node(client, live_server.url, *who) == TOLD
