"""Blocked and inactive clients are found without reading the active ones."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside the intake

    dependencies = [("clients", "0008_moves_of_a_sale")]

    operations = [
        AddIndexConcurrently(
            model_name="client",
            index=models.Index(
                fields=["status", "id"],
                condition=~models.Q(status="ACTIVE"),
                name="client_other",
            ),
        ),
    ]
