"""Live updates: events per user, published to Redis and read as Server-Sent Events.

Entry points: `publish` with `Event`, and the view `views.EventsView`.
"""

from flowzz.core.api.event_stream.stream import Event, publish

__all__ = ["Event", "publish"]
