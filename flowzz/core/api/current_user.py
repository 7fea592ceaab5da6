"""The user of an authenticated request."""

import uuid

from rest_framework.request import Request


def current_user_id(request: Request) -> uuid.UUID:
    """Return the id of the logged-in user; the view's permissions guarantee that there is one."""
    assert request.user.is_authenticated
    return request.user.pk
