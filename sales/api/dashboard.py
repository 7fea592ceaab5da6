"""The dashboard, cached by the version of the user's data, so that it is never outdated."""

import uuid
from datetime import date
from typing import Any

import orjson
import structlog
from redis import RedisError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flowzz.core import redis
from flowzz.core.api.errors import ValidationFailed
from flowzz.core.api.etags import current_version, is_current, make_etag, with_etag
from flowzz.core.api.schema.openapi import ETAG_PARAMETER, operation
from flowzz.core.api.views import current_user_id, success
from sales.api.dashboard_response import render
from sales.api.dashboard_serializers import MetricsSerializer, RangeSerializer
from sales.stats.dashboard_stats import dashboard_stats

CACHE_SECONDS = 300

log = structlog.stdlib.get_logger(__name__)


class MetricsView(APIView):
    @operation(
        "Painel",
        "Ver os números do painel",
        MetricsSerializer,
        ValidationFailed,
        parameters=[RangeSerializer, ETAG_PARAMETER],
    )
    def get(self, request: Request) -> Response:
        query = RangeSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        first, last = query.validated_data["first"], query.validated_data["last"]
        user_id = current_user_id(request)
        # Read before the data, so that the data can be newer than its version but never older.
        version = current_version(user_id)
        etag = make_etag(user_id, version, request.get_full_path(), str(last))
        if is_current(request, etag):
            return with_etag(Response(status=304), etag)
        return with_etag(success(_fetch(user_id, version, first, last)), etag)


def _fetch(user_id: uuid.UUID, version: int, first: date, last: date) -> Any:
    key = f"flowzz:metrics:{user_id}:{version}:{first}:{last}"
    data = _read_cache(key)
    if data is None:
        data = render(dashboard_stats(user_id, first, last))
        _write_cache(key, data)
    return data


def _read_cache(key: str) -> Any:
    try:
        cached = redis.client().get(key)
    except RedisError as error:
        log.warning("metrics_not_cached", cause=type(error).__name__)
        return None
    return orjson.loads(cached) if cached else None


def _write_cache(key: str, data: Any) -> None:
    try:
        redis.client().set(key, orjson.dumps(data), ex=CACHE_SECONDS)
    except RedisError as error:
        log.warning("metrics_not_cached", cause=type(error).__name__)
