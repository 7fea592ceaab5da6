"""All that staff can do in the admin, found by looking at it: pages, actions, deeds, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.test import Client as Browser
from django.urls import ResolverMatch, URLResolver, get_resolver, resolve, reverse

from clients.models import Client, ClientMerge
from flowzz.accounts.models import User
from integrations.admin.integrations.actions import DEEDS
from integrations.inbox.store import UNROUTABLE
from integrations.models import BulkAction, BulkKind, EventState, Integration, StatusMapping
from sales.models.exports import Export, ExportSubject
from tests.integrations.admin.rows import make_event, make_rows

NOWHERE = ("view_on_site",)
"""Leads to rows' pages outside of the admin, which none has."""
OF_MODELS = {
    "changelist": "view",
    "change": "view",
    "history": "view",
    "add": "add",
    "delete": "delete",
}
"""The pages that Django makes for each model, and what one must be let do to open them."""
CONFIRMS = "salesimport_change"
"""The one of these that takes a POST of ours."""
SENT: dict[str, list[dict[str, str]]] = {
    "configuration": [{"name": "none"}],
    "client_export": [{"format": "csv"}],
    "sale_export": [{"format": "csv"}],
    "word": [{"meaning": "PAID"}],
    "quarantine_group": [{"kind": kind} for kind in BulkKind if kind != BulkKind.REMAP],
    "logout": [],
}
"""What is posted to an address, if not nothing; each `kind` is an action of its own."""
_APP = re.compile("^({})_".format("|".join({m._meta.app_label for m in admin.site._registry})))
_MODELS = {model._meta.model_name for model in admin.site._registry}
_LINK = re.compile(r'(?:href|action|hx-get|hx-post)="(/admin/[^"]*)"')


@dataclass(slots=True)
class Scene:
    """A row of each kind, fit for all that can be done to it: ids by what addresses call them."""

    ids: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make_rows(1)
        integration, client = Integration.objects.get(), Client.objects.get()
        event = make_event(integration, "ordmaos01", state=EventState.QUARANTINED)
        stray = make_event(None, state=EventState.QUARANTINED, cause=UNROUTABLE)
        word = StatusMapping.objects.get()
        move = ClientMerge.objects.create(kind=ClientMerge.Kind.MERGE, source=client, target=client)
        bulk = BulkAction.objects.create(kind=BulkKind.REMAP, word=word)
        owner = User.objects.create_user("dona@flowzz.test")
        Export.objects.create(requested_by=owner, subject=ExportSubject.SALES, format="csv")
        for model in admin.site._registry:
            row = model._default_manager.first()
            self.ids[str(model._meta.model_name)] = row.pk if row else 1
        self.ids |= {"webhookevent": event.id, "assign_one": stray.id, "user": owner.id}
        self.ids |= {"word_id": word.id, "action_id": bulk.id, "move_id": move.id}
        self.ids |= {"export_id": self.ids["export"], "app_label": "sales", "content_type_id": 1}

    def address(self, page: "Page") -> str:
        model, _, rest = page.key.partition("_")
        row = self.ids.get(rest) or self.ids.get(model, 1)
        given = {name: self.ids.get(name, row) for name in page.arguments}
        return reverse(page.name, kwargs=given)


@dataclass(frozen=True, slots=True)
class Page:
    """An address of the admin's: `name` as Django has it, `key` as the documentation."""

    name: str
    arguments: tuple[str, ...]

    @property
    def key(self) -> str:
        key = self.name.removeprefix("admin:").removeprefix("backoffice:")
        return _APP.sub("", key)

    @property
    def guard(self) -> str:
        """Such as `view sale`, of a page that Django makes for each model; else empty."""
        model, _, kind = self.key.rpartition("_")
        return f"{OF_MODELS[kind]} {model}" if kind in OF_MODELS and model in _MODELS else ""


@dataclass(slots=True)
class Visit:
    """What somebody is let `do`, and what the pages that they see offer them."""

    browser: Browser
    scene: Scene
    let: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.let |= set(self._of_models())
        for page in PAGES:
            if not page.guard:
                self._open(page)
            if not page.guard or page.key == CONFIRMS:
                self._post_to(page)
        for deed in DEEDS:
            arguments = [self.scene.ids["integration"], deed]
            shown = self.browser.get(reverse("admin:integrations_integration_deed", args=arguments))
            self.let |= (
                {f"integration.{deed}"} if shown.status_code != HTTPStatus.FORBIDDEN else set()
            )

    def look_around(self) -> None:
        """Open the rows, too, and the list that has a button."""
        for page in PAGES:
            is_shown = page.key.endswith("_change") or page.key == "salesimport_changelist"
            if page.guard in self.let and is_shown:
                self._open(page)

    def _of_models(self) -> Iterator[str]:
        """What Django's own pages and the lists' actions let somebody do."""
        request = self.browser.get("/admin/").wsgi_request
        for model, page in admin.site._registry.items():
            name = model._meta.model_name
            yield from (f"{name}.{action}" for action in page.get_actions(request))
            for verb in ("view", "add", "change", "delete"):
                if getattr(page, f"has_{verb}_permission")(request):
                    yield f"{verb} {name}"

    def _open(self, page: Page) -> None:
        shown: Any = self.browser.get(self.scene.address(page))
        if not _is_let(shown):
            return
        self.let.add(page.guard or f"GET {page.key}")
        if not shown.streaming:
            links = _LINK.findall(shown.content.decode(errors="ignore"))
            self.offered |= {_key_of(resolve(urlsplit(unescape(one)).path)) for one in links}

    def _post_to(self, page: Page) -> None:
        for sent in SENT.get(page.key, [{}]):
            if _is_let(self.browser.post(self.scene.address(page), sent)):
                self.let.add(f"POST {page.key} {sent.get('kind', '')}".strip())


def _pages() -> Iterator[Page]:
    def walk(patterns: list[Any], path: str, namespace: str) -> Iterator[Page]:
        for one in patterns:
            if isinstance(one, URLResolver):
                inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
                yield from walk(one.url_patterns, path + str(one.pattern), inner)
            elif one.name and one.name not in NOWHERE and path.startswith("admin/"):
                names = (*one.pattern.converters, *one.pattern.regex.groupindex)
                yield Page(namespace + one.name, tuple(dict.fromkeys(names)))

    yield from walk(get_resolver().url_patterns, "", "")


PAGES = [page for page in _pages() if page.key != "integration_deed"]
"""All addresses of the admin, without those that name a deed."""


def _is_let(response: Any) -> bool:
    if response.status_code == HTTPStatus.FOUND:
        return not response["Location"].startswith("/admin/login/")
    return response.status_code not in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)


def _key_of(match: ResolverMatch) -> str:
    if "name" in match.kwargs:
        return f"integration.{match.kwargs['name']}"
    page = Page(match.view_name, ())
    return page.guard or page.key
