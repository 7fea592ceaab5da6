"""Webhooks as nobody would write them: valid ones, mutated ones, and garbage."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests import payloads

STRANGE: tuple[Any, ...] = (
    *(None, "", [], {}, [[]], {"": ""}, True, False, 0, -1, 10**400, 1e308, float("nan")),
    *("\0", "\ud800", "é" * 5000, "0000-00-00", "9999-12-31 23:59:59", "1,5", "R$ 10", "-0.001"),
    *("NaN", "1e999", "99999999999999", " ", "<script>", "'; --", "2018-11-04 00:30:00"),
)
KINDS = ("order", "recorded", "mutated", "cut", "flipped", "garbage")
LONGEST = 2000


def bodies(dice: Random) -> Iterator[bytes]:
    """Bodies without end, each of a random kind."""
    number = 0
    while True:
        number += 1
        match dice.choice(KINDS):
            case "order":
                yield payloads.encode(payloads.order(f"ordger{number:06}"))
            case "recorded":
                yield payloads.raw(dice.choice(payloads.NAMES))
            case "mutated":
                yield json.dumps(_mutated(_recorded(dice), dice)).encode()
            case "cut":
                body = payloads.raw(dice.choice(payloads.NAMES))
                yield body[: dice.randrange(len(body))]
            case "flipped":
                flipped = bytearray(payloads.raw(dice.choice(payloads.NAMES)))
                for _ in range(dice.randint(1, 8)):
                    flipped[dice.randrange(len(flipped))] = dice.randrange(256)
                yield bytes(flipped)
            case _:
                yield dice.randbytes(dice.randrange(LONGEST))


def _recorded(dice: Random) -> Any:
    return json.loads(payloads.raw(dice.choice(payloads.NAMES)))


def _mutated(value: Any, dice: Random) -> Any:
    """Some of its values are strange, absent, or another's."""
    value = copy.deepcopy(value)
    for _ in range(dice.randint(1, 4)):
        holder, key = dice.choice(list(_places(value)))
        change = dice.randrange(3)
        if change == 0 and key in holder:
            del holder[key]
        elif change == 1:
            holder[key] = dice.choice(STRANGE)
        else:
            other, name = dice.choice(list(_places(value)))
            holder[key] = copy.deepcopy(other.get(name))
    return value


def _places(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield value, key
            yield from _places(child)
        yield value, "order"
