"""Count how often a job was taken over without progress."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="bulkaction",
            name="takeovers",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="retomadas sem progresso"
            ),
        ),
        migrations.AddField(
            model_name="salesimport",
            name="takeovers",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="retomadas sem progresso"
            ),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="takeovers",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, editable=False, verbose_name="retomadas sem progresso"
            ),
        ),
    ]
