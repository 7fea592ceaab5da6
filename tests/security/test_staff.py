"""What each group of staff may do in the admin."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.urls import reverse

from flowzz.staff_groups import STAFF_GROUPS, synchronise_staff_groups
from integrations.models import EventState, Integration, StatusMapping, WebhookEvent
from tests.factories import UserFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db

SUPPORT, OPERATIONS, ADMINISTRATION = GROUPS = ("Suporte", "Operações", "Administração")
CONNECTION_ACTIONS = {"start_sync", "start_full_sync", "cancel_sync"}


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def act(browser: Staff, model: type[Model], action: str, **answers: str) -> None:
    rows = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]
    browser.post(list_of(model), {"action": action, "_selected_action": rows, **answers})


def test_posting_an_action_that_is_not_offered_changes_nothing() -> None:
    make_rows(1)
    before = Integration.objects.get()
    make_event(before, state=EventState.QUARANTINED)
    support = log_in_member(SUPPORT)
    act(support, WebhookEvent, "discard", reason="Teste")
    for action in CONNECTION_ACTIONS:
        act(support, Integration, action)
    assert WebhookEvent.objects.filter(state=EventState.QUARANTINED).count() == 1
    after = Integration.objects.get()
    assert (after.status, after.api_key) == (before.status, before.api_key)
    assert after.webhook_tokens.count() == 1


def test_operations_can_map_a_status_and_support_can_not() -> None:
    make_rows(1)
    word = StatusMapping.objects.get()
    page = reverse("backoffice:status_mapping", args=[word.id])
    form = {"status": "PAID", "confirm": "1"}
    assert log_in_member(SUPPORT).post(page, form).status_code == 403
    assert log_in_member(SUPPORT, OPERATIONS).post(page, form).status_code == 302
    word.refresh_from_db()
    assert word.status == "PAID"


def test_administration_can_grant_groups_but_not_superuser() -> None:
    user = UserFactory.create()
    group = Group.objects.get(name=SUPPORT)
    form = {"email": user.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    page = reverse("admin:accounts_user_change", args=[user.id])
    assert log_in_member(OPERATIONS).post(page, form).status_code == 403
    log_in_member(ADMINISTRATION, OPERATIONS).post(page, form | {"groups": [group.id]})
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert list(user.groups.all()) == [group]


def test_migrate_restores_missing_groups_and_permissions() -> None:
    Group.objects.filter(name=SUPPORT).delete()
    Group.objects.get(name=OPERATIONS).permissions.clear()
    own = Group.objects.get(name=ADMINISTRATION)
    extra = Permission.objects.get(codename="add_logentry")
    own.permissions.add(extra)

    synchronise_staff_groups()

    granted = {
        group.name: {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
        for group in Group.objects.filter(name__in=GROUPS)
    }
    assert granted == STAFF_GROUPS | {
        ADMINISTRATION: STAFF_GROUPS[ADMINISTRATION] | {"admin.add_logentry"}
    }
