"""Sales and subscriptions are found by the beginning of their number, too."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes that are built beside what is being recorded

    dependencies = [("sales", "0003_origin_import")]

    operations = [
        AddIndexConcurrently(
            model_name="sale",
            index=models.Index(OpClass("external_id", "varchar_pattern_ops"), name="sale_number"),
        ),
        RemoveIndexConcurrently(model_name="sale", name="sale_external_id"),
        AddIndexConcurrently(
            model_name="subscription",
            index=models.Index(
                OpClass("subscription_hash", "varchar_pattern_ops"), name="subscription_number"
            ),
        ),
    ]
