"""Webhooks from providers: received over HTTP, authenticated, stored in the inbox.

Entry points: `rsgi.server`, `views.receive`, `tokens` (webhook URLs), `signing_secrets`, and
`fallback_buffer` with `flush_to_inbox` and `drain_in_order`.
"""
