from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "flowzz.backoffice"
    verbose_name = "Administração"
