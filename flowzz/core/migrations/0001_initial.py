import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DataVersion',
            fields=[
                ('user_id', models.UUIDField(primary_key=True, serialize=False)),
                ('version', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'versão dos dados',
                'verbose_name_plural': 'versões dos dados',
            },
        ),
        migrations.CreateModel(
            name='Setting',
            fields=[
                ('name', models.CharField(max_length=50, primary_key=True, serialize=False, verbose_name='nome')),
                ('value', models.TextField(blank=True, verbose_name='valor')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='mudada em')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='mudada por')),
            ],
            options={
                'verbose_name': 'configuração',
                'verbose_name_plural': 'configurações',
                'default_permissions': ('change',),
            },
        ),
        migrations.CreateModel(
            name='IdempotentCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_hash', models.BinaryField(max_length=32)),
                ('request_hash', models.BinaryField(max_length=32)),
                ('claim_id', models.UUIDField()),
                ('claimed_until', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('encrypted_response', models.BinaryField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'chamada com chave',
                'verbose_name_plural': 'chamadas com chave',
                'default_permissions': (),
                'indexes': [models.Index(fields=['created_at'], name='idempotent_call_age')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key_hash'), name='idempotent_call_unique')],
            },
        ),
    ]
