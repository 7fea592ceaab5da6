"""What staff did, as the trail keeps it."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from flowzz.accounts.models import AppendOnly, StaffAction, User
from flowzz.backoffice import audit_log
from tests.factories import ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
ACTIONS = "/admin/accounts/staffaction/"


@pytest.fixture
def superuser() -> User:
    return User.objects.create_superuser("equipe@flowzz.test")


@pytest.fixture
def browser(superuser: User) -> Browser:
    browser = Browser(REMOTE_ADDR="192.0.2.7")
    browser.force_login(superuser)
    return browser


@pytest.fixture
def line(superuser: User) -> StaffAction:
    return audit_log.record(superuser, "Reprocessou eventos", None, details={"events": 3})


def test_line_tells_who_what_when_and_why_without_the_clients_name(superuser: User) -> None:
    client = ClientFactory.create(name="Zoraide Quintanilha")
    audit_log.record(superuser, "Revelou", client, reason="Atendimento 4512")
    line = StaffAction.objects.get()
    assert (line.actor, line.action, line.reason) == (superuser, "Revelou", "Atendimento 4512")
    assert (line.target_label, line.target_id) == (f"cliente {client.id}", str(client.id))
    assert audit_log.target_label(SaleFactory.create(external_id="ordabc")) == "venda ordabc"


def test_line_can_not_be_changed_or_removed(line: StaffAction) -> None:
    for attempt in (line.save, line.delete, StaffAction.objects.all().delete):
        with pytest.raises(AppendOnly):
            attempt()
    with pytest.raises(AppendOnly):
        StaffAction.objects.update(action="Nada")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts_staffaction SET action = 'Nada'", "DELETE FROM accounts_staffaction"],
)
def test_database_refuses_it_too(line: StaffAction, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert StaffAction.objects.get().action == "Reprocessou eventos"


def test_admin_adds_changes_and_removes_no_line(browser: Browser, line: StaffAction) -> None:
    page = reverse("admin:accounts_staffaction_change", args=[line.id])
    assert "&quot;events&quot;: 3" in browser.get(page).content.decode()
    delete = reverse("admin:accounts_staffaction_delete", args=[line.id])
    answers = [browser.post(path, {}).status_code for path in (f"{ACTIONS}add/", page, delete)]
    assert answers == [403, 403, 403]


def test_line_leads_to_what_it_is_about(browser: Browser, superuser: User) -> None:
    client = ClientFactory.create()
    line = audit_log.record(superuser, "Revelou", client, reason="Atendimento 4512")
    page = browser.get(reverse("admin:accounts_staffaction_change", args=[line.id]))
    about = reverse("admin:clients_client_change", args=[client.id])
    assert f'href="{about}">cliente {client.id}</a>' in page.content.decode()


def test_what_the_admins_forms_do_is_in_it(browser: Browser, superuser: User) -> None:
    user = UserFactory.create()
    form = {"email": user.email, "name": "Nome Novo", "is_active": "on"}
    browser.post(reverse("admin:accounts_user_change", args=[user.id]), form)
    group = Group.objects.create(name="Estágio")
    browser.post(reverse("admin:auth_group_delete", args=[group.id]), {"post": "yes"})
    changed, deleted = StaffAction.objects.order_by("at")
    assert (changed.action, changed.actor, changed.address) == ("Alterou", superuser, "192.0.2.7")
    assert changed.details == {"changes": [{"changed": {"fields": ["Nome"]}}]}
    assert (deleted.action, deleted.target_label) == ("Excluiu", "grupo Estágio")
    history = browser.get(reverse("admin:accounts_user_history", args=[user.id]), follow=True)
    assert list(history.context["cl"].result_list) == [changed]


def test_list_is_filtered_by_person_action_and_period(
    browser: Browser, superuser: User, line: StaffAction
) -> None:
    other = User.objects.create_user("outra@flowzz.test", is_staff=True)
    second = audit_log.record(other, "Desconectou", None)
    for query, found in [
        ({"actor": str(other.id)}, [second]),
        ({"action": "Reprocessou eventos"}, [line]),
        ({"days": "7"}, [second, line]),
        ({"actor": "nobody", "days": "x"}, [second, line]),
    ]:
        assert list(browser.get(ACTIONS, query).context["cl"].result_list) == found


@pytest.mark.parametrize("text", ["pedido de ana@exemplo.com.br", "(62) 95454-4554", "52998224725"])
def test_reason_holds_no_personal_data(text: str) -> None:
    with pytest.raises(ValidationError):
        audit_log.validate_reason(text)
    assert (
        audit_log.validate_reason(" Atendimento 4512 de 24/11/2026 ")
        == "Atendimento 4512 de 24/11/2026"
    )
