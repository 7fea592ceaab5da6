"""Checks of a page in the browser: console errors, failed requests, accessibility, width."""

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
"""Widths, themes and options of axe: all rules once, then those that theme or width change."""

_RUN_AXE = """async options => {
    document.getAnimations().forEach(animation => animation.finish());
    const results = await axe.run(document, {resultTypes: ['violations'], ...options});
    return results.violations.flatMap(
        violation => violation.nodes.map(node => `${violation.id}: ${node.html}`)
    );
}"""
_SWITCH_THEME = "theme => Alpine.$data(document.documentElement).switchTheme(theme)"
_OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class BrowserErrors(list[str]):
    """Collects the console's errors and warnings and the failed requests of a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        page.on("console", self._add_message)
        page.on("pageerror", lambda error: self._add(str(error)))
        page.on("requestfailed", self._add_request)

    def _add_message(self, message: ConsoleMessage) -> None:
        # Browsers request /favicon.ico without a link to it.
        is_icon = message.location["url"].endswith("/favicon.ico")
        if message.type in {"error", "warning"} and not is_icon:
            self._add(message.text)

    def _add_request(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # aborted by the next navigation
            self._add(f"{request.url}: {request.failure}")

    def _add(self, text: str) -> None:
        self.append(f"{self._page.url}: {text}")


def overflow_on_phone(page: Page) -> list[str]:
    """Return an error if the page has to be scrolled sideways on a phone."""
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    overflows = page.evaluate(_OVERFLOWS)
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return [f"{page.url} is wider than a screen of {NARROW}"] if overflows else []


def accessibility_errors(page: Page) -> list[str]:
    """Return the violations that axe finds on all `SCREENS`, and pages wider than the screen."""
    page.evaluate(AXE)
    errors: list[str] = []
    for width, theme, options in SCREENS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate(_SWITCH_THEME, theme)
        violations: list[str] = page.evaluate(_RUN_AXE, options)
        errors += [f"{page.url} ({theme}, {width}): {violation}" for violation in violations]
        if page.evaluate(_OVERFLOWS):
            errors.append(f"{page.url} is wider than a screen of {width}")
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    page.evaluate(_SWITCH_THEME, "light")
    return errors
