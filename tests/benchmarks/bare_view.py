"""The product's URLs and, for comparison, the smallest view that stores a body."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from flowzz.core.ids import uuid7
from flowzz.urls import urlpatterns as product_urls

TABLE = "CREATE TABLE bare (id uuid PRIMARY KEY, body bytea, received_at timestamptz DEFAULT now())"


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bare (id, body) VALUES (%s, %s)", [uuid7(), request.read()])
    return JsonResponse({"success": True})


urlpatterns = [*product_urls, path("bare", insert)]
