"""What the rules of alerts read: the last runs, the dead letters, the rhythm of webhooks."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index is built beside the traffic, which no transaction allows.
    atomic = False

    dependencies = [("integrations", "0004_schedule_payload_purge")]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sync_late", "Sem sincronização há 24 horas"),
                    ("sync_failing", "Três sincronizações seguidas com falha"),
                    ("key_refused", "Chave de API recusada"),
                    ("key_old", "Chave de API antiga"),
                    ("circuit_open", "API da plataforma fora do ar"),
                    ("dead_letters", "Eventos em quarentena"),
                    ("queue_late", "Fila atrasada"),
                    ("silence", "Webhooks em silêncio"),
                ],
                max_length=32,
                verbose_name="tipo",
            ),
        ),
        migrations.CreateModel(
            name="WebhookRhythm",
            fields=[
                (
                    "integration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rhythm",
                        serialize=False,
                        to="integrations.integration",
                        verbose_name="integração",
                    ),
                ),
                (
                    "rates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(),
                        size=None,
                        verbose_name="chegadas por hora da semana",
                    ),
                ),
                ("learned_at", models.DateTimeField(verbose_name="aprendido em")),
            ],
            options={
                "verbose_name": "ritmo dos webhooks",
                "verbose_name_plural": "ritmos dos webhooks",
            },
        ),
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(
                condition=models.Q(("state__in", ("SUCCEEDED", "FAILED"))),
                fields=["integration", "-finished_at"],
                name="run_ended",
            ),
        ),
        AddIndexConcurrently(
            model_name="webhookevent",
            index=models.Index(
                condition=models.Q(("state", "QUARANTINED")),
                fields=["integration"],
                name="event_dead",
            ),
        ),
    ]
