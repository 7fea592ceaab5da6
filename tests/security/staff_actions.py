"""Everything staff can do in the admin, discovered from its URLs, list actions and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.urls import ResolverMatch, URLResolver, get_resolver, resolve, reverse

from clients.models import Client, ClientMerge
from flowzz.accounts.models import User
from integrations.admin import quarantine
from integrations.admin.integrations.actions import ACTIONS
from integrations.inbox.store import UNROUTABLE
from integrations.models import BulkAction, BulkKind, EventState, Integration, StatusMapping
from sales.models.exports import Export, ExportSubject
from tests.factories import SaleFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.staff import Staff

IGNORED_URLS = ("view_on_site", "autocomplete")
"""Redirects to a row's page outside of the admin: no model has one. Completions: not served."""
MODEL_PAGES = {
    "changelist": "view",
    "change": "view",
    "history": "view",
    "add": "add",
    "delete": "delete",
}
"""The pages that Django makes for each model, with the permission to open them."""
PAGES_WITH_OWN_POST = ("salesimport_change", "bulkaction_change")
"""The pages among these whose POST is ours."""
LISTS_WITH_BUTTONS = (
    *("salesimport_changelist", "integration_changelist"),
    *("mergesuggestion_changelist", "user_changelist"),
)
FORMS: dict[str, list[dict[str, str]]] = {
    "client_export": [{"format": "csv"}],
    "sale_export": [{"format": "csv"}],
    "status_mapping": [{"status": "PAID"}],
    "quarantine_group": [{"kind": kind} for kind in quarantine.LOG_TEXTS],
    "logout": [],
}
"""The forms to post to a URL, an empty one by default; each `kind` is an action of its own."""
_APP = re.compile("^({})_".format("|".join({m._meta.app_label for m in admin.site._registry})))
_MODELS = {model._meta.model_name for model in admin.site._registry}
_LINK = re.compile(r'(?:href|action|hx-get|hx-post)="(/admin/[^"]*)"')


@dataclass(frozen=True, slots=True)
class Page:
    """A named URL of the admin: `name` as in Django, `key` as in the documentation."""

    name: str
    arguments: tuple[str, ...]

    @property
    def key(self) -> str:
        key = self.name.removeprefix("admin:").removeprefix("backoffice:")
        return _APP.sub("", key)

    @property
    def permission(self) -> str:
        """Such as `view sale`, of a page that Django makes for each model; otherwise empty."""
        model, _, kind = self.key.rpartition("_")
        return f"{MODEL_PAGES[kind]} {model}" if kind in MODEL_PAGES and model in _MODELS else ""


@dataclass(slots=True)
class SampleRows:
    """A row of every model on which every action is possible; ids by URL argument."""

    ids: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make_rows(1)
        integration, client = Integration.objects.get(), Client.objects.get()
        event = make_event(integration, "ordmaos01", state=EventState.QUARANTINED)
        unowned = make_event(None, state=EventState.QUARANTINED, cause=UNROUTABLE)
        mapping = StatusMapping.objects.get()
        move = ClientMerge.objects.create(kind=ClientMerge.Kind.MERGE, source=client, target=client)
        bulk = BulkAction.objects.create(kind=BulkKind.REMAP, mapping=mapping)
        owner = User.objects.create_user("dona@flowzz.test")
        Export.objects.create(requested_by=owner, subject=ExportSubject.SALES, format="csv")
        for model in admin.site._registry:
            row = model._default_manager.first()
            self.ids[str(model._meta.model_name)] = row.pk if row else 1
        self.ids |= {"webhookevent": event.id, "assign_one": unowned.id, "user": owner.id}
        self.ids |= {"mapping_id": mapping.id, "action_id": bulk.id, "move_id": move.id}
        self.ids["associate"] = SaleFactory.create(user=owner, is_associated=False).id
        self.ids["suggestion_id"] = self.ids["mergesuggestion"]
        self.ids |= {"export_id": self.ids["export"], "app_label": "sales", "content_type_id": 1}

    def url_of(self, page: Page) -> str:
        model, _, rest = page.key.partition("_")
        row = self.ids.get(rest) or self.ids.get(model, 1)
        return reverse(page.name, kwargs={name: self.ids.get(name, row) for name in page.arguments})


@dataclass(slots=True)
class Access:
    """What a member of staff is permitted to do, and what the pages offer them."""

    browser: Staff
    rows: SampleRows
    permitted: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.permitted |= set(self._model_permissions())
        for page in PAGES:
            if not page.permission:
                self._open(page)
            if not page.permission or page.key in PAGES_WITH_OWN_POST:
                self._post_to(page)
        for action in ACTIONS:
            arguments = [self.rows.ids["integration"], action]
            url = reverse("admin:integrations_integration_action", args=arguments)
            if self.browser.get(url).status_code != HTTPStatus.FORBIDDEN:
                self.permitted.add(f"integration.{action}")

    def open_model_pages(self) -> None:
        """Open the pages of rows, and the lists that have a button."""
        for page in PAGES:
            has_buttons = page.key.endswith("_change") or page.key in LISTS_WITH_BUTTONS
            if page.permission in self.permitted and has_buttons:
                self._open(page)

    def _model_permissions(self) -> Iterator[str]:
        request = self.browser.get("/admin/").wsgi_request
        for model, model_admin in admin.site._registry.items():
            name = model._meta.model_name
            yield from (f"{name}.{action}" for action in model_admin.get_actions(request))
            for verb in ("view", "add", "change", "delete"):
                if getattr(model_admin, f"has_{verb}_permission")(request):
                    yield f"{verb} {name}"

    def _open(self, page: Page) -> None:
        response: Any = self.browser.get(self.rows.url_of(page))
        if not _is_permitted(response):
            return
        self.permitted.add(page.permission or f"GET {page.key}")
        if not response.streaming:
            links = _LINK.findall(response.content.decode(errors="ignore"))
            self.offered |= {_key_of(resolve(urlsplit(unescape(link)).path)) for link in links}

    def _post_to(self, page: Page) -> None:
        for form in FORMS.get(page.key, [{}]):
            if _is_permitted(self.browser.post(self.rows.url_of(page), form)):
                self.permitted.add(f"POST {page.key} {form.get('kind', '')}".strip())


def _pages() -> Iterator[Page]:
    def walk(patterns: list[Any], path: str, namespace: str) -> Iterator[Page]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, path + str(pattern.pattern), inner)
            elif pattern.name and pattern.name not in IGNORED_URLS and path.startswith("admin/"):
                names = (*pattern.pattern.converters, *pattern.pattern.regex.groupindex)
                yield Page(namespace + pattern.name, tuple(dict.fromkeys(names)))

    yield from walk(get_resolver().url_patterns, "", "")


PAGES = [page for page in _pages() if page.key != "integration_action"]
"""All named URLs of the admin, without the actions on an integration."""


def _is_permitted(response: Any) -> bool:
    if response.status_code == HTTPStatus.FOUND:
        return not response["Location"].startswith("/admin/login/")
    return response.status_code not in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)


def _key_of(match: ResolverMatch) -> str:
    if "name" in match.kwargs:
        return f"integration.{match.kwargs['name']}"
    page = Page(match.view_name, ())
    return page.permission or page.key
