"""The sandbox as one thing to start and stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Self

from sandbox.accounts import DEFAULT_ACCOUNT, Accounts
from sandbox.api import Api
from sandbox.control import Control
from sandbox.delivery import PAUSES
from sandbox.exchange import Answer, Request, html_answer
from sandbox.faults import Faults
from sandbox.listener import Listener
from sandbox.receivers import Receivers
from sandbox.sellers import Seller
from sandbox.store import Store

_INDEX = html_answer(Path(__file__).with_name("index.html").read_text(encoding="utf-8"))


@dataclass(kw_only=True)
class Sandbox:
    """A Coinzz of one's own: `with Sandbox() as sandbox:` starts and stops it."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one, and says which once started."""
    sales: int = 1000
    """How many orders an account has when it is opened."""
    seed: int = 1
    state: Path | None = None
    """The file that remembers orders and receivers; None forgets them at the end."""
    pauses: Sequence[float] = PAUSES
    """Seconds before each further attempt at a webhook."""
    quiet: bool = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api"

    def api_key(self, account: str = DEFAULT_ACCOUNT) -> str:
        return Seller(self.seed, account).api_key()

    def start(self) -> None:
        """Listen, in threads of its own.

        OSError where the port is taken, sqlite3.Error where `state` is no file of ours.
        """
        self._store = Store(self.state)
        try:
            self._listener = Listener((self.host, self.port), self._answer, quiet=self.quiet)
        except OSError:
            self._store.close()
            raise
        self.port = self._listener.port
        accounts = Accounts(self._store, seed=self.seed, sales=self.sales)
        faults = Faults()
        self._receivers = Receivers(accounts, self.pauses)
        self._api = Api(accounts, faults)
        self._control = Control(accounts, self._receivers, faults)
        self._receivers.start()
        self._thread = Thread(target=self._listener.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End at once: open connections are torn down, waiting webhooks are not sent."""
        self._listener.stop()
        self._thread.join()
        self._receivers.stop()
        self._store.close()

    def _answer(self, request: Request) -> Answer:
        if request.path == "/":
            return _INDEX
        if request.path.startswith("/_control/"):
            return self._control.answer(request)
        return self._api.answer(request)
