"""When a person's data was erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="client",
            name="erased_at",
            field=models.DateTimeField(
                blank=True, null=True, verbose_name="dados pessoais apagados em"
            ),
        )
    ]
