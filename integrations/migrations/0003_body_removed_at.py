"""When an event lost its body; and the events that have one, by age, for the nightly removal."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index is built beside the traffic, which no transaction allows.
    atomic = False

    dependencies = [("integrations", "0002_schedule")]

    operations = [
        migrations.AddField(
            model_name="webhookevent",
            name="body_removed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="corpo removido em"),
        ),
        AddIndexConcurrently(
            model_name="webhookevent",
            index=models.Index(
                condition=models.Q(("body__isnull", False)),
                fields=["received_at"],
                name="event_body_kept",
            ),
        ),
    ]
