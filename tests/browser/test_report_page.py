"""The HTML report as a reader uses it: opened from disk in a real browser, without a network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browsing import clipboard, opened
from builders import make_run
from readme import README
from report_cases import HOSTILE, report
from screenshots import FOLDER, take

from bceprobe.comparison import compare
from bceprobe.report import (
    Cell,
    Column,
    Figure,
    FigureGroup,
    Finding,
    Key,
    Link,
    Report,
    Section,
    Table,
    Verdict,
    write_html,
)
from bceprobe.store.manifest import update_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.browser
LOSSES = ("ce", "bce")


def numbers(table: Locator, column: int) -> list[float]:
    """What the rows of a table are sorted by in a column, in their order on the page; inf where there is no value."""
    cells = table.locator(f"tbody tr > :nth-child({column})")
    return [float(cell.get_attribute("data-value") or "inf") for cell in cells.all()]


def test_page_is_silent_and_asks_for_nothing(browser: Browser, file: Path) -> None:
    """Opening, sorting, switching and printing cause no message, no error, and no request but for the file itself."""
    with opened(browser, file) as watched:
        watched.page.get_by_role("button", name="Quantity").first.click()
        watched.page.get_by_role("radio", name="linear").check()
        watched.page.pdf()
        assert (watched.requests, watched.complaints) == ([file.as_uri()], [])


def test_verdict_is_on_the_first_screen(browser: Browser, file: Path) -> None:
    """Headline and first finding are visible without scrolling."""
    with opened(browser, file) as watched:
        for part in (".headline", ".findings li >> nth=0"):
            box = watched.page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 900


def test_clicking_a_heading_sorts_both_ways(browser: Browser, file: Path) -> None:
    """A click sorts by the numbers, not their text, a second one turns the order; the heading says so to all."""
    with opened(browser, file) as watched:
        table = watched.page.locator("#final table").first
        heading = table.get_by_role("columnheader", name="CE", exact=True)
        before = numbers(table, 3)
        heading.get_by_role("button").click()
        assert (heading.get_attribute("aria-sort"), numbers(table, 3)) == ("ascending", sorted(before))
        heading.get_by_role("button").click()
        assert (heading.get_attribute("aria-sort"), numbers(table, 3)) == ("descending", sorted(before, reverse=True))
        assert table.locator("th[aria-sort=descending], th[aria-sort=ascending]").count() == 1


def test_undefined_values_are_sorted_last_either_way(browser: Browser, file: Path) -> None:
    """Rows without a value stay at the end of the table whichever way it is sorted."""
    with opened(browser, file) as watched:
        table = watched.page.locator("#final table").first
        table.evaluate("table => table.tBodies[0].rows[0].cells[3].removeAttribute('data-value')")
        for _ in range(2):
            table.get_by_role("button", name="BCE", exact=True).click()
            assert numbers(table, 4)[-1] == float("inf")


def test_keyboard_sorts_and_switches(browser: Browser, file: Path) -> None:
    """Tab reaches the headings and the scale; Enter sorts and an arrow key switches."""
    with opened(browser, file) as watched:
        page = watched.page
        page.get_by_role("radio", name="log").focus()
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("radio", name="linear").is_checked()
        page.locator("#final .scroll").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("#final th").first.get_attribute("aria-sort") == "ascending"


def test_switch_shows_the_other_scale(browser: Browser, file: Path) -> None:
    """The curves of neural collapse are shown on one scale at a time, logarithmic at first; others stay."""
    with opened(browser, file) as watched:
        collapse, shares = watched.page.locator("#collapse"), watched.page.locator("#shares")
        for chosen, other in (("linear", "log"), ("log", "linear")):
            collapse.get_by_role("radio", name=chosen).check()
            assert collapse.locator(f".scale-{chosen}").first.is_visible()
            assert not collapse.locator(f".scale-{other}").first.is_visible()
            assert shares.locator("figure svg").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_stands_out_from_the_page(browser: Browser, file: Path, scheme: str) -> None:
    """In light and in dark mode page, text and the text in figures differ as WCAG 2 asks: 4.5 to 1."""
    with opened(browser, file, scheme=scheme) as watched:
        page = watched.page
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (luminance(background) < 0.2) == (scheme == "dark")
        inks = [page.evaluate(f"getComputedStyle(document.querySelector('{part}')).{style}") for part, style in INKS]
        for ink in inks:
            lighter, darker = sorted((luminance(ink), luminance(background)), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_page_never_scrolls_sideways(browser: Browser, file: Path, width: int) -> None:
    """From phones to desktops the page fits; only tables scroll, inside their own frame."""
    with opened(browser, file, width=width) as watched:
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_does_nothing(browser: Browser, tmp_path: Path, text: str) -> None:
    """Markup or 10 kB wherever a text can be: no script runs, nothing is requested, the page stays as wide as it is."""
    file = write_html(report(text), tmp_path / "report.html")
    with opened(browser, file, width=390) as watched:
        assert (watched.requests, watched.complaints) == ([file.as_uri()], [])
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390
        shown = watched.page.locator("h1")
        assert text in {shown.text_content(), shown.locator(".cut").get_attribute("title") if len(text) > 200 else ""}


def test_hostile_runs_are_inert_and_told_in_full(browser: Browser, tmp_path: Path) -> None:
    """Folders and records that hold markup, escapes, bidi marks, formulas or 10 kB are shown, and do nothing."""
    names = ("<img src=x onerror=alert(1)>", "' autofocus onfocus=alert(1) x='")
    records = ["</script><script>alert(1)</script>]]>", "\u202eevil\x1b[31m", "=1+1", "y" * 10_000]
    folders = [make_run(tmp_path / name, loss=loss, epochs=(1, 2)) for name, loss in zip(names, LOSSES, strict=True)]
    update_manifest(str(folders[0]), provenance={"command": records[:1], "bidi": records[1], "formula": records[2]})
    update_manifest(str(folders[1]), provenance={"command": records[3]})
    file = write_html(compare(*folders).report(), tmp_path / "report.html")
    with opened(browser, file, width=390) as watched:
        page = watched.page
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        own = page.locator("table", has_text="records that differ")
        told = own.locator("td").all_text_contents()
        assert {names[0], names[1]} <= set(page.locator("#provenance tbody th").all_text_contents())
        assert {records[0], r"\u202eevil\x1b[31m"} <= set(told)
        assert records[3] in own.locator(".full").all_text_contents()
        page.locator(".table", has=own).get_by_role("button", name="Copy CSV").click()
        page.locator("output", has_text="Copied").wait_for()
        assert "provenance.formula,'=1+1\r\n" in clipboard(page)
        assert (watched.requests, watched.complaints) == ([file.as_uri()], [])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_folded_records_are_printed(browser: Browser, file: Path) -> None:
    """Printing unfolds the provenance that the screen folds away."""
    with opened(browser, file) as watched:
        details = watched.page.locator("details").first
        assert details.get_attribute("open") is None
        watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert details.get_attribute("open") is not None


def test_figures_are_images_with_their_numbers_in_words(browser: Browser, file: Path) -> None:
    """Every figure is announced as an image with a name, that of a curve holds the final values of both arms."""
    with opened(browser, file) as watched:
        assert all(image.get_attribute("aria-label") for image in watched.page.locator("svg").all())
        images = watched.page.locator("#curves, #optimum").get_by_role("img").all()
        names = [image.get_attribute("aria-label") or "" for image in images]
        assert len(names) == 7 + 3
        assert all("At epoch 4: CE " in name and "BCE " in name for name in names)


INKS = [("body", "color"), (".note", "color"), ("nav a", "color"), ("figure svg text", "fill")]


def luminance(color: str) -> float:
    """Relative luminance of ``rgb(r, g, b)`` as WCAG 2 defines it."""
    shares = [float(part) / 255 for part in color[color.index("(") + 1 : color.index(")")].split(",")[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_dozens_of_runs_stay_readable(browser: Browser, tmp_path: Path) -> None:
    """Of 40 findings ten are seen at first, a link unfolds the others; a legend of 40 arms and their table fit."""
    links = (Link("row", "row-39"),)
    findings = tuple(Finding(f"Finding {at}", "is long. " * 12, "differs", f"f-{at}", links) for at in range(40))
    rows = tuple((Cell(f"arm-{at}/seed-0", links=(Link("verdict", f"f-{at}"),)), Cell(f"{at}", at)) for at in range(40))
    columns, anchors = (Column("Run"), Column("Seed", numeric=True)), tuple(f"row-{at}" for at in range(40))
    legend = tuple(Key(f"an arm with a long name, {at}", "#2f72bd", "*") for at in range(40))
    group = FigureGroup("g", "G", (Figure("f", "F", {"linear": "<svg></svg>"}),), legend=legend)
    blocks = (group, Table("Runs", columns, rows, anchors=anchors))
    file = write_html(Report("Many", (), Verdict("v", findings), (Section("s", "S", blocks),)), tmp_path / "many.html")
    with opened(browser, file) as watched:
        page = watched.page
        assert sum(item.is_visible() for item in page.locator(".findings li").all()) == 10
        assert page.locator("#s").evaluate("section => section.getBoundingClientRect().top") < 1500
        box = page.locator(".figures .legend").bounding_box()
        assert box is not None
        assert box["height"] < 200
        page.get_by_role("searchbox").fill("arm-39/")
        page.locator("tr:visible a").first.press("Enter")
        last = page.locator("#f-39")
        last.wait_for()
        assert last.evaluate("item => item === document.activeElement")


def test_the_pictures_of_the_readme_are_taken(browser: Browser, file: Path, tmp_path: Path) -> None:
    """What `just screenshots` takes are the pictures that the README shows, which are there, and small."""
    shown = {FOLDER / name for name in re.findall(r"\(reports/screenshots/([^)]+)\)", README.read_text())}
    taken = take(browser, file, tmp_path)
    assert {picture.name for picture in taken} == {picture.name for picture in shown}
    for picture in (*taken, *shown):
        assert 5_000 < picture.stat().st_size < 150_000
