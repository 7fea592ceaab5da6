"""The sales that were created in an hour, for its sums and for the list behind them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside what is being recorded

    dependencies = [("sales", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="sale",
            index=models.Index(fields=["created_at"], name="sale_created"),
        ),
    ]
