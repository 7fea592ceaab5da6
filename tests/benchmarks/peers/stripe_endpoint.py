"""dj-stripe's webhook endpoint: a project of its own, in the environment of the peers.

`granian --interface wsgi tests.benchmarks.peers.stripe_endpoint:application`;
`python -m tests.benchmarks.peers.stripe_endpoint` prepares its tables in the schema `stripe_peer`.

Signatures are verified. The event is of a type that dj-stripe stores without calling Stripe.
"""

import os
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

from tests.benchmarks.peers import STRIPE_ACCOUNT, STRIPE_ENDPOINT, STRIPE_SECRET

SCHEMA = "stripe_peer"
_url = urlsplit(os.environ["DATABASE_URL"])

if not settings.configured:
    settings.configure(
        SECRET_KEY="of benchmarks alone",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
        MIDDLEWARE=[],
        # Its many migrations take a minute.
        MIGRATION_MODULES=dict.fromkeys(("contenttypes", "auth", "djstripe")),
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STRIPE_LIVE_MODE=False,
        STRIPE_TEST_SECRET_KEY="sk_test_of_benchmarks_alone",
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": unquote(_url.path[1:]),
                "USER": unquote(_url.username or ""),
                "PASSWORD": unquote(_url.password or ""),
                "HOST": unquote(_url.hostname or ""),
                "PORT": _url.port or "",
                "OPTIONS": {"options": f"-c search_path={SCHEMA}"},
                "CONN_MAX_AGE": None,
            }
        },
    )
    django.setup()

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import include, path
from djstripe.models import Account, WebhookEndpoint

urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]
application = get_wsgi_application()


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    call_command("migrate", run_syncdb=True, verbosity=0)
    account = Account.objects.create(id=STRIPE_ACCOUNT, livemode=False)
    WebhookEndpoint.objects.create(
        id="we_1Flowzz",
        djstripe_uuid=STRIPE_ENDPOINT,
        djstripe_owner_account=account,
        secret=STRIPE_SECRET,
        livemode=False,
        enabled_events=["*"],
        url="https://flowzz.example/stripe",
    )


if __name__ == "__main__":
    prepare()
