"""Gives events that are in quarantine already their cause, as `integrations.inbox.failure_reasons` says it now."""

import re

from django.db import migrations

BATCH = 2_000
PLACE = re.compile(r'^([A-Za-z_][\w.]*): ')
FAULT = re.compile(r'\b([A-Z]\w*(?:Error|Exception|Exceeded|Invalid))\b')


def cause_of(reason, error):
    place = PLACE.match(error) or FAULT.search(error)
    return f'{reason}:{place.group(1)}'[:160] if place else reason


def give_causes(apps, schema_editor):
    WebhookEvent = apps.get_model('integrations', 'WebhookEvent')
    rows = WebhookEvent.objects.filter(state='QUARANTINED', cause='').exclude(reason='')
    rows = rows.only('id', 'reason', 'error').order_by('received_at')
    while batch := list(rows[:BATCH]):
        for event in batch:
            event.cause = cause_of(event.reason, event.error)
        WebhookEvent.objects.bulk_update(batch, ['cause'])


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0013_index_of_causes'),
    ]

    operations = [migrations.RunPython(give_causes, migrations.RunPython.noop)]
