"""ETags: an answer that the caller has already is not made again."""

import hashlib
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.current_user import current_user_id
from flowzz.core.db.data_versions import current_version

FORMAT = "1"
"""To be changed when the same data is told in another form."""


def version_tag(*parts: object) -> str:
    """A weak ETag: another compression is the same answer."""
    text = "\n".join(map(str, (FORMAT, *parts)))
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def not_modified(request: Request, tag: str) -> bool:
    sent = request.headers.get("If-None-Match", "")
    known = {each.strip().removeprefix("W/") for each in sent.split(",")}
    return tag.removeprefix("W/") in known


def tagged(response: Response, tag: str) -> Response:
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


class ConditionalList:
    """Mix in before the list: unless the user's data has changed, 304 and no query of the list."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user_id = current_user_id(request)
        # Before the list, which may then be newer than its tag, never older. What is overdue
        # changes with the day.
        version = current_version(user_id)
        tag = version_tag(user_id, version, timezone.localdate(), request.get_full_path())
        if not_modified(request, tag):
            return tagged(Response(status=304), tag)
        return tagged(super().list(request, *args, **kwargs), tag)  # type: ignore[misc]  # a mixin
