"""Every hour what is past its retention is forgotten."""

from django.db import migrations

NAME = "Limpeza de chamadas repetidas"


def create(apps, schema_editor):
    Interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = Interval.objects.get_or_create(every=1, period="hours")
    Task.objects.create(
        name=NAME, task="flowzz.core.api.idempotency.tasks.forget", interval=interval, expire_seconds=3600
    )


def remove(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("idempotency", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(create, remove)]
