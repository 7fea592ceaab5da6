"""The log as it is written: lines of JSON."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from flowzz.core import logging as logs


@contextmanager
def capture() -> Iterator[StringIO]:
    """Capture what the root logger writes, as text."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.json_lines())
    logging.getLogger().addHandler(handler)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(handler)


def lines_of(stream: StringIO, event: str) -> list[dict[str, Any]]:
    """Return the captured lines of an event."""
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in lines if line["event"] == event]
