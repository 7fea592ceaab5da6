"""URLs as those of webhooks and of new passwords, whose pages read the database and fail."""

from typing import Any, NoReturn

from django.db import connection, transaction
from django.http import HttpRequest
from django.urls import path

from flowzz import urls

PERSON = "Beatriz Moura"
EMAIL = "beatriz.moura@exemplo.com.br"
TOKEN = "aUujVEFKYiqHgQallNJh0_xs5Gy9D2UE68gM5-HauIA"
SECRETS = [PERSON, EMAIL, TOKEN, "short-token", "marcado", "203.0.113.9", "Beatriz"]
URLS = [f"/webhooks/coinzz/{TOKEN}", "/webhooks/coinzz/short-token", f"/admin/senha/{TOKEN}/"]
REQUEST: dict[str, Any] = {
    "query_params": {"search": PERSON, "token": TOKEN},
    "headers": {
        "authorization": "Bearer marcado",
        "cookie": "sessionid=marcado",
        "user-agent": "navegador marcado",
        "x-forwarded-for": "203.0.113.9",
        "baggage": "name=Beatriz",
    },
    "REMOTE_ADDR": "203.0.113.9",
}
"""A request's arguments that must not leave."""


def fail(request: HttpRequest, token: str) -> NoReturn:
    person = PERSON
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_user WHERE email = %s", [EMAIL])
        cursor.execute("SELECT CAST(%s AS int)", [person])
    raise AssertionError


urlpatterns = [
    path("webhooks/coinzz/<str:token>", fail),
    path("admin/senha/<str:token>/", fail),
    *urls.urlpatterns,
]
