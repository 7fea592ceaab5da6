"""A body as HTML: it folds, and shows the fields that could not be read."""

from flowzz.core.formatting import format_json
from integrations.admin.events.folded_json import fold


def test_objects_and_lists_fold_and_the_faulty_field_is_marked() -> None:
    body = {"order": {"final_price": "muito {", "items": [{"name": "<b>"}], "empty": {}}}

    html = fold(format_json(body), {"order.final_price", "order"})

    assert html.count("<details open>") == html.count("</details>") == 4
    assert html.count("<mark>") == 2
    assert "<mark>    &quot;final_price&quot;: &quot;muito {&quot;,</mark>" in html
    assert "&lt;b&gt;" in html
    assert "<div>    &quot;empty&quot;: {}</div>" in html


def test_text_that_was_cut_stays_well_formed() -> None:
    html = fold('{\n  "a": [\n… (o resto não é mostrado)', {"a.b"})
    assert html.count("<details open>") == html.count("</details>") == 2
    assert "<mark>" not in html
