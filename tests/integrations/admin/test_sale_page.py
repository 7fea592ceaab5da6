"""A sale's page: everything that happened to it, newest first, by whatever made it happen."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import ClientMerge
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import audit_log
from integrations.models import (
    EventOutcome,
    EventState,
    FindingKind,
    Integration,
    SalesImport,
    SyncFinding,
    WebhookEvent,
)
from sales.admin.timeline import PAGE_SIZE, SOURCE_LIMIT, Entry, build_timeline
from sales.models import Origin, Sale, SaleStatusChange, Subscription, SubscriptionCycle
from tests.factories import NOON, IntegrationFactory, SaleFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event
from tests.staff import Staff

TRACKING = "BR123456789BR"
DIFFERS = [
    {"field": "status", "before": "PENDING", "after": "PAID"},
    {"field": "tracking_code", "before": "", "after": TRACKING},
    {"field": "total_price", "before": "10.00", "after": "1234.50"},
]


@pytest.fixture
def integration(db: None) -> Integration:
    return IntegrationFactory.create()


@pytest.fixture
def sale(integration: Integration) -> Sale:
    return SaleFactory.create(user=integration.user)


def page_of(sale: Sale) -> str:
    return reverse("admin:sales_sale_change", args=[sale.id])


def shown(staff: Staff, sale: Sale, **query: str) -> list[Entry]:
    return list(staff.get(page_of(sale), query).context["timeline"].entries)


def change(sale: Sale, origin: Origin, made_by: UUID, *, hours: int = 0) -> None:
    SaleStatusChange.objects.create(
        sale=sale,
        from_status="PENDING",
        to_status="PAID",
        changed_at=NOON + timedelta(hours=hours),
        origin=origin,
        origin_id=made_by,
    )


def told(
    integration: Integration,
    sale: Sale,
    at: datetime,
    outcome: EventOutcome = EventOutcome.UPDATED,
    state: EventState = EventState.DONE,
) -> WebhookEvent:
    return make_event(integration, sale.external_id, received_at=at, state=state, outcome=outcome)


def happen(integration: Integration, sale: Sale, count: int) -> None:
    """Some of everything, `count` times."""
    user = User.objects.create_superuser(f"pessoa{User.objects.count()}@flowzz.test")
    for number in range(count):
        at = NOON + timedelta(minutes=number)
        event = told(integration, sale, at)
        change(sale, Origin.EVENT, event.id, hours=number)
        run = SyncRunFactory.create(integration=integration, state="SUCCEEDED")
        change(sale, Origin.RUN, run.id, hours=number)
        SyncFinding.objects.create(run=run, kind="differs", external_id=sale.external_id)
        sent = SalesImport.objects.create(integration=integration, state="SUCCEEDED")
        change(sale, Origin.IMPORT, sent.id, hours=number)
        change(sale, Origin.PERSON, user.id, hours=number)
        assert sale.client is not None
        ClientMerge.objects.create(
            kind="merge", source=sale.client, sale_ids=[sale.id], created_by=user
        )
        subscription = Subscription.objects.create(
            user=sale.user,
            source=sale.source,
            subscription_hash=f"ass{user.id}{number}",
            observed_at=at,
        )
        SubscriptionCycle.objects.create(
            subscription=subscription, sale=sale, cycle=1, observed_at=at
        )
        audit_log.record(user, "Revelou dados pessoais", sale)
        audit_log.record(user, "Reprocessou evento", event)


def test_everything_is_told_in_its_order_with_what_made_it(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    first = told(integration, sale, NOON, EventOutcome.CREATED)
    change(sale, Origin.EVENT, first.id)
    told(integration, sale, NOON + timedelta(hours=1), EventOutcome.DUPLICATE)
    told(IntegrationFactory.create(), sale, NOON + timedelta(hours=1))
    person = User.objects.create_superuser("ana@flowzz.test")
    change(sale, Origin.PERSON, person.id, hours=2)
    sent = SalesImport.objects.create(integration=integration, file_name="vendas.csv")
    change(sale, Origin.IMPORT, sent.id, hours=3)
    run = SyncRunFactory.create(integration=integration, trigger="staff")
    change(sale, Origin.RUN, run.id, hours=4)
    SyncFinding.objects.create(
        run=run, kind=FindingKind.DIFFERS, external_id=sale.external_id, fields=DIFFERS
    )
    audit_log.record(person, "Reprocessou evento", first, reason="Atendimento 7")

    entries = shown(staff, sale)
    assert [(entry.title, entry.badge, entry.by) for entry in entries] == [
        ("Reprocessou evento", "", "ana@flowzz.test"),
        ("Sincronização", "Campos diferentes", "Equipe"),
        ("Importação", "", "vendas.csv"),
        ("Mudança feita pela equipe", "", "ana@flowzz.test"),
        ("Webhook", "Repetido", ""),
        ("Webhook", "Criou", ""),
    ]
    assert [list(entry.lines) for entry in entries[:2]] == [
        ["Motivo: Atendimento 7"],
        [
            "Situação: Pendente → Pago",
            f"Código de rastreio: — → {TRACKING}",
            "Valor total: R$\N{NO-BREAK SPACE}10,00 → R$\N{NO-BREAK SPACE}1.234,50",
        ],
    ]
    line = StaffAction.objects.get()
    rows = [line, run, sent, person, WebhookEvent.objects.get(outcome="duplicate"), first]
    assert [entry.href for entry in entries] == [
        reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        for row in rows
    ]


def test_client_moves_and_cycles_are_told(staff: Staff, sale: Sale) -> None:
    source = sale.client
    assert source is not None
    target = SaleFactory.create(user=sale.user).client
    move = ClientMerge.objects.create(
        kind="merge", source=source, target=target, sale_ids=[sale.id]
    )
    subscription = Subscription.objects.create(
        user=sale.user, source=sale.source, subscription_hash="ass1", observed_at=NOON
    )
    SubscriptionCycle.objects.create(
        subscription=subscription, sale=sale, cycle=3, observed_at=NOON
    )
    undo = reverse("admin:clients_client_undo", args=[move.id])

    merged, cycle = shown(staff, sale)
    assert (merged.title, cycle.title) == ("União de clientes", "Ciclo 3 da assinatura ass1")
    assert undo in merged.lines[1]
    ClientMerge.objects.update(undone_at=move.created_at + timedelta(minutes=1))
    titles = [entry.title for entry in shown(staff, sale)]
    assert titles == ["União de clientes desfeita", "União de clientes", cycle.title]
    assert undo not in staff.get(page_of(sale)).content.decode()


def test_support_sees_no_personal_data_no_undo_and_no_trail_it_may_not_read(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    support = User.objects.create_user("suporte@flowzz.test", is_staff=True)
    support.groups.set(Group.objects.filter(name="Suporte"))
    Group.objects.get(name="Suporte").permissions.remove(
        Permission.objects.get(codename="view_staffaction")
    )
    staff.force_login(support)
    metadata = {"tracking_code": TRACKING, "producer_name": "Girassol", "total_installments": 7}
    Sale.objects.update(tracking_code=TRACKING, metadata=metadata)
    run = SyncRunFactory.create(integration=integration, state="SUCCEEDED")
    finding = SyncFinding.objects.create(
        run=run, kind=FindingKind.DIFFERS, external_id=sale.external_id, fields=DIFFERS
    )
    assert sale.client is not None
    ClientMerge.objects.create(kind="merge", source=sale.client, sale_ids=[sale.id])
    audit_log.record(support, "Revelou dados pessoais", sale)

    entries = shown(staff, sale)
    assert [entry.title for entry in entries] == ["União de clientes", "Sincronização"]
    findings = reverse("admin:integrations_syncfinding_changelist")
    pages = [
        page_of(sale),
        findings,
        reverse("admin:integrations_syncfinding_change", args=[finding.id]),
        reverse("admin:integrations_syncrun_change", args=[run.id]),
        reverse("admin:clients_client_change", args=[sale.client_id]),
    ]
    hidden = (TRACKING, sale.client.name, "Girassol", "Desfazer")
    for page in pages:
        text = staff.get(page).content.decode()
        assert [word for word in hidden if word in text] == []
    assert "código de rastreio" in staff.get(findings).content.decode()
    assert "total_installments&quot;: 7" in staff.get(page_of(sale)).content.decode()


def test_page_costs_the_same_however_much_happened(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    happen(integration, sale, 1)
    staff.get(page_of(sale))
    with CaptureQueriesContext(connection) as few:
        staff.get(page_of(sale))
    happen(integration, sale, PAGE_SIZE)
    with CaptureQueriesContext(connection) as many:
        entries = shown(staff, sale)
    assert len(many) == len(few) <= 25
    assert len(entries) <= PAGE_SIZE


def test_following_the_link_to_the_rest_tells_everything_once(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    events = [
        told(integration, sale, NOON + timedelta(minutes=number // 2)).id
        for number in range(2 * SOURCE_LIMIT + 3)
    ]
    found, query = [], dict[str, str]()
    while True:
        timeline = staff.get(page_of(sale), query).context["timeline"]
        found += [entry.cause[1] for entry in timeline.entries if entry.cause]
        if timeline.older is None:
            break
        query = {"antes": timeline.older.isoformat()}
    assert found == list(reversed(events))


def entry(minutes: int, title: str = "") -> Entry:
    return Entry(at=NOON + timedelta(minutes=minutes), title=title, icon="")


def test_nothing_is_shown_beyond_what_a_full_source_knows() -> None:
    full = [entry(100 - number) for number in range(SOURCE_LIMIT)]
    timeline = build_timeline([full, [entry(99), entry(2)]])
    assert entry(2) not in timeline.entries
    assert timeline.older == timeline.entries[-1].at > full[-1].at


def test_more_in_one_moment_than_are_read_ends_all_the_same() -> None:
    timeline = build_timeline([[entry(1)] * SOURCE_LIMIT, [entry(0)]])
    assert {one.at for one in timeline.entries} == {entry(1).at}
    assert timeline.older == entry(1).at


@pytest.mark.parametrize("text", ["", "ontem", "2026-13-01T00:00:00", "2026-01-01"])
def test_a_moment_that_is_none_shows_the_newest(staff: Staff, sale: Sale, text: str) -> None:
    assert staff.get(page_of(sale), {"antes": text}).context["before"] is None
