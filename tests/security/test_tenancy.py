"""No user can read or change another user's rows, by any URL of the API or by webhooks."""

import hashlib
import json
import zlib
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client as Browser
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from integrations.models import Integration, SalesImport
from sales.models import Export, Sale, Subscription
from tests import payloads
from tests.api_client import Frontend
from tests.factories import IntegrationFactory
from tests.integrations.admin.rows import make_rows
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient
from tests.security.api_paths import api_paths, fill_ids, takes_ids

pytestmark = pytest.mark.django_db
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CALLS = ("GET", "POST", "DELETE")
UPLOAD = "/api/v1/sales/import"
PUBLIC = {
    "/api/schema",
    "/api/docs",
    "/api/docs/guide",
    "/api/v1/auth/logout",
    "/api/v1/auth/password/reset",
    "/api/v1/auth/session",
    "/api/v1/auth/session/logout",
    "/api/v1/auth/session/refresh",
    "/api/v1/auth/token",
    "/api/v1/auth/token/refresh",
}
APPS = ("accounts", "clients", "sales", "integrations")

Digests = dict[tuple[str, Any], str]


def rows() -> list[Model]:
    return [
        row
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for row in model._default_manager.all()
    ]


def digests() -> Digests:
    """Return a digest of all columns of each row."""
    return {
        (row._meta.label, row.pk): hashlib.sha256(
            repr([getattr(row, field.attname) for field in row._meta.concrete_fields]).encode()
        ).hexdigest()
        for row in rows()
    }


def is_unchanged(before: Digests) -> bool:
    return before.items() <= digests().items()


@pytest.fixture
def owned() -> Digests:
    """Create rows of every kind for one user; return their digests."""
    make_rows(1)
    SalesImport.objects.update(content=zlib.compress(sheet()))
    user = Integration.objects.get().user
    Export.objects.create(requested_by=user, subject="sales", format="csv", is_own=True)
    return digests()


@pytest.fixture
def ids(owned: Digests) -> set[UUID]:
    return {id_ for _, id_ in owned if isinstance(id_, UUID)}


@pytest.fixture(params=["without an integration", "with an integration of its own"])
def stranger(request: pytest.FixtureRequest, owned: Digests, settings: Settings) -> Frontend:
    settings.SYNC_WAIT_SECONDS = 0
    settings.RATE_LIMIT_SYNC = settings.RATE_LIMIT_API = "100000/hour"
    settings.RATE_LIMIT_IMPORT = "100000/hour"
    if request.param == "without an integration":
        return Frontend(User.objects.create_user("outra@flowzz.test"))
    return Frontend(IntegrationFactory.create(user__email="outra@flowzz.test").user)


def plain_body(path: str, api_key: str) -> tuple[Any, str]:
    """Return a body that the call accepts, and its type."""
    if path == UPLOAD:
        file = SimpleUploadedFile("vendas.csv", sheet(), "text/csv")
        return encode_multipart(BOUNDARY, {"file": file}), MULTIPART_CONTENT
    bodies = {"connect": {"apiKey": api_key}, "sync": {"forceFullSync": True}}
    return json.dumps(bodies.get(path.rpartition("/")[2], {})), "application/json"


def claims(path: str, owner: Integration, api_key: str) -> tuple[Any, str]:
    """Return a body with the owner's ids in every field that might be trusted, and its type."""
    users = dict.fromkeys(("user", "userId", "user_id", "owner"), str(owner.user_id))
    integrations = dict.fromkeys(("id", "pk", "integration", "integrationId"), str(owner.id))
    if path == UPLOAD:
        file = SimpleUploadedFile("vendas.csv", sheet(), "text/csv")
        form = users | integrations | {"file": file}
        return encode_multipart(BOUNDARY, form), MULTIPART_CONTENT
    body = {"apiKey": api_key, "forceFullSync": True} | users | integrations
    return json.dumps(body), "application/json"


def sheet() -> bytes:
    """Return a file that would change the owner's sale if it was imported for the owner."""
    number = Sale.objects.earliest("created_at").external_id
    return f"Pedido;Data;Cliente;Produto;Valor\n{number};02/10/2025;Ana Lima;Outro;1,00".encode()


