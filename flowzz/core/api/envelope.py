"""The envelope of successful responses."""

from typing import Any

from rest_framework.response import Response


def success(data: Any, message: str = "", *, status: int = 200) -> Response:
    return Response({"success": True, "data": data, "message": message}, status=status)
