"""Random steps of a seller's life: after each, the database and `reference` agree."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core.db import jobs
from integrations import connection as connections
from integrations import privacy
from integrations.bulk_actions import bulk_jobs
from integrations.models import StatusMapping, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from integrations.providers.contracts import Page
from integrations.providers.registry import get_provider
from integrations.sync import runs
from sales import client_merging
from sales.admin.set_status import set_statuses
from sales.models import Sale
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus
from sandbox.server import Sandbox
from tests import payloads
from tests.api_client import Frontend
from tests.integrations.sellers import Seller
from tests.integrations.sync.syncing import apply_page
from tests.model.reference import SHIPPING_WORDS, WORDS, Person, Reference, Report, shown

PEOPLE = (
    Person("Ana Lima", payloads.cpf(291417776), "+5511987650001"),
    Person("Ana Lima", "", "+5511987650001"),
    Person("Bruno Reis", payloads.cpf(734100037), "+5511987650001"),
    Person("Bruno Reis", "", "+5521987650002"),
    Person("Carla Souza", "", "+5511987650001"),
    Person("Ana Souza", payloads.cpf(111444777), ""),
)
NUMBERS = ("ordaaaaa", "ordbbbbb")
DAY = "2025-10-02"
"""Of all orders."""
REVENUE = {"PAID", "SHIPPED", "DELIVERED"}
_examples = count(1)


class Killed(BaseException):
    """The process ends here: nothing after the statement runs."""


@contextmanager
def killed_at(statement: int) -> Iterator[None]:
    """End the work within at its n-th SQL statement; a shorter one is not disturbed."""
    statements = count(1)

    def execute(run: Callable[..., Any], *arguments: Any) -> Any:
        if next(statements) == statement:
            raise Killed
        return run(*arguments)

    with connection.execute_wrapper(execute):
        try:
            yield
        except Killed:
            return


reports = st.builds(
    Report,
    number=st.sampled_from(NUMBERS),
    person=st.sampled_from(PEOPLE),
    word=st.sampled_from((*WORDS, "palavra")),
    shipping_word=st.sampled_from((*SHIPPING_WORDS, "entrega")),
    price=st.sampled_from((Decimal("100.00"), Decimal("250.90"), None)),
)
minutes_late = st.integers(0, 90)
kills = st.integers(1, 40)


@dataclass(frozen=True)
class Sent:
    body: dict[str, Any]
    report: Report


class RandomSteps(RuleBasedStateMachine):
    """One seller's orders, through all that may happen to them."""

    sandbox: Sandbox

    @initialize()
    def connect(self) -> None:
        number = next(_examples)
        self.unknown_words = {"palavra": f"palavra{number}", "entrega": f"entrega{number}"}
        self.seller = Seller(f"vendedora{number}@flowzz.test")
        self.staff = User.objects.create_user(f"equipe{number}@flowzz.test")
        self.start = timezone.now() - timedelta(days=2)
        self.now = 0
        self.is_connected = True
        self.reference = Reference()
        self.frontend = Frontend(self.seller.integration.user)
        self.sent: list[Sent] = []
        self.applied: set[bytes] = set()

    # What comes in

    @rule(report=reports, late=minutes_late, kill=kills)
    def deliver(self, report: Report, late: int, kill: int) -> None:
        self._receive(self._send(report), late, kill)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), late=minutes_late)
    def repeat(self, data: st.DataObject, late: int) -> None:
        self._receive(data.draw(st.sampled_from(self.sent)), late, kill=0)

    @precondition(lambda self: self.is_connected)
    @rule(reports=st.lists(reports, min_size=1, max_size=3), late=minutes_late, kill=kills)
    def sync_pages(self, reports: list[Report], late: int, kill: int) -> None:
        """Pages were fetched some time ago, and webhooks that are newer were applied since."""
        at = self._seconds(late)
        reports = [self._with_word(report) for report in reports]
        self.seller.integration.refresh_from_db()
        run = runs.request_run(self.seller.integration, Trigger.SCHEDULE)
        claimed = jobs.acquire(SyncRun.objects.select_related("integration__user"), run.id)
        assert claimed
        items = [_body(report) for report in reports]
        pages = [
            Page(
                number=number,
                last_page=len(items),
                total=len(items),
                items=[item],
                has_next=number < len(items),
                fetched_at=self._time(at),
            )
            for number, item in enumerate(items, 1)
        ]
        with killed_at(kill):
            apply_page(claimed, *pages)
        claimed.refresh_from_db()
        if not claimed.pages:
            apply_page(claimed, *pages)
        claimed.finish(jobs.JobState.SUCCEEDED)
        outcomes = [self.reference.apply(report, at, is_snapshot=True) for report in reports]
        assert (claimed.processed, claimed.created) == (len(items), outcomes.count("created"))
        assert claimed.errors == outcomes.count("quarantined")

    # What people do

    @rule()
    def read_the_dashboard(self) -> None:
        """The figures follow every change, whatever was read and kept before."""
        figures = self.frontend.fetch("dashboard/metrics", dateFrom=DAY, dateTo=DAY).json()["data"]
        orders = self.reference.orders.values()
        paid = [order.price for order in orders if order.status.shown in REVENUE]
        assert Decimal(figures["revenue"]) == sum(paid)
        assert {
            count["status"]: count["sales"] for count in figures["byStatus"] if count["sales"]
        } == (Counter(order.status.shown for order in orders))

    @precondition(lambda self: self.reference.orders)
    @rule(data=st.data(), status=st.sampled_from(SaleStatus))
    def set_status_by_hand(self, data: st.DataObject, status: SaleStatus) -> None:
        number = data.draw(st.sampled_from(sorted(self.reference.orders)))
        set_statuses(self.seller.sale(number), {SaleStatusField.STATUS: status}, by=self.staff)
        self.reference.orders[number].status.set_by_hand(status)

    @precondition(lambda self: self.reference.orders)
    @rule(data=st.data(), status=st.sampled_from(ShippingStatus))
    def set_shipping_by_hand(self, data: st.DataObject, status: ShippingStatus) -> None:
        number = data.draw(st.sampled_from(sorted(self.reference.orders)))
        set_statuses(self.seller.sale(number), {SaleStatusField.SHIPPING: status}, by=self.staff)
        self.reference.orders[number].shipping.set_by_hand(status)

    @rule(status=st.sampled_from(SaleStatus))
    def map_word(self, status: SaleStatus) -> None:
        self._remap("palavra", status)

    @rule(status=st.sampled_from(ShippingStatus))
    def map_shipping_word(self, status: ShippingStatus) -> None:
        self._remap("entrega", status)

    @rule(name=st.sampled_from(("palavra", "entrega")))
    def remove_mapping(self, name: str) -> None:
        self._remap(name, "")

    def _remap(self, name: str, status: str) -> None:
        word = self.unknown_words[name]
        mapping = StatusMapping.objects.filter(word=word).first()
        if mapping is None or mapping.status == status:
            return
        if not (status or self.reference.can_remove(word)):
            return
        action, _ = bulk_jobs.request_remap(mapping, status, by=self.staff)
        bulk_jobs.execute(action.id)
        if status:
            self.reference.map_word(word, status)
        else:
            self.reference.remove_mapping(word)

    @precondition(lambda self: len(self._mergeable()) > 1)
    @rule(data=st.data())
    def merge_clients(self, data: st.DataObject) -> None:
        pair = st.lists(st.sampled_from(self._mergeable()), min_size=2, max_size=2, unique=True)
        kept, absorbed = data.draw(pair)
        ids = [self.seller.buyer(self._an_order_of(buyer)).id for buyer in (kept, absorbed)]
        client_merging.merge(*ids, by=self.staff)
        self.reference.merge(kept, absorbed)

    @precondition(lambda self: self.reference.orders)
    @rule(data=st.data())
    def erase_client(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.reference.orders)))
        privacy.erase(self.seller.buyer(number).id)
        self.reference.erase(self.reference.orders[number].buyer)

    @rule()
    def disconnect(self) -> None:
        connections.disconnect(self.seller.integration)
        self.is_connected = False

    @rule()
    def connect_with_another_key(self) -> None:
        """Also again, after a disconnection. The first sync that this starts is not carried out."""
        integration = self.seller.integration
        connections.connect(
            user_id=integration.user_id, provider=COINZZ, api_key=self.sandbox.api_key()
        )
        runs.cancel(integration.runs.all())
        self.is_connected = True

    # What must be so

    @invariant()
    def orders_agree(self) -> None:
        found = {sale.external_id: sale for sale in self._sales()}
        expected = self.reference.orders
        assert {
            number: (
                *(sale.status, sale.status_word, bool(sale.unknown_status), sale.refused_status),
                *(sale.shipping_status, sale.shipping_status_word),
                *(bool(sale.unknown_shipping_status), sale.refused_shipping_status),
                sale.total_price,
            )
            for number, sale in found.items()
        } == {
            number: (
                *(order.status.shown, self._word(order.status.word)),
                *(order.status.is_unknown, shown(order.status.refused)),
                *(order.shipping.shown, self._word(order.shipping.word)),
                *(order.shipping.is_unknown, order.shipping.refused),
                order.price,
            )
            for number, order in expected.items()
        }

    @invariant()
    def buyers_agree(self) -> None:
        sales = {sale.external_id: sale for sale in self._sales()}
        described = {
            number: (
                sale.client.name,
                sale.client.cpf,
                sale.client.phone,
                bool(sale.client.erased_at),
            )
            for number, sale in sales.items()
            if sale.client
        }
        assert described == {
            number: (
                order.buyer.name,
                order.buyer.document,
                order.buyer.phone,
                order.buyer.is_erased,
            )
            for number, order in self.reference.orders.items()
        }
        first, second = NUMBERS
        if len(sales) == len(NUMBERS):
            is_one = self.reference.orders[first].buyer is self.reference.orders[second].buyer
            assert (sales[first].client_id == sales[second].client_id) == is_one

    @invariant()
    def no_event_is_left(self) -> None:
        assert {event.state for event in self.seller.events} <= {"DONE", "IGNORED", "QUARANTINED"}

    def _send(self, report: Report) -> Sent:
        sent = Sent(_body(self._with_word(report)), self._with_word(report))
        self.sent.append(sent)
        return sent

    def _receive(self, sent: Sent, late: int, kill: int) -> None:
        at = self._seconds(late)
        known = {event.id for event in self.seller.events}
        self.seller.receive(sent.body, received_at=self._time(at))
        with killed_at(kill):
            self.seller.drain()
        self.seller.drain()
        body = payloads.encode(sent.body)
        (event,) = (event for event in self.seller.events if event.id not in known)
        outcome = event.outcome
        if not self.is_connected:
            assert outcome == "disconnected"
        elif body in self.applied:
            assert outcome == "duplicate"
        elif self.reference.apply(sent.report, at) != "quarantined":
            self.applied.add(body)

    def _with_word(self, report: Report) -> Report:
        words = self.unknown_words
        return replace(
            report,
            word=words.get(report.word, report.word),
            shipping_word=words.get(report.shipping_word, report.shipping_word),
        )

    def _seconds(self, late: int) -> int:
        """Return a time that no other step has: a minute a step, less the minutes late."""
        self.now += 1
        return max(self.now - late, 0) * 60 + self.now

    def _time(self, at: int) -> datetime:
        return self.start + timedelta(seconds=at)

    def _word(self, word: str) -> str:
        return get_provider(COINZZ).normalize_word(word)

    def _sales(self) -> list[Sale]:
        rows = Sale.objects.filter(user=self.seller.integration.user)
        return list(rows.select_related("client"))

    def _mergeable(self) -> list[Any]:
        buyers = dict.fromkeys(order.buyer for order in self.reference.orders.values())
        return [buyer for buyer in buyers if not buyer.is_erased]

    def _an_order_of(self, buyer: Any) -> str:
        orders = self.reference.orders.items()
        return next(number for number, order in orders if order.buyer is buyer)


def _body(report: Report) -> dict[str, Any]:
    return payloads.order(
        report.number,
        client={
            "client_name": report.person.name,
            "client_documment": report.person.document,
            "client_phone": report.person.phone,
        },
        order_status=report.word,
        shipping_status=report.shipping_word,
        order_final_price=None if report.price is None else str(report.price),
    )


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_the_product_agrees_with_the_model(settings: Settings) -> None:
    """MODEL_EXAMPLES is a number of random sequences; without it the same 60 are tried."""
    examples = os.environ.get("MODEL_EXAMPLES")
    steps = hypothesis.settings(
        max_examples=int(examples or 60),
        derandomize=not examples,
        stateful_step_count=50,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with Sandbox(sales=0, retry_delays=[]) as sandbox:
        settings.COINZZ_API_URL = sandbox.api_url
        RandomSteps.sandbox = sandbox
        run_state_machine_as_test(RandomSteps, settings=steps)
