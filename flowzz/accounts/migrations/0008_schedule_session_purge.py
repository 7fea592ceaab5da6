"""Every night at 3:25, when little else goes on, logins that have expired are removed."""

from django.db import migrations

NAME = "Remoção de acessos vencidos"
CRONTAB = {"minute": "25", "hour": "3", "timezone": "America/Sao_Paulo"}


def create(apps, schema_editor):
    crontab, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        **CRONTAB
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.create(
        name=NAME, task="flowzz.accounts.tasks.purge_sessions", crontab=crontab
    )


def remove(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_loginsession"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(create, remove)]
