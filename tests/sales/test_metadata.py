"""The metadata of a sale stays within its limits, whatever its events bring."""

from typing import Any

import pytest

from sales.metadata import (
    DROPPED,
    MAX_BYTES,
    MAX_DROPPED,
    MAX_EXTRA_FIELDS,
    MAX_VALUES,
    limit_metadata,
    merge_metadata,
)

TEXT = "x" * 1_000


def test_metadata_within_the_limits_is_unchanged() -> None:
    metadata = {"order_status": "Aprovado", "extra": {"order": {"note": "a"}, "items": [1]}}
    assert limit_metadata(metadata) is metadata


def test_unknown_fields_over_the_limits_are_left_out_and_listed() -> None:
    extra = {"order": {f"a{number}": 1 for number in range(MAX_EXTRA_FIELDS)}, "b": 1}
    limited = limit_metadata({"extra": extra, "order_status": "Aprovado"})
    assert limited == {
        "order_status": "Aprovado",
        "extra": {"order": extra["order"]},
        DROPPED: ["extra.b"],
    }


def test_fields_with_too_many_values_are_left_out() -> None:
    wide: dict[str, Any] = {"extra": {"a": [{}] * MAX_VALUES, "b": {"c": [1] * 1_000}}}
    limited = limit_metadata(wide)
    assert limited == {"extra": {"b": wide["extra"]["b"]}, DROPPED: ["extra.a"]}
    assert limit_metadata(limited) == limited


def test_commas_and_brackets_of_a_text_are_no_values() -> None:
    metadata = {"note": "[{," * MAX_VALUES}
    assert limit_metadata(metadata) is metadata


def test_fields_with_a_name_of_their_own_are_kept_first() -> None:
    extra = {f"a{number}": TEXT for number in range(100)}
    limited = limit_metadata({"extra": extra, "utms": {"campaign": TEXT}, "offer_code": TEXT})
    assert (limited["offer_code"], limited["utms"]) == (TEXT, {"campaign": TEXT})
    assert 0 < len(limited["extra"]) < 66


@pytest.mark.parametrize("is_late", [False, True])
def test_growing_reports_stop_at_the_limit(is_late: bool) -> None:
    metadata: dict[str, Any] = {}
    for number in range(150):
        report = {"extra": {f"field{number}": TEXT * 200}, f"known{number}": "y" * 900}
        metadata = merge_metadata(*(report, metadata) if is_late else (metadata, report))
        assert len(str(metadata)) < MAX_BYTES + 200 * MAX_DROPPED
    assert len(metadata[DROPPED]) == MAX_DROPPED


def test_a_repeated_report_changes_nothing() -> None:
    report = {"extra": {"order": {f"a{number}": TEXT for number in range(90)}}}
    once = merge_metadata({"extra": {"order": {"note": "a"}}}, report)
    assert merge_metadata(once, report) == once
    assert merge_metadata(report, once) == once
