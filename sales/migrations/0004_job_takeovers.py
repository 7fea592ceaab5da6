"""Count how often a job was taken over without progress."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0003_store_observed_times")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="takeovers",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="retomadas sem progresso"
            ),
        )
    ]
