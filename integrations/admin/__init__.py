"""The admin's pages for integrations: importing them registers them."""

from integrations.admin import alerts, connections, events, runs, schedule, words

__all__ = ["alerts", "connections", "events", "runs", "schedule", "words"]
