import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import audit_log
from flowzz.backoffice.display import change_url
from tests.factories import ClientFactory, UserFactory
from tests.staff import Staff

LIST = reverse("admin:accounts_staffaction_changelist")


@pytest.fixture
def superuser(staff: Staff) -> User:
    return User.objects.get(is_superuser=True)


@pytest.fixture
def entry(superuser: User) -> StaffAction:
    return audit_log.record(superuser, "Reprocessou eventos", None, details={"events": 3})


def test_pages_show_entries_and_change_none(staff: Staff, entry: StaffAction) -> None:
    page = change_url(entry)
    assert "&quot;events&quot;: 3" in staff.get(page).content.decode()
    delete = reverse("admin:accounts_staffaction_delete", args=[entry.id])
    statuses = [staff.post(url, {}).status_code for url in (f"{LIST}add/", page, delete)]
    assert statuses == [403, 403, 403]


def test_entry_links_to_its_target(staff: Staff, superuser: User) -> None:
    client = ClientFactory.create()
    entry = audit_log.record(superuser, "Revelou", client, reason="Atendimento 4512")
    html = staff.get(change_url(entry)).content.decode()
    assert f'href="{change_url(client)}">cliente {client.id}</a>' in html


def test_changes_and_deletions_by_admin_forms_are_logged(staff: Staff, superuser: User) -> None:
    user: User = UserFactory.create()
    form = {"email": user.email, "name": "Nome Novo", "is_active": "on"}
    staff.post(change_url(user), form, REMOTE_ADDR="192.0.2.7")
    group = Group.objects.create(name="Estágio")
    staff.post(reverse("admin:auth_group_delete", args=[group.id]), {"post": "yes"})

    changed, deleted = StaffAction.objects.order_by("created_at")
    assert (changed.action, changed.actor) == ("Alterou", superuser)
    assert changed.ip_address == "192.0.2.7"
    assert changed.details == {"changes": [{"changed": {"fields": ["Nome"]}}]}
    assert (deleted.action, deleted.target_label) == ("Excluiu", "grupo Estágio")
    history = staff.get(reverse("admin:accounts_user_history", args=[user.id]), follow=True)
    assert list(history.context["cl"].result_list) == [changed]


def test_list_is_filtered_by_actor_action_and_period(staff: Staff, entry: StaffAction) -> None:
    actor: User = UserFactory.create(is_staff=True)
    newer = audit_log.record(actor, "Desconectou", None)
    for query, expected in [
        ({"actor": str(actor.id)}, [newer]),
        ({"action": "Reprocessou eventos"}, [entry]),
        ({"days": "7"}, [newer, entry]),
        ({"actor": "nobody", "days": "x"}, [newer, entry]),
    ]:
        assert list(staff.get(LIST, query).context["cl"].result_list) == expected
