"""The inbox of webhooks: events are stored, processed and replayed here, and nowhere else.

    PENDING ─► DONE | IGNORED | QUARANTINED | RETRY ─► …

This package is the only writer of an event's state. Entry points: `store`, `drain`, `replay`,
`retention` and `queue_stats`.
"""
