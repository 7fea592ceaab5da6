"""The runs that ended in an hour, for its sums."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside the syncs

    dependencies = [("integrations", "0009_activity_hours")]

    operations = [
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(
                condition=models.Q(("state__in", ("SUCCEEDED", "FAILED"))),
                fields=["finished_at"],
                name="run_finished",
            ),
        ),
    ]
