"""The product's addresses and, to compare with, the least a view can do that keeps a body."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from flowzz.core.ids import uuid7
from flowzz.urls import urlpatterns as of_the_product

TABLE = "CREATE TABLE bare (id uuid PRIMARY KEY, body bytea, received_at timestamptz DEFAULT now())"


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bare (id, body) VALUES (%s, %s)", [uuid7(), request.read()])
    return JsonResponse({"success": True})


urlpatterns = [*of_the_product, path("bare", insert)]
