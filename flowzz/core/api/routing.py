"""Addresses of the API."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Every address works with a trailing slash, too."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
