"""An HTTP client of a sandbox's API and controls."""

from dataclasses import dataclass
from typing import Any

import requests

from sandbox.server import Sandbox


@dataclass
class SandboxClient:
    sandbox: Sandbox

    def get(self, path: str, account: str = "8702", **query: Any) -> requests.Response:
        """Call the API with the account's key, without following redirects."""
        return requests.get(
            f"{self.sandbox.api_url}/{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.sandbox.api_key(account)}"},
            allow_redirects=False,
            timeout=60,
        )

    def sales(self, account: str = "8702", **query: Any) -> Any:
        """Return a page of `GET /api/sales`."""
        return self.get("sales", account, **query).json()

    def all_sales(self, account: str = "8702", **query: Any) -> list[Any]:
        """Return the orders of all pages, read 200 at a time."""
        query = {"per_page": 200, **query}
        pages = self.sales(account, **query)["meta"]["last_page"]
        return [
            item
            for page in range(1, pages + 1)
            for item in self.sales(account, page=page, **query)["data"]
        ]

    def control(self, method: str, path: str, /, **arguments: Any) -> Any:
        url = f"{self.sandbox.base_url}/_control/{path}"
        response = requests.request(method, url, json=arguments, timeout=60)
        response.raise_for_status()
        return response.json()

    def stats(self, account: str = "8702") -> Any:
        return self.control("GET", "stats")["accounts"][account]
