import clients.unaccent
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import flowzz.core.ids
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='Client',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, max_length=500, verbose_name='nome')),
                ('email', models.CharField(blank=True, max_length=254, null=True, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, help_text='E.164', max_length=32, verbose_name='telefone')),
                ('phone_raw', models.CharField(blank=True, db_default='', default='', help_text='Onde não pôde ser lido: sem DDD, por exemplo', max_length=64, verbose_name='telefone como enviado')),
                ('cpf', models.CharField(blank=True, max_length=32, verbose_name='CPF/CNPJ')),
                ('document_valid', models.BooleanField(default=False, verbose_name='dígitos do documento conferem')),
                ('document_identifies', models.BooleanField(default=False, verbose_name='documento identifica')),
                ('address', models.CharField(blank=True, max_length=500, verbose_name='endereço')),
                ('address_number', models.CharField(blank=True, max_length=64, verbose_name='número')),
                ('district', models.CharField(blank=True, max_length=200, verbose_name='bairro')),
                ('complement', models.CharField(blank=True, max_length=500, verbose_name='complemento')),
                ('city', models.CharField(blank=True, max_length=200, verbose_name='cidade')),
                ('state', models.CharField(blank=True, max_length=100, verbose_name='estado')),
                ('cep', models.CharField(blank=True, max_length=8, verbose_name='CEP')),
                ('country', models.CharField(blank=True, max_length=100, verbose_name='país')),
                ('status', models.CharField(choices=[('ACTIVE', 'Ativo'), ('INACTIVE', 'Inativo'), ('BLOCKED', 'Bloqueado')], default='ACTIVE', max_length=8, verbose_name='status')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='dados pessoais apagados em')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criado em')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='atualizado em')),
                ('merged_into', models.ForeignKey(blank=True, db_index=False, help_text='Os pedidos com o documento ou o telefone deste cliente são do outro.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='merged_clients', to='clients.client', verbose_name='unido a')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='clients', to=settings.AUTH_USER_MODEL, verbose_name='vendedor(a)')),
            ],
            options={
                'verbose_name': 'cliente',
                'permissions': [('merge_client', 'Pode unir e separar clientes')],
            },
        ),
        migrations.CreateModel(
            name='ClientMerge',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('merge', 'União'), ('split', 'Separação')], max_length=5, verbose_name='tipo')),
                ('sale_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='vendas')),
                ('subscription_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='assinaturas')),
                ('merged_client_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='unidos antes')),
                ('filled_fields', models.JSONField(default=dict, verbose_name='campos completados')),
                ('previous_documents', models.JSONField(default=dict, verbose_name='documentos de antes')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='feita em')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='desfeita em')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='feita por')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clients.client', verbose_name='de')),
                ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='clients.client', verbose_name='para')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='desfeita por')),
            ],
            options={
                'verbose_name': 'união ou separação',
                'verbose_name_plural': 'uniões e separações',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='MergeSuggestion',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='sugerida em')),
                ('dismissed_at', models.DateTimeField(blank=True, null=True, verbose_name='dispensada em')),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clients.client', verbose_name='cliente')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clients.client', verbose_name='e este')),
            ],
            options={
                'verbose_name': 'possível duplicado',
                'verbose_name_plural': 'possíveis duplicados',
            },
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(fields=['user', 'created_at', 'id'], name='client_user_created'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(fields=['user', 'updated_at', 'id'], name='client_user_updated'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(condition=models.Q(('cpf', ''), _negated=True), fields=['cpf'], name='client_search_document'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(condition=models.Q(('phone', ''), _negated=True), fields=['phone', 'user', 'id'], name='client_search_phone'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(django.contrib.postgres.indexes.OpClass('email', 'varchar_pattern_ops'), condition=models.Q(('email__isnull', False)), name='client_search_email'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('cpf', 'gin_trgm_ops'), django.contrib.postgres.indexes.OpClass('phone', 'gin_trgm_ops'), name='client_search_parts'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(clients.unaccent.Unaccent('name'), 'gin_trgm_ops'), name='client_search_name'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(condition=models.Q(('status', 'ACTIVE'), _negated=True), fields=['status', 'id'], name='client_other'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='client_merged'),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.UniqueConstraint(condition=models.Q(('document_identifies', True)), fields=('user', 'cpf'), name='client_document_unique_per_user'),
        ),
        migrations.AddIndex(
            model_name='clientmerge',
            index=django.contrib.postgres.indexes.GinIndex(fields=['sale_ids'], name='merge_sales'),
        ),
        migrations.AddIndex(
            model_name='mergesuggestion',
            index=models.Index(condition=models.Q(('dismissed_at', None)), fields=['-created_at', '-id'], name='merge_suggestion_pending'),
        ),
        migrations.AddConstraint(
            model_name='mergesuggestion',
            constraint=models.UniqueConstraint(fields=('first', 'second'), name='merge_suggestion_unique'),
        ),
    ]
