"""Events are found by the beginning of their order's number, too."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes that are built beside intake

    dependencies = [("integrations", "0017_staff_see_imports")]

    operations = [
        AddIndexConcurrently(
            model_name="webhookevent",
            index=models.Index(
                OpClass("external_id", "varchar_pattern_ops"),
                condition=models.Q(("external_id", ""), _negated=True),
                name="event_number",
            ),
        ),
        RemoveIndexConcurrently(model_name="webhookevent", name="event_external_id"),
    ]
