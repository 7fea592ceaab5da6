"""The admin's pages for integrations: importing them registers them."""

from integrations.admin import (
    alerts,
    bulk_actions,
    events,
    imports,
    integrations,
    personal_data,
    runs,
    sales,
    schedule,
    status_mappings,
)

__all__ = [
    "alerts",
    "bulk_actions",
    "events",
    "imports",
    "integrations",
    "personal_data",
    "runs",
    "sales",
    "schedule",
    "status_mappings",
]
