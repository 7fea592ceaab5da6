"""Bodies as they were sent."""

import gzip
from typing import Any

import pytest

from flowzz.core.formatting import format_json, visible
from integrations.admin.events.payload_diff import (
    MAX_DIFFERENCES,
    Difference,
    NotJson,
    differences,
    parse,
)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"b":150.90,"a":[1e3,12345678901234567890123]}',
         '{\n  "b": 150.90,\n  "a": [\n    1e3,\n    12345678901234567890123\n  ]\n}'),
        (b"\xef\xbb\xbf[]", "[]"),
        (rb'{"n":"Jo\u00e3o \u202e","e":{}}', '{\n  "n": "João \\u202e",\n  "e": {}\n}'),
        ('{"n":"João"}'.encode("iso-8859-1"), '{\n  "n": "João"\n}'),
        ('{"n":"João"}'.encode("utf-16"), '{\n  "n": "João"\n}'),
        (rb'["\ud800", true, null]', '[\n  "\\ud800",\n  true,\n  null\n]'),
    ],
)  # fmt: skip
def test_json_is_indented_and_nothing_else(body: bytes, shown: str) -> None:
    assert format_json(parse(body)) == shown


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff", gzip.compress(b"{}", mtime=0), b"[" * 100_000]
)
def test_what_is_no_json_says_so(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse(body)


def test_control_characters_are_seen() -> None:
    assert visible("a\x00\u202eb\n") == "a\\u0000\\u202eb\n"


def test_differences_are_listed_by_field() -> None:
    before = parse(b'{"order":{"s":"A","p":150.90,"gone":1},"who":"Ana","l":[1]}')
    after = parse(b'{"order":{"s":"B","p":150.9,"new":null},"who":"Bia","l":[1,2]}')
    masked = parse(b'{"order":{"s":"B","p":150.9,"new":null},"who":"***","l":[1,2]}')
    assert differences(before, after, before, masked) == [
        Difference("order.s", "changed", "A", "B"),
        Difference("order.p", "changed", "150.90", "150.9"),
        Difference("order.new", "added", after="null"),
        Difference("who", "changed", "Ana", "***"),
        Difference("l[2]", "added", after="2"),
        Difference("order.gone", "removed", before="1"),
    ]


def test_differences_of_deep_and_wide_bodies_have_a_maximum_size() -> None:
    """Two bodies of 59 KB with long paths once made a page of 293 MB."""
    deep: Any = [1] * 5_000
    for _ in range(40):
        deep = {"k" * 1_000: deep}
    wide = {f"field{number}": "x" * 50 for number in range(3_000)}
    for before, after in (({}, deep), (deep, {}), ({}, wide), (wide, {}), (deep, wide)):
        found = differences(before, after, before, after)
        assert len(found) <= MAX_DIFFERENCES
        assert len(str(found)) < 1_000_000


def test_values_that_are_nested_too_deeply_are_one_field() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    (difference,) = differences({}, {"a": deep}, {}, {"a": deep})[:1]
    assert (difference.kind, difference.after) == ("added", "…")
