"""The admin's pages for integrations: importing them registers them."""

from integrations.admin import (
    alerts,
    connections,
    events,
    imports,
    operations,
    people,
    runs,
    sales,
    schedule,
    words,
)

__all__ = [
    "alerts",
    "connections",
    "events",
    "imports",
    "operations",
    "people",
    "runs",
    "sales",
    "schedule",
    "words",
]
