"""Staff can pause an integration; webhooks are counted by the hour."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0006_schedule_watch'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookVolume',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('hour', models.DateTimeField(verbose_name='hora')),
                ('events', models.PositiveIntegerField(verbose_name='webhooks')),
            ],
            options={
                'verbose_name': 'volume de webhooks',
                'verbose_name_plural': 'volumes de webhooks',
            },
        ),
        migrations.AddField(
            model_name='integration',
            name='paused_at',
            field=models.DateTimeField(blank=True, help_text='Enquanto pausada, os webhooks esperam e nada é sincronizado.', null=True, verbose_name='pausada em'),
        ),
        migrations.AddField(
            model_name='webhookvolume',
            name='integration',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='volumes', to='integrations.integration'),
        ),
        migrations.AddConstraint(
            model_name='webhookvolume',
            constraint=models.UniqueConstraint(fields=('integration', 'hour'), name='volume_one_an_hour'),
        ),
    ]
