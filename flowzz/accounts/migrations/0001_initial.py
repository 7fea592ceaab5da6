import django.contrib.postgres.indexes
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import flowzz.core.ids
import uuid
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=150, verbose_name='nome')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telefone')),
                ('is_active', models.BooleanField(default=True, verbose_name='ativo')),
                ('is_staff', models.BooleanField(default=False, verbose_name='equipe')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='cadastrado em')),
                ('invited_at', models.DateTimeField(editable=False, null=True, verbose_name='convite enviado em')),
                ('erasure_requested_at', models.DateTimeField(editable=False, null=True, verbose_name='exclusão pedida em')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'usuário',
                'permissions': [('replay_events', 'Pode reprocessar eventos'), ('settle_events', 'Pode descartar e atribuir eventos'), ('run_syncs', 'Pode iniciar e cancelar sincronizações'), ('manage_connections', 'Pode desconectar integrações e trocar endereços e segredos'), ('reveal_webhook_urls', 'Pode ver endereços de webhook'), ('view_personal_data', 'Pode ver dados pessoais sem máscara'), ('reveal_personal_data', 'Pode revelar os dados pessoais de um registro, com motivo'), ('erase_people', 'Pode exportar e apagar os dados de uma pessoa'), ('grant_staff_access', 'Pode dar acesso e grupos à equipe')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, verbose_name='nome')),
                ('scope', models.CharField(choices=[('READ', 'Só ler'), ('ALL', 'Ler e mudar')], default='READ', max_length=4, verbose_name='permissão')),
                ('hourly_limit', models.PositiveIntegerField(blank=True, help_text='Vazio: o limite de um usuário.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='chamadas por hora')),
                ('key_hash', models.BinaryField(max_length=32, unique=True, verbose_name='hash')),
                ('hint', models.CharField(max_length=16, verbose_name='fim da chave')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='criada em')),
                ('last_used_at', models.DateTimeField(null=True, verbose_name='último uso')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revogada em')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL, verbose_name='usuário')),
            ],
            options={
                'verbose_name': 'chave de API',
                'verbose_name_plural': 'chaves de API',
            },
        ),
        migrations.CreateModel(
            name='LoginAttempt',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('minute', models.DateTimeField(verbose_name='quando')),
                ('way', models.CharField(choices=[('back_office', 'Administração'), ('api', 'API')], max_length=11, verbose_name='onde')),
                ('outcome', models.CharField(choices=[('success', 'Entrou'), ('refused', 'Senha errada, ou sem acesso'), ('wrong_code', 'Código de verificação errado'), ('too_many', 'Recusado: tentativas demais')], max_length=10, verbose_name='resultado')),
                ('network', models.CharField(blank=True, max_length=43, verbose_name='rede')),
                ('count', models.PositiveIntegerField(verbose_name='tentativas')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='login_attempts', to=settings.AUTH_USER_MODEL, verbose_name='conta')),
            ],
            options={
                'verbose_name': 'tentativa de entrar',
                'verbose_name_plural': 'entradas e tentativas de entrar',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='LoginSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token_id', models.CharField(max_length=32, verbose_name='id do token de renovação')),
                ('issued_at', models.DateTimeField(verbose_name='emissão do token')),
                ('previous_token_id', models.CharField(blank=True, max_length=32, verbose_name='id do token anterior')),
                ('password_digest', models.CharField(max_length=128, verbose_name='resumo da senha')),
                ('started_at', models.DateTimeField(auto_now_add=True, verbose_name='início')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='validade')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='login_sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'acesso pela API',
                'verbose_name_plural': 'acessos pela API',
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=100, verbose_name='lista')),
                ('name', models.CharField(max_length=60, verbose_name='nome')),
                ('query', models.CharField(max_length=2000, verbose_name='filtros')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'visão salva',
                'verbose_name_plural': 'visões salvas',
                'ordering': ('name',),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='StaffAction',
            fields=[
                ('id', models.UUIDField(default=flowzz.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='quando')),
                ('action', models.CharField(max_length=100, verbose_name='ação')),
                ('target_id', models.CharField(blank=True, max_length=64, verbose_name='id')),
                ('target_label', models.CharField(blank=True, max_length=200, verbose_name='sobre')),
                ('reason', models.TextField(blank=True, verbose_name='motivo')),
                ('details', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='detalhes')),
                ('ip_address', models.CharField(blank=True, max_length=64, verbose_name='endereço IP')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='actions', to=settings.AUTH_USER_MODEL, verbose_name='quem')),
                ('content_type', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype', verbose_name='tipo')),
            ],
            options={
                'verbose_name': 'ação registrada',
                'verbose_name_plural': 'registro de ações',
            },
        ),
        migrations.CreateModel(
            name='StaffSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('started_at', models.DateTimeField(null=True, verbose_name='desde')),
                ('ip_address', models.CharField(blank=True, max_length=64, verbose_name='endereço IP')),
                ('user_agent', models.CharField(blank=True, max_length=200, verbose_name='navegador')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sessão da equipe',
                'verbose_name_plural': 'sessões da equipe',
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_any_case_unique'),
        ),
        migrations.AddIndex(
            model_name='staffaction',
            index=models.Index(fields=['-created_at', '-id'], name='staff_action_recent'),
        ),
        migrations.AddIndex(
            model_name='staffaction',
            index=models.Index(fields=['actor', '-created_at', '-id'], name='staff_action_of_actor'),
        ),
        migrations.AddIndex(
            model_name='staffaction',
            index=models.Index(fields=['action', '-created_at', '-id'], name='staff_action_of_kind'),
        ),
        migrations.AddIndex(
            model_name='staffaction',
            index=models.Index(fields=['content_type', 'target_id', '-created_at'], name='staff_action_on_target'),
        ),
        migrations.AddIndex(
            model_name='staffaction',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('target_label'), 'gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('reason'), 'gin_trgm_ops'), name='staff_action_search'),
        ),
        migrations.AddIndex(
            model_name='loginattempt',
            index=models.Index(fields=['-minute', '-id'], name='login_attempt_recent'),
        ),
        migrations.AddIndex(
            model_name='loginattempt',
            index=models.Index(fields=['outcome', '-minute', '-id'], name='login_attempt_outcome'),
        ),
        migrations.AddConstraint(
            model_name='loginattempt',
            constraint=models.UniqueConstraint(fields=('user', 'minute', 'way', 'outcome', 'network'), name='login_attempts_per_minute', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('owner', 'page', 'name'), name='saved_view_name'),
        ),
    ]
