"""Quarantined events by their cause: built while webhooks go on arriving."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('integrations', '0012_bulk_actions'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='webhookevent',
            index=models.Index(
                condition=models.Q(('state', 'QUARANTINED')),
                fields=['cause', 'received_at', 'id'],
                name='event_cause',
            ),
        ),
    ]
