"""The sums of every hour, for the charts of the first page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0008_latest_events'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityHour',
            fields=[
                ('hour', models.DateTimeField(primary_key=True, serialize=False, verbose_name='hora')),
                ('events', models.JSONField(default=dict, verbose_name='eventos por resultado ou estado')),
                ('reasons', models.JSONField(default=dict, verbose_name='quarentenas por causa')),
                ('latencies', models.JSONField(default=dict, verbose_name='eventos por tempo de processamento')),
                ('runs', models.JSONField(default=dict, verbose_name='sincronizações por estado')),
                ('run_errors', models.JSONField(default=dict, verbose_name='sincronizações por erro')),
                ('sales_created', models.PositiveIntegerField(default=0, verbose_name='vendas criadas')),
                ('sales_updated', models.PositiveIntegerField(default=0, verbose_name='vendas atualizadas')),
                ('oldest_seconds', models.FloatField(db_default=0.0, verbose_name='maior espera de um evento (s)')),
                ('circuit', models.CharField(choices=[('closed', 'fechado'), ('half_open', 'em teste'), ('open', 'aberto')], db_default='closed', max_length=9, verbose_name='pior estado do circuito')),
            ],
            options={
                'verbose_name': 'hora de atividade',
                'verbose_name_plural': 'horas de atividade',
            },
        ),
    ]
