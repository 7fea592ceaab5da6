"""Webhooks drained by workers of their own: the time until they are visible, and two processes."""
