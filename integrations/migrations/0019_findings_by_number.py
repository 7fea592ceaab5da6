"""What syncs found of an order is found by its number."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside the syncs

    dependencies = [("integrations", "0018_search_by_number")]

    operations = [
        AddIndexConcurrently(
            model_name="syncfinding",
            index=models.Index(fields=["external_id"], name="finding_number"),
        ),
    ]
