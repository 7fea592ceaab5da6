"""Sales of two states that seldom meet are found without reading all of either."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside what is being recorded

    dependencies = [('sales', '0008_filters_of_staff')]

    operations = [
        AddIndexConcurrently(
            model_name='sale',
            index=models.Index(
                fields=['status', 'shipping_status', 'sale_date', 'id'], name='sale_states'
            ),
        ),
    ]
