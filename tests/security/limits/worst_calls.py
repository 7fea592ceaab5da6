"""Everything that shows, exports, previews, searches, reads or masks what others have sent."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from clients.cleaning import clean_text
from clients.contacts import normalise_email, normalise_phone
from clients.documents import normalise_document
from clients.names import given_names_agree
from flowzz.accounts.models import User
from flowzz.backoffice import masking
from flowzz.backoffice.display import change_url, list_url
from flowzz.backoffice.filters import parameters_of
from flowzz.core.formatting import format_json
from integrations.admin.events import payload_diff
from integrations.admin.events.folded_json import fold
from integrations.models import EventState, Integration, SalesImport, WebhookEvent
from integrations.providers.coinzz import COINZZ
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider
from sales.exports import export_jobs
from sales.models import Sale
from sales.models.exports import Export, ExportFormat, ExportSubject
from tests import payloads
from tests.api_client import Frontend
from tests.security.limits import worst_cases
from tests.security.limits.worst_cases import CAUSE, LONG_TEXTS
from tests.security.staff_actions import PAGES, Page, SampleRows
from tests.staff import Staff, log_in, log_in_member

UNBOUNDED = {"client_export_data"}
"""Pages whose work grows with what a seller has sent in all: see docs/security.md."""
LISTED = {"limit": "100"}
SEARCHED = (*LONG_TEXTS, "Íris Prado", "zzzz", "ord999999")


class Call(NamedTuple):
    """Something to measure."""

    name: str
    run: Callable[[], Any]


def size_of(response: Any) -> int:
    """Return the bytes of a response, and read one that is streamed; 0 of anything else."""
    if not isinstance(response, HttpResponseBase):
        return 0
    assert response.status_code < 500
    return sum(map(len, response))


def every_page(rows: SampleRows) -> Iterator[Call]:
    """Yield every page, export, preview and GET of the API once."""
    for kind in KINDS:
        yield from calls_of(kind, rows)


def calls_of(kind: str, rows: SampleRows) -> Iterator[Call]:
    """Yield the calls of one of `KINDS`."""
    superuser = log_in(User.objects.create_superuser(f"{kind}@flowzz.test"))
    return KINDS[kind](superuser, rows)


def searches(texts: Sequence[str]) -> Iterator[Call]:
    """Yield every search for each of the texts."""
    yield from _searches(log_in(User.objects.create_superuser("busca@flowzz.test")), texts)


def other_calls(rows: SampleRows) -> Iterator[Call]:
    """Yield the pages as they are masked, and every list and search with long texts."""
    masked = log_in_member("Suporte")
    yield from _pages(masked, rows, ", masked")
    yield from _bodies(masked, rows, ", masked")
    staff = log_in(User.objects.create_superuser("busca@flowzz.test"))
    yield from _lists(staff)
    yield from _searches(staff)


def _get(name: str, browser: Staff, url: str, **query: str) -> Call:
    return Call(f"{name} {url}"[:100], partial(browser.get, url, query))


def _pages(staff: Staff, rows: SampleRows, name: str = "") -> Iterator[Call]:
    """Every page of the back-office."""
    for page in PAGES:
        if page.key in UNBOUNDED:
            continue
        yield Call(f"{page.key}{name}", partial(_open, staff, rows, page))


def _bodies(staff: Staff, _: SampleRows, name: str = "") -> Iterator[Call]:
    """The pages of imported files, and of one event for each of the worst bodies."""
    events = WebhookEvent.objects.filter(state=EventState.QUARANTINED, cause=CAUSE)
    by_size = {event.body_size: event for event in events.order_by("-id")}
    for row in (*SalesImport.objects.all()[:20], *by_size.values()):
        yield _get(f"{row._meta.model_name}{name}", staff, change_url(row))


def _open(staff: Staff, rows: SampleRows, page: Page) -> Any:
    return staff.get(rows.url_of(page))


def _lists(staff: Staff) -> Iterator[Call]:
    """Every list with a long value for each of its filters, and with a long search."""
    for model, page in admin.site._registry.items():
        names = {"p", "o", "q", *getattr(page, "linked_lookups", ())}
        for name in sorted(names.union(*map(parameters_of, page.list_filter))):
            yield _get(f"list by {name}", staff, list_url(model), **{name: LONG_TEXTS[2]})


def _searches(staff: Staff, texts: Sequence[str] = SEARCHED) -> Iterator[Call]:
    lists = [list_url(model) for model, page in admin.site._registry.items() if page.search_fields]
    for text in texts:
        for url in (*lists, reverse("backoffice:search")):
            yield _get(f"search of {text[:4]!r}", staff, url, q=text)
        yield _get("search while typing", staff, reverse("backoffice:command_search"), s=text)
        yield _get("missing order", staff, reverse("backoffice:missing_order"), pedido=text[:100])


def _previews(staff: Staff, rows: SampleRows) -> Iterator[Call]:
    for name in ("quarantine_group", "quarantine_preview"):
        yield _get("all bodies in", staff, reverse(f"backoffice:{name}"), causa=CAUSE)
    mapping = reverse("backoffice:status_mapping", args=[rows.ids["mapping_id"]])
    yield Call("preview of a mapping", partial(staff.post, mapping, {"status": "PAID"}))
    sale = change_url(Sale(id=rows.ids["sale"]))
    yield _get("older entries of the timeline of", staff, sale, antes="2026-03-02T12:00:00Z")


def _exports(staff: Staff, rows: SampleRows) -> Iterator[Call]:
    owner = Sale.objects.get(id=rows.ids["sale"]).user
    for subject in ExportSubject.values:
        page = reverse(f"admin:{subject}_{subject.rstrip('s')}_export")
        for format_ in ("csv", "xlsx"):
            name = f"export of {subject} as {format_}"
            yield Call(name, partial(staff.post, page, {"format": format_}))
        for format_ in ExportFormat.values:
            yield Call(
                f"{format_} of a seller's {subject}", partial(_export, owner, subject, format_)
            )


def _export(owner: User, subject: str, format_: str) -> None:
    export = Export(requested_by=owner, subject=subject, format=format_, is_own=True)
    export.save()
    export_jobs.execute(export.id)


def _api(_: Staff, rows: SampleRows) -> Iterator[Call]:
    """Every GET of the API, with a long value for each of its parameters."""
    owner = Frontend(Sale.objects.get(id=rows.ids["sale"]).user)
    schema: Any = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]  # no types
    for path, methods in schema["paths"].items():
        if "get" not in methods:
            continue
        parameters = methods["get"].get("parameters", ())
        names = [entry["name"] for entry in parameters if entry["in"] == "query"]
        url = path.format(id=_id_for(path, rows), run_id=rows.ids["syncrun"])
        yield Call(url, partial(owner.get, url))
        for name in names:
            query = {name: LISTED.get(name, LONG_TEXTS[2])}
            yield Call(f"{url}?{name}", partial(owner.get, url, query))


def _id_for(path: str, rows: SampleRows) -> Any:
    names = {"sales": "sale", "clients": "client", "subscriptions": "subscription"}
    names |= {"imports": "salesimport", "exports": "export", "keys": "apikey"}
    return next((rows.ids[names[part]] for part in reversed(path.split("/")) if part in names), 1)


KINDS: Final[dict[str, Callable[[Staff, SampleRows], Iterator[Call]]]] = {
    "previews": _previews,
    "exports": _exports,
    "api": _api,
    "pages": _pages,
    "bodies": _bodies,
}


def readers(size: int) -> Iterator[Call]:
    """What reads foreign bytes, and what masks and shows them, for inputs of about `size` bytes."""
    reader = reader_for(Integration(user=User(), provider=COINZZ))
    provider = get_provider(COINZZ)
    for name, order in worst_cases.worst_orders(size):
        body = payloads.encode(order)
        yield Call(f"parse {name}", partial(reader.parse_webhook, body, {}))
        yield Call(f"show {name}", partial(_show, body))
        yield Call(f"mask {name}", partial(_mask, provider, order))
        yield Call(f"compare {name}", partial(_compare, order))
    for name, body in worst_cases.unreadable_bodies(size).items():
        yield Call(f"parse {name}", partial(_read, reader.parse_webhook, body, {}))
    for pattern in ("a", "a ", "9", "a@", "%_", "\u202e", "\u00e9"):
        text = pattern * (size // len(pattern))
        for read in (clean_text, normalise_phone, normalise_email, normalise_document):
            yield Call(f"{read.__name__} {pattern!r}", partial(read, text))
        for mask in (*masking.MASKS.values(), masking.mask_emails_in):
            yield Call(f"{mask.__name__} {pattern!r}", partial(mask, text))
        yield Call(f"compare names {pattern!r}", partial(given_names_agree, text, f"{text}b"))


def files(size: int) -> Iterator[Call]:
    provider = get_provider(COINZZ)
    for name, content in worst_cases.worst_files(size):
        yield Call(f"file: {name}", partial(_read_file, provider, content))


def _read_file(provider: Any, content: bytes) -> int:
    file = _read(provider.read_file, content)
    return sum(1 for _ in file.lines()) if file else 0


def _read(read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except PayloadInvalid:
        return None


def _show(body: bytes) -> str:
    return fold(format_json(payload_diff.parse(body)), ())


def _mask(provider: Any, order: Any) -> Any:
    return masking.mask_payload(order, provider.personal_fields, provider.public_fields)


def _compare(order: Any) -> Any:
    other = order | {"order": order["order"] | {"product_name": "Outro"}, "novo": [1]}
    return payload_diff.differences(order, other, order, other)
