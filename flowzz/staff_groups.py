"""The permissions of the staff groups: one table, synchronised after `migrate`.

Missing permissions are added and none is removed. To allow less, staff create another group.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission

_DATA = (
    "accounts.user",
    "accounts.apikey",
    "clients.client",
    "clients.mergesuggestion",
    "sales.sale",
    "sales.salestatuschange",
    "sales.subscription",
    "sales.subscriptioncycle",
    "sales.affiliationrequest",
    "integrations.integration",
    "integrations.webhooktoken",
    "integrations.webhookevent",
    "integrations.syncrun",
    "integrations.syncfinding",
    "integrations.statusmapping",
    "integrations.alert",
    "integrations.webhookrefusal",
)
_SCHEDULE = (
    "django_celery_beat.periodictask",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.intervalschedule",
)


def _permissions(models: Iterable[str], *verbs: str) -> set[str]:
    """Return the names of model permissions, such as `sales.view_sale`."""
    return {model.replace(".", f".{verb}_") for model in models for verb in verbs}


_SUPPORT = _permissions(_DATA, "view") | {
    "accounts.view_loginattempt",
    "accounts.view_staffaction",
    "accounts.replay_events",
    "accounts.reveal_personal_data",
    "integrations.view_bulkaction",
    "integrations.view_salesimport",
    "sales.view_export",
    "sales.make_export",
}
_OPERATIONS = (
    _SUPPORT
    | _permissions(_SCHEDULE, "view")
    | {
        "accounts.settle_events",
        "accounts.run_syncs",
        "accounts.manage_connections",
        "accounts.reveal_webhook_urls",
        "accounts.view_personal_data",
        "clients.merge_client",
        "sales.merge_sale",
        "sales.set_sale_status",
        "integrations.change_statusmapping",
    }
)
_ADMINISTRATION = (
    _OPERATIONS
    | _permissions(("accounts.user", "accounts.apikey"), "add", "change")
    | _permissions((*_SCHEDULE, "auth.group"), "view", "add", "change", "delete")
    | {"accounts.erase_people", "accounts.grant_staff_access", "core.change_setting"}
)
STAFF_GROUPS = {"Suporte": _SUPPORT, "Operações": _OPERATIONS, "Administração": _ADMINISTRATION}


def synchronise_staff_groups() -> None:
    """Create missing groups and add the permissions they lack."""
    rows = Permission.objects.values_list("content_type__app_label", "codename", "id")
    ids = {f"{app}.{codename}": id_ for app, codename, id_ in rows}
    for name, permissions in STAFF_GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(ids[permission] for permission in permissions))
