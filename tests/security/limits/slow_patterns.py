"""Finds regular expressions whose time grows faster than the text, by their structure alone.

A repeat is unbounded from `MANY` repetitions on. Such repeats cost quadratic time where

- a search can begin at every character of the repeat, and what follows can fail;
- two of them can share the same characters, and what follows can fail;
- one contains the other and both can take the same character (exponential).

Characters are compared by a sample: Latin, and those that the readers of values know.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from re import _compiler, _parser  # type: ignore[attr-defined]  # they have no types
from re import _constants as codes
from typing import Any, TypeAlias

MANY = 1_000
Characters: TypeAlias = frozenset[str]
SAMPLE = frozenset(map(chr, (*range(0x180), 0x2010, 0x2013, 0x2212, 0x3000, 0xFF10, 0xFEFF)))
_ANCHORS = (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING)
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_WORD = frozenset(char for char in SAMPLE if re.match(r"\w", char))
_NOTHING: Characters = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a pattern: which characters it takes, and whether it may take none."""

    characters: Characters = _NOTHING
    first: Characters = _NOTHING
    can_be_empty: bool = False
    is_unbounded: bool = False
    anchor: Any = None


Ways: TypeAlias = list[list[Part]]


def is_slow(pattern: "re.Pattern[str]", methods: Sequence[str] = ("search",)) -> bool:
    """Whether the pattern, used by these methods, takes more than linear time for some text."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    is_searched = bool(set(methods) - {"match", "fullmatch"})
    return _nests(tree, pattern.flags) or any(
        _shares(parts, can_fail="fullmatch" in methods) or (is_searched and _restarts(parts))
        for parts in _ways(tree, pattern.flags)
    )


def _ways(tree: Any, flags: int) -> Ways:
    """Return the sequences of parts by which a pattern can match: one for each choice in it."""
    options = [_options(operation, value, flags) for operation, value in tree]
    return [list(chain(*way)) for way in product(*options)]


def _options(operation: Any, value: Any, flags: int) -> Ways:
    if operation is codes.SUBPATTERN:
        return _ways(value[-1], flags)
    if operation is codes.BRANCH:
        return list(chain(*(_ways(branch, flags) for branch in value[1])))
    if operation in _REPEATS:
        low, high, body = value
        if high == 1:
            return _ways(body, flags) + ([] if low else [[]])
        return [[_repeat(low, high, _ways(body, flags))]]
    if operation is codes.AT:
        is_end = value in (codes.AT_END, codes.AT_END_STRING)  # which can fail
        return [[Part(can_be_empty=not is_end, anchor=value)]]
    if operation in (codes.ASSERT, codes.ASSERT_NOT, codes.GROUPREF):
        return [[Part(can_be_empty=operation is not codes.ASSERT)]]
    taken = _characters(operation, value, flags)
    return [[Part(taken, taken, can_be_empty=False)]]


def _repeat(low: int, high: int, ways: Ways) -> Part:
    parts = list(chain(*ways))
    return Part(
        frozenset().union(*(part.characters for part in parts)),
        frozenset().union(*map(_first, ways)),
        low == 0 or any(all(part.can_be_empty for part in way) for way in ways),
        high >= MANY or any(part.is_unbounded for part in parts),
    )


def _restarts(parts: Sequence[Part]) -> bool:
    first: set[str] = set()
    is_open = True  # until a part must take a character
    is_word_start = False
    for number, part in enumerate(parts):
        if part.anchor in _ANCHORS:
            return False
        is_word_start |= part.anchor is codes.AT_BOUNDARY and is_open
        if is_open:
            first |= part.first
            is_open = part.can_be_empty
        follows = all(later.can_be_empty for later in parts[number + 1 :])
        starts = part.characters & first
        if is_word_start and part.characters <= _WORD:
            starts = _NOTHING
        if part.is_unbounded and starts and not follows:
            return True
    return False


def _shares(parts: Sequence[Part], *, can_fail: bool) -> bool:
    for number, one in enumerate(parts):
        shared = one.characters if one.is_unbounded else _NOTHING
        for later, other in enumerate(parts[number + 1 :], number + 1):
            if not shared:
                break
            follows = not can_fail and all(part.can_be_empty for part in parts[later + 1 :])
            if other.is_unbounded and shared & other.characters and not follows:
                return True
            if not other.can_be_empty:
                shared &= other.characters
    return False


def _nests(tree: Any, flags: int) -> bool:
    for operation, value in tree:
        if operation in _REPEATS and value[1] >= MANY:
            ways = _ways(value[2], flags)
            start = frozenset().union(*map(_first, ways))
            if any(part.is_unbounded and part.characters & start for part in chain(*ways)):
                return True
        if any(_nests(inner, flags) for inner in _inner(operation, value)):
            return True
    return False


def _inner(operation: Any, value: Any) -> Iterator[Any]:
    if operation in _REPEATS:
        yield value[2]
    elif operation is codes.SUBPATTERN:
        yield value[-1]
    elif operation is codes.BRANCH:
        yield from value[1]


def _first(parts: Sequence[Part]) -> Characters:
    """Return the characters that a sequence can begin with."""
    first: Characters = _NOTHING
    for part in parts:
        first |= part.first
        if not part.can_be_empty:
            break
    return first


def _characters(operation: Any, value: Any, flags: int) -> Characters:
    state = _parser.State()
    state.flags = flags
    taken = _compiler.compile(_parser.SubPattern(state, [(operation, value)]), flags)
    return frozenset(filter(taken.fullmatch, SAMPLE))
