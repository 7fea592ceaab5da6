"""Celery's processes: their heartbeats, transport and scheduler, and time limits in threads."""
