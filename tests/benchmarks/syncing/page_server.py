"""`python -m tests.benchmarks.syncing.page_server PORT SALES`: serve ready-made pages of sales.

Pages are encoded once and kept in memory, so that the server costs both contenders little. A POST
to `/change/N` changes every Nth sale; `/change/0` restores them all.
"""

import json
import sys
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.orders import encoded_order

PER_PAGE = 200
KEPT_PAGES = 1500
"""Two states of 150,000 sales; a larger run encodes its pages while it is measured."""


class Pages:
    """Pages as Laravel writes them, with every `step`th sale changed; 0 changes none."""

    def __init__(self, sales: int) -> None:
        self.sales, self.step = sales, 0
        self.page = lru_cache(KEPT_PAGES)(self._page)

    def _page(self, number: int, step: int) -> bytes:
        start = (number - 1) * PER_PAGE
        items = (
            encoded_order(n, changed=bool(step) and n % step == 0)
            for n in range(start, min(start + PER_PAGE, self.sales))
        )
        last = -(-self.sales // PER_PAGE)
        meta = {"current_page": number, "last_page": last, "total": self.sales}
        return b'{"data":[%b],"meta":%b}' % (b",".join(items), json.dumps(meta).encode())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: Pages

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self._respond(self.pages.page(int(query.get("page", ["1"])[0]), self.pages.step))

    def do_POST(self) -> None:
        self.pages.step = int(self.path.rpartition("/")[2])
        self._respond(b"{}")

    def log_message(self, *_: object) -> None: ...

    def _respond(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port, sales = map(int, sys.argv[1:])
    Handler.pages = Pages(sales)
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
