"""`/api/docs/guide`: the guide for frontends as a page, with a search through its sections."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from flowzz.core.env import BASE_DIR

GUIDE: Final = BASE_DIR / "docs" / "frontend.md"
MAX_QUERY: Final = 100
_OTHER_FILE: Final = re.compile(r'<a href="(?!#|https?:)[^"]{0,200}">(.{0,200}?)</a>')


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the second level, and what is below it."""

    title: str
    html: SafeString
    text: str

    @property
    def anchor(self) -> str:
        return _anchor(self.title)


def guide_page(request: HttpRequest) -> HttpResponse:
    """Show the sections that contain all words of `q`."""
    query = request.GET.get("q", "")[:MAX_QUERY]
    words = query.casefold().split()
    found = [section for section in _sections() if all(word in section.text for word in words)]
    context = {"query": query, "sections": found, "all_sections": _sections()}
    return render(request, "api/guide.html", context)


@cache
def _sections() -> tuple[Section, ...]:
    renderer = MarkdownIt().enable("table")
    tokens = renderer.parse(GUIDE.read_text("utf-8"))
    starts = [n for n, token in enumerate(tokens) if token.type == "heading_open"]
    for start in starts:
        tokens[start].attrSet("id", _anchor(tokens[start + 1].content))
    first_level = [n for n in starts if tokens[n].tag in ("h1", "h2")]
    ends = [*first_level[1:], len(tokens)]
    return tuple(
        _section(renderer, tokens[start:end]) for start, end in zip(first_level, ends, strict=True)
    )


def _section(renderer: MarkdownIt, tokens: list[Token]) -> Section:
    html = renderer.renderer.render(tokens, renderer.options, {})
    # Links to other files of the repository lead nowhere here.
    linked = _OTHER_FILE.sub(r"\1", html)
    text = " ".join(token.content for token in tokens).casefold()
    return Section(tokens[1].content, mark_safe(linked), text)  # noqa: S308 - our own document


def _anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub names it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
