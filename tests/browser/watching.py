"""What a browser has to say against a page: errors, refusals, barriers."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import ConsoleMessage, Page, Request

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WIDE, NARROW, HEIGHT = 1280, 390, 900
SCREENS: tuple[tuple[int, str, dict[str, Any]], ...] = (
    (WIDE, "light", {}),
    (WIDE, "dark", {"runOnly": {"type": "rule", "values": ["color-contrast"]}}),
    (NARROW, "dark", {"rules": {"color-contrast": {"enabled": False}}}),
)

_ASK = """async options => {
    document.getAnimations().forEach(animation => animation.finish());
    const found = await axe.run(document, {resultTypes: ['violations'], ...options});
    return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`));
}"""
_SWITCH = "theme => Alpine.$data(document.documentElement).switchTheme(theme)"
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Complaints(list[str]):
    """Fills up with what the browser says went wrong on the pages it shows."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("requestfailed", self._miss)

    def _hear(self, message: ConsoleMessage) -> None:
        is_icon = message.location["url"].endswith("/favicon.ico")  # browsers just ask for it
        if message.type in {"error", "warning"} and not is_icon:
            self._note(message.text)

    def _miss(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # left behind by going elsewhere
            self._note(f"{request.url}: {request.failure}")

    def _note(self, text: str) -> None:
        self.append(f"{self._page.url}: {text}")


def too_wide(page: Page) -> list[str]:
    """Whether the page shown has to be scrolled sideways on a phone."""
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    is_wide = page.evaluate(_TOO_WIDE)
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return [f"{page.url} is wider than a screen of {NARROW}"] if is_wide else []


def barriers(page: Page) -> list[str]:
    """What the rules of axe find on the page shown, in light and dark, on a laptop and a phone.

    All of them at first; then the colours, which a theme changes, and the rest, which a width does.
    """
    page.evaluate(AXE)
    found: list[str] = []
    for width, theme, options in SCREENS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate(_SWITCH, theme)
        said: list[str] = page.evaluate(_ASK, options)
        found += [f"{page.url} ({theme}, {width}): {one}" for one in said]
        if page.evaluate(_TOO_WIDE):
            found.append(f"{page.url} is wider than a screen of {width}")
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    page.evaluate(_SWITCH, "light")
    return found
