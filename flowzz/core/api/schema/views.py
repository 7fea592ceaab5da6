"""The API description (`docs/openapi.yaml`, which `make openapi` writes), and its browser."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flowzz.core.api.throttling import SchemaThrottle
from flowzz.core.env import BASE_DIR

DOCUMENT = BASE_DIR / "docs" / "openapi.yaml"


@cache
def _yaml() -> bytes:
    return DOCUMENT.read_bytes()


@cache
def _json() -> bytes:
    return json.dumps(yaml.load(_yaml(), yaml.CSafeLoader), ensure_ascii=False).encode()


class YamlRenderer(BaseRenderer):
    """Sends the file as it is. Generating it on request failed when several asked at once."""

    media_type = "application/vnd.oai.openapi"
    format = "yaml"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return _json() if self.format == "json" else _yaml()


class PlainYamlRenderer(YamlRenderer):
    media_type = "application/yaml"


class JsonRenderer(YamlRenderer):
    media_type = "application/vnd.oai.openapi+json"
    format = "json"


class PlainJsonRenderer(JsonRenderer):
    media_type = "application/json"


class SchemaView(APIView):
    renderer_classes = (YamlRenderer, PlainYamlRenderer, JsonRenderer, PlainJsonRenderer)
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SchemaThrottle,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(True)  # what is sent is the renderer's


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI in the reader's theme; its page names no language, and its texts are ours."""

    template_name_js = "api/docs.js"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # it has no types
        response.add_post_render_callback(_name_language)
        return response


def _name_language(response: Response) -> None:
    response.content = response.content.replace(b"<html>", b'<html lang="pt-BR">', 1)
