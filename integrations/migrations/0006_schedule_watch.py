"""The watch looks every minute at what is wrong, old keys included; a sign of life; the rhythm."""

from django.db import migrations

REMINDER = "Lembrete de chaves antigas"
EVERY = {
    "Vigia dos alertas": ("integrations.tasks.watch", 60),
    "Sinal de vida": ("integrations.tasks.pulse", 30),
}
RHYTHM = "Ritmo dos webhooks"


def create(apps, schema_editor):
    Interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, (task, seconds) in EVERY.items():
        interval, _ = Interval.objects.get_or_create(every=seconds, period="seconds")
        # One that waited longer than the next takes to come is of no use.
        Task.objects.create(name=name, task=task, interval=interval, expire_seconds=seconds)
    crontab, _ = Crontab.objects.get_or_create(minute="40", hour="3", timezone="America/Sao_Paulo")
    Task.objects.create(name=RHYTHM, task="integrations.tasks.learn_rhythms", crontab=crontab)
    Task.objects.filter(name=REMINDER).delete()


def remove(apps, schema_editor):
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    Task.objects.filter(name__in=[*EVERY, RHYTHM]).delete()
    crontab, _ = Crontab.objects.get_or_create(minute="0", hour="9", timezone="America/Sao_Paulo")
    Task.objects.create(
        name=REMINDER, task="integrations.tasks.remind_of_old_keys", crontab=crontab
    )


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_rules_of_alerts"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(create, remove)]
