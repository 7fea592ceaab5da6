"""A sale's page tells which merges and splits moved it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside what is being moved

    dependencies = [('clients', '0007_count_changes')]

    operations = [
        AddIndexConcurrently(
            model_name='clientmove', index=GinIndex(fields=['sales'], name='move_sales')
        ),
    ]
