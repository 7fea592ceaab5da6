"""A contender of draining: a Celery task for each event, as in a tutorial.

The worker is one process. Its task validates the body by a serializer, gets or creates the client,
updates or creates the sale, and adds a row to the history if the shipping status changed.
"""

import json
import subprocess
import sys
import time
import uuid
from typing import Any

import django
from celery import Celery
from django.conf import settings

django.setup()

from django.db import transaction
from rest_framework import serializers

from clients.models import Client
from integrations.models import EventOutcome, EventState, WebhookEvent
from sales.models import Origin, Sale, SaleStatusChange
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus
from tests.integrations.sellers import Seller

QUEUE = "textbook"
SHIPPING = {"A enviar": ShippingStatus.PENDING, "Enviado": ShippingStatus.SHIPPED}
POLL_SECONDS = 0.02

# Not as the current app, by which other measurements in this process enqueue theirs.
app = Celery("textbook", broker=settings.CELERY_BROKER_URL, set_as_current=False)
app.conf.update(task_acks_late=True, task_ignore_result=True, task_default_queue=QUEUE)


class CustomerSerializer(serializers.Serializer[Any]):
    client_name = serializers.CharField(max_length=500)
    client_documment = serializers.CharField(max_length=32)
    client_phone = serializers.CharField(max_length=32)
    client_email = serializers.EmailField()
    client_address_city = serializers.CharField(max_length=200)


class OrderSerializer(serializers.Serializer[Any]):
    order_number = serializers.CharField(max_length=128)
    product_name = serializers.CharField(max_length=500)
    order_quantity = serializers.IntegerField(min_value=1)
    order_final_price = serializers.DecimalField(max_digits=12, decimal_places=2)
    method_payment = serializers.CharField(max_length=64)
    date_order = serializers.DateTimeField()
    shipping_status = serializers.ChoiceField(choices=list(SHIPPING))
    tracking_code = serializers.CharField(max_length=128, allow_null=True)


class WebhookSerializer(serializers.Serializer[Any]):
    client = CustomerSerializer()
    order = OrderSerializer()


@app.task
def process_webhook(event_id: str) -> None:
    event = WebhookEvent.objects.select_related("payload", "integration").get(id=event_id)
    body = json.loads(event.body or b"")
    serializer = WebhookSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    customer, order = serializer.validated_data["client"], serializer.validated_data["order"]
    assert event.integration
    user_id, shipping_status = event.integration.user_id, SHIPPING[order["shipping_status"]]
    with transaction.atomic():
        client, _ = Client.objects.get_or_create(
            user_id=user_id,
            cpf=customer["client_documment"],
            defaults={
                "name": customer["client_name"],
                "phone": customer["client_phone"],
                "email": customer["client_email"],
                "city": customer["client_address_city"],
            },
        )
        sale, is_new = Sale.objects.update_or_create(
            user_id=user_id,
            source=event.provider,
            external_id=order["order_number"],
            defaults={
                "client": client,
                "product_name": order["product_name"],
                "quantity": order["order_quantity"],
                "total_price": order["order_final_price"],
                "unit_price": order["order_final_price"] / order["order_quantity"],
                "payment_method": order["method_payment"],
                "sale_date": order["date_order"],
                "status": SaleStatus.PAID,
                "shipping_status": shipping_status,
                "tracking_code": order["tracking_code"] or "",
                "metadata": body["order"],
                "observed_at": event.received_at,
            },
        )
        SaleStatusChange.objects.create(
            sale=sale,
            field=SaleStatusField.SHIPPING,
            to_status=shipping_status,
            changed_at=event.received_at,
            origin=Origin.EVENT,
            origin_id=event.id,
        )
        event.state = EventState.DONE
        event.outcome = EventOutcome.CREATED if is_new else EventOutcome.UPDATED
        event.external_id = sale.external_id
        event.save()


def measure(seller: Seller, sent: list[bytes]) -> float:
    """Return the events per second of a worker that finds all of them in its queue."""
    seller.receive(*sent)
    due = WebhookEvent.objects.filter(integration=seller.integration, state=EventState.PENDING)
    event_ids = list(due.order_by("id").values_list("id", flat=True))
    for event_id in event_ids:
        process_webhook.delay(str(event_id))
    command = [sys.executable, "-m", "celery", "-A", __name__, "worker", "-P", "solo"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_done(event_ids[0])
        started = time.perf_counter()
        _wait_until_done(event_ids[-1])
        return (len(event_ids) - 1) / (time.perf_counter() - started)
    finally:
        worker.terminate()
        worker.wait()


def _wait_until_done(event_id: uuid.UUID) -> None:
    event = WebhookEvent.objects.filter(id=event_id, state=EventState.DONE)
    while not event.exists():
        time.sleep(POLL_SECONDS)
