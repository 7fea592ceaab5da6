"""A seller is deleted with all data, by staff and by command; nobody else loses a row."""

from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Model
from django.urls import reverse

from flowzz.accounts import sessions
from flowzz.accounts.models import StaffAction, User
from flowzz.core import redis
from flowzz.core.api.event_stream import stream
from flowzz.core.api.event_stream.stream import Event
from integrations import seller_erasure, tasks
from integrations.models import EventFailure, Integration, WebhookEvent
from integrations.webhooks import tokens
from tests.api_client import Frontend
from tests.integrations.admin.rows import make_rows
from tests.integrations.sellers import Seller, post
from tests.staff import Staff

pytestmark = pytest.mark.django_db
PASSWORD = "uma senha de teste"
IMPERSONAL = {"integrations.StatusMapping", "accounts.StaffAction", "integrations.HourlyStats"}
"""Rows that belong to nobody."""


def rows() -> set[tuple[str, Any]]:
    return {
        (model._meta.label, row.pk)
        for app in ("accounts", "clients", "core", "integrations", "sales")
        for model in apps.get_app_config(app).get_models()
        if model._meta.label not in IMPERSONAL
        for row in _all(model)
    }


def _all(model: type[Model]) -> Any:
    return model._base_manager.all()


@pytest.fixture
def neighbour() -> Seller:
    seller = Seller()
    seller.process({"order": {"order_number": "ordvizinha", "order_final_price": "10.00"}})
    return seller


@pytest.fixture
def seller(neighbour: Seller) -> User:
    """A user with a row of everything."""
    neighbours = set(User.objects.values_list("id", flat=True))
    make_rows(1)
    user = User.objects.exclude(id__in=neighbours).get()
    user.set_password(PASSWORD)
    user.save()
    sessions.log_in(user)
    event = WebhookEvent.objects.filter(integration__user=user).earliest("id")
    EventFailure.objects.create(event=event, attempt=1, reason="invalid_json", error="-")
    stream.publish(user.id, Event("sales", {"created": 1}))
    return user


def test_no_row_of_the_seller_stays_and_the_neighbour_loses_none(neighbour: Seller) -> None:
    before = rows()
    make_rows(1)
    user = User.objects.exclude(id=neighbour.integration.user_id).get()
    sessions.log_in(user)
    stream.publish(user.id, Event("sales", {"created": 1}))
    assert rows() > before

    seller_erasure.close_account(user)
    assert seller_erasure.erase(user.id)

    assert rows() == before
    assert not redis.client().keys(f"*{user.id}*")


def test_closed_account_is_open_to_nobody(seller: User) -> None:
    frontend = Frontend(seller)
    integration = Integration.objects.get(user=seller)
    path = tokens.webhook_url(integration).removeprefix("https://flowzz.test")

    seller_erasure.close_account(seller)

    login = {"email": seller.email, "password": PASSWORD}
    assert Frontend().send("auth/token", login).status_code == 401
    assert frontend.fetch("sales").status_code == 401
    assert post(path, b"{}").status_code == 404
    integration.refresh_from_db()
    assert (integration.status, integration.api_key) == ("DISCONNECTED", "")


def test_interrupted_erasure_is_continued(seller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seller_erasure.close_account(seller)
    assert not seller_erasure.erase(seller.id, seconds=0)
    assert User.objects.filter(id=seller.id).exists()

    tasks.continue_seller_erasures()

    assert not User.objects.filter(id=seller.id).exists()


def test_open_account_is_not_erased_by_the_task(seller: User) -> None:
    before = rows()
    tasks.continue_seller_erasures()
    assert rows() == before


def test_staff_delete_a_seller_with_a_reason_and_the_email(seller: User, staff: Staff) -> None:
    page = reverse("admin:accounts_user_erase_seller", args=[seller.id])
    for form in (
        {"email": "outro@exemplo.com.br", "reason": "Chamado 123"},
        {"email": seller.email, "reason": ""},
    ):
        assert staff.post(page, form).status_code == 200
    seller.refresh_from_db()
    assert seller.erasure_requested_at is None

    response = staff.post(page, {"email": seller.email, "reason": "Chamado 123"})

    assert response.status_code == 302
    seller.refresh_from_db()
    assert (seller.is_active, seller.erasure_requested_at is None) == (False, False)
    entry = StaffAction.objects.get(action="Excluiu um(a) vendedor(a) com todos os dados")
    assert (entry.target_id, entry.reason) == (str(seller.id), "Chamado 123")
    assert seller.email not in entry.target_label


def test_member_of_staff_is_not_deleted(staff: Staff) -> None:
    member = User.objects.create_user("saiu@flowzz.test", is_staff=True)
    form = {"email": member.email, "reason": "Chamado 123"}
    staff.post(reverse("admin:accounts_user_erase_seller", args=[member.id]), form)
    member.refresh_from_db()
    assert member.is_active
    with pytest.raises(seller_erasure.NotASeller):
        seller_erasure.close_account(User.objects.get(email="equipe@flowzz.test"))


def test_command_deletes_a_seller(seller: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seller_erase", seller.email.upper(), "--yes")
    assert not User.objects.filter(id=seller.id).exists()
    assert "excluída com todos os dados" in capsys.readouterr().out
