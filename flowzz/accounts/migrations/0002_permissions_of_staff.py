from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='user',
            options={
                'permissions': [
                    ('replay_events', 'Pode reprocessar eventos'),
                    ('settle_events', 'Pode descartar e atribuir eventos'),
                    ('run_syncs', 'Pode iniciar e cancelar sincronizações'),
                    ('manage_connections', 'Pode desconectar integrações e trocar endereços e segredos'),
                    ('reveal_webhook_urls', 'Pode ver endereços de webhook'),
                    ('view_personal_data', 'Pode ver dados pessoais sem máscara'),
                    ('erase_people', 'Pode exportar e apagar os dados de uma pessoa'),
                    ('grant_staff_access', 'Pode dar acesso e grupos à equipe'),
                ],
                'verbose_name': 'usuário',
            },
        ),
    ]
