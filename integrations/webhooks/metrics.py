"""A Prometheus counter of webhook responses."""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from django.http import HttpResponse

from flowzz.core.redis_metrics import Counter, record

# The name is public: dashboards and alert rules of operators use it.
RESPONSES = Counter(
    "flowzz_webhook_answers",
    "Webhooks by the status of the response: 200 stored, 401 signature refused, 429 rate limited.",
    "status",
)

View: TypeAlias = Callable[..., HttpResponse]


def count_responses(view: View) -> View:
    """Count a view's responses by status."""

    @functools.wraps(view)
    def counted(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        record(RESPONSES.increments({str(response.status_code): 1}))
        return response

    return counted
