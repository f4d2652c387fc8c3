"""The pages of claims and of a counterpart in a real browser: for everybody, on every screen, silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browsing import opened, violations
from builders import make_arms
from counterpart_cases import LOSSES, MEANS, planted, recipe

from bceprobe.counterpart import make_counterpart, to_report
from bceprobe.report import write_html
from bceprobe.scorecard import judge

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from bceprobe.report import Report

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def claims(folder: Path) -> Report:
    """The scorecard of three seeds of each loss."""
    make_arms(folder, epochs=(1, 2, 4), penalty__lambda_w=5e-4, penalty__lambda_h=5e-4)
    return judge(str(folder)).report()


def counterpart(folder: Path) -> Report:
    """The counterpart of a recipe over an initial mean; the comparison of its runs, tested elsewhere, left out."""
    made = recipe(MEANS, LOSSES, published="fig3.bias_mean", figures=("violins", "nc"), about="What to look for.")
    found = make_counterpart(made, planted(made, folder, epochs=(1, 2)), "bceprobe sweep mine")
    return to_report(found, "tested elsewhere")


@pytest.fixture(scope="module", params=[claims, counterpart])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each page as a file."""
    report = request.param(tmp_path_factory.mktemp("runs"))
    return write_html(report, tmp_path_factory.mktemp("page") / "page.html")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_axe_finds_nothing(browser: Browser, page: Path, scheme: str, width: int) -> None:
    """With everything unfolded, axe-core finds no violation of its rules, neither serious nor minor."""
    with opened(browser, page, scheme=scheme, width=width, bypass_csp=True) as watched:
        assert violations(watched.page) == []


@pytest.mark.parametrize("width", [320, 1200])
def test_it_fits_and_is_silent(browser: Browser, page: Path, width: int) -> None:
    """Nothing is wider than the screen; opening and printing ask for nothing but the file, and nothing complains."""
    with opened(browser, page, width=width) as watched:
        assert watched.page.evaluate(WIDER) <= 0
        watched.page.pdf()
        assert (watched.requests, watched.complaints) == ([page.as_uri()], [])


def test_every_section_is_reached_by_keyboard(browser: Browser, page: Path) -> None:
    """Enter on each link of the navigation brings its section into sight."""
    with opened(browser, page) as watched:
        links = watched.page.locator("nav a").all()
        for link in links:
            link.press("Enter")
            box = watched.page.locator(f"{link.get_attribute('href')}:target").bounding_box()
            assert box is not None
            assert 0 <= box["y"] < 900
        assert links
