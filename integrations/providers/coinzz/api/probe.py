"""Test the API of one account, read-only: which of the settings' guesses are right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.providers.coinzz.api.item_report import describe_items, field_names
from integrations.providers.coinzz.api.pages import find_items
from integrations.providers.coinzz.api.settings import ApiSettings, find_values
from integrations.providers.coinzz.values import SAO_PAULO
from integrations.providers.contracts import ProbeCheck, ProbeReport
from integrations.providers.errors import IntegrationError, KeyRefused, UnexpectedResponse

EXAMPLES: Final = 2
# What to try where a setting does not match; the first name that works is proposed.
_SALES_PATHS: Final = ("sales", "orders", "vendas", "pedidos", "sale", "order", "v1/sales")
_PAGE_PARAMS: Final = ("page", "pagina", "p", "page_number", "pageNumber")
_PER_PAGE_PARAMS: Final = ("per_page", "limit", "limite", "page_size", "perPage", "por_pagina")
_SINCE_PARAMS: Final = ("since", "from", "updated_since", "start_date", "date_from", "desde", "de")
_SINCE_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
_PAGE_KEYS: Final = {
    "api_last_page_key": ("last_page", "lastPage", "last", "total_pages", "totalPages", "pages"),
    "api_next_page_key": ("next_page_url", "next_page", "next", "nextPage", "has_more", "hasMore"),
    "api_total_key": ("total", "total_count", "totalCount", "total_items", "count"),
}
_PAGE_LABELS: Final = {
    "api_last_page_key": "última página",
    "api_next_page_key": "próxima página",
    "api_total_key": "só o total de vendas",
}
_ORDER_FIELDS: Final = frozenset({"order_number", "order_hash", "order_final_price", "date_order"})
_FEW: Final = 4
"""With fewer sales, page 2 cannot be compared with page 1."""


class Probe:
    """Makes at most 30 requests, each retried once after the time that Coinzz asks for."""

    def __init__(self, client: CoinzzClient, settings: ApiSettings) -> None:
        self._client = client
        self._current = settings
        self._proposed = settings
        self._checks: list[ProbeCheck] = []
        self._items: list[Any] = []
        self._refusal = ""

    def run(self) -> ProbeReport:
        try:
            self._test_key()
            self._test_listing()
            self._test_sync()
        except IntegrationError as error:
            wait = f" (em {error.retry_after:.0f} s)" if error.retry_after else ""
            self._add("error", "API" if self._checks else "Chave", f"{error.message}{wait}")
        return ProbeReport(
            checks=self._checks, settings=dict(self._changes()), examples=self._items[:EXAMPLES]
        )

    def _test_key(self) -> None:
        """Raise IntegrationError unless the key is accepted, or another path may accept it."""
        path = self._current.api_test_path
        try:
            self._client.test_key()
        except UnexpectedResponse as error:
            self._add("error", "Chave", f"{path} não serve para testar: {_reason(error)}")
            return
        self._add("ok", "Chave", f"aceita por {path}")

    def _test_listing(self) -> None:
        response = self._find_listing()
        if response is None:
            return
        self._items = find_items(response, self._proposed) or []
        self._test_page_keys(response)
        if len(self._items) < _FEW:
            self._add("warning", "Páginas", f"só {len(self._items)} vendas: não deu para conferir")
        elif self._current.api_page_param:
            self._test_page_params()
        if self._items:
            self._test_since()
            self._checks += describe_items(self._items)

    def _test_sync(self) -> None:
        """Fetch a page as a sync does, unless something is wrong already."""
        if all(check.level != "error" for check in self._checks):
            self._client.fetch_sales(datetime.now(SAO_PAULO) - timedelta(days=90), 1)

    def _find_listing(self) -> Any:
        """Return the first response with a list of sales, the configured path first."""
        configured, refusals = self._current.api_sales_path, []
        paths = dict.fromkeys((configured, *_SALES_PATHS))
        for path in paths:
            response = self._get(path, {})
            refusals.append(self._refusal or "a resposta não tem lista de vendas")
            keys = self._items_keys(response, is_expected=path == configured)
            if keys:
                self._propose(api_sales_path=path, api_items_key=keys)
                if self._checks[0].level == "error":
                    self._propose(api_test_path=path)
                self._report_listing(path, keys, refusals[0])
                return response
        self._add(
            "error",
            "Listagem",
            f"não há lista de vendas em {', '.join(paths)} ({refusals[0]}). Conecte esta conta no "
            "modo webhook e importe o histórico de um arquivo",
        )
        return None

    def _items_keys(self, response: Any, *, is_expected: bool) -> Sequence[str]:
        configured = find_items(response, self._current)
        if configured is not None and (is_expected or not configured or _are_sales(configured)):
            return self._current.api_items_key
        lists = (path for path, value in _leaves(response) if _are_sales(value))
        return list(lists)[:1]

    def _report_listing(self, path: str, keys: Sequence[str], refusal: str) -> None:
        found = f"vendas em {path}, na chave {keys[0]}"
        if (path, keys) == (self._current.api_sales_path, self._current.api_items_key):
            self._add("ok", "Listagem", found)
            return
        expected = f"{self._current.api_sales_path}, na chave {self._current.api_items_key[0]}"
        self._add("error", "Listagem", f"{found}, e não em {expected} ({refusal})")

    def _test_page_keys(self, response: Any) -> None:
        found = {name: self._page_key(response, name) for name in _PAGE_KEYS}
        name = next((name for name, key in found.items() if key), None)
        if name is None:
            self._add("warning", "Paginação", "a resposta não diz se há outra página")
            return
        total = found["api_total_key"]
        if total:
            self._propose_key("api_total_key", total)
        is_expected = self._propose_key(name, found[name])
        expected = "" if is_expected else f" e não em {getattr(self._current, name)[0]}"
        text = f"{_PAGE_LABELS[name]} em {found[name]}{expected}"
        if name != "api_total_key":
            text += f", total em {total or '—'}"
        self._add("ok" if is_expected else "error", "Paginação", text)

    def _page_key(self, response: Any, name: str) -> str:
        """Return the key in the response: a configured one, else one with a usual name."""
        configured: Sequence[str] = getattr(self._current, name)
        present = (key for key in configured if any(True for _ in find_values(response, [key])))
        is_usual = (
            path
            for path, value in _leaves(response)
            if path.rsplit(".", 1)[-1] in _PAGE_KEYS[name] and _is_page_value(name, value)
        )
        return next(present, "") or next(is_usual, "")

    def _propose_key(self, name: str, key: str) -> bool:
        """Propose a key unless it is configured, and return whether it is."""
        is_configured = key in getattr(self._current, name)
        if not is_configured:
            self._propose(**{name: [key]})
        return is_configured

    def _test_page_params(self) -> None:
        page, per_page = self._proposed.api_page_param, self._proposed.api_per_page_param
        received = self._list({page: 2, per_page: 2}) or []
        is_sized = len(received) == 2
        # Not compared with the third sale alone: a new one may have arrived meanwhile.
        is_paged = received[0] in self._items[1:] if is_sized else self._is_other_page(received)
        sized_by = per_page if is_sized else self._find_per_page()
        paged_by = page if is_paged else self._find_page(sized_by)
        self._report_param("Página", page, paged_by, "error")
        self._report_param("Vendas por página", per_page, sized_by, "warning")
        self._propose(api_page_param=paged_by or page, api_per_page_param=sized_by or per_page)

    def _find_per_page(self) -> str:
        """Send a different size with each name: the number of sales tells which one counts."""
        names = _PER_PAGE_PARAMS
        received = self._list({name: size for size, name in enumerate(names, start=2)}) or []
        is_sized = 2 <= len(received) < 2 + len(names) < len(self._items)
        return names[len(received) - 2] if is_sized else ""

    def _find_page(self, per_page: str) -> str:
        """Send a different page with each name: the first sale tells which one counts."""
        if not per_page:
            pages = ((name, self._list({name: 2}) or []) for name in _PAGE_PARAMS)
            return next((name for name, received in pages if self._is_other_page(received)), "")
        numbers = {name: number for number, name in enumerate(_PAGE_PARAMS, start=2)}
        received = self._list({per_page: 1, **numbers}) or []
        by_first_sale = zip(_PAGE_PARAMS, self._items[1:], strict=False)
        return next((name for name, item in by_first_sale if [item] == received), "")

    def _is_other_page(self, received: Sequence[Any]) -> bool:
        return bool(received) and received[0] not in self._items

    def _report_param(
        self, subject: str, configured: str, found: str, level: Literal["warning", "error"]
    ) -> None:
        if configured == found:
            self._add("ok", subject, f"o parâmetro {configured} funciona")
        else:
            instead = f"{found} funciona" if found else "nenhum outro nome usual funciona"
            self._add(level, subject, f"o parâmetro {configured} não tem efeito; {instead}")

    def _test_since(self) -> None:
        name, time_format = self._current.api_since_param, self._current.api_since_format
        filters = self._filters([name], time_format)
        if filters:
            self._add("ok", "Desde", f"o parâmetro {name} filtra")
            return
        found = self._find_since()
        self._propose(**found)
        problem = "é recusado" if filters is None else "não filtra: cada sincronização lê tudo"
        instead = found.get("api_since_param", "nenhum outro nome usual")
        self._add(
            "error" if filters is None else "warning",
            "Desde",
            f"o parâmetro {name} {problem}; {instead} filtra",
        )

    def _find_since(self) -> dict[str, str]:
        """Halve the usual names until one is left, with the first format that filters."""
        for time_format in dict.fromkeys((self._current.api_since_format, *_SINCE_FORMATS)):
            names: Sequence[str] = _SINCE_PARAMS
            if not self._filters(names, time_format):
                continue
            while names[1:]:
                first, second = names[: len(names) // 2], names[len(names) // 2 :]
                names = first if self._filters(first, time_format) else second
            return {"api_since_param": names[0], "api_since_format": time_format}
        return {}

    def _filters(self, names: Sequence[str], time_format: str) -> bool | None:
        """Return whether no sale is listed since a time to come; None if Coinzz refuses that."""
        future = datetime.now(SAO_PAULO) + timedelta(days=2)
        received = self._list(dict.fromkeys(names, future.strftime(time_format)))
        return None if received is None else not received

    def _list(self, params: Mapping[str, str | int]) -> list[Any] | None:
        response = self._get(self._proposed.api_sales_path, params)
        return find_items(response, self._proposed)

    def _get(self, path: str, params: Mapping[str, str | int]) -> Any:
        """Return the JSON, or None where the API refuses the path or the parameters."""
        self._refusal = ""
        try:
            return self._client.get(path, {name: params[name] for name in params if name})
        except (KeyRefused, UnexpectedResponse) as error:
            self._refusal = _reason(error)
            return None

    def _propose(self, **names: Any) -> None:
        self._proposed = replace(self._proposed, **names)

    def _changes(self) -> Iterator[tuple[str, str]]:
        for field in fields(ApiSettings):
            value = getattr(self._proposed, field.name)
            if value != getattr(self._current, field.name):
                yield f"COINZZ_{field.name}".upper(), value if isinstance(value, str) else value[0]

    def _add(self, level: Literal["ok", "warning", "error"], subject: str, text: str) -> None:
        self._checks.append(ProbeCheck(level, subject, text))


def _reason(error: IntegrationError) -> str:
    """Return the first sentence: the others are for sellers."""
    return error.message.partition(". ")[0].rstrip(".")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in objects, with their dotted keys; lists are not entered."""
    if not isinstance(value, dict):
        yield path, value
        return
    for key, inner in value.items():
        yield from _leaves(inner, f"{path}.{key}" if path else key)


def _are_sales(value: Any) -> bool:
    return isinstance(value, list) and any(_ORDER_FIELDS & set(field_names(item)) for item in value)


def _is_page_value(name: str, value: Any) -> bool:
    if name == "api_next_page_key":
        return not isinstance(value, list)
    return isinstance(value, int) or (isinstance(value, str) and value.isdecimal())
