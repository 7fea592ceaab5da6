"""The sandbox's entry point: `Sandbox` starts and stops it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Self

from sandbox.accounts import DEFAULT_ACCOUNT, Accounts
from sandbox.api.coinzz_api import CoinzzApi
from sandbox.api.controls import Controls
from sandbox.api.faults import Faults
from sandbox.api.listings import DEFAULT_LISTING, AccountListings
from sandbox.http.listener import Listener
from sandbox.http.messages import Request, Response, html_response
from sandbox.orders.seller import Seller
from sandbox.store import Store
from sandbox.webhooks.receivers import Receivers
from sandbox.webhooks.sender import RETRY_DELAYS

_INDEX = html_response(Path(__file__).with_name("index.html").read_text(encoding="utf-8"))


@dataclass(kw_only=True)
class Sandbox:
    """A running stand-in for Coinzz: `with Sandbox() as sandbox:` starts and stops it."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 chooses a free port, which this attribute has after the start."""
    sales: int = 1000
    """Number of past orders of each account."""
    seed: int = 1
    state: Path | None = None
    """File that stores orders and receivers. With None they are lost at the end."""
    retry_delays: Sequence[float] = RETRY_DELAYS
    """Seconds before each further attempt to deliver a webhook."""
    listing: str = DEFAULT_LISTING
    """How accounts list their sales, except those with a listing of their own: see `LISTINGS`."""
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
        """Start to listen, in threads of its own.

        Raises OSError if the port is taken, and sqlite3.Error if `state` is another kind of file.
        """
        self._store = Store(self.state)
        try:
            self._listener = Listener((self.host, self.port), self._handle, quiet=self.quiet)
        except OSError:
            self._store.close()
            raise
        self.port = self._listener.port
        accounts = Accounts(self._store, seed=self.seed, sales=self.sales)
        faults = Faults()
        self._receivers = Receivers(accounts, self.retry_delays)
        listings = AccountListings(self.listing)
        self._api = CoinzzApi(accounts, faults, listings)
        self._controls = Controls(accounts, self._receivers, faults, listings)
        self._receivers.start()
        self._thread = Thread(target=self._listener.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop at once: open connections are closed, queued webhooks are not sent."""
        self._listener.stop()
        self._thread.join()
        self._receivers.stop()
        self._store.close()

    def _handle(self, request: Request) -> Response:
        if request.path == "/":
            return _INDEX
        if request.path.startswith("/_control/"):
            return self._controls.handle(request)
        return self._api.handle(request)
