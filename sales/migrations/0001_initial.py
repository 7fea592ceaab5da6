import clients.unaccent
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.text
import flowzz.core.db.bulk_upsert
import flowzz.core.ids
import sales.models.exports
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('clients', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyStat',
            fields=[
                ('pk', models.CompositePrimaryKey('user_id', 'is_month', 'day', 'dimension', 'name', blank=True, editable=False, primary_key=True, serialize=False)),
                ('user_id', models.UUIDField()),
                ('is_month', models.BooleanField()),
                ('day', models.DateField()),
                ('dimension', models.CharField(choices=[('product', 'Produto'), ('campaign', 'Campanha'), ('state', 'Estado')], max_length=9)),
                ('name', models.CharField(max_length=500)),
                ('sales', models.IntegerField()),
                ('quantity', models.BigIntegerField()),
                ('value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('scheduled', models.IntegerField()),
                ('scheduled_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('shipped', models.IntegerField()),
                ('shipped_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('failed', models.IntegerField()),
                ('failed_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('delivered', models.IntegerField()),
                ('delivered_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('returned', models.IntegerField()),
                ('returned_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('cancelled', models.IntegerField()),
                ('cancelled_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('deliveries', models.IntegerField()),
                ('delivery_days', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'número do dia',
                'verbose_name_plural': 'números dos dias',
            },
        ),
        migrations.CreateModel(
            name='DailyTotal',
            fields=[
                ('pk', models.CompositePrimaryKey('user_id', 'is_month', 'day', 'status', 'payment_code', blank=True, editable=False, primary_key=True, serialize=False)),
                ('user_id', models.UUIDField()),
                ('is_month', models.BooleanField()),
                ('day', models.DateField()),
                ('status', models.CharField(max_length=9)),
                ('payment_code', models.CharField(max_length=16)),
                ('sales', models.IntegerField()),
                ('value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('known_commissions', models.IntegerField()),
                ('commission', models.DecimalField(decimal_places=2, max_digits=18)),
                ('known_fees', models.IntegerField()),
                ('fees', models.DecimalField(decimal_places=2, max_digits=18)),
                ('known_nets', models.IntegerField()),
                ('net', models.DecimalField(decimal_places=2, max_digits=18)),
                ('deliveries', models.IntegerField()),
                ('delivery_days', models.BigIntegerField()),
                ('pending_sales', models.IntegerField()),
                ('pending_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('shipped_sales', models.IntegerField()),
                ('shipped_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('delivered_sales', models.IntegerField()),
                ('delivered_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('failed_sales', models.IntegerField()),
                ('failed_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('returned_sales', models.IntegerField()),
                ('returned_value', models.DecimalField(decimal_places=2, max_digits=18)),
                ('cancelled_sales', models.IntegerField()),
                ('cancelled_value', models.DecimalField(decimal_places=2, max_digits=18)),
            ],
            options={
                'verbose_name': 'total do dia',
                'verbose_name_plural': 'totais dos dias',
            },
        ),
        migrations.CreateModel(
            name='DailyClientStat',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('user_id', models.UUIDField()),
                ('is_month', models.BooleanField()),
                ('previous_day', models.DateField()),
                ('day', models.DateField()),
                ('clients', models.IntegerField()),
            ],
            options={
                'verbose_name': 'clientes do dia',
                'verbose_name_plural': 'clientes dos dias',
                'constraints': [models.UniqueConstraint(fields=('user_id', 'is_month', 'previous_day', 'day'), include=('clients',), name='dailyclientstat_unique')],
            },
        ),
        migrations.CreateModel(
            name='DirtyDay',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('user_id', models.UUIDField()),
                ('client_id', models.UUIDField(null=True)),
                ('day', models.DateField()),
            ],
            options={
                'verbose_name': 'dia a recalcular',
                'verbose_name_plural': 'dias a recalcular',
                'indexes': [models.Index(fields=['user_id'], name='dirtyday_user')],
            },
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('lease', models.UUIDField(editable=False, null=True, verbose_name='posse')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True, verbose_name='sinal de vida')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tentativas')),
                ('not_before', models.DateTimeField(blank=True, null=True, verbose_name='não antes de')),
                ('error', models.TextField(blank=True, verbose_name='erro')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='início')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='fim')),
                ('subject', models.CharField(choices=[('sales', 'Vendas'), ('clients', 'Clientes')], max_length=7, verbose_name='lista')),
                ('format', models.CharField(choices=[('csv', 'CSV'), ('xlsx', 'Excel'), ('ndjson', 'NDJSON')], max_length=6, verbose_name='formato')),
                ('query', models.TextField(blank=True, help_text='Como no endereço da lista.', verbose_name='filtros')),
                ('is_own', models.BooleanField(db_default=False, default=False, help_text='Só as vendas e os clientes de quem pediu, com os filtros da API.', verbose_name='pela API')),
                ('state', models.CharField(choices=[('QUEUED', 'Na fila'), ('RUNNING', 'Em andamento'), ('SUCCEEDED', 'Pronta'), ('FAILED', 'Falhou')], default='QUEUED', max_length=9, verbose_name='estado')),
                ('is_masked', models.BooleanField(default=True, verbose_name='dados pessoais mascarados')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='linhas')),
                ('processed', models.PositiveIntegerField(default=0, verbose_name='escritas')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='bytes')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='pedida em')),
                ('expires_at', models.DateTimeField(db_index=True, default=sales.models.exports.expiry, verbose_name='guardada até')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='pedida por')),
            ],
            options={
                'verbose_name': 'exportação',
                'verbose_name_plural': 'exportações',
                'permissions': [('make_export', 'Pode exportar vendas e clientes')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('export', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='sales.export')),
            ],
            options={
                'verbose_name': 'parte de exportação',
                'verbose_name_plural': 'partes de exportação',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('client_match', models.CharField(blank=True, choices=[('documento', 'Documento'), ('telefone', 'Telefone'), ('novo', 'Cliente novo')], max_length=16, verbose_name='cliente reconhecido por')),
                ('source', models.CharField(max_length=32, verbose_name='origem')),
                ('external_id', models.CharField(help_text='Ou o hash, se a origem não informa o número.', max_length=128, verbose_name='número do pedido')),
                ('order_hash', models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='hash do pedido')),
                ('is_associated', models.BooleanField(db_default=True, default=True, help_text='Sem isto, pode ser o pedido de outra venda, e não entra em número nenhum.', verbose_name='associada')),
                ('product_name', models.CharField(blank=True, max_length=500, verbose_name='produto')),
                ('product_sku', models.CharField(blank=True, max_length=128, verbose_name='código do produto')),
                ('quantity', models.PositiveIntegerField(default=1, verbose_name='quantidade')),
                ('unit_price', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='preço unitário')),
                ('total_price', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='valor total')),
                ('commission', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='comissão')),
                ('fees', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='taxas')),
                ('partner_shares', models.DecimalField(blank=True, decimal_places=2, help_text='Do afiliado e dos coprodutores, se quem vende é o produtor.', max_digits=12, null=True, verbose_name='comissões de parceiros')),
                ('status', models.CharField(choices=[('PENDING', 'Pendente'), ('PAID', 'Pago'), ('SHIPPED', 'Enviado'), ('DELIVERED', 'Entregue'), ('CANCELLED', 'Cancelado'), ('REFUNDED', 'Reembolsado')], default='PENDING', max_length=9, verbose_name='status')),
                ('shipping_status', models.CharField(choices=[('PENDING', 'A enviar'), ('SHIPPED', 'Enviado'), ('DELIVERED', 'Entregue'), ('FAILED', 'Tentativa sem sucesso'), ('RETURNED', 'Devolvido'), ('CANCELLED', 'Cancelado')], default='PENDING', max_length=9, verbose_name='entrega')),
                ('unknown_status', models.CharField(blank=True, max_length=100, verbose_name='status não reconhecido')),
                ('unknown_shipping_status', models.CharField(blank=True, max_length=100, verbose_name='entrega não reconhecida')),
                ('status_word', models.CharField(blank=True, db_default='', default='', max_length=100, verbose_name='status informado')),
                ('shipping_status_word', models.CharField(blank=True, db_default='', default='', max_length=100, verbose_name='entrega informada')),
                ('refused_status', models.CharField(blank=True, choices=[('PENDING', 'Pendente'), ('PAID', 'Pago'), ('SHIPPED', 'Enviado'), ('DELIVERED', 'Entregue'), ('CANCELLED', 'Cancelado'), ('REFUNDED', 'Reembolsado')], db_default='', default='', max_length=9, verbose_name='status recusado')),
                ('refused_shipping_status', models.CharField(blank=True, choices=[('PENDING', 'A enviar'), ('SHIPPED', 'Enviado'), ('DELIVERED', 'Entregue'), ('FAILED', 'Tentativa sem sucesso'), ('RETURNED', 'Devolvido'), ('CANCELLED', 'Cancelado')], db_default='', default='', max_length=9, verbose_name='entrega recusada')),
                ('overridden_status', models.CharField(blank=True, choices=[('PENDING', 'Pendente'), ('PAID', 'Pago'), ('SHIPPED', 'Enviado'), ('DELIVERED', 'Entregue'), ('CANCELLED', 'Cancelado'), ('REFUNDED', 'Reembolsado')], db_default='', default='', max_length=9, verbose_name='status informado antes do manual')),
                ('overridden_shipping_status', models.CharField(blank=True, choices=[('PENDING', 'A enviar'), ('SHIPPED', 'Enviado'), ('DELIVERED', 'Entregue'), ('FAILED', 'Tentativa sem sucesso'), ('RETURNED', 'Devolvido'), ('CANCELLED', 'Cancelado')], db_default='', default='', max_length=9, verbose_name='entrega informada antes da manual')),
                ('is_refund_open', models.BooleanField(db_default=False, default=False, verbose_name='reembolso em aberto')),
                ('payment_method', models.CharField(blank=True, max_length=64, verbose_name='forma de pagamento enviada')),
                ('payment_code', models.CharField(blank=True, choices=[('PIX', 'Pix'), ('CARD', 'Cartão'), ('BOLETO', 'Boleto'), ('CASH_ON_DELIVERY', 'Pós-paga'), ('OTHER', 'Outra')], db_default='', default='', max_length=16, verbose_name='meio de pagamento')),
                ('tracking_code', models.CharField(blank=True, max_length=128, verbose_name='código de rastreio')),
                ('sale_date', models.DateTimeField(verbose_name='data da venda')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='pago em')),
                ('shipped_at', models.DateTimeField(blank=True, null=True, verbose_name='enviado em')),
                ('delivered_at', models.DateTimeField(blank=True, null=True, verbose_name='entregue em')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelado em')),
                ('deleted_at', models.DateTimeField(blank=True, null=True, verbose_name='excluído em')),
                ('metadata', models.JSONField(blank=True, decoder=flowzz.core.db.bulk_upsert.JsonDecoder, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='outros dados')),
                ('value_warnings', models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Valores que não puderam ser lidos: causa e campo. O resto foi aplicado.', verbose_name='avisos')),
                ('report_fingerprint', models.UUIDField(editable=False, help_text='Um relato igual não muda a venda. O banco a apaga quando a venda muda.', null=True, verbose_name='impressão do último relato')),
                ('observed_at', models.DateTimeField(help_text='Momento da informação mais recente que foi aplicada.', verbose_name='visto em')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criado em')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='atualizado em')),
                ('client', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sales', to='clients.client', verbose_name='cliente')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sales', to=settings.AUTH_USER_MODEL, verbose_name='vendedor(a)')),
            ],
            options={
                'verbose_name': 'venda',
                'permissions': [('merge_sale', 'Pode unir vendas, e contar as não associadas'), ('set_sale_status', 'Pode definir o status de uma venda')],
            },
        ),
        migrations.CreateModel(
            name='SaleMerge',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('absorbed_id', models.UUIDField(db_index=True, verbose_name='venda unida')),
                ('absorbed', models.JSONField(default=dict, verbose_name='linha da venda unida')),
                ('changes', models.JSONField(default=dict, verbose_name='campos mudados')),
                ('status_change_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='mudanças')),
                ('cycle_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='ciclos')),
                ('action_id', models.UUIDField(null=True, verbose_name='ação registrada')),
                ('undo_action_id', models.UUIDField(null=True, verbose_name='ação que a desfez')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='feita em')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='desfeita em')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='feita por')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='sales.sale', verbose_name='venda que ficou')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='desfeita por')),
            ],
            options={
                'verbose_name': 'união de vendas',
                'verbose_name_plural': 'uniões de vendas',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='SaleStatusChange',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('field', models.CharField(choices=[('status', 'Status'), ('shipping_status', 'Entrega'), ('total_price', 'Valor total'), ('quantity', 'Quantidade'), ('product_name', 'Produto'), ('product_sku', 'Código do produto'), ('client_id', 'Cliente')], default='status', max_length=15, verbose_name='campo')),
                ('from_status', models.CharField(blank=True, max_length=500, verbose_name='de')),
                ('to_status', models.CharField(max_length=500, verbose_name='para')),
                ('changed_at', models.DateTimeField(verbose_name='quando')),
                ('origin', models.CharField(choices=[('event', 'Webhook'), ('run', 'Sincronização'), ('import', 'Importação'), ('person', 'Pessoa'), ('remap', 'Significado de um texto')], max_length=6, verbose_name='por')),
                ('origin_id', models.UUIDField(blank=True, null=True, verbose_name='identificação da origem')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='status_changes', to='sales.sale', verbose_name='venda')),
            ],
            options={
                'verbose_name': 'mudança da venda',
                'verbose_name_plural': 'mudanças das vendas',
                'ordering': ['changed_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=32, verbose_name='origem')),
                ('subscription_hash', models.CharField(max_length=128, verbose_name='assinatura')),
                ('status', models.CharField(choices=[('ACTIVE', 'Ativa'), ('PENDING', 'Pendente'), ('SUSPENDED', 'Suspensa'), ('CANCELLED', 'Cancelada')], max_length=9, verbose_name='status')),
                ('unknown_status', models.CharField(blank=True, max_length=100, verbose_name='status não reconhecido')),
                ('is_status_reported', models.BooleanField(db_default=True, default=True, help_text='Sem isto o status é “Pendente” porque a origem nunca informou outro.', verbose_name='status informado')),
                ('frequency', models.CharField(blank=True, max_length=64, verbose_name='frequência')),
                ('cycle', models.PositiveIntegerField(blank=True, null=True, verbose_name='ciclo')),
                ('next_charge_date', models.DateTimeField(blank=True, null=True, verbose_name='próxima cobrança')),
                ('product_name', models.CharField(blank=True, max_length=500, verbose_name='produto')),
                ('observed_at', models.DateTimeField(verbose_name='visto em')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criado em')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='atualizado em')),
                ('client', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='subscriptions', to='clients.client', verbose_name='cliente')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to=settings.AUTH_USER_MODEL, verbose_name='vendedor(a)')),
            ],
            options={
                'verbose_name': 'assinatura',
            },
        ),
        migrations.CreateModel(
            name='SubscriptionCycle',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('cycle', models.PositiveIntegerField(verbose_name='ciclo')),
                ('next_charge_date', models.DateTimeField(blank=True, null=True, verbose_name='próxima cobrança')),
                ('observed_at', models.DateTimeField(verbose_name='visto em')),
                ('sale', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='subscription_cycles', to='sales.sale', verbose_name='venda')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cycles', to='sales.subscription', verbose_name='assinatura')),
            ],
            options={
                'verbose_name': 'ciclo de assinatura',
                'verbose_name_plural': 'ciclos de assinatura',
            },
        ),
        migrations.CreateModel(
            name='AffiliationRequest',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=32, verbose_name='origem')),
                ('fingerprint', models.CharField(max_length=64, verbose_name='impressão do conteúdo')),
                ('affiliate_name', models.CharField(blank=True, max_length=500, verbose_name='afiliado')),
                ('affiliate_email', models.CharField(blank=True, max_length=254, verbose_name='e-mail')),
                ('affiliate_phone', models.CharField(blank=True, max_length=64, verbose_name='telefone')),
                ('product_name', models.CharField(blank=True, max_length=500, verbose_name='produto')),
                ('status', models.CharField(blank=True, max_length=100, verbose_name='status')),
                ('requested_at', models.DateTimeField(blank=True, null=True, verbose_name='pedido em')),
                ('observed_at', models.DateTimeField(verbose_name='visto em')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criado em')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='atualizado em')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='affiliation_requests', to=settings.AUTH_USER_MODEL, verbose_name='vendedor(a)')),
            ],
            options={
                'verbose_name': 'pedido de afiliação',
                'verbose_name_plural': 'pedidos de afiliação',
                'constraints': [models.UniqueConstraint(fields=('user', 'source', 'fingerprint'), name='affiliation_unique_by_content')],
            },
        ),
        migrations.AddIndex(
            model_name='affiliationrequest',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(clients.unaccent.Unaccent('affiliate_name'), 'gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(clients.unaccent.Unaccent('affiliate_email'), 'gin_trgm_ops'), name='affiliation_search'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=['not_before', 'heartbeat_at'], name='export_due'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'RUNNING')), fields=('requested_by',), name='export_one_of_a_requester'),
        ),
        migrations.AddConstraint(
            model_name='exportpart',
            constraint=models.UniqueConstraint(fields=('export', 'number'), name='export_part_unique'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['user', 'sale_date', 'id'], name='sale_user_date'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['user', 'updated_at', 'id'], name='sale_user_updated'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['client', 'sale_date'], name='sale_client_date'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(django.contrib.postgres.indexes.OpClass('external_id', 'varchar_pattern_ops'), name='sale_number'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(django.contrib.postgres.indexes.OpClass('order_hash', 'varchar_pattern_ops'), condition=models.Q(('order_hash', ''), _negated=True), name='sale_hash'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('external_id', models.F('order_hash'))), fields=['user', 'sale_date'], name='sale_only_hash'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('is_associated', False)), fields=['sale_date', 'id'], name='sale_unassociated'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['created_at'], name='sale_created'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['sale_date', 'id'], name='sale_date'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['product_name', 'sale_date'], name='sale_product'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(fields=['status', 'shipping_status', 'sale_date', 'id'], name='sale_states'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(django.db.models.functions.text.Left(django.db.models.fields.json.KeyTextTransform('campaign', django.db.models.fields.json.KeyTextTransform('utms', 'metadata')), 200), models.F('sale_date'), condition=models.Q(('metadata__has_key', 'utms')), name='sale_campaign'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('unknown_status', ''), _negated=True), fields=['source', 'unknown_status'], name='sale_unknown_status'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('unknown_shipping_status', ''), _negated=True), fields=['source', 'unknown_shipping_status'], name='sale_unknown_shipping'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('value_warnings', []), _negated=True), fields=['sale_date', 'id'], name='sale_with_warnings'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('overridden_status', ''), ('status_word', '')), fields=['sale_date', 'id'], name='sale_status_missing'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(models.Q(('refused_status', ''), _negated=True), models.Q(('refused_shipping_status', ''), _negated=True), _connector='OR'), fields=['sale_date', 'id'], name='sale_status_refused'),
        ),
        migrations.AddConstraint(
            model_name='sale',
            constraint=models.UniqueConstraint(fields=('user', 'source', 'external_id'), name='sale_unique_per_user_and_source'),
        ),
        migrations.AddConstraint(
            model_name='sale',
            constraint=models.UniqueConstraint(condition=models.Q(('order_hash', ''), _negated=True), fields=('user', 'source', 'order_hash'), name='sale_hash_unique_per_user_and_source'),
        ),
        migrations.AddIndex(
            model_name='salestatuschange',
            index=models.Index(fields=['origin_id'], name='change_origin'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(fields=['user', 'status', 'next_charge_date'], name='subscription_due'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(fields=['user', 'updated_at', 'id'], name='subscription_updated'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(django.contrib.postgres.indexes.OpClass('subscription_hash', 'varchar_pattern_ops'), name='subscription_number'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(fields=('user', 'source', 'subscription_hash'), name='subscription_unique_per_user_and_source'),
        ),
        migrations.AddConstraint(
            model_name='subscriptioncycle',
            constraint=models.UniqueConstraint(fields=('subscription', 'cycle'), name='cycle_unique'),
        ),
    ]
