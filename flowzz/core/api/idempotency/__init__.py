"""Idempotent API calls: a request repeated with its `Idempotency-Key` gets the first response.

Entry point: the decorator `idempotent`. Calls are stored and deleted by `calls`.
"""

from flowzz.core.api.idempotency.handlers import idempotent

__all__ = ["idempotent"]
