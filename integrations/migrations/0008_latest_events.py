"""The latest events of an integration: its page shows them, and its list begins with them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside intake

    dependencies = [("integrations", "0007_pause_and_volume")]

    operations = [
        AddIndexConcurrently(
            model_name="webhookevent",
            index=models.Index(fields=["integration", "-received_at"], name="event_latest"),
        ),
    ]
