"""Clients that staff merged into another, and what undoing it needs."""
import django.contrib.postgres.fields
import django.db.models.deletion
import flowzz.core.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0003_search'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClientMove',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('merge', 'União'), ('split', 'Separação')], max_length=5, verbose_name='tipo')),
                ('sales', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='vendas')),
                ('subscriptions', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='assinaturas')),
                ('aliases', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='unidos antes')),
                ('filled', models.JSONField(default=dict, verbose_name='campos completados')),
                ('documents', models.JSONField(default=dict, verbose_name='documentos de antes')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='feita em')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='desfeita em')),
            ],
            options={
                'verbose_name': 'união ou separação',
                'verbose_name_plural': 'uniões e separações',
                'ordering': ['-made_at', '-id'],
            },
        ),
        migrations.AlterModelOptions(
            name='client',
            options={'permissions': [('merge_client', 'Pode unir e separar clientes')], 'verbose_name': 'cliente'},
        ),
        migrations.AddField(
            model_name='client',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_index=False, help_text='Os pedidos com o documento ou o telefone deste cliente são do outro.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='clients.client', verbose_name='unido a'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='client_merged'),
        ),
        migrations.AddField(
            model_name='clientmove',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='feita por'),
        ),
        migrations.AddField(
            model_name='clientmove',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves_out', to='clients.client', verbose_name='de'),
        ),
        migrations.AddField(
            model_name='clientmove',
            name='target',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='moves_in', to='clients.client', verbose_name='para'),
        ),
        migrations.AddField(
            model_name='clientmove',
            name='undone_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='desfeita por'),
        ),
    ]
