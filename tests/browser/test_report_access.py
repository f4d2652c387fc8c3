"""The report for everybody: links that work both ways, without a mouse, for screen readers, on paper."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from browsing import opened, violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
# What a link leads to is drawn on this, in light and in dark.
FOUND = {"rgb(255, 243, 196)", "rgb(61, 54, 22)"}
FOCUS = """({ activeElement: e }) => [e.tagName, e.type ?? "",
    e.tagName === "BODY" || e.closest(".switch") !== null || getComputedStyle(e).outlineStyle !== "none"]"""
REACHED = {("A", ""), ("INPUT", "radio"), ("INPUT", "search"), ("INPUT", "range"), ("BUTTON", "button"), ("svg", "")}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_axe_finds_nothing(browser: Browser, file: Path, scheme: str, width: int) -> None:
    """With everything unfolded, axe-core finds no violation of its rules, neither serious nor minor."""
    with opened(browser, file, scheme=scheme, width=width, bypass_csp=True) as watched:
        assert violations(watched.page) == []


def follow(page: Page, start: str, target: str) -> None:
    """Press Enter on the link from one place to another, and see that it gets the focus in sight, and stands out."""
    page.locator(f"#{start} a[href='#{target}']").first.press("Enter")
    page.wait_for_function(f"document.activeElement.id === '{target}'")
    box = page.locator(f"#{target}").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900
    lit = page.locator(f"#{target} > :first-child" if target.startswith("row-") else f"#{target}")
    assert lit.evaluate("element => getComputedStyle(element).backgroundColor") in FOUND


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_findings_figures_and_rows_lead_to_each_other(browser: Browser, file: Path, scheme: str) -> None:
    """By keys alone: from a finding to its row, to its figure, back to the row and to the finding."""
    with opened(browser, file, scheme=scheme) as watched:
        finding = watched.page.locator(".findings li").first.get_attribute("id") or ""
        row, figure = finding.removeprefix("finding-"), "curve-nc1-train"
        for start, target in pairwise((finding, row, figure, row, finding)):
            follow(watched.page, start, target)


def test_a_link_reaches_a_row_that_is_filtered_out(browser: Browser, file: Path) -> None:
    """A link to a row that the filter hides takes the filter away."""
    with opened(browser, file) as watched:
        box = watched.page.locator("#final").get_by_role("searchbox").first
        box.fill("no such row")
        watched.page.locator(".findings li a[href^='#row-']").first.click()
        watched.page.locator("tr:target").wait_for()
        assert box.input_value() == ""


def test_everything_is_reached_by_tab(browser: Browser, file: Path) -> None:
    """Tab goes through links, switch, legend, tables, filters and sliders, and the focus can be seen."""
    with opened(browser, file) as watched:
        seen = set()
        for _ in range(140):
            watched.page.keyboard.press("Tab")
            tag, kind, visible = watched.page.evaluate(f"({FOCUS})(document)")
            assert visible, (tag, kind)
            seen.add((tag, kind))
        assert seen >= REACHED


def test_paper_has_no_controls(browser: Browser, file: Path) -> None:
    """In print the page is dark on white, controls are left out, and tables are whole."""
    with opened(browser, file, scheme="dark") as watched:
        page = watched.page
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        for control in ("nav", ".switch", ".tools", ".see", "input"):
            assert not any(part.is_visible() for part in page.locator(control).all())
        for frame in page.locator(".scroll:visible").all():
            assert frame.evaluate("frame => frame.scrollHeight - frame.clientHeight") <= 1
