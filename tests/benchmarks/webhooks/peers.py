"""What the intake is compared with: a bare view, and a textbook DRF view that starts a Celery task.

A project of its own: no middleware, no apps but DRF, one INSERT by a persistent connection.
`granian --interface wsgi tests.benchmarks.webhooks.peers:application`.
"""

import os
from typing import Any

from celery import Celery
from django.conf import settings

from flowzz.core import env

if not settings.configured:
    settings.configure(
        SECRET_KEY="of benchmarks alone",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["rest_framework"],
        MIDDLEWARE=[],
        USE_TZ=True,
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "UNAUTHENTICATED_USER": None,
        },
        DATABASES={
            "default": env.database_url("DATABASE_URL")
            | {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}
        },
    )

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

import orjson
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flowzz.core.ids import uuid7

TABLE = "CREATE TABLE bare (id uuid PRIMARY KEY, body bytea, received_at timestamptz DEFAULT now())"
_INSERT = "INSERT INTO bare (id, body) VALUES (%s, %s)"
celery = Celery(broker=os.environ["REDIS_URL"])


def bare(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [uuid7(), request.read()])
    return JsonResponse({"success": True})


class _OrderSerializer(serializers.Serializer[Any]):
    client = serializers.DictField()
    order = serializers.DictField()


class TextbookView(APIView):
    """Validates the body, stores it, and sends its id to a worker."""

    def post(self, request: Request) -> Response:
        serializer = _OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        id_ = uuid7()
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [id_, orjson.dumps(serializer.validated_data)])
        celery.send_task("process_webhook", [str(id_)], queue="benchmark")
        return Response({"success": True})


urlpatterns = [path("bare", bare), path("textbook", TextbookView.as_view())]
