"""The page of `collapse` in a real browser, offline: the slider and the button work by mouse and by keyboard."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from builders import make_arms

from bceprobe.comparison.plotting import plot, save

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
EPOCHS = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two arms with a run each."""
    folder = tmp_path_factory.mktemp("film")
    make_arms(folder, 1, epochs=EPOCHS)
    return save(plot("collapse", folder), folder / "film.html")[0]


@contextmanager
def opened(browser: Browser, file: Path, *, calm: bool = False) -> Iterator[Page]:
    """Open the page; it must neither complain nor ask for anything."""
    context = browser.new_context(offline=True, reduced_motion="reduce" if calm else "no-preference")
    page, complaints, requests = context.new_page(), [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    yield page
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    context.close()


def said(page: Page) -> str:
    """What the page says about the epoch."""
    return page.locator("#said").inner_text()


def described(page: Page) -> str:
    """What the first panel says to those who cannot see it."""
    return page.locator("figure svg").first.get_attribute("aria-label") or ""


def places(page: Page) -> list[str | None]:
    """Where the first samples of the first panel are."""
    return [page.locator("figure svg path").nth(at).get_attribute("transform") for at in range(3)]


def test_it_rests_on_the_last_epoch(browser: Browser, file: Path) -> None:
    """Both arms are drawn side by side at the last epoch, and nothing moves by itself."""
    with opened(browser, file) as page:
        assert said(page) == "8 of 8"
        assert page.locator("figure").count() == 2
        assert described(page).startswith("CE: features of classes 0, 1, 2")
        before = places(page)
        page.wait_for_timeout(400)
        assert (said(page), places(page)) == ("8 of 8", before)


def test_keys_move_the_slider_and_the_features(browser: Browser, file: Path) -> None:
    """Home and arrows go to other epochs; samples, caption and description follow."""
    with opened(browser, file) as page:
        last = places(page)
        page.locator("#epoch").focus()
        page.keyboard.press("Home")
        assert said(page) == "1 of 8"
        page.keyboard.press("ArrowRight")
        assert said(page) == "2 of 8"
        assert page.locator("#epoch").get_attribute("aria-valuetext") == "epoch 2"
        assert "epoch 2, NC1" in described(page)
        assert places(page) != last


def test_play_shows_every_epoch_and_stops(browser: Browser, file: Path) -> None:
    """The button plays from the beginning, pauses, and is ready again after the last epoch."""
    with opened(browser, file) as page:
        page.locator("#play").press("Enter")
        assert page.locator("#play").get_attribute("aria-pressed") == "true"
        page.locator("#play", has_text="Play").wait_for()
        assert said(page) == "8 of 8"


def test_less_motion_is_slower(browser: Browser, file: Path) -> None:
    """For those who want less motion an epoch stays for a second."""
    with opened(browser, file, calm=True) as page:
        page.locator("#play").click()
        page.wait_for_timeout(400)
        assert said(page) == "1 of 8"
        page.locator("#play").click()
        assert page.locator("#play").inner_text() == "Play"
