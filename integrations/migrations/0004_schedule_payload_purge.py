"""Every night at 3:20, when little else goes on, bodies past retention are removed."""

from django.db import migrations

NAME = "Remoção de corpos antigos"
CRONTAB = {"minute": "20", "hour": "3", "timezone": "America/Sao_Paulo"}


def create(apps, schema_editor):
    crontab, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        **CRONTAB
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.create(
        name=NAME, task="integrations.tasks.purge_payloads", crontab=crontab
    )


def remove(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_body_removed_at")]

    operations = [migrations.RunPython(create, remove)]
