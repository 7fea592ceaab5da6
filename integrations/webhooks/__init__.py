"""Webhooks from providers: received over HTTP, authenticated, stored in the inbox.

Entry points: `views.receive`, `tokens` (webhook URLs) and `fallback_buffer.flush_to_inbox`.
"""
