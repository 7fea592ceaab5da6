"""When a person's data was erased, and who among the staff may export or erase them."""

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
        ),
        migrations.AlterModelOptions(
            name="client",
            options={
                "permissions": [
                    ("export_client", "Pode exportar os dados pessoais de um cliente"),
                    ("erase_client", "Pode apagar os dados pessoais de um cliente"),
                ],
                "verbose_name": "cliente",
            },
        ),
    ]
