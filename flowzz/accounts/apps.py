from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "flowzz.accounts"
    verbose_name = "Contas"