def test_tested_paths_are_those_of_the_openapi_document() -> None:
    described = yaml.safe_load(Frontend().get("/api/schema").content)["paths"]
    documented = {path.replace("{", "<").replace("}", ">") for path in described}
    # The document calls a row's key `id`, the resolver `pk`.
    found = {path.replace("<pk>", "<id>") for path in api_paths()}
    assert documented == found - {"/api/schema", "/api/docs", "/api/docs/guide"}


@pytest.mark.parametrize("path", sorted(api_paths() - PUBLIC))
def test_every_path_requires_a_token(path: str, owned: Digests, ids: set[UUID]) -> None:
    anonymous = Frontend()
    for url in fill_ids(path, ids):
        for method in METHODS:
            response = anonymous.generic(method, url, "{}", "application/json")
            assert response.status_code == 401, f"{method} {url}"
    assert is_unchanged(owned)


@pytest.mark.parametrize("path", sorted(api_paths() - PUBLIC))
def test_another_users_rows_are_not_found_and_not_changed(
    path: str, owned: Digests, ids: set[UUID], stranger: Frontend, coinzz: SandboxClient
) -> None:
    refusals = {404, 405} if takes_ids(path) else {200, 202, 400, 404, 405, 409}
    owner = Integration.objects.earliest("created_at")
    api_key = coinzz.sandbox.api_key("8703")
    for url in fill_ids(path, ids):
        for method in METHODS:
            response: Any = stranger.generic(method, url, *plain_body(path, api_key))
            assert response.status_code in refusals, f"{method} {url}"
            text = response.content.decode()
            assert [id_ for id_ in ids if str(id_) in text] == [], f"{method} {url}"
        body, content_type = claims(path, owner, api_key)
        claim: Any = stranger.generic("POST", url, body, content_type)
        assert claim.status_code in {400, 404, 405}, url
    assert is_unchanged(owned)


@pytest.mark.parametrize("path", sorted(path for path in api_paths() if takes_ids(path)))
def test_owner_finds_the_same_rows(path: str, owned: Digests, ids: set[UUID]) -> None:
    """Otherwise the previous test would prove nothing."""
    owner = Frontend(Integration.objects.get().user)
    urls = fill_ids(path, ids)
    statuses = {owner.generic(method, url).status_code for method in CALLS for url in urls}
    assert statuses & {200, 409}  # found, in whatever state


def test_filters_find_no_rows_of_another_user(ids: set[UUID], stranger: Frontend) -> None:
    sale = Sale.objects.select_related("client").get()
    assert sale.client is not None
    for text in (sale.external_id, sale.product_name, sale.client.name, sale.client.phone):
        for path in ("sales", "clients"):
            assert stranger.fetch(path, search=text).json()["data"] == []
            assert stranger.fetch(path, product=text).json()["data"] == []


def test_etag_of_another_user_is_not_current() -> None:
    owner, other = (Frontend(User.objects.create_user(f"{name}@flowzz.test")) for name in "ab")
    responses = {path: owner.get(path) for path in api_paths() if not takes_ids(path)}
    tagged = {path: answer for path, answer in responses.items() if "ETag" in answer.headers}
    assert "/api/v1/dashboard/metrics" in tagged
    for path, answer in tagged.items():
        tag = answer.headers["ETag"]
        statuses = [user.get(path, HTTP_IF_NONE_MATCH=tag).status_code for user in (owner, other)]
        assert (path, statuses) == (path, [304, 200])
        assert "Authorization" in answer.headers["Vary"].split(", ")


def test_admin_session_gives_no_access_to_the_api(owned: Digests) -> None:
    browser = Browser()
    browser.force_login(Integration.objects.get().user)
    assert browser.get("/api/v1/sales").status_code == 401


def test_webhook_does_not_change_another_users_sale_of_the_same_number() -> None:
    number, code = "ordmesmos", "ass000001"
    owner = Seller("dona@flowzz.test")
    owner.process(payloads.order(number), payloads.subscription(code, with_order="ordciclos"))
    before = digests()

    other = Seller("outra@flowzz.test")
    other.post(payloads.encode(payloads.order(number, order_status="Cancelada")))
    cancelled = payloads.subscription(code, with_order="ordciclos", status="cancelada")
    other.post(payloads.encode(cancelled))
    other.drain()

    assert [state for state, _ in other.states] == ["DONE", "DONE"]
    assert Subscription.objects.filter(subscription_hash=code).count() == 2
    assert Sale.objects.filter(external_id=number).count() == 2
    assert is_unchanged(before)
