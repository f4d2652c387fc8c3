"""Figures of the report: highlighted, saved, and moved through by sliders."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from browsing import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
EPOCHS = ["epoch 1", "epoch 2", "epoch 4"]


def saved(page: Page, button: Locator) -> tuple[str, str]:
    """Name and content of what a button saves."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8")


def numbers_of(group: Locator) -> Any:
    """The numbers that a page holds for its script."""
    return json.loads(group.locator("script").first.text_content() or "")


def drawn(group: Locator) -> list[str | None]:
    """The paths of all panels of a group."""
    found: list[str | None] = group.locator("path:not(.axis)").evaluate_all("all => all.map(p => p.getAttribute('d'))")
    return found


def test_an_arm_stands_out_that_is_pointed_at(browser: Browser, file: Path) -> None:
    """Pointing at an arm of the legend, or reaching it by Tab, makes others faint in all figures; a click keeps it."""
    with opened(browser, file) as watched:
        group = watched.page.locator("#collapse")
        faint = group.locator("svg .faint")
        ce, bce = group.locator(".legend button").all()
        ce.hover()
        assert set(faint.evaluate_all("all => all.map(e => e.dataset.arm)")) == {"1"}
        assert faint.count() >= 3
        watched.page.mouse.move(0, 0)
        assert faint.count() == 0
        ce.focus()
        watched.page.keyboard.press("Tab")
        assert set(faint.evaluate_all("all => all.map(e => e.dataset.arm)")) == {"0"}
        watched.page.keyboard.press("Enter")
        assert bce.get_attribute("aria-pressed") == "true"
        bce.blur()
        assert set(faint.evaluate_all("all => all.map(e => e.dataset.arm)")) == {"0"}


def test_a_figure_is_saved_as_svg(browser: Browser, file: Path) -> None:
    """What is saved is an SVG file of its own, of the scale that is shown, with its legend and without faint parts."""
    with opened(browser, file, scheme="dark") as watched:
        figure = watched.page.locator("#curve-nc1-train")
        watched.page.locator("#collapse .legend button").first.click()
        watched.page.get_by_role("radio", name="linear").check()
        name, text = saved(watched.page, figure.get_by_role("button", name="SVG"))
    root = ET.fromstring(text.split("?>", 1)[1])  # noqa: S314 - written by our own page
    assert name == "curve-nc1-train.svg"
    assert (root.tag, root.get("aria-label", "").endswith("The axis is linear.")) == (
        "{http://www.w3.org/2000/svg}svg",
        True,
    )
    assert "color: rgb(32, 36, 42)" in root.get("style", "") or "#20242a" in root.get("style", "")
    assert 'class="legend"' in text
    assert "faint" not in text


def test_numbers_of_a_figure_are_saved_as_csv(browser: Browser, file: Path) -> None:
    """A row per arm and epoch, with the numbers of the JSON that the page holds."""
    with opened(browser, file) as watched:
        figure = watched.page.locator("#curve-accuracy-test")
        name, text = saved(watched.page, figure.get_by_role("button", name="CSV"))
        numbers = numbers_of(figure)
    rows = list(csv.reader(io.StringIO(text)))
    assert (name, rows[0]) == ("curve-accuracy-test.csv", ["arm", "epoch", "mean", "std"])
    assert [(row[0], float(row[1]), float(row[2])) for row in rows[1:]] == [tuple(row[:3]) for row in numbers["rows"]]
    assert [row[0] for row in rows[1:]] == 3 * ["CE"] + 3 * ["BCE"]


@pytest.mark.parametrize("name", ["gram", "scores"])
def test_the_slider_moves_all_arms(browser: Browser, file: Path, name: str) -> None:
    """Arrow keys move all panels but the target to another epoch and back; words say which, and what it shows."""
    with opened(browser, file) as watched:
        group = watched.page.locator(f"#{name}")
        slider, panels = group.get_by_role("slider", name="Epoch"), numbers_of(group)["panels"]
        last = drawn(group)
        slider.focus()
        for step in (1, 0):
            watched.page.keyboard.press("ArrowLeft")
            assert slider.get_attribute("aria-valuetext") == EPOCHS[step] == group.locator(".at").text_content()
            texts = [panel["texts"][step if len(panel["texts"]) > 1 else 0] for panel in panels]
            assert group.locator(".says").all_text_contents() == texts
        assert drawn(group) != last
        watched.page.keyboard.press("End")
        assert drawn(group) == last
        assert slider.get_attribute("aria-valuetext") == EPOCHS[-1]
        assert watched.complaints == []


