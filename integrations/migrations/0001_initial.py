import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
import flowzz.core.ids
from django.conf import settings
from django.db import migrations, models
from flowzz.core.db.partitions import CreatePartitionedModel
from integrations.models.events import EVENTS, PAYLOADS


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HourlyStats',
            fields=[
                ('hour', models.DateTimeField(primary_key=True, serialize=False, verbose_name='hora')),
                ('events', models.JSONField(default=dict, verbose_name='eventos por resultado ou estado')),
                ('quarantine_reasons', models.JSONField(default=dict, verbose_name='quarentenas por causa')),
                ('latencies', models.JSONField(default=dict, verbose_name='eventos por tempo de processamento')),
                ('runs', models.JSONField(default=dict, verbose_name='sincronizações por estado')),
                ('run_errors', models.JSONField(default=dict, verbose_name='sincronizações por erro')),
                ('sales_created', models.PositiveIntegerField(default=0, verbose_name='vendas criadas')),
                ('sales_updated', models.PositiveIntegerField(default=0, verbose_name='vendas atualizadas')),
                ('longest_wait_seconds', models.FloatField(db_default=0.0, verbose_name='maior espera de um evento (s)')),
                ('circuit', models.CharField(choices=[('closed', 'no ar'), ('half_open', 'testando'), ('open', 'fora do ar')], db_default='closed', max_length=9, verbose_name='pior estado da API')),
            ],
            options={
                'verbose_name': 'hora de atividade',
                'verbose_name_plural': 'horas de atividade',
            },
        ),
        migrations.CreateModel(
            name='Integration',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=32, verbose_name='plataforma')),
                ('status', models.CharField(choices=[('PENDING', 'pendente'), ('CONNECTED', 'conectado'), ('ERROR', 'erro'), ('DISCONNECTED', 'desconectado')], default='PENDING', max_length=12, verbose_name='status')),
                ('mode', models.CharField(choices=[('api', 'API e webhooks'), ('webhook', 'Só webhooks')], default='api', max_length=7, verbose_name='modo')),
                ('mode_changed_at', models.DateTimeField(editable=False, null=True, verbose_name='neste modo desde')),
                ('api_key', models.TextField(blank=True, editable=False, verbose_name='chave de API (cifrada)')),
                ('api_key_hint', models.CharField(blank=True, editable=False, max_length=32, verbose_name='chave de API')),
                ('api_key_set_at', models.DateTimeField(editable=False, null=True, verbose_name='chave informada em')),
                ('signing_secret', models.TextField(blank=True, editable=False, verbose_name='segredo (cifrado)')),
                ('previous_signing_secret', models.TextField(blank=True, editable=False, verbose_name='segredo anterior (cifrado)')),
                ('signing_observed_since', models.DateTimeField(blank=True, editable=False, help_text='Em observação, o que a assinatura recusaria é aceito e contado.', null=True, verbose_name='assinatura em observação desde')),
                ('custom_webhook_url', models.CharField(blank=True, help_text='Anotação de quem vende (um proxy na frente, por exemplo); nunca é chamado.', max_length=500, verbose_name='endereço informado por quem vende')),
                ('owner_email', models.EmailField(blank=True, help_text='Decide qual comissão da venda é do(a) vendedor(a). Vazio: o e-mail de login.', max_length=254, verbose_name='e-mail do(a) vendedor(a) na plataforma')),
                ('sync_cursor', models.DateTimeField(blank=True, null=True, verbose_name='sincronizado até')),
                ('next_sync_at', models.DateTimeField(blank=True, null=True, verbose_name='próxima sincronização')),
                ('last_sync_at', models.DateTimeField(blank=True, null=True, verbose_name='última sincronização')),
                ('last_sync_status', models.CharField(blank=True, choices=[('success', 'sucesso'), ('error', 'erro')], max_length=7, verbose_name='resultado')),
                ('last_sync_error', models.TextField(blank=True, verbose_name='erro')),
                ('last_webhook_at', models.DateTimeField(blank=True, null=True, verbose_name='último webhook')),
                ('sales_synced', models.PositiveBigIntegerField(default=0, verbose_name='vendas recebidas')),
                ('connected_at', models.DateTimeField(blank=True, null=True, verbose_name='conectada em')),
                ('paused_at', models.DateTimeField(blank=True, help_text='Enquanto pausada, os webhooks esperam e nada é sincronizado.', null=True, verbose_name='pausada em')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criada em')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='atualizada em')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='integrations', to=settings.AUTH_USER_MODEL, verbose_name='vendedor(a)')),
            ],
            options={
                'verbose_name': 'integração',
                'verbose_name_plural': 'integrações',
            },
        ),
        CreatePartitionedModel(
            name='WebhookEvent',
            table=EVENTS,
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=32, verbose_name='plataforma')),
                ('body_size', models.PositiveIntegerField(default=0, verbose_name='bytes do corpo')),
                ('body_hash', models.BinaryField(max_length=32, verbose_name='SHA-256 do corpo')),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='recebido em')),
                ('kind', models.CharField(blank=True, choices=[('order', 'Pedido'), ('subscription', 'Assinatura'), ('affiliation', 'Afiliação')], max_length=12, verbose_name='tipo')),
                ('external_id', models.CharField(blank=True, max_length=128, verbose_name='pedido ou assinatura')),
                ('state', models.CharField(choices=[('PENDING', 'Pendente'), ('DONE', 'Processado'), ('IGNORED', 'Ignorado'), ('RETRY', 'Nova tentativa'), ('QUARANTINED', 'Quarentena')], default='PENDING', max_length=11, verbose_name='estado')),
                ('outcome', models.CharField(blank=True, choices=[('created', 'Venda criada'), ('updated', 'Venda atualizada'), ('unchanged', 'Nada mudou'), ('duplicate', 'Repetido'), ('stale', 'Fora de ordem'), ('disconnected', 'Integração desconectada'), ('discarded', 'Descartado pela equipe'), ('test', 'Teste')], max_length=12, verbose_name='resultado')),
                ('reason', models.CharField(blank=True, max_length=64, verbose_name='causa')),
                ('error', models.TextField(blank=True, verbose_name='erro')),
                ('cause', models.CharField(blank=True, db_default='', help_text='Mesmo erro no mesmo lugar; vazio fora da quarentena.', max_length=160, verbose_name='grupo da quarentena')),
                ('value_warnings', models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Valores que não puderam ser lidos: causa e campo. O resto foi aplicado.', verbose_name='avisos')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tentativas')),
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='próxima tentativa a partir de')),
                ('is_replay', models.BooleanField(default=False, help_text='Pedido pela equipe: é aplicado mesmo que o corpo já tenha vindo antes.', verbose_name='reprocessar')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='concluído em')),
                ('integration', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='integrations.integration', verbose_name='integração')),
            ],
            options={
                'verbose_name': 'evento',
            },
        ),
        migrations.CreateModel(
            name='WebhookBaseline',
            fields=[
                ('integration', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='baseline', serialize=False, to='integrations.integration', verbose_name='integração')),
                ('hourly_rates', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None, verbose_name='chegadas por hora da semana')),
                ('updated_at', models.DateTimeField(verbose_name='aprendido em')),
            ],
            options={
                'verbose_name': 'ritmo dos webhooks',
                'verbose_name_plural': 'ritmos dos webhooks',
            },
        ),
        migrations.CreateModel(
            name='HourlyWebhookCount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('hour', models.DateTimeField(verbose_name='hora')),
                ('count', models.PositiveIntegerField(verbose_name='webhooks')),
                ('integration', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hourly_webhook_counts', to='integrations.integration')),
            ],
            options={
                'verbose_name': 'volume de webhooks',
                'verbose_name_plural': 'volumes de webhooks',
            },
        ),
        migrations.CreateModel(
            name='WebhookRefusal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('minute', models.DateTimeField(verbose_name='minuto')),
                ('reason', models.CharField(choices=[('signature', '401 · assinatura ausente ou inválida'), ('expired_url', '404 · endereço anterior, fora do prazo'), ('too_large', '413 · corpo grande demais'), ('rate', '429 · acima do limite por minuto'), ('observed', 'Aceito: assinatura inválida, em observação')], max_length=11, verbose_name='motivo')),
                ('count', models.PositiveIntegerField(verbose_name='webhooks')),
                ('bytes', models.PositiveBigIntegerField(verbose_name='bytes')),
                ('integration', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='webhook_refusals', to='integrations.integration', verbose_name='integração')),
            ],
            options={
                'verbose_name': 'webhook recusado',
                'verbose_name_plural': 'webhooks recusados',
                'indexes': [models.Index(fields=['minute', 'id'], name='webhook_refusal_minute'), models.Index(fields=['reason', 'minute', 'id'], name='webhook_refusal_reason')],
                'constraints': [models.UniqueConstraint(fields=('integration', 'minute', 'reason'), name='webhook_refusals_per_minute')],
            },
        ),
        migrations.CreateModel(
            name='AlertRecipients',
            fields=[
                ('kind', models.CharField(choices=[('sync_late', 'Sem sincronização há 24 horas'), ('sync_failing', 'Três sincronizações seguidas com falha'), ('key_refused', 'Chave de API recusada'), ('key_old', 'Chave de API antiga'), ('circuit_open', 'API da plataforma fora do ar'), ('dead_letters', 'Eventos em quarentena'), ('queue_late', 'Fila atrasada'), ('silence', 'Webhooks em silêncio'), ('webhooks_refused', 'Webhooks recusados'), ('webhook_mode', 'Passou a receber só por webhooks'), ('api_answers', 'A API da plataforma respondeu')], max_length=32, primary_key=True, serialize=False, verbose_name='tipo')),
                ('emails', django.contrib.postgres.fields.ArrayField(base_field=models.EmailField(max_length=254), blank=True, default=list, size=None, verbose_name='e-mails')),
            ],
            options={
                'verbose_name': 'destinatários de alertas',
                'verbose_name_plural': 'destinatários de alertas',
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('sync_late', 'Sem sincronização há 24 horas'), ('sync_failing', 'Três sincronizações seguidas com falha'), ('key_refused', 'Chave de API recusada'), ('key_old', 'Chave de API antiga'), ('circuit_open', 'API da plataforma fora do ar'), ('dead_letters', 'Eventos em quarentena'), ('queue_late', 'Fila atrasada'), ('silence', 'Webhooks em silêncio'), ('webhooks_refused', 'Webhooks recusados'), ('webhook_mode', 'Passou a receber só por webhooks'), ('api_answers', 'A API da plataforma respondeu')], max_length=32, verbose_name='tipo')),
                ('message', models.TextField(verbose_name='mensagem')),
                ('seller_message', models.TextField(blank=True, verbose_name='mensagem a quem vende')),
                ('opened_at', models.DateTimeField(auto_now_add=True, verbose_name='aberto em')),
                ('resolved_at', models.DateTimeField(blank=True, null=True, verbose_name='resolvido em')),
                ('opening_mailed', models.BooleanField(default=False, verbose_name='abertura avisada')),
                ('resolution_mailed', models.BooleanField(default=False, verbose_name='solução avisada')),
                ('opening_posted', models.BooleanField(default=False, verbose_name='abertura enviada ao canal')),
                ('resolution_posted', models.BooleanField(default=False, verbose_name='solução enviada ao canal')),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='visto em')),
                ('snoozed_until', models.DateTimeField(blank=True, null=True, verbose_name='adiado até')),
                ('comment', models.CharField(blank=True, db_default='', max_length=500, verbose_name='comentário')),
                ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='com quem está')),
                ('integration', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='integrations.integration', verbose_name='integração')),
            ],
            options={
                'verbose_name': 'alerta',
            },
        ),
        migrations.CreateModel(
            name='SalesImport',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('lease', models.UUIDField(editable=False, null=True, verbose_name='posse')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True, verbose_name='sinal de vida')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tentativas')),
                ('not_before', models.DateTimeField(blank=True, null=True, verbose_name='não antes de')),
                ('processed', models.PositiveIntegerField(default=0, verbose_name='processadas')),
                ('error', models.TextField(blank=True, verbose_name='erro')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criada em')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='início')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='fim')),
                ('file_name', models.CharField(blank=True, max_length=255, verbose_name='arquivo')),
                ('content', models.BinaryField(null=True, verbose_name='conteúdo (comprimido)')),
                ('exported_at', models.DateTimeField(blank=True, help_text='Sem esta data, o arquivo só avança o status, nunca volta.', null=True, verbose_name='exportado em')),
                ('is_preview', models.BooleanField(default=False, verbose_name='prévia')),
                ('state', models.CharField(choices=[('QUEUED', 'Na fila'), ('RUNNING', 'Em andamento'), ('PREVIEWED', 'Aguardando confirmação'), ('SUCCEEDED', 'Concluída'), ('FAILED', 'Falhou')], default='QUEUED', max_length=9, verbose_name='estado')),
                ('columns', models.JSONField(blank=True, default=list, verbose_name='colunas')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='linhas')),
                ('created', models.PositiveIntegerField(default=0, verbose_name='criadas')),
                ('updated', models.PositiveIntegerField(default=0, verbose_name='atualizadas')),
                ('unchanged', models.PositiveIntegerField(default=0, verbose_name='sem mudança')),
                ('errors', models.PositiveIntegerField(default=0, verbose_name='com erro')),
                ('error_lines', models.JSONField(blank=True, default=list, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='erros por linha')),
                ('warnings', models.PositiveIntegerField(default=0, verbose_name='com aviso')),
                ('warning_lines', models.JSONField(blank=True, default=list, verbose_name='avisos por linha')),
                ('unknown_words', models.JSONField(blank=True, default=list, verbose_name='textos não reconhecidos')),
                ('amount', models.DecimalField(decimal_places=2, default=0, max_digits=16, verbose_name='soma dos totais')),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imports', to='integrations.integration', verbose_name='integração')),
            ],
            options={
                'verbose_name': 'importação',
                'verbose_name_plural': 'importações',
            },
        ),
        migrations.CreateModel(
            name='StatusMapping',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=32, verbose_name='plataforma')),
                ('field', models.CharField(choices=[('order', 'Pedido'), ('shipping', 'Entrega'), ('subscription', 'Assinatura')], max_length=12, verbose_name='tipo (pedido / entrega)')),
                ('word', models.CharField(max_length=100, verbose_name='texto recebido')),
                ('status', models.CharField(blank=True, max_length=9, verbose_name='significado')),
                ('mapped_at', models.DateTimeField(blank=True, null=True, verbose_name='definido em')),
                ('first_seen_at', models.DateTimeField(auto_now_add=True, verbose_name='visto pela primeira vez')),
                ('mapped_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='definido por')),
            ],
            options={
                'verbose_name': 'status não reconhecido',
                'verbose_name_plural': 'status não reconhecidos',
            },
        ),
        migrations.CreateModel(
            name='BulkAction',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('QUEUED', 'Na fila'), ('RUNNING', 'Em andamento'), ('SUCCEEDED', 'Concluída'), ('FAILED', 'Falhou'), ('CANCELLED', 'Cancelada')], default='QUEUED', max_length=9, verbose_name='estado')),
                ('lease', models.UUIDField(editable=False, null=True, verbose_name='posse')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True, verbose_name='sinal de vida')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tentativas')),
                ('not_before', models.DateTimeField(blank=True, null=True, verbose_name='não antes de')),
                ('error', models.TextField(blank=True, verbose_name='erro')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='início')),
                ('kind', models.CharField(choices=[('replay', 'Reprocessar'), ('assign', 'Atribuir'), ('discard', 'Descartar'), ('remap', 'Aplicar significado'), ('earnings', 'Recalcular comissões')], max_length=8, verbose_name='ação')),
                ('cause', models.CharField(blank=True, max_length=160, verbose_name='causa')),
                ('until', models.DateTimeField(blank=True, null=True, verbose_name='recebidos até')),
                ('previous_status', models.CharField(blank=True, max_length=9, verbose_name='significado anterior')),
                ('reason', models.TextField(blank=True, verbose_name='motivo')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='total')),
                ('processed', models.PositiveIntegerField(default=0, verbose_name='feitos')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='com falha')),
                ('outcomes', models.JSONField(blank=True, default=dict, verbose_name='resultados')),
                ('cursor_at', models.DateTimeField(editable=False, null=True)),
                ('cursor_id', models.UUIDField(editable=False, null=True)),
                ('cursor_key', models.CharField(blank=True, editable=False, max_length=128)),
                ('batch', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, editable=False, size=None)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='pedida em')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='concluída em')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='pedida por')),
                ('integration', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='integrations.integration', verbose_name='integração')),
                ('mapping', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='integrations.statusmapping', verbose_name='texto recebido')),
            ],
            options={
                'verbose_name': 'ação em massa',
                'verbose_name_plural': 'ações em massa',
            },
        ),
        migrations.CreateModel(
            name='StatusMappingUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=128)),
                ('mapping', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usages', to='integrations.statusmapping')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'uso de um significado',
                'verbose_name_plural': 'usos dos significados',
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('QUEUED', 'Na fila'), ('RUNNING', 'Em andamento'), ('SUCCEEDED', 'Concluída'), ('FAILED', 'Falhou'), ('CANCELLED', 'Cancelada')], default='QUEUED', max_length=9, verbose_name='estado')),
                ('lease', models.UUIDField(editable=False, null=True, verbose_name='posse')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True, verbose_name='sinal de vida')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tentativas')),
                ('not_before', models.DateTimeField(blank=True, null=True, verbose_name='não antes de')),
                ('total', models.PositiveIntegerField(blank=True, null=True, verbose_name='total previsto')),
                ('processed', models.PositiveIntegerField(default=0, verbose_name='processadas')),
                ('error', models.TextField(blank=True, verbose_name='erro')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criada em')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='início')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='fim')),
                ('trigger', models.CharField(choices=[('initial', 'Primeira sincronização'), ('schedule', 'Agenda'), ('user', 'Vendedor(a)'), ('staff', 'Equipe')], max_length=8, verbose_name='iniciada por')),
                ('is_full', models.BooleanField(default=False, verbose_name='completa')),
                ('cursor_from', models.DateTimeField(blank=True, null=True, verbose_name='desde')),
                ('cursor_to', models.DateTimeField(blank=True, null=True, verbose_name='até')),
                ('sales_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='no máximo (vendas)')),
                ('next_page', models.PositiveIntegerField(default=1, verbose_name='próxima página')),
                ('page_digest', models.UUIDField(editable=False, null=True, verbose_name='resumo da última página')),
                ('pages', models.PositiveIntegerField(default=0, verbose_name='páginas lidas')),
                ('created', models.PositiveIntegerField(default=0, verbose_name='criadas')),
                ('updated', models.PositiveIntegerField(default=0, verbose_name='atualizadas')),
                ('unchanged', models.PositiveIntegerField(default=0, verbose_name='sem mudança')),
                ('errors', models.PositiveIntegerField(default=0, verbose_name='com erro')),
                ('missed', models.PositiveIntegerField(default=0, verbose_name='não vieram por webhook')),
                ('error_code', models.CharField(blank=True, max_length=64, verbose_name='código do erro')),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='integrations.integration', verbose_name='integração')),
            ],
            options={
                'verbose_name': 'sincronização',
                'verbose_name_plural': 'sincronizações',
            },
        ),
        migrations.CreateModel(
            name='SyncFinding',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('error', 'Venda com erro'), ('missed', 'Só pela sincronização'), ('differs', 'Campos diferentes'), ('unassociated', 'Não associada'), ('warning', 'Com aviso')], max_length=12, verbose_name='tipo')),
                ('external_id', models.CharField(blank=True, max_length=128, verbose_name='pedido')),
                ('message', models.TextField(blank=True, verbose_name='mensagem')),
                ('fields', models.JSONField(blank=True, default=list, verbose_name='campos')),
                ('value', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='valor')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='integrations.syncrun', verbose_name='sincronização')),
            ],
            options={
                'verbose_name': 'divergência encontrada',
                'verbose_name_plural': 'divergências encontradas',
            },
        ),
        CreatePartitionedModel(
            name='WebhookPayload',
            table=PAYLOADS,
            fields=[
                ('event', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='payload', serialize=False, to='integrations.webhookevent', verbose_name='evento')),
                ('body', models.BinaryField(verbose_name='corpo')),
                ('headers', models.JSONField(default=dict, verbose_name='cabeçalhos')),
            ],
            options={
                'verbose_name': 'conteúdo de evento',
                'verbose_name_plural': 'conteúdos de eventos',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='EventFailure',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('attempt', models.PositiveSmallIntegerField(verbose_name='tentativa')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='quando')),
                ('reason', models.CharField(max_length=64, verbose_name='causa')),
                ('error', models.TextField(verbose_name='erro')),
                ('event', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='failures', to='integrations.webhookevent', verbose_name='evento')),
            ],
            options={
                'verbose_name': 'tentativa sem sucesso',
                'verbose_name_plural': 'tentativas sem sucesso',
            },
        ),
        migrations.CreateModel(
            name='WebhookToken',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token_hash', models.CharField(editable=False, max_length=64, unique=True, verbose_name='hash')),
                ('token', models.TextField(editable=False, verbose_name='token (cifrado)')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='vale até')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criado em')),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_tokens', to='integrations.integration', verbose_name='integração')),
            ],
            options={
                'verbose_name': 'endereço de webhook',
                'verbose_name_plural': 'endereços de webhook',
            },
        ),
        migrations.AddIndex(
            model_name='integration',
            index=models.Index(condition=models.Q(('next_sync_at__isnull', False)), fields=['next_sync_at'], name='integration_due'),
        ),
        migrations.AddConstraint(
            model_name='integration',
            constraint=models.UniqueConstraint(fields=('user', 'provider'), name='integration_one_per_user'),
        ),
        migrations.AddConstraint(
            model_name='hourlywebhookcount',
            constraint=models.UniqueConstraint(fields=('integration', 'hour'), name='webhook_count_per_hour'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('opening_mailed', False), ('opening_posted', False), models.Q(('resolution_mailed', False), ('resolved_at__isnull', False)), models.Q(('resolution_posted', False), ('resolved_at__isnull', False)), _connector='OR'), fields=['opened_at'], name='alert_unsent'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('resolved_at__isnull', True)), fields=('integration', 'kind'), name='alert_open_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='salesimport',
            index=models.Index(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=['not_before', 'heartbeat_at'], name='salesimport_due'),
        ),
        migrations.AddIndex(
            model_name='salesimport',
            index=models.Index(condition=models.Q(('content__isnull', False)), fields=['created_at'], name='import_with_file'),
        ),
        migrations.AddConstraint(
            model_name='salesimport',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=('integration',), name='import_one_under_way'),
        ),
        migrations.AddConstraint(
            model_name='statusmapping',
            constraint=models.UniqueConstraint(fields=('provider', 'field', 'word'), name='status_mapping_unique'),
        ),
        migrations.AddIndex(
            model_name='bulkaction',
            index=models.Index(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=['not_before', 'heartbeat_at'], name='bulkaction_due'),
        ),
        migrations.AddConstraint(
            model_name='bulkaction',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('QUEUED', 'RUNNING')), models.Q(('cause', ''), _negated=True)), fields=('cause',), name='bulk_one_per_cause'),
        ),
        migrations.AddConstraint(
            model_name='bulkaction',
            constraint=models.UniqueConstraint(condition=models.Q(('mapping__isnull', False), ('state__in', ('QUEUED', 'RUNNING'))), fields=('mapping',), name='bulk_one_per_mapping'),
        ),
        migrations.AddConstraint(
            model_name='statusmappingusage',
            constraint=models.UniqueConstraint(fields=('mapping', 'user', 'external_id'), name='status_mapping_usage_unique'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=['not_before', 'heartbeat_at'], name='syncrun_due'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('state__in', ('SUCCEEDED', 'FAILED'))), fields=['integration', '-finished_at'], name='run_ended'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('state__in', ('SUCCEEDED', 'FAILED'))), fields=['finished_at'], name='run_finished'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('state__in', ['FAILED', 'CANCELLED'])), fields=['state', 'id'], name='run_unsuccessful'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('trigger', 'schedule'), _negated=True), fields=['trigger', 'id'], name='run_not_scheduled'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('is_full', True)), fields=['id'], name='run_full'),
        ),
        migrations.AddConstraint(
            model_name='syncrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=('integration',), name='run_one_under_way'),
        ),
        migrations.AddIndex(
            model_name='syncfinding',
            index=models.Index(fields=['external_id'], name='finding_external_id'),
        ),
        migrations.AddIndex(
            model_name='syncfinding',
            index=models.Index(fields=['run', 'kind', 'id'], name='finding_of_run'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('state__in', ['PENDING', 'RETRY'])), fields=['integration', 'received_at', 'id'], name='event_due'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['integration', 'body_hash'], name='event_body_hash'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['integration', '-received_at'], name='event_latest'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(django.contrib.postgres.indexes.OpClass('external_id', 'varchar_pattern_ops'), condition=models.Q(('external_id', ''), _negated=True), name='event_number'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['received_at'], name='event_received'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('outcome__in', ['unchanged', 'duplicate', 'stale', 'disconnected', 'discarded'])), fields=['outcome', 'id'], name='event_rare_outcome'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('kind__in', ['subscription', 'affiliation'])), fields=['kind', 'id'], name='event_rare_kind'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('state', 'QUARANTINED')), fields=['integration'], name='event_quarantined'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('state', 'QUARANTINED')), fields=['cause', 'received_at', 'id'], name='event_quarantine_group'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('value_warnings', []), _negated=True), fields=['received_at', 'id'], name='event_with_warnings'),
        ),
        migrations.AddConstraint(
            model_name='webhooktoken',
            constraint=models.UniqueConstraint(condition=models.Q(('expires_at__isnull', True)), fields=('integration',), name='one_current_webhook_token'),
        ),
    ]
