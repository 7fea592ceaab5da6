"""Name the alert of failing syncs without their number: one that ends its workers is enough."""

from django.db import migrations, models

KINDS = [
    ("sync_late", "Sem sincronização há 24 horas"),
    ("sync_failing", "Sincronizações com falha"),
    ("key_refused", "Chave de API recusada"),
    ("key_old", "Chave de API antiga"),
    ("circuit_open", "API da plataforma fora do ar"),
    ("dead_letters", "Eventos em quarentena"),
    ("queue_late", "Fila atrasada"),
    ("silence", "Webhooks em silêncio"),
    ("webhooks_refused", "Webhooks recusados"),
    ("webhook_mode", "Passou a receber só por webhooks"),
    ("api_answers", "A API da plataforma respondeu"),
]


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_job_takeovers")]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=32, verbose_name="tipo"),
        ),
        migrations.AlterField(
            model_name="alertrecipients",
            name="kind",
            field=models.CharField(
                choices=KINDS,
                max_length=32,
                primary_key=True,
                serialize=False,
                verbose_name="tipo",
            ),
        ),
    ]
