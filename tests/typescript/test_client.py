"""A TypeScript client generated from the API's document compiles and works with a real server."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from flowzz.accounts.models import User
from flowzz.core.db.jobs import claimable_ids
from flowzz.local.servers.paths import PROJECT
from integrations.models import SyncRun
from integrations.sync import runs
from tests.sandbox.client import SandboxClient

GUIDE = PROJECT / "docs/frontend.md"
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


GUIDE_PRELUDE = """
declare const process: { argv: string[] };
const [server = "", email = "", password = "", apiKey = ""] = process.argv.slice(2);
const cursor: string | null = null;
const input = { files: [new File(["Pedido;Valor\\nordnovo;10,00\\n"], "vendas.csv")] };
function show(text: string): void { console.log("show", text); }
function showBeside(details: unknown): void { console.log("beside", details); }
function render(status: { status: string }): void { console.log("render", status.status); }
"""


@pytest.fixture(scope="module")
def guide_page(client: Path) -> Path:
    """Return the guide's TypeScript, compiled: its blocks one after the other, in a function."""
    folder = client.parent.parent
    blocks = re.findall(r"```ts\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).splitlines()
    imports = [line for line in lines if line.startswith("import ")]
    # Each block sees the names of those before it; the first two, the client, each other's.
    nested = "\n{\n".join(["".join(blocks[:2]), *blocks[2:]]) + "}" * (len(blocks) - 2)
    code = re.sub(r"^import .*$", "", nested, flags=re.MULTILINE)
    body = code.replace('"https://flowzz.example"', "server")
    page = f"async function page(): Promise<void> {{\n{body}\n}}"
    end = 'await page();\nconsole.log("end");\n'
    (folder / "guide.ts").write_text("\n".join([*imports, GUIDE_PRELUDE, page, end]))
    options = json.loads((folder / "tsconfig.json").read_text())
    (folder / "guide.json").write_text(json.dumps(options | {"files": ["guide.ts"]}))
    node(MODULES / "typescript/bin/tsc", "-p", folder / "guide.json")
    return folder / "out/guide.js"


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


@pytest.mark.usefixtures("_worker")
@pytest.mark.django_db(transaction=True)
def test_typescript_of_the_guide_compiles_and_runs(
    guide_page: Path, live_server: LiveServer, coinzz: SandboxClient, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [live_server.url]
    User.objects.create_user("vendedora@flowzz.test", "uma-senha-comprida")
    arguments = ("vendedora@flowzz.test", "uma-senha-comprida", coinzz.sandbox.api_key())
    output = node(guide_page, live_server.url, *arguments).splitlines()
    assert (output[0], output[-2:]) == ("render conectado", ["render conectado", "end"])
    assert {*output} == {"render conectado", "end"}
