"""Random webhook bodies, valid or not, and any JSON value."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests import payloads

STRANGE_VALUES: tuple[Any, ...] = (
    *(None, "", [], {}, [[]], {"": ""}, True, False, 0, -1, 10**400, 1e308, float("nan")),
    *("\0", "\ud800", "é" * 5000, "0000-00-00", "9999-12-31 23:59:59", "1,5", "R$ 10", "-0.001"),
    *("NaN", "1e999", "99999999999999", " ", "<script>", "'; --", "2018-11-04 00:30:00"),
)
KINDS = ("order", "recorded", "mutated", "truncated", "corrupted", "arbitrary")
MAX_ARBITRARY_BYTES = 2000
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def bodies(random: Random) -> Iterator[bytes]:
    """Yield bodies of random kinds without end."""
    number = 0
    while True:
        number += 1
        match random.choice(KINDS):
            case "order":
                yield payloads.encode(payloads.order(f"ordger{number:06}"))
            case "recorded":
                yield payloads.raw(random.choice(payloads.NAMES))
            case "mutated":
                yield json.dumps(_mutated(_recorded(random), random)).encode()
            case "truncated":
                body = payloads.raw(random.choice(payloads.NAMES))
                yield body[: random.randrange(len(body))]
            case "corrupted":
                corrupted = bytearray(payloads.raw(random.choice(payloads.NAMES)))
                for _ in range(random.randint(1, 8)):
                    corrupted[random.randrange(len(corrupted))] = random.randrange(256)
                yield bytes(corrupted)
            case _:
                yield random.randbytes(random.randrange(MAX_ARBITRARY_BYTES))


def _recorded(random: Random) -> Any:
    return json.loads(payloads.raw(random.choice(payloads.NAMES)))


def _mutated(value: Any, random: Random) -> Any:
    """Return a copy in which some values are strange, missing, or taken from another field."""
    value = copy.deepcopy(value)
    for _ in range(random.randint(1, 4)):
        parent, key = random.choice(list(_fields(value)))
        change = random.randrange(3)
        if change == 0 and key in parent:
            del parent[key]
        elif change == 1:
            parent[key] = copy.deepcopy(random.choice(STRANGE_VALUES))
        else:
            other_parent, other_key = random.choice(list(_fields(value)))
            parent[key] = copy.deepcopy(other_parent.get(other_key))
    return value


def _fields(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield value, key
            yield from _fields(child)
        yield value, "order"