def test_the_slider_draws_the_numbers_of_its_epoch(browser: Browser, file: Path) -> None:
    """At the first epoch, each cell has the colour of its value, and each bar the height of its count."""
    with opened(browser, file) as watched:
        for name in ("gram", "scores"):
            watched.page.locator(f"#{name}").get_by_role("slider").press("Home")
        gram, scores = watched.page.locator("#gram"), watched.page.locator("#scores")
        values = numbers_of(gram)["panels"][0]["frames"][0]
        paths = gram.locator("figure >> nth=0").locator("path").evaluate_all("all => all.map(p => p.getAttribute('d'))")
        for level, path in enumerate(paths):
            for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", path):
                i, j = sorted((int(row), int(column)), reverse=True)
                assert abs(max(-1, min(1, values[i][j])) - (level - 10) / 10) <= 0.0500001
        assert sum(path.count("M") for path in paths) == 9
        counts = numbers_of(scores)["panels"][1]["frames"][0]["counts"][0]
        path = scores.locator("figure >> nth=1").locator(".series-0").get_attribute("d") or ""
        heights = [100 - int(height) for height in re.findall(r"V(\d+)h5", path)]
        assert heights == pytest.approx([100 * count / max(counts) for count in counts], abs=1)


def test_values_are_read_at_a_point_and_by_keys(browser: Browser, file: Path) -> None:
    """Pointing at a cell tells its value in every panel; arrow keys move the cell, and its value is announced."""
    with opened(browser, file) as watched:
        group = watched.page.locator("#gram")
        values = [panel["frames"][-1] for panel in numbers_of(group)["panels"]]
        image = group.locator("svg").first
        box = image.bounding_box()
        assert box is not None
        cell = box["width"] / (1.17 * 3)
        image.hover(position={"x": (0.16 * 3 + 1.5) * cell, "y": (0.11 * 3 + 2.5) * cell})
        expected = [f"class 2 with class 1: {value[2][1]:.2f}".replace("-", "\N{MINUS SIGN}") for value in values]
        assert group.locator(".value").all_text_contents() == expected
        watched.page.mouse.move(0, 0)
        image.focus()
        watched.page.keyboard.press("ArrowDown")
        assert group.locator(
            ":scope > output"
        ).text_content() == f"class 1 with class 0: {values[0][1][0]:.2f}".replace("-", "\N{MINUS SIGN}")
        watched.page.keyboard.press("Tab")
        bars = watched.page.locator("#scores svg").first
        bars.focus()
        watched.page.keyboard.press("ArrowRight")
        numbers = numbers_of(watched.page.locator("#scores"))
        positive, negative = (counts[1] for counts in numbers["panels"][0]["frames"][-1]["counts"])
        read = watched.page.locator("#scores > output").text_content() or ""
        assert read.endswith(f": {positive} positive scores, {negative} negative scores")


def test_frames_are_saved_with_every_epoch(browser: Browser, file: Path) -> None:
    """The CSV of the sliders has a row for each number of each epoch; a panel is saved as SVG with its colours."""
    with opened(browser, file) as watched:
        group = watched.page.locator("#gram")
        name, text = saved(watched.page, group.get_by_role("button", name="CSV"))
        _, image = saved(watched.page, group.get_by_role("button", name="SVG").first)
    rows = list(csv.reader(io.StringIO(text)))
    assert (name, rows[0]) == ("gram.csv", ["panel", "at", "row", "column", "value"])
    assert len(rows) - 1 == (2 * 2 * 3 + 1) * 6
    assert [row[1] for row in rows if row[0] == "BCE, weight"] == [epoch for epoch in EPOCHS for _ in range(6)]
    assert len(set(re.findall(r"fill: ([^;]+);", image))) >= 3


def test_paper_has_the_last_epoch(browser: Browser, file: Path) -> None:
    """Printing shows the last epoch wherever the slider is, which stays where it was."""
    with opened(browser, file) as watched:
        group = watched.page.locator("#gram")
        last = drawn(group)
        group.get_by_role("slider").press("Home")
        first = drawn(group)
        watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert drawn(group) == last
        watched.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert drawn(group) == first


def test_without_a_script_the_last_epoch_is_there(browser: Browser, file: Path) -> None:
    """With scripts off, matrices, histograms and their words are those of the last epoch; nothing useless is shown."""
    with opened(browser, file, java_script_enabled=False) as watched:
        group = watched.page.locator("#gram")
        assert group.locator(".says").first.text_content() == numbers_of(group)["panels"][0]["texts"][-1]
        assert group.locator("svg").first.is_visible()
        assert watched.page.get_by_role("slider").count() == 0
        assert not watched.page.locator(".tools").first.is_visible()
