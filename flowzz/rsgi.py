"""The RSGI application of web processes: the WSGI application with this project's body limits."""

from django.conf import settings

from flowzz.core.server.rsgi import Application
from flowzz.wsgi import application as wsgi
from integrations.imports.import_jobs import MAX_FORM_BYTES

BODY_SECONDS = 20.0
"""For a body to arrive. Granian limits the time of the head."""
FILE_SECONDS = 120.0
"""For a file to arrive: 20 MB at 1.5 Mbit/s."""
_UPLOAD_PATHS = ("/api/v1/sales/import", "/admin/integrations/salesimport/")


def _max_body_bytes(path: str) -> int:
    if path.startswith(_UPLOAD_PATHS):
        return MAX_FORM_BYTES
    name = "WEBHOOK_MAX_BYTES" if path.startswith("/webhooks/") else "DATA_UPLOAD_MAX_MEMORY_SIZE"
    limit: int = getattr(settings, name)
    return limit


def _max_body_seconds(path: str) -> float:
    return FILE_SECONDS if path.startswith(_UPLOAD_PATHS) else BODY_SECONDS


application = Application(wsgi, max_body_bytes=_max_body_bytes, max_body_seconds=_max_body_seconds)
