"""The body of a copy, as staff edit it."""

import json

import pytest

from integrations.admin.events.forms import indent_json

BODY = (
    r'{"order":{"order_number":"ord1","price":1.10,"tags":[],"names":["Z\u00e9lia {[,:]}",'
    r'"a\"b"]},"x":null}'
)
INDENTED = r"""{
  "order": {
    "order_number": "ord1",
    "price": 1.10,
    "tags": [],
    "names": [
      "Zélia {[,:]}",
      "a\"b"
    ]
  },
  "x": null
}"""


def test_json_has_a_line_for_each_value_as_it_was_written() -> None:
    assert indent_json(BODY) == INDENTED
    assert json.loads(INDENTED) == json.loads(BODY)
    assert indent_json(INDENTED) == INDENTED


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        '"a\\u0000\\ud83d\\u200b"',
        "12",
        "[" * 100_000,
        f"{'[' * 900}{'1,' * 9_000}1{']' * 900}",
    ],
    ids=["cut off", "empty", "unseen letters", "number", "too deep", "too long when indented"],
)
def test_text_that_can_not_be_indented_stays_as_it_is(body: str) -> None:
    assert indent_json(body) == body
