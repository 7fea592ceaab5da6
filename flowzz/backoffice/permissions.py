"""What staff may do, as `accounts.User` lists it; groups hold these permissions."""

from collections.abc import Callable

from django.http import HttpRequest


def permission(codename: str) -> Callable[[object, HttpRequest], bool]:
    """A page's check for its actions: `has_replay_permission = permission("replay_events")`."""

    def is_held(_page: object, request: HttpRequest) -> bool:
        return request.user.has_perm(f"accounts.{codename}")

    return is_held
