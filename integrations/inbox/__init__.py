"""The inbox of webhooks: events are stored, processed and replayed here, and nowhere else.

    PENDING ─► DONE | IGNORED | QUARANTINED | RETRY ─► …

This package is the only writer of an event's state. Entry points: `store`, `drain`, `replay`,
`processing` (for previews), `retention`, `queue_stats` and, for texts about events,
`failure_reasons`.
"""
