"""Live updates: events per user, published to Redis and read as Server-Sent Events.

Entry points: `publish` with `Event`, `end_at_commit`, and the view `views.EventsView`.
"""

from flowzz.core.api.event_stream.stream import Event, end_at_commit, publish

__all__ = ["Event", "end_at_commit", "publish"]
