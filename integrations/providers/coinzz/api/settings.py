"""The addresses and names of Coinzz's API, which are guesses, and the lookup of its keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Each field is a setting, which `.env.example` explains: `api_url` is `COINZZ_API_URL`.

    A parameter with an empty name is not sent. Of several dotted keys the first one counts.
    """

    api_url: str
    api_test_path: str
    api_sales_path: str
    api_since_param: str
    api_since_format: str
    """The format of the time for `strftime`; local time of São Paulo."""
    api_page_param: str
    api_per_page_param: str
    api_items_key: Sequence[str]
    api_last_page_key: Sequence[str]
    api_next_page_key: Sequence[str]
    api_total_key: Sequence[str]


def find_values(response: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield the values of those dotted keys that a response has, null included.

    A key may also lead from the object in `data`, for responses in an envelope.
    """
    if not isinstance(response, dict):
        return
    for body in (response.get("data"), response):
        for dotted in keys:
            value = body
            for key in dotted.split("."):
                if not isinstance(value, dict) or key not in value:
                    break
                value = value[key]
            else:
                yield value
