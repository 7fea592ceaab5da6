"""Kombu's transport for Redis, which discards a malformed message in place of ending the worker.

A message that ends the worker returns to the queue and would end the next one.
"""

from contextlib import suppress
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis

log = structlog.stdlib.get_logger(__name__)


def install() -> None:
    """Use this transport for URLs of Redis."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # the types lack it
        except ValueError as error:  # no JSON; the message has left the queue
            log.warning("queue_message_discarded", cause=type(error).__name__)
            return True


class Transport(redis.Transport):
    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        try:
            super()._deliver(message, queue)
        except (*self.connection_errors, *self.channel_errors):
            raise
        except Exception:
            log.exception("queue_message_discarded", queue=queue)
            self._discard(message)

    def _discard(self, message: Any) -> None:
        """Remove a message that was taken from the queue from those to be acknowledged."""
        with suppress(KeyError, TypeError):
            tag = message["properties"]["delivery_tag"]
            for channel in self.channels or ():
                if tag in (channel.qos._delivered or ()):
                    channel.basic_reject(tag, requeue=False)
