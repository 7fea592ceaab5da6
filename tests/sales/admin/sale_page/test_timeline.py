from datetime import timedelta

import pytest
from django.urls import reverse

from clients.models import ClientMerge
from sales.admin.sale_page.timeline import SOURCE_LIMIT, Entry, build_timeline
from sales.models import Sale, Subscription, SubscriptionCycle
from tests.factories import NOON, SaleFactory
from tests.staff import Staff


def entry(minutes: int, title: str = "") -> Entry:
    return Entry(at=NOON + timedelta(minutes=minutes), title=title, icon="")


def entries_on_page(staff: Staff, sale: Sale) -> list[Entry]:
    page = staff.get(reverse("admin:sales_sale_change", args=[sale.id]))
    return list(page.context["timeline"].entries)


def test_page_ends_before_the_oldest_entry_of_a_full_source() -> None:
    full = [entry(100 - number) for number in range(SOURCE_LIMIT)]
    timeline = build_timeline([full, [entry(99), entry(2)]])
    assert entry(2) not in timeline.entries
    assert timeline.older == timeline.entries[-1].at > full[-1].at


def test_page_ends_even_if_all_entries_of_a_full_source_have_one_time() -> None:
    timeline = build_timeline([[entry(1)] * SOURCE_LIMIT, [entry(0)]])
    assert {one.at for one in timeline.entries} == {entry(1).at}
    assert timeline.older == entry(1).at


def test_client_merges_and_subscription_cycles_are_entries(staff: Staff) -> None:
    sale = SaleFactory.create()
    target = SaleFactory.create(user=sale.user).client
    assert sale.client is not None
    merge = ClientMerge.objects.create(
        kind="merge", source=sale.client, target=target, sale_ids=[sale.id]
    )
    subscription = Subscription.objects.create(
        user=sale.user, source=sale.source, subscription_hash="ass1", observed_at=NOON
    )
    SubscriptionCycle.objects.create(
        subscription=subscription, sale=sale, cycle=3, observed_at=NOON
    )
    undo = reverse("admin:clients_client_undo", args=[merge.id])

    merged, cycle = entries_on_page(staff, sale)
    assert (merged.title, cycle.title) == ("União de clientes", "Ciclo 3 da assinatura ass1")
    assert undo in merged.lines[1]

    ClientMerge.objects.update(undone_at=merge.created_at + timedelta(minutes=1))
    entries = entries_on_page(staff, sale)
    titles = ["União de clientes desfeita", "União de clientes", cycle.title]
    assert [one.title for one in entries] == titles
    assert [line for one in entries for line in one.lines if undo in line] == []


@pytest.mark.parametrize("text", ["", "ontem", "2026-13-01T00:00:00", "2026-01-01"])
def test_malformed_time_shows_the_newest_page(staff: Staff, text: str) -> None:
    page = reverse("admin:sales_sale_change", args=[SaleFactory.create().id])
    assert staff.get(page, {"antes": text}).context["before"] is None
