"""A page in a headless Chromium, and everything that a silent page must not do."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Without these a browser talks to its maker, sandbox and GPU need rights that a container does not have.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@dataclass
class Watched:
    """A page, and everything that a silent page must not do."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        """Remember what the page asks for."""
        self.requests.append(request.url)

    def note_dialog(self, dialog: Dialog) -> None:
        """Remember that a script has opened a dialog, and close it."""
        self.complaints.append(dialog.message)
        dialog.dismiss()


@contextmanager
def opened(
    browser: Browser, file: Path, *, scheme: str = "light", width: int = 1200, **options: Any
) -> Iterator[Watched]:
    """Open the file in a browser that is offline and may use the clipboard, and watch it."""
    context = browser.new_context(
        offline=True,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
        **options,
    )
    context.set_default_timeout(10_000)
    watched = Watched(context.new_page())
    watched.page.on("request", watched.note_request)
    watched.page.on("console", lambda message: watched.complaints.append(message.text))
    watched.page.on("dialog", watched.note_dialog)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.goto(file.as_uri(), wait_until="load")
    yield watched
    context.close()


def clipboard(page: Page) -> str:
    """What was copied last."""
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def violations(page: Page) -> list[tuple[str, str, str]]:
    """What axe-core finds against its rules with everything unfolded: rule, impact and the first element."""
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    response = Axe().run(page).response
    assert len(response["passes"]) > 20
    return [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in response["violations"]]
