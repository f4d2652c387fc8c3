"""Tables of the report: filtered, sorted and copied."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pytest
from browsing import clipboard, opened

from bceprobe.report import Cell, Column, Report, Section, Table, Text, Verdict, write_html

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", '"=1"', "plain, with comma", 'a "quote"']
SPECIAL = r"50 % of a_b & {x} #1 $2 ~ ^ \ <i> [0.1]"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with numbers, and texts that spreadsheets and LaTeX act on."""
    columns = (Column("Name"), Column("Value", numeric=True), Column("Mean", numeric=True))
    rows = tuple(
        (Cell(text), Cell(f"{at}", at + 0.125), Cell(f"{at}.0 ± 0.1", float(at), strong=at == 1))
        for at, text in enumerate([*FORMULAS, SPECIAL, "x" * 300])
    )
    numbers = ((Cell("\N{MINUS SIGN}1.5×10⁻⁷"), Cell("\N{MINUS SIGN}1.5", -1.5), Cell("—")),)  # noqa: RUF001 - as in a report
    blocks = (Table("Texts", columns, rows), Table("Numbers", columns, numbers), Text("A paragraph.", copyable=True))
    report = Report("Tables", (), Verdict("v"), (Section("s", "S", blocks),))
    return write_html(report, tmp_path_factory.mktemp("tables") / "report.html")


def shown(page: Page) -> list[str]:
    """The first cells of the rows of the first table that can be seen."""
    cells = page.locator("table >> nth=0").locator("tbody tr:visible > :first-child")
    return [text.split("…")[0] for text in cells.all_text_contents()]


def copied(page: Page, button: str, at: int = 0) -> str:
    """What a button of a table puts into the clipboard."""
    page.get_by_role("button", name=button).nth(at).click()
    page.locator("output", has_text="Copied").nth(0).wait_for()
    return clipboard(page)


def test_a_filter_keeps_rows_with_every_word(browser: Browser, tables: Path) -> None:
    """Rows are kept that hold all words in any column and case; the count of those is told, and all come back."""
    with opened(browser, tables) as watched:
        page = watched.page
        box, count = page.get_by_role("searchbox").first, page.locator(".table output").first
        box.fill("COMMA plain")
        assert (shown(page), count.text_content()) == (["plain, with comma"], "1 of 10 rows")
        box.fill("nothing like this")
        assert (shown(page), count.text_content()) == ([], "0 of 10 rows")
        box.fill("")
        assert (len(shown(page)), count.text_content()) == (10, "")
        assert count.get_attribute("role") or count.evaluate("output => output.tagName") == "OUTPUT"


def test_csv_has_what_is_shown_with_full_numbers(browser: Browser, tables: Path) -> None:
    """The copy has the filtered and sorted rows; numbers in full, and what is shown where that says more."""
    with opened(browser, tables) as watched:
        page = watched.page
        page.get_by_role("searchbox").first.fill("0.1 a")
        page.locator("table >> nth=0").get_by_role("button", name="Value").click(click_count=2, delay=50)
        rows = list(csv.reader(io.StringIO(copied(page, "Copy CSV"))))
    assert rows[0] == ["Name", "Value", "Mean", "Mean (as shown)"]
    values = [float(row[1]) for row in rows[1:]]
    assert values == sorted(values, reverse=True)
    assert rows[-1] == ["'+cmd|' /C calc'!A0", "1.125", "1.0", "1.0 ± 0.1"]


def test_csv_starts_no_formula(browser: Browser, tables: Path) -> None:
    """Texts that a spreadsheet would calculate are led by an apostrophe; others, and numbers, are as they were."""
    with opened(browser, tables) as watched:
        rows = list(csv.reader(io.StringIO(copied(watched.page, "Copy CSV"))))
        numbers = list(csv.reader(io.StringIO(copied(watched.page, "Copy CSV", 1))))
    names = [row[0] for row in rows[1:]]
    assert names[:4] == [f"'{text}" for text in FORMULAS[:4]]
    assert not [name for name in names if re.match(r"[\s\"]*[=+\-@]", name)]
    assert names[6:] == [*FORMULAS[6:], SPECIAL, "x" * 300]
    assert numbers[1][:3] == ["\N{MINUS SIGN}1.5×10⁻⁷", "-1.5", ""]  # noqa: RUF001 - as in a report


def test_latex_is_escaped_and_uses_booktabs(browser: Browser, tables: Path) -> None:
    """The copy is a tabular of booktabs in which no text acts, brackets included; typographic signs are commands."""
    with opened(browser, tables) as watched:
        text, numbers = copied(watched.page, "Copy LaTeX"), copied(watched.page, "Copy LaTeX", 1)
    lines = text.splitlines()
    assert lines[:3] == [r"\begin{tabular}{lrr}", r"\toprule", r"Name & Value & Mean \\"]
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    escaped = (
        r"50 \% of a\_b \& \{x\} \#1 \$2 \textasciitilde{} \textasciicircum{} \textbackslash{} "
        r"\textless{}i\textgreater{} {[}0.1{]}"
    )
    assert next(line for line in lines if line.startswith("50 ")) == rf"{escaped} & 8 & 8.0 $\pm$ 0.1 \\"
    assert r"\textbf{1.0 $\pm$ 0.1} \\" in text
    assert r"$-$1.5$\times$10$^{-7}$ & $-$1.5 & --- \\" in numbers


def test_a_paragraph_is_copied(browser: Browser, tables: Path) -> None:
    """A button puts a paragraph into the clipboard, and says so."""
    with opened(browser, tables) as watched:
        assert copied(watched.page, "Copy text") == "A paragraph."


def test_copying_works_without_a_clipboard_interface(browser: Browser, tables: Path) -> None:
    """Where a page has no access to the clipboard by script, the old command is used."""
    with opened(browser, tables) as watched:
        watched.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        watched.page.get_by_role("button", name="Copy text").click()
        watched.page.locator("output", has_text="Copied").wait_for()
        assert watched.page.locator("textarea").count() == 0


def test_headings_stay_in_sight(browser: Browser, tmp_path: Path) -> None:
    """Scrolling down a long table leaves its headings at the top of its frame."""
    rows = tuple((Cell(f"row {at}"), Cell(str(at), at)) for at in range(100))
    table = Table("Long", (Column("Name"), Column("Value", numeric=True)), rows)
    file = write_html(Report("t", (), Verdict("v"), (Section("s", "S", (table,)),)), tmp_path / "long.html")
    with opened(browser, file) as watched:
        frame = watched.page.locator(".scroll")
        frame.evaluate("frame => { frame.scrollTop = 1000; }")
        top = watched.page.locator("thead th").first.bounding_box()
        around = frame.bounding_box()
        assert top is not None
        assert around is not None
        assert abs(top["y"] - around["y"]) < 2


def test_a_long_text_is_unfolded_by_a_key(browser: Browser, tables: Path) -> None:
    """A cell with a long text shows its beginning; Enter shows all of it."""
    with opened(browser, tables) as watched:
        cell = watched.page.locator(".long")
        assert not cell.locator(".full").is_visible()
        cell.locator("summary").press("Enter")
        assert cell.locator(".full").text_content() == "x" * 300
        assert cell.locator(".full").is_visible()
