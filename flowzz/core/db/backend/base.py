"""PostgreSQL as Django speaks to it, with a health check that costs no journey."""

import select

from django.db.backends.postgresql import base

from flowzz.core.db.backend.schema import TimeoutSchemaEditor


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks `SELECT 1` of a kept connection only where something has come unasked.

    A server that ends a connection says so, and then there is something to read; so does the
    kernel once keepalives go unanswered. Asked always, it was one of a webhook's three statements.
    """

    SchemaEditorClass = TimeoutSchemaEditor

    def is_usable(self) -> bool:
        return self._is_quiet() or super().is_usable()

    def _is_quiet(self) -> bool:
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return False
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return not socket.poll(0)
