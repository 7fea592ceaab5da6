"""The guide for frontends as a page."""

import re

import pytest

from tests.api_client import Frontend


def page(query: str = "") -> str:
    response = Frontend().get("/api/docs/guide", {"q": query} if query else {})
    assert response.status_code == 200
    return str(response.content.decode())


def titles(text: str) -> list[str]:
    return re.findall(r"<h[12][^>]*>(.*?)</h[12]>", text)


def test_guide_has_all_sections_and_its_links_lead_to_one() -> None:
    text = page()
    assert "1. Log in" in titles(text)
    anchors = set(re.findall(r' id="([^"]+)"', text))
    assert set(re.findall(r'href="\??#([^"]+)"', text)) <= anchors
    assert '<html lang="en">' in text
    assert "../" not in re.sub(r"<code.*?</code>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("query", ["rotate webhook", "WEBHOOK  Rotate"])
def test_search_shows_the_sections_with_all_words(query: str) -> None:
    found = titles(page(query))
    assert "8. A new webhook URL" in found
    assert "7. Dashboard" not in found


def test_search_shows_its_words_as_text() -> None:
    text = page("<script>x</script>")
    assert titles(text) == []
    assert "0 of" in text
    assert "<script>" not in text


def test_browser_of_the_description_names_its_language() -> None:
    assert '<html lang="pt-BR">' in Frontend().get("/api/docs").content.decode()
