"""Celery's processes: their heartbeats, beat's scheduler, and time limits of tasks in threads."""
