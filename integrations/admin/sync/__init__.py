"""Sync runs, what each run found (`report`), and the schedule of periodic tasks."""
