"""JSON as HTML: objects and lists fold, and the fields that could not be read are marked."""

import json
import re
from collections.abc import Collection

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

_NAME = re.compile(r'("(?:[^"\\]|\\.)*"): ')


def fold(text: str, marked: Collection[str]) -> SafeString:
    """Render the lines of `format_json`. `marked` are paths of fields, such as `order.number`.

    Only the line that opens an object or a list ends with its bracket: texts are in quotes.
    """
    html: list[str] = []
    path: list[str] = []
    for line in text.split("\n"):
        content = line.lstrip()
        match = _NAME.match(content)
        name = json.loads(match[1]) if match else ""
        place = ".".join(filter(None, (*path, name)))
        shown = format_html("<mark>{}</mark>", line) if name and place in marked else escape(line)
        if content.endswith(("{", "[")):
            html.append(format_html("<details open><summary>{}</summary>", shown))
            path.append(name)
        elif content.startswith(("}", "]")):
            html.append(format_html("<div>{}</div></details>", shown))
            path.pop()
        else:
            html.append(format_html("<div>{}</div>", shown))
    html += ["</details>"] * len(path)  # the rest of a long text is not shown
    return format_html('<div class="bo-json">{}</div>', mark_safe("".join(html)))  # noqa: S308 - escaped above
